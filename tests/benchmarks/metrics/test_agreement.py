"""On recordings, every metric is that of its independent implementation."""

from __future__ import annotations

import shutil
import warnings
from pathlib import Path

import numpy as np
import pytest
import soxr

from benchmarks.metrics.pesq import pesq, pesq_nb
from benchmarks.metrics.reference import Truth
from benchmarks.metrics.si_sdr import si_sdr
from benchmarks.metrics.snr import snr, snr_frames
from benchmarks.metrics.stoi import estoi, stoi
from mn_dataset.audio.io import read_pcm

RATE = 44_100
OPEN = Path(__file__).parents[3] / "../shared/corpus/open"
CATEGORIES = ("cello", "drum_kit", "song")


@pytest.fixture(scope="module", params=CATEGORIES)
def pair(request):
    """Three seconds of a recording, and the same under another one's noise at 5 dB."""
    clips = sorted(OPEN.glob(f"clean/{request.param}/*.flac"))
    noises = sorted(OPEN.glob("noise/*/*.flac"))
    if not clips or not noises:
        pytest.skip("the open corpus is not beside the project")
    clean = read_pcm(clips[-1], sampling_rate=RATE)[: 3 * RATE] / 32768
    place = CATEGORIES.index(request.param) * len(noises) // len(CATEGORIES)
    noise = np.resize(read_pcm(noises[place], sampling_rate=RATE) / 32768, len(clean))
    noise *= np.sqrt((clean @ clean) / (noise @ noise) / 10**0.5)
    return clean, clean + noise


def test_si_sdr_and_snr_are_those_of_torchmetrics(pair):
    """Of a mixture, and of one whose level and polarity are others."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its imports warn of their own dependencies
        audio = pytest.importorskip(
            "torchmetrics.functional.audio", reason="torchmetrics is not installed"
        )
        torch = pytest.importorskip("torch", reason="torch is not installed")
    clean, noisy = pair
    truth = Truth(clean, RATE)

    for estimate in (noisy, -0.3 * noisy, 0.9 * clean + 1e-4 * noisy):
        tensors = torch.from_numpy(estimate), torch.from_numpy(clean)
        # It adds an epsilon of 2e-16 to energies.
        assert si_sdr(estimate, truth).value == pytest.approx(
            float(audio.scale_invariant_signal_distortion_ratio(*tensors)), abs=1e-6
        )
        assert snr(estimate, truth).value == pytest.approx(
            float(audio.signal_noise_ratio(*tensors)), abs=1e-6
        )


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="museval imports with ffmpeg only")
def test_the_median_over_seconds_is_that_of_museval(pair):
    """Its version 4, one source, frames of one second."""
    museval = pytest.importorskip("museval", reason="museval is not installed")
    clean, noisy = pair

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        frames, *_ = museval.metrics.bss_eval(
            clean[None, :, None], noisy[None, :, None], window=RATE, hop=RATE
        )

    found = snr_frames(noisy, Truth(clean, RATE)).value
    assert found == pytest.approx(float(np.nanmedian(frames)), abs=1e-3)


def test_pesq_is_that_of_its_library(pair):
    """To the last bit, in both bands."""
    library = pytest.importorskip("pesq", reason="pesq is not installed")
    clean, noisy = pair

    for metric, rate, mode in ((pesq, 16_000, "wb"), (pesq_nb, 8_000, "nb")):
        heard = [soxr.resample(signal, RATE, rate, quality="VHQ") for signal in (clean, noisy)]
        assert metric(noisy, Truth(clean, RATE)) == (library.pesq(rate, *heard, mode), "ok")


def test_stoi_is_that_of_its_library(pair):
    """To the last bit; the extended one adds noise at the level of an epsilon."""
    library = pytest.importorskip("pystoi", reason="pystoi is not installed")
    clean, noisy = pair

    assert stoi(noisy, Truth(clean, RATE)) == (library.stoi(clean, noisy, RATE), "ok")
    assert estoi(noisy, Truth(clean, RATE)).value == pytest.approx(
        library.stoi(clean, noisy, RATE, extended=True), abs=1e-8
    )
