from __future__ import annotations

import numpy as np
import pytest

from mn_dataset.audio.convert import PEAK_CEILING, mix_down, resample, to_mono, to_pcm
from mn_dataset.errors import AudioError
from mn_dataset.seeds import generator


def test_conversion_keeps_the_tone():
    """A 48 kHz stereo tone is the same tone, to one LSB of rounding and the filter's ripple."""
    time = np.arange(48_000) / 48_000
    tone = 0.5 * np.sin(2 * np.pi * 440 * time)
    found = to_pcm(to_mono(np.stack([tone, tone], axis=1), 48_000))[0] / 32_768
    expected = 0.5 * np.sin(2 * np.pi * 440 * np.arange(44_100) / 44_100)

    assert np.abs(found - expected)[500:-500].max() < 1e-4


def test_loud_recordings_are_lowered_and_others_left_alone():
    """Over −1 dBFS comes down to it; below, the level is the recording's own."""
    loud, lowered = to_pcm(np.array([1.5, -1.0, 0.2]))
    quiet, kept = to_pcm(np.array([0.5, -0.25]))

    assert abs(loud[0] - PEAK_CEILING) <= 0.5
    assert quiet.tolist() == [16_384, -8_192]
    assert (round(20 * np.log10(lowered), 3), kept) == (-4.522, 1.0)


@pytest.mark.parametrize(
    ("samples", "text"), [([[np.nan], [0.1]], "NaN"), ([[0.0], [0.0]], "silent")]
)
def test_what_cannot_be_used_is_named(samples, text):
    """NaN and silence have no place in a corpus."""
    with pytest.raises(AudioError, match=text):
        to_pcm(to_mono(np.array(samples), 44_100))


@pytest.mark.parametrize("channels", [1, 2, 3, 6])
@pytest.mark.parametrize("dtype", ["int16", "float32", "float64"])
def test_the_mean_over_channels_is_numpy_s(channels, dtype):
    """For every type that samples come in."""
    samples = generator(0, "mix down", "").uniforms(600).reshape(-1, channels) * 20_000 - 10_000
    samples = samples.astype(dtype)
    found = mix_down(samples, scale=2.0**-15)

    # The order of a sum of up to six numbers below one changes it by a few 2**-53.
    assert np.allclose(found, samples.astype(np.float64).mean(axis=1) / 32_768, rtol=0, atol=1e-15)


def test_resampling_keeps_a_tone():
    """48 kHz to 44.1 kHz: a tone stays within 1e-4 of itself, ends left out."""
    time_48 = np.arange(48_000) / 48_000
    time_44 = np.arange(44_100) / 44_100
    found = resample(np.sin(2 * np.pi * 997 * time_48), from_rate=48_000, to_rate=44_100)

    assert len(found) == 44_100
    assert np.abs(found - np.sin(2 * np.pi * 997 * time_44))[2000:-2000].max() < 1e-4
