"""Give the metric tests signals that never change, hard pairs, and somebody else's numbers."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.signal import butter, firwin, lfilter, sosfilt

from mn_dataset.seeds import generator

Signal = NDArray[np.float64]
Pair = tuple[Signal, Signal]

RATE = 44_100
TIME = np.arange(2 * RATE) / RATE


@pytest.fixture(scope="session")
def white() -> NDArray[np.float64]:
    return 0.1 * generator(0, "test", "white").normals(2 * RATE)


@pytest.fixture(scope="session")
def music() -> NDArray[np.float64]:
    """Five decaying partials struck twice a second over a faint hiss, 2 s."""
    time = np.arange(2 * RATE) / RATE
    partials = ((220, 0.3), (440, 0.2), (660, 0.1), (1320, 0.08), (3000, 0.05))
    tone = sum(level * np.sin(2 * np.pi * hz * time) for hz, level in partials)
    hiss = generator(0, "test", "hiss").normals(2 * RATE)
    return np.exp(-4 * (2 * time % 1)) * tone + 0.003 * hiss


@pytest.fixture(scope="session")
def noisy(music: NDArray[np.float64], white: NDArray[np.float64]) -> NDArray[np.float64]:
    return music + 0.3 * white


@pytest.fixture(scope="session")
def bss_eval() -> Callable[[Signal, Signal], tuple[float, float, float]]:
    """Return mir_eval's SDR, SIR and SAR of the first estimate, held within ±100 dB."""
    mir_eval = pytest.importorskip("mir_eval", reason="mir_eval is not installed")

    def first(references: Signal, estimates: Signal) -> tuple[float, float, float]:
        with warnings.catch_warnings():
            # deprecated since 0.8; we pin the last version that has it, as the oracle
            warnings.simplefilter("ignore", FutureWarning)
            values = mir_eval.separation.bss_eval_sources(
                references, estimates, compute_permutation=False
            )
        sdr, sir, sar = (float(np.clip(value[0], -100.0, 100.0)) for value in values[:3])
        return sdr, sir, sar

    return first


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


@pytest.fixture(params=ADVERSARIAL)
def adversarial(request: pytest.FixtureRequest) -> Pair:
    """A reference and an estimate that have led some implementation astray."""
    reference, estimate = ADVERSARIAL[request.param]()
    return np.ascontiguousarray(reference), np.ascontiguousarray(estimate)
