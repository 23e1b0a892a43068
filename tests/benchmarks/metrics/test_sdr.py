from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import linalg
from scipy.signal import butter, sosfilt

from benchmarks.metrics.reference import Truth
from benchmarks.metrics.sdr import sdr
from benchmarks.metrics.si_sdr import si_sdr
from mn_dataset.audio.io import read_pcm
from mn_dataset.records import MUSIC_CATEGORIES
from mn_dataset.seeds import generator

Signal = NDArray[np.float64]

RATE = 44_100
OPEN = Path(__file__).parents[3] / "../shared/corpus/open"
AGREES_DB = 1e-4  # what is asked; measured: 1e-6 at worst, 2e-10 on all but swelling notes


def _low_passed(signal: Signal, cutoff_hz: float) -> Signal:
    return np.asarray(sosfilt(butter(12, cutoff_hz, fs=RATE, output="sos"), signal))


def _mixed(clean: Signal, noise: Signal, snr_db: float) -> Signal:
    return clean + noise * np.sqrt((clean @ clean) / (noise @ noise)) * 10 ** (-snr_db / 20)


def _noise(name: str, count: int = 2 * RATE) -> Signal:
    return generator(0, "test", name).normals(count)


def test_sdr_is_that_of_mir_eval_on_adversarial_pairs(adversarial, bss_eval):
    """Where bss_eval_sources is well defined, ours is the same number."""
    reference, estimate = adversarial

    value = sdr(estimate, Truth(reference, RATE)).value

    expected, _, _ = bss_eval(reference[None], estimate[None])
    assert value == pytest.approx(expected, abs=AGREES_DB)


def test_si_sdr_is_that_of_torchmetrics_on_adversarial_pairs(adversarial):
    """Where it is defined: the other adds an epsilon, and so says −0 dB of silence."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its imports warn of their own dependencies
        audio = pytest.importorskip(
            "torchmetrics.functional.audio", reason="torchmetrics is not installed"
        )
        torch = pytest.importorskip("torch", reason="torch is not installed")
    reference, estimate = adversarial

    value = si_sdr(estimate, Truth(reference, RATE)).value

    expected = audio.scale_invariant_signal_distortion_ratio(
        torch.from_numpy(np.ascontiguousarray(estimate)), torch.from_numpy(reference)
    )
    assert value == pytest.approx(float(np.clip(expected.numpy(), -100.0, 100.0)), abs=AGREES_DB)


@pytest.mark.parametrize("category", MUSIC_CATEGORIES)
def test_sdr_is_that_of_mir_eval_on_real_recordings(category, bss_eval):
    """A recording of every category, in real noise at three levels."""
    clips = sorted(OPEN.glob(f"clean/{category}/*.flac"))
    noises = sorted(OPEN.glob("noise/*/*.flac"))
    if not clips or not noises:
        pytest.skip("the open corpus is not beside the project")
    clean = read_pcm(clips[0], sampling_rate=RATE)[: 4 * RATE] / 32768
    at = MUSIC_CATEGORIES.index(category) * len(noises) // len(MUSIC_CATEGORIES)
    noise = np.resize(read_pcm(noises[at], sampling_rate=RATE) / 32768, len(clean))
    truth = Truth(clean, RATE)

    for snr_db in (-5, 5, 40):
        estimate = _mixed(clean, noise, snr_db)
        expected, _, _ = bss_eval(clean[None], estimate[None])
        assert sdr(estimate, truth).value == pytest.approx(expected, abs=AGREES_DB)


def test_a_system_that_is_singular_in_double_precision_is_still_answered():
    """A reference with nothing above 10 kHz: never better than the exact answer, and near it.

    The oracle is the projection by QR of the 512 delayed signals themselves, whose condition is
    the square root of that of the system; mir_eval's own digits end here.
    """
    count = 8000
    reference = np.hanning(count) * _low_passed(_noise("band", count), 10_000)
    reference = _low_passed(reference[::-1], 10_000)
    estimate = _mixed(reference, _noise("near", count), 20)
    delayed = linalg.convolution_matrix(reference, 512)
    target = np.r_[estimate, np.zeros(511)]
    basis, _ = np.linalg.qr(delayed)
    projection = basis @ (basis.T @ target)
    residual = target - projection

    exact = 10 * np.log10((projection @ projection) / (residual @ residual))
    value = sdr(estimate, Truth(reference, RATE)).value

    # what is lost is the energy in directions of the system that drown in rounding
    assert exact - 0.5 < value <= exact + 1e-6


@pytest.mark.parametrize("scale", [-1.0, 1e-4, 0.5, 100.0])
def test_sdr_does_not_see_the_gain_of_the_estimate(scale, music, noisy):
    """A gain is a filter of one tap."""
    truth = Truth(music, RATE)

    # sums of products, each rounded once more
    assert sdr(scale * noisy, truth).value == pytest.approx(sdr(noisy, truth).value, abs=1e-9)


def test_sdr_forgives_a_delay_and_no_advance(music):
    """The filter reaches 511 samples back and none ahead."""
    truth = Truth(music, RATE)
    late, early = np.roll(music, 511), np.roll(music, -100)
    late[:511], early[-100:] = 0.0, 0.0

    assert sdr(late, truth).value > 25.0
    assert sdr(early, truth).value < sdr(np.roll(late, -411), truth).value


def test_sdr_is_never_below_si_sdr(music, white):
    """A filter of 512 taps can do what one gain can, but for the delayed samples at the end."""
    truth = Truth(music, RATE)

    for gain in (0.01, 0.1, 1.0, 10.0):
        estimate = music + gain * white
        assert sdr(estimate, truth).value >= si_sdr(estimate, truth).value - 1e-3


def test_a_flipped_copy_is_saturated(music):
    """Polarity is a tap of −1; what is left is rounding."""
    assert sdr(-music, Truth(music, RATE)) == (100.0, "saturated")
    assert sdr(0.5 * music, Truth(music, RATE)) == (100.0, "saturated")
