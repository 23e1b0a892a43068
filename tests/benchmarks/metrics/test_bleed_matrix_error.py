"""The bleed matrix that estimates imply is held against the true one, a row per microphone."""

from __future__ import annotations

import math

import numpy as np
import pytest

from benchmarks.metrics.bleed_matrix_error import (
    bleed_matrix,
    bleed_matrix_error,
    matrix_error_db,
)
from benchmarks.metrics.reference import Session, Tracks, Truth
from mn_dataset.errors import InputError
from mn_dataset.seeds import generator

RATE = 8_000
MATRIX = np.array([[0.9, 0.2, 0.1], [0.3, 0.7, 0.25], [0.05, 0.31, 1.0]])


@pytest.fixture
def sources():
    draw = generator(0, "test", "bleed matrix")
    return np.array([[0.1], [0.02], [0.4]]) * draw.normals(3 * 70_001).reshape(3, -1)


def scores(microphones, sources, estimates):
    """Score all targets."""
    found = []
    for number, target in enumerate(sources):
        session = Session(Tracks(microphones), Tracks(sources), number)
        truth = Truth(target, RATE, noisy=microphones[number], session=session)
        with truth.scoring(estimates[number], Tracks(estimates)):
            found.append(bleed_matrix_error(estimates[number], truth))
    return found


def test_the_matrix_of_a_linear_mixture_is_found(sources):
    """However loud its sources are, and of any number of microphones."""
    rows = np.vstack([MATRIX, [0.5, 0.0, 0.1]])

    assert np.abs(bleed_matrix(rows @ sources, sources) - rows).max() < 1e-12


def test_it_is_found_of_samples_in_single_precision_too(sources):
    """Whose products are summed in double precision."""
    single = sources.astype(np.float32)
    microphones = (MATRIX @ single).astype(np.float32)

    assert np.abs(bleed_matrix(microphones, single) - MATRIX).max() < 1e-7


def test_sources_that_undo_a_wrong_matrix_imply_that_matrix(sources):
    """So that the score is how far off its rows are; by hand."""
    wrong = MATRIX + np.array([[0.0, 0.1, 0.0], [0.0, 0.0, 0.0], [-0.3, 0.2, 0.1]])
    microphones = MATRIX @ sources

    found = scores(microphones, sources, np.linalg.inv(wrong) @ microphones)

    expected = 20 * np.log10(
        np.linalg.norm(wrong - MATRIX, axis=1)[[0, 2]] / np.linalg.norm(MATRIX, axis=1)[[0, 2]]
    )
    assert [found[0].value, found[2].value] == pytest.approx(expected, abs=1e-6)
    assert found[1].value < -99  # the rounding of float64


def test_untouched_microphones_imply_no_bleed_at_all(sources):
    """The matrix that microphones have of themselves is one."""
    microphones = MATRIX @ sources

    found = [score.value for score in scores(microphones, sources, microphones)]

    rows = np.linalg.norm(np.eye(3) - MATRIX, axis=1) / np.linalg.norm(MATRIX, axis=1)
    assert found == pytest.approx(20 * np.log10(rows), abs=1e-6)


def test_perfect_estimates_are_the_best(sources):
    """Held at -100 dB."""
    assert {tuple(score) for score in scores(MATRIX @ sources, sources, sources)} == {
        (-100.0, "saturated")
    }


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda signals: signals * [[1], [1], [0]], "silent_source"),
        (lambda signals: signals[[0, 1, 1]], "dependent_sources"),
        (lambda signals: np.where(signals == signals[2, 5], np.nan, signals), "non_finite"),
    ],
)
def test_what_has_no_unique_matrix_has_a_reason(sources, spoil, reason):
    """Of the targets or of the estimates, seen from the first of them."""
    microphones = MATRIX @ sources

    for targets, estimates in ((sources, spoil(sources)), (spoil(sources), sources)):
        score = scores(microphones, targets, estimates)[0]
        assert (math.isnan(score.value), score.reason) == (True, reason)


def test_a_mixture_without_microphones_of_its_own_has_a_reason(sources):
    """As in all other tasks."""
    score = bleed_matrix_error(sources[0], Truth(sources[0], RATE, noisy=sources.sum(axis=0)))

    assert (math.isnan(score.value), score.reason) == (True, "no_microphones")


def test_the_error_of_a_whole_matrix_is_that_of_its_frobenius_norm(sources):
    """And equal sources are refused by name."""
    assert matrix_error_db(1.1 * MATRIX, MATRIX) == pytest.approx(-20.0)
    with pytest.raises(InputError, match="dependent_sources"):
        bleed_matrix(sources, sources[[0, 0, 1]])
