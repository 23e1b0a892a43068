from __future__ import annotations

import numpy as np
import pytest

from mn_dataset import seeds
from mn_dataset.audio.level import CEILING, hop_energies, measure
from mn_dataset.mix.augment import layer as room
from mn_dataset.mix.augment.draw import FIT, Step
from mn_dataset.mix.augment.layer import replay, vary
from mn_dataset.mix.gains import Loudness, Measured
from mn_dataset.mix.source_cache import Cut

pytest.importorskip("audiomentations", reason="audiomentations is not installed (`augment`)")

RATE = 44_100


def cut(samples):
    return Cut(
        samples,
        Measured(measure(samples), Loudness(hop_energies(samples, sampling_rate=RATE), RATE)),
    )


@pytest.fixture(scope="module")
def sound():
    words = seeds.generator(0, "layer test").normals(RATE)
    return cut(np.clip(np.rint(4_000 * words), -20_000, 20_000).astype(np.int16))


def gain(gain_db):
    return Step("clean", "gain", {"gain_db": gain_db})


def test_no_steps_leave_the_layer_itself(sound):
    """Not even a copy."""
    assert vary(sound, ()) == (sound, ())


def test_gain_and_polarity_reach_the_samples_as_recorded(sound):
    """To the rounding of 16 bits."""
    steps = [Step("clean", "polarity", {}), gain(-3.5)]
    varied, told = vary(sound, steps)
    expected = -sound.samples * 10 ** (-3.5 / 20)

    assert told == tuple(steps)
    # Half a step of rounding, and float32's own where that falls on a half.
    assert np.abs(varied.samples - expected).max() <= 0.501


def test_a_varied_layer_is_measured_as_it_is(sound):
    """Level and loudness are those of the new samples, and its hash is not yet known."""
    varied, _ = vary(
        sound, [Step("clean", "low_pass", {"cutoff_hz": 3_000.0, "rolloff_db_per_octave": 12})]
    )

    assert varied.measured.level.energy == int(np.square(varied.samples.astype(np.int64)).sum())
    assert varied.measured.lufs == pytest.approx(cut(varied.samples).measured.lufs)
    assert varied.sha256 is None


def test_a_layer_over_full_scale_is_lowered_and_says_so(sound):
    """To the ceiling of the guard, by a recorded gain."""
    varied, told = vary(sound, [gain(12.0)])

    assert [step.transform for step in told] == ["gain", FIT]
    assert CEILING - 10 < varied.measured.level.peak <= CEILING  # a thousandth of a decibel: 4
    assert np.array_equal(replay(sound.samples, told), varied.samples)


def test_the_most_negative_sample_can_change_sign():
    """−32768 has no opposite in 16 bits: the layer is lowered, not wrapped round."""
    samples = np.array([-32_768, 100, 3_000] * 10_000, np.int16)
    varied, told = vary(cut(samples), [Step("clean", "polarity", {})])

    assert [step.transform for step in told] == ["polarity", FIT]
    assert CEILING - 10 < varied.samples[0] <= CEILING


@pytest.mark.parametrize(
    "step",
    [gain(-40.0), Step("clean", "high_pass", {"cutoff_hz": 18_000.0, "rolloff_db_per_octave": 48})],
)
def test_a_layer_that_would_fall_silent_stays_as_recorded(step):
    """A low tone behind a high-pass, a whisper made softer: under −60 dBFS RMS."""
    tone = np.rint(900 * np.sin(2 * np.pi * 200 * np.arange(RATE) / RATE)).astype(np.int16)
    dry = cut(tone)

    assert vary(dry, [step]) == (dry, ())


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_deed_that_gives_no_number_is_not_done(sound, monkeypatch, value):
    """NaN never reaches a file."""
    monkeypatch.setattr(room, "apply", lambda step, samples, **_: samples * np.float32(value))

    with np.errstate(invalid="ignore"):
        assert vary(sound, [gain(1.0)]) == (sound, ())
