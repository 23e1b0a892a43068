from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy import linalg

from benchmarks.metrics import suite
from benchmarks.metrics.suite import CHANNELS, DEFAULT_METRICS, Scorer, describe, missing
from benchmarks.registry import metrics
from mn_dataset.errors import MissingExtra, MnError, UnknownName

RATE = 44_100
LIGHT = ("snr", "si_sdr", "sdr", "nsdr", "lsd")


def test_the_default_metrics_are_some_of_those_registered():
    """A metric is in the suite by being a file; the default ones are what papers report."""
    assert set(DEFAULT_METRICS) < set(metrics())


def test_a_scorer_gives_one_score_per_metric_in_the_order_asked(music, noisy):
    """Ordinary input has ordinary numbers."""
    scorer = Scorer(music[None], RATE, noisy=noisy[None])

    scores = scorer.score(0.9 * noisy[None].astype(np.float32))

    assert tuple(scores) == DEFAULT_METRICS
    absent = {entry.name for entry in missing(DEFAULT_METRICS)}
    for name, score in scores.items():
        assert score.reason == ("not_installed" if name in absent else "ok")
        assert math.isfinite(score.value) == (name not in absent)


def test_a_stereo_score_is_the_mean_of_its_channels(music, noisy, white):
    """Each channel has its own reference."""
    left, right = music + 0.1 * white, music + 0.5 * white
    both = Scorer(
        np.stack([music, 0.5 * music]), RATE, noisy=np.stack([noisy, noisy]), metrics=LIGHT
    )
    alone = [
        Scorer(clean[None], RATE, noisy=noisy[None], metrics=LIGHT).score(heard[None])
        for clean, heard in ((music, left), (0.5 * music, right))
    ]

    scores = both.score(np.stack([left, right]))

    for name in LIGHT:
        assert scores[name].value == (alone[0][name].value + alone[1][name].value) / 2


def test_channels_of_unlike_levels_score_less_than_their_energies_joined(music, white):
    """By 17 dB where one channel's music is 40 dB lower, as the common text says."""
    clean, noise = np.stack([music, 0.01 * music]), np.stack([white, white])
    joined = 10 * math.log10((clean**2).sum() / (noise**2).sum())

    score = Scorer(clean, RATE, metrics=["snr"]).score(clean + noise)["snr"].value

    assert joined - score == pytest.approx(17, abs=0.1)
    assert "40 dB lower" in CHANNELS
    assert "17 dB less" in CHANNELS


def test_the_first_undefined_channel_decides(music, noisy):
    """Half a score is none; a saturated half is said."""
    silent, perfect = np.zeros_like(music), music
    scorer = Scorer(np.stack([music, music]), RATE, metrics=("snr", "si_sdr"))

    assert scorer.score(np.stack([noisy, silent]))["snr"].reason == "silent_estimate"
    assert scorer.score(np.stack([noisy, perfect]))["snr"].reason == "saturated"
    assert scorer.score(np.stack([noisy, noisy]))["snr"].reason == "ok"


@pytest.mark.parametrize("broken", [0.0, math.nan, math.inf])
def test_a_bad_estimate_never_raises(broken, music, noisy):
    """Every metric has a reason instead."""
    scorer = Scorer(music[None], RATE, noisy=noisy[None])

    scores = scorer.score(np.full_like(music, broken)[None])

    expected = {"silent_estimate"} if broken == 0.0 else {"non_finite"}
    assert {score.reason for score in scores.values()} - {"not_installed"} == expected


def test_a_metric_that_is_not_installed_has_that_as_its_reason(music, noisy, monkeypatch):
    """The others are scored all the same."""

    def absent(estimate, truth):
        raise MissingExtra("pesq", extra="perceptual")

    scorer = Scorer(music[None], RATE, metrics=("snr", "pesq"))
    monkeypatch.setattr("benchmarks.metrics.pesq.pesq", absent)

    scores = scorer.score(noisy[None])

    assert scores["pesq"].reason == "not_installed"
    assert scores["snr"].reason == "ok"


def test_missing_names_what_to_install(monkeypatch):
    """The entry carries the command."""
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)

    absent = missing(DEFAULT_METRICS)

    assert [entry.name for entry in absent] == ["pesq", "stoi"]
    assert {entry.install for entry in absent} == {"pip install 'mn-dataset[perceptual]'"}


def test_a_wrong_shape_or_name_is_said_at_the_door(music, noisy):
    """The message holds what was found and what is expected."""
    with pytest.raises(ValueError, match="expected one shape"):
        Scorer(music[None], RATE).score(noisy[None, 1:])
    with pytest.raises(ValueError, match="expected one shape"):
        Scorer(music, RATE).score(noisy)
    with pytest.raises(UnknownName, match="did you mean 'si_sdr'"):
        Scorer(music[None], RATE, metrics=["sisdr"]).score(noisy[None])


def test_every_metric_describes_itself_in_full():
    """Definition, citation, other names, unit, direction and range are all there."""
    specs = describe()

    assert [spec.name for spec in specs] == sorted(metrics())
    for spec in specs:
        assert spec.definition
        assert spec.citation
        assert spec.known_as
        assert spec.unit in {"dB", "MOS", "1"}
        assert spec.range[0] < spec.range[1]
        assert spec.higher_is_better == (
            spec.name
            not in {"lsd", "lsd_db", "lsd_urgent", "high_band_error", "bleed_matrix_error"}
        )
    assert [spec.name for spec in describe(["lsd", "snr"])] == ["lsd", "snr"]


def test_describing_the_metrics_imports_no_optional_package():
    """`mn metrics` works, and is quick, in a core install."""
    code = (
        "import sys; from benchmarks.metrics.suite import describe; describe(); "
        "print(sorted({'pesq', 'pystoi', 'torch'} & set(sys.modules)))"
    )

    found = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(suite.__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )

    assert found.stdout.strip() == "[]"


def test_this_machine_computes_what_follows_by_hand():
    """All seven numbers."""
    suite.self_test()


@pytest.mark.parametrize(
    ("solver", "metric"), [("solve_toeplitz", "sdr"), ("cho_solve", "sir|sar"), ("lstsq", "si_s")]
)
def test_a_broken_solver_is_named_by_its_metric(monkeypatch, solver, metric):
    """One whose answers are off by a thousandth."""
    genuine = getattr(linalg, solver)

    def broken(*arguments, **options):
        solution = genuine(*arguments, **options)
        if isinstance(solution, tuple):
            return 1.001 * solution[0], *solution[1:]
        return 1.001 * solution

    monkeypatch.setattr(linalg, solver, broken)
    if solver == "solve_toeplitz":  # or its answer would be put back, found wrong, and replaced
        monkeypatch.setattr(linalg, "matmul_toeplitz", lambda *a, **o: np.asarray(a[1]) / 1.001)

    with pytest.raises(MnError, match=rf"self-test: ({metric})"):
        suite.self_test()
