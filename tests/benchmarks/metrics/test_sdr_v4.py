from __future__ import annotations

import math
import shutil
import warnings

import numpy as np
import pytest

from benchmarks.metrics.reference import Truth
from benchmarks.metrics.sdr_v4 import sdr_v4, sdr_v4_mean
from benchmarks.metrics.snr import snr_frames
from benchmarks.metrics.suite import Scorer
from mn_dataset.seeds import generator

RATE = 4_000
VOICE = (0.5, 1.0, 0.0, 0.3, 0.0, 2.0, 0.7)
"""Level of the voice in each second, which is silent in two; the accompaniment is in the fourth."""

ACCOMPANIMENT = (1.0, 0.4, 1.0, 0.0, 1.0, 0.2, 1.0)


@pytest.fixture
def museval():
    """Return the frames of museval's SDR of each target, (targets, frames)."""
    if shutil.which("ffmpeg") is None:
        pytest.skip("museval imports with ffmpeg only")
    package = pytest.importorskip("museval", reason="museval is not installed")

    def frames(targets, estimates):
        """Signals of shape (targets, channels, time)."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = package.metrics.bss_eval(
                targets.swapaxes(1, 2), estimates.swapaxes(1, 2), window=RATE, hop=RATE
            )
        return found[0]

    return frames


@pytest.fixture
def song():
    """Targets and estimates, (2, time): seven seconds and a half."""
    draw = generator(0, "test", "sdr_v4")
    count = 7 * RATE + RATE // 2
    levels = np.stack([np.repeat([*of, 1.0], RATE)[:count] for of in (VOICE, ACCOMPANIMENT)])
    targets = 0.1 * levels * draw.normals(2 * count).reshape(2, count)
    estimates = 0.9 * targets + 0.2 * targets[::-1] + 0.01 * draw.normals(count)
    return targets, estimates


@pytest.mark.parametrize("place", [0, 1])
def test_it_is_the_median_that_museval_reports_of_all_sources(place, song, museval):
    """Seconds in which the other target is silent are left away too, and the half at the end."""
    targets, estimates = song
    expected = museval(targets[:, None], estimates[:, None])[place]

    score = sdr_v4(estimates[place], Truth(targets[place], RATE, noisy=targets.sum(axis=0)))

    assert np.isnan(expected).sum() == 3
    # museval adds a rounding error to both sides of its ratio.
    assert score.value == pytest.approx(np.nanmedian(expected), abs=1e-9)


def test_of_the_accompaniment_the_seconds_without_voice_do_not_count(song):
    """There it is another number than that of the target alone."""
    targets, estimates = song
    truth = Truth(targets[1], RATE, noisy=targets.sum(axis=0))
    spoilt = estimates[1] + (np.repeat([*VOICE, 1.0], RATE)[: targets.shape[1]] == 0) * 9.0

    assert sdr_v4(spoilt, truth) == sdr_v4(estimates[1], truth)
    assert snr_frames(spoilt, truth).value < snr_frames(estimates[1], truth).value


def test_channels_are_averaged_where_museval_joins_their_energies(song, museval):
    """Alike channels score alike either way; others do not."""
    targets, estimates = song
    for right_gain, alike in ((1.0, True), (0.1, False)):
        gains = np.array([1.0, right_gain])[:, None]
        stereo = gains * targets[:, None]
        answers = stereo + (estimates - targets)[:, None]
        scorer = Scorer(stereo[0], RATE, noisy=stereo.sum(axis=0), metrics=["sdr_v4"])

        ours = scorer.score(answers[0])["sdr_v4"].value

        theirs = np.nanmedian(museval(stereo, answers)[0])
        assert (abs(ours - theirs) < 1e-9) == alike


def test_what_has_no_second_to_score_has_a_reason(song):
    """A stem that is silent throughout is never 0 dB."""
    targets, _ = song
    voice, rest = targets
    silence = np.zeros_like(voice)
    early, late = voice.copy(), rest.copy()
    early[3 * RATE :] = 0.0
    late[: 4 * RATE] = 0.0

    assert sdr_v4(voice, Truth(silence, RATE, noisy=rest)).reason == "silent_reference"
    assert sdr_v4(silence, Truth(voice, RATE, noisy=voice + rest)).reason == "silent_estimate"
    assert sdr_v4(voice, Truth(voice, RATE, noisy=voice)).reason == "silent_rest"
    never = sdr_v4(early, Truth(early, RATE, noisy=early + late))
    assert (math.isnan(never.value), never.reason) == (True, "never_together")


LEVELS = ((1.0, 0.5, 0.0, 1.0, 1.0, 1.0), (0.4, 1.0, 0.5, 0.0, 1.0, 0.2))
"""Of two of four sources in each second; the others sound throughout."""


@pytest.fixture
def session():
    """Four microphones' targets, their bleeding inputs and estimates, (4, time): six seconds."""
    draw = generator(0, "test", "sdr_v4 session")
    steady = np.ones(6)
    levels = np.repeat(np.stack([*LEVELS, steady, steady]), RATE, axis=1)
    targets = 0.1 * levels * draw.normals(levels.size).reshape(levels.shape)
    bled = (np.eye(4) + 0.2 * (1 - np.eye(4))) @ targets
    return targets, bled, 0.9 * targets + 0.1 * bled + 0.003 * draw.normals(levels.shape[1])


@pytest.mark.parametrize("number", range(4))
def test_of_several_targets_it_is_museval_s_of_each_alone(number, session, museval):
    """The frames without a value dropped; mean and median of the rest, each under its name."""
    targets, bled, estimates = session
    expected = museval(targets[number][None, None], estimates[number][None, None])[0]
    truth = Truth(targets[number], RATE, noisy=bled[number])

    found = sdr_v4(estimates[number], truth).value, sdr_v4_mean(estimates[number], truth).value

    assert np.isnan(expected).sum() == (1 if number < 2 else 0)
    assert found == pytest.approx((np.nanmedian(expected), np.nanmean(expected)), abs=1e-9)


def test_of_all_targets_at_once_museval_has_fewer_seconds_of_the_same_values(session, museval):
    """Those in which any target is silent it drops for all."""
    targets, _, estimates = session
    together = museval(targets[:, None], estimates[:, None])

    alone = [
        museval(target[None, None], estimate[None, None])[0]
        for target, estimate in zip(targets, estimates, strict=True)
    ]

    kept = np.isfinite(together)
    assert kept.sum(axis=1).tolist() == [4, 4, 4, 4]
    assert together[kept] == pytest.approx(np.stack(alone)[kept], abs=1e-9)


def test_seconds_without_bleed_are_left_away(session, museval):
    """A microphone is perfect there, and museval of the target alone has infinity."""
    targets, bled, _ = session
    quiet = np.where(np.arange(targets.shape[1]) < RATE, targets[3], bled[3])

    found = sdr_v4_mean(quiet, Truth(targets[3], RATE, noisy=quiet))

    theirs = museval(targets[3][None, None], quiet[None, None])[0]
    assert not np.isfinite(theirs[0])
    assert found.value == pytest.approx(np.mean(theirs[1:]), abs=1e-9)
