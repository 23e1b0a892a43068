from __future__ import annotations

import numpy as np
import pytest

from benchmarks.metrics.reference import Truth
from benchmarks.metrics.stoi import estoi, stoi

library = pytest.importorskip("pystoi", reason="pystoi is not installed")


def test_stoi_is_that_of_its_library(music, noisy):
    """Resampling the reference once changes no bit of the answer."""
    assert stoi(noisy, Truth(music, 44_100)) == (library.stoi(music, noisy, 44_100), "ok")
    assert stoi(noisy, Truth(music, 10_000)) == (library.stoi(music, noisy, 10_000), "ok")


def test_estoi_is_that_of_its_library_and_the_same_again(music, noisy):
    """It adds noise at the level of an epsilon, from a seed."""
    found = estoi(noisy, Truth(music, 44_100))

    expected = library.stoi(music, noisy, 44_100, extended=True)
    assert found.value == pytest.approx(expected, abs=1e-9)
    assert estoi(noisy, Truth(music, 44_100)) == found
    assert found.value < stoi(noisy, Truth(music, 44_100)).value


def test_an_identical_estimate_is_fully_intelligible(music):
    """The envelopes correlate with 1."""
    # the library adds an epsilon to every norm
    assert stoi(music, Truth(music, 44_100)).value == pytest.approx(1.0, abs=1e-6)


def test_too_few_active_frames_are_no_score(music, noisy):
    """The library's 1e-5 for "not enough frames" is not averaged in."""
    click = music * (np.arange(len(music)) < 4_410)

    assert stoi(noisy, Truth(click, 44_100)).reason == "no_utterance"


def test_stoi_leaves_the_global_generator_alone(music, noisy):
    """It neither draws from numpy's global state nor seeds it."""
    before = np.random.get_state()[1:3]  # noqa: NPY002, the global state is what is watched

    stoi(noisy, Truth(music, 44_100))
    estoi(noisy, Truth(music, 44_100))
    after = np.random.get_state()[1:3]  # noqa: NPY002

    assert np.array_equal(before[0], after[0])
    assert before[1] == after[1]


def test_a_library_that_raises_gives_a_reason(music, noisy, monkeypatch, caplog):
    """The run goes on, and the log tells why."""

    def broken(*arguments, **options):
        raise IndexError("index 0 is out of bounds")

    monkeypatch.setattr(library, "stoi", broken)

    assert stoi(noisy, Truth(music, 44_100)).reason == "library_error"
    assert "out of bounds" in caplog.text
