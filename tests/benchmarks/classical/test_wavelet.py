"""Wavelet shrinkage: the transform is the published one, and thresholds are of the noise."""

import numpy as np
import pytest

from benchmarks.classical import wavelet
from benchmarks.harness.apply import load_denoiser
from mn_dataset.seeds import generator

RATE = 44_100


def noise(name, size=RATE):
    return generator(0, "test wavelet", name).normals(size).astype(np.float32)


def level_db(wave):
    return 10 * np.log10(np.mean(np.square(wave, dtype=float)))


def test_the_transform_is_that_of_pywavelets():
    """Its periodised one with sym8, which runs the other way through time."""
    pywt = pytest.importorskip("pywt", reason="PyWavelets is not installed")
    signal = noise("signal", 256)

    low, high = wavelet._analysed(signal)

    theirs = pywt.dwt(np.roll(signal[::-1], 7), "sym8", mode="periodization")
    np.testing.assert_allclose(low, theirs[0][::-1], atol=1e-5)  # float32
    np.testing.assert_allclose(np.abs(high), np.abs(theirs[1][::-1]), atol=1e-5)


def test_a_signal_comes_back_from_its_coefficients():
    """The filters are orthonormal: energies add up, and synthesis undoes analysis."""
    signal = noise("signal", 512)

    low, high = wavelet._analysed(signal)

    assert np.square(low).sum() + np.square(high).sum() == pytest.approx(
        float(np.square(signal).sum()), rel=1e-5
    )
    np.testing.assert_allclose(wavelet._synthesised(low, high), signal, atol=1e-5)


def test_noise_of_any_spectrum_has_the_variance_that_is_computed_for_a_level():
    """Carried from its power density through the filters' responses."""
    size, bins = 1 << 18, 1025
    spectrum = np.fft.rfft(noise("white", size))
    shape = 1 / np.hypot(np.fft.rfftfreq(size, 1 / RATE), 2_000.0) * 2_000.0
    coloured = np.fft.irfft(spectrum * shape).astype(np.float32)
    density = np.interp(np.linspace(0, RATE / 2, bins), np.fft.rfftfreq(size, 1 / RATE), shape**2)

    rest = coloured
    for response in wavelet._responses(6, bins):
        rest, detail = wavelet._analysed(rest)
        # The coarsest level has 4096 coefficients, whose variance is known to 2 % each.
        assert np.square(detail).mean() == pytest.approx((density * response).sum(), rel=0.1)


def test_white_noise_goes_and_a_melody_stays():
    """Noise alone by 20 dB; the first of two seconds of notes, 26 dB above it, is kept."""
    denoiser = load_denoiser("wavelet")
    hiss = 0.01 * noise("hiss", 4 * RATE)
    time_s = np.arange(4 * RATE) / RATE
    melody = (0.3 * np.sin(2 * np.pi * 440 * time_s) * (time_s % 1 < 0.5)).astype(np.float32)

    alone = denoiser(hiss[None, None], RATE)[0, 0]
    both = denoiser((melody + hiss)[None, None], RATE)[0, 0]

    assert level_db(alone) < level_db(hiss) - 20
    assert level_db(both - melody) < level_db(hiss) - 8


def test_it_runs_over_any_tracker():
    """Told the noise, it does better than when it has to find it under a held note."""
    hiss = 0.05 * noise("told", 3 * RATE)
    time_s = np.arange(3 * RATE) / RATE
    note = (0.3 * np.sin(2 * np.pi * 440 * time_s)).astype(np.float32)
    mixture = (note + hiss)[None, None]

    blind = load_denoiser("wavelet")(mixture, RATE)[0, 0]
    told = load_denoiser("wavelet+profile")(
        mixture, RATE, side={"noise_profile": 0.05 * noise("other")[None, None]}
    )[0, 0]

    assert level_db(told - note) < level_db(blind - note) - 3
