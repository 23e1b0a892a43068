from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import linalg
from scipy.signal import butter, firwin, lfilter, sosfilt

from benchmarks.metrics.projection import sdr
from benchmarks.metrics.scale_invariant import si_sdr
from benchmarks.metrics.truth import Truth
from mn_dataset.audio.io import read_pcm
from mn_dataset.records import MUSIC_CATEGORIES
from mn_dataset.seeds import generator

Signal = NDArray[np.float64]
Pair = tuple[Signal, Signal]

RATE = 44_100
OPEN = Path(__file__).parents[3] / "../shared/corpus/open"
AGREES_DB = 1e-4  # what is asked; measured: 1e-6 at worst, 2e-10 on all but swelling notes
TIME = np.arange(2 * RATE) / RATE


def _oracle(reference: Signal, estimate: Signal) -> float:
    """Return the SDR of mir_eval's bss_eval_sources."""
    mir_eval = pytest.importorskip("mir_eval", reason="mir_eval is not installed")
    with warnings.catch_warnings():
        # deprecated since 0.8; we pin the last version that has it, as the oracle
        warnings.simplefilter("ignore", FutureWarning)
        values = mir_eval.separation.bss_eval_sources(
            reference[np.newaxis], estimate[np.newaxis], compute_permutation=False
        )
    return float(values[0][0])


def _mixed(clean: Signal, noise: Signal, snr_db: float) -> Signal:
    return clean + noise * np.sqrt((clean @ clean) / (noise @ noise)) * 10 ** (-snr_db / 20)


def _noise(name: str, count: int = 2 * RATE) -> Signal:
    return generator(0, "test", name).normals(count)


def _sine(frequency_hz: float) -> Signal:
    return np.asarray(0.5 * np.sin(2 * np.pi * frequency_hz * TIME))


def _notes() -> Signal:
    tone = sum(_sine(hz) / k for k, hz in enumerate((220.0, 440.0, 660.0, 1320.0), start=1))
    return np.asarray(np.exp(-4 * (2 * TIME % 1)) * tone)


def _music() -> Signal:
    return _notes() + 0.003 * _noise("hiss")


def _pink() -> Signal:
    return np.asarray(lfilter([1], [1, -0.97], _noise("pink")))


def _low_passed(signal: Signal, cutoff_hz: float) -> Signal:
    return np.asarray(sosfilt(butter(12, cutoff_hz, fs=RATE, output="sos"), signal))


def _quantised(signal: Signal) -> Signal:
    return np.asarray(np.round(32767 * signal) / 32768)


def _gaussian_note() -> Signal:
    return _quantised(np.exp(-0.5 * ((TIME - 1) / 0.2) ** 2) * _sine(440.0))


def _near(clean: Signal, snr_db: float) -> Pair:
    return clean, _mixed(clean, _noise("near"), snr_db)


def _impulses() -> Signal:
    train = np.zeros(2 * RATE)
    train[::4410] = 0.8
    return train


def _long() -> Pair:
    clean = np.tile(_music(), 30)
    return clean, _mixed(clean, _noise("long", len(clean)), 10)


ADVERSARIAL: dict[str, Callable[[], Pair]] = {
    "17 dB": lambda: (_music(), _mixed(_music(), _pink(), 17)),
    "0 dB": lambda: (_music(), _mixed(_music(), _pink(), 0)),
    "-20 dB": lambda: (_music(), _mixed(_music(), _noise("white"), -20)),
    "a white estimate": lambda: (_music(), 0.1 * _noise("white")),
    "100 samples late": lambda: (_music(), np.r_[np.zeros(100), _music()[:-100]]),
    "100 samples early": lambda: (_music(), np.r_[_music()[100:], np.zeros(100)]),
    "low-passed, linear phase": lambda: (
        _music(),
        lfilter(firwin(129, 4000, fs=RATE), 1, _music()),
    ),
    "low-passed, recursive": lambda: (_music(), _low_passed(_music(), 4000)),
    "an offset": lambda: (_music(), _music() + 0.1),
    "a sine and a second one": lambda: (_sine(440), _sine(440) + 0.02 * _sine(1000)),
    "a sine in noise": lambda: (_sine(440), _mixed(_sine(440), _noise("white"), 20)),
    "two sines in noise": lambda: _near(_sine(440) + _sine(880), 30),
    "a sine answered by an offset": lambda: (_sine(440), 0.1 + 1e-3 * _noise("white")),
    "a constant in noise": lambda: (np.full(2 * RATE, 0.5), 0.5 + 0.005 * _noise("white")),
    "band-limited to 10 kHz": lambda: _near(_low_passed(_noise("band"), 10_000), 17),
    "band-limited to 2 kHz": lambda: _near(_low_passed(_noise("band"), 2000), 10),
    "at 61 dB": lambda: _near(_music(), 61),
    "at 80 dB": lambda: _near(_music(), 80),
    "at 95 dB": lambda: _near(_music(), 95),
    "band-limited at 95 dB": lambda: _near(_low_passed(_noise("band"), 10_000), 95),
    "flipped": lambda: (_music(), -_mixed(_music(), _pink(), 12)),
    "halved": lambda: (_music(), 0.5 * _mixed(_music(), _pink(), 12)),
    "a square wave": lambda: _near(0.3 * np.sign(_sine(220)), 10),
    "an impulse train": lambda: _near(_impulses(), 10),
    "80 dB down": lambda: _near(1e-4 * _music(), 10),
    "notes without a noise floor": lambda: _near(_notes(), 10),
    "notes of 16 bits": lambda: (_quantised(_notes()), _quantised(_mixed(_notes(), _pink(), 10))),
    "a note of 16 bits that swells": lambda: _near(_gaussian_note(), 20),
    "such a note at 90 dB": lambda: _near(_gaussian_note(), 90),
    "noise answering such a note": lambda: (_gaussian_note(), 0.1 * _noise("white")),
    "half of it silent": lambda: _near(_music() * (TIME > 1), 5),
    "a minute long": _long,
}


@pytest.mark.parametrize("case", ADVERSARIAL)
def test_sdr_is_that_of_mir_eval_on_adversarial_pairs(case):
    """Where bss_eval_sources is well defined, ours is the same number."""
    reference, estimate = ADVERSARIAL[case]()

    value = sdr(estimate, Truth(reference, RATE)).value

    assert value == pytest.approx(_oracle(reference, estimate), abs=AGREES_DB)


@pytest.mark.parametrize("case", ADVERSARIAL)
def test_si_sdr_is_that_of_torchmetrics_on_adversarial_pairs(case):
    """Where it is defined: the other adds an epsilon, and so says −0 dB of silence."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its imports warn of their own dependencies
        audio = pytest.importorskip(
            "torchmetrics.functional.audio", reason="torchmetrics is not installed"
        )
        torch = pytest.importorskip("torch", reason="torch is not installed")
    reference, estimate = ADVERSARIAL[case]()

    value = si_sdr(estimate, Truth(reference, RATE)).value

    expected = audio.scale_invariant_signal_distortion_ratio(
        torch.from_numpy(np.ascontiguousarray(estimate)), torch.from_numpy(reference)
    )
    assert value == pytest.approx(float(np.clip(expected.numpy(), -100.0, 100.0)), abs=AGREES_DB)


@pytest.mark.parametrize("category", MUSIC_CATEGORIES)
def test_sdr_is_that_of_mir_eval_on_real_recordings(category):
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
        assert sdr(estimate, truth).value == pytest.approx(_oracle(clean, estimate), abs=AGREES_DB)


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
