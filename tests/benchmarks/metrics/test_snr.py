from __future__ import annotations

import shutil
import warnings

import numpy as np
import pytest

from benchmarks.metrics.reference import Truth
from benchmarks.metrics.snr import snr, snr_frames
from mn_dataset.seeds import generator


def test_snr_is_the_level_of_the_added_noise(music, white):
    """A mixture made at 7 dB scores 7 dB."""
    gain = np.sqrt((music @ music) / (white @ white)) * 10 ** (-7 / 20)

    # double precision sums of 88 200 squares agree to 1e-12; the decibels to 1e-11
    assert snr(music + gain * white, Truth(music, 44_100)).value == pytest.approx(7.0, abs=1e-10)


def test_snr_forgives_neither_gain_nor_polarity(music):
    """Half the level is 6.02 dB, the opposite sign −6.02 dB, by hand."""
    truth = Truth(music, 44_100)
    half = 20 * np.log10(2)

    assert snr(0.5 * music, truth).value == pytest.approx(half, abs=1e-10)
    assert snr(-music, truth).value == pytest.approx(-half, abs=1e-10)


def test_snr_of_both_signals_scaled_alike_is_the_same(music, noisy):
    """A level of the pair is no property of the denoiser."""
    quiet = snr(1e-4 * noisy, Truth(1e-4 * music, 44_100)).value

    assert quiet == pytest.approx(snr(noisy, Truth(music, 44_100)).value, abs=1e-10)


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="museval imports with ffmpeg only")
def test_the_median_over_seconds_is_that_of_museval():
    """Its SDR of one source, frame by frame; silent seconds are left away."""
    museval = pytest.importorskip("museval", reason="museval is not installed")
    draw = generator(0, "test", "frames")
    clean = draw.normals(5 * 8_000) * np.repeat([0.1, 1.0, 0.0, 0.5, 0.2], 8_000)
    estimate = clean + 0.1 * draw.normals(len(clean))
    estimate[2 * 8_000 : 3 * 8_000] = 0.0

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        frames, *_ = museval.metrics.bss_eval(
            clean[None, :, None], estimate[None, :, None], window=8_000, hop=8_000
        )
    found = snr_frames(estimate, Truth(clean, 8_000))

    assert found.value == pytest.approx(float(np.nanmedian(frames)), abs=1e-3)


def test_less_than_a_second_is_one_frame(music, white):
    """Then it is the plain ratio."""
    short = slice(0, 5_000)
    truth, estimate = Truth(music[short], 44_100), music[short] + white[short]

    assert snr_frames(estimate, truth).value == pytest.approx(snr(estimate, truth).value)
