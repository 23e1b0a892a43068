"""On recordings, every metric is that of its independent implementations; `make agreement` tells
by how much, on the adversarial pairs of ``conftest.py`` too.
"""

from __future__ import annotations

import importlib
import importlib.util
import re
import shutil
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import soxr
from numpy.typing import NDArray
from scipy.signal import spectrogram

from benchmarks import registry
from benchmarks.metrics.reference import Session, Tracks, Truth
from mn_dataset.audio.io import read_pcm

Signal = NDArray[np.float64]

RATE = 44_100
OPEN = Path(__file__).parents[3] / "../shared/corpus/open"
CATEGORIES = ("cello", "drum_kit", "song")
ALL, RECORDINGS, MIXTURES = "adversarial pairs and recordings", "recordings", "mixtures"


@dataclass(frozen=True)
class Pair:
    """A clean signal, the mixture that it stands in, and an estimate."""

    clean: Signal
    noisy: Signal
    estimate: Signal

    @property
    def noise(self) -> Signal:
        return self.noisy - self.clean


@dataclass(frozen=True)
class Peer:
    """Somebody else's number.

    Attributes:
        metric: Ours.
        name: Theirs; its first word is what has to be installed.
        value: What theirs gives for a pair.
        within: How near ours has to be; None where the definition is another.
        differs: What is another by definition, or known of theirs.
        cases: What it is asked: ``ALL``, ``RECORDINGS``, or of these the ``MIXTURES`` alone.
    """

    metric: str
    name: str
    value: Callable[[Pair], float]
    within: float | None
    differs: str = ""
    cases: str = ALL

    @property
    def package(self) -> str:
        return re.findall(r"\w+", self.name)[0]

    @property
    def installed(self) -> bool:
        """Whether it can be asked; museval imports with ffmpeg only."""
        if self.package == "museval" and shutil.which("ffmpeg") is None:
            return False
        return importlib.util.find_spec(self.package) is not None

    @property
    def slow(self) -> bool:
        """Whether a score takes a second and more."""
        return self.cases == MIXTURES or BOTH in self.name

    def distance(self, pair: Pair) -> float:
        """Return how far ours is from theirs, both within ±100; NaN where theirs gives none."""
        session = _session(pair) if self.metric == "bleed_matrix_error" else None
        truth = Truth(pair.clean, RATE, noisy=pair.noisy, session=session)
        estimates = Tracks([pair.estimate, pair.noise])
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")  # of their own dependencies, removals and divisions
            try:
                theirs = float(np.clip(self.value(pair), -100.0, 100.0))
            except Exception:  # they raise what they like
                return float("nan")
            with truth.scoring(pair.estimate, estimates):
                return abs(registry.metric(self.metric).load()(pair.estimate, truth).value - theirs)


def recordings(kinds: str = RECORDINGS) -> Iterator[Pair]:
    """Yield three recordings of three seconds under other ones' noise, and estimates of them."""
    clips = [sorted(OPEN.glob(f"clean/{category}/*.flac")) for category in CATEGORIES]
    noises = sorted(OPEN.glob("noise/*/*.flac"))
    for place, clip in enumerate(files[-1] for files in clips if files):
        clean = read_pcm(clip, sampling_rate=RATE)[: 3 * RATE] / 32768
        noise = read_pcm(noises[place * len(noises) // len(CATEGORIES)], sampling_rate=RATE)
        noise = np.resize(noise / 32768, len(clean))
        noise *= np.sqrt((clean @ clean) / (noise @ noise) / 10**0.5)
        noisy = clean + noise
        yield Pair(clean, noisy, noisy)
        if kinds != MIXTURES:
            yield Pair(clean, noisy, -0.3 * (clean + 0.2 * noise + 0.1 * np.roll(noise, 7)))
            yield Pair(clean, noisy, 0.9 * clean + 1e-3 * noise + 1e-3 * np.roll(noise, 7))


def _mir_eval(place: int, *, layers: int = 1) -> Callable[[Pair], float]:
    def value(pair: Pair) -> float:
        separation = importlib.import_module("mir_eval.separation")
        found = separation.bss_eval_sources(*_layers(pair, pair.estimate, layers), False)
        return float(found[place][0])

    return value


def _layers(pair: Pair, heard: Signal, layers: int) -> tuple[Signal, Signal]:
    """Return references and estimates, (layers, time); the other estimate is what is left."""
    rest = pair.noisy - heard + 1e-3 * np.roll(pair.noise, 99)
    return np.stack([pair.clean, pair.noise][:layers]), np.stack([heard, rest][:layers])


def _gain(value: Callable[..., float]) -> Callable[[Pair], float]:
    return lambda pair: value(pair) - value(Pair(pair.clean, pair.noisy, pair.noisy))


def _fast(function: str) -> Callable[[Pair], float]:
    def value(pair: Pair) -> float:
        measure = getattr(importlib.import_module("fast_bss_eval"), function)
        return float(measure(*_layers(pair, pair.estimate, 1))[0])

    return value


def _fast_of_two(place: int) -> Callable[[Pair], float]:
    def value(pair: Pair) -> float:
        measure = importlib.import_module("fast_bss_eval").bss_eval_sources
        return float(measure(*_layers(pair, pair.estimate, 2))[place][0])

    return value


def _torchmetrics(function: str = "signal_distortion_ratio") -> Callable[[Pair], float]:
    def value(pair: Pair) -> float:
        audio = importlib.import_module("torchmetrics.functional.audio")
        torch = importlib.import_module("torch")
        signals = (np.ascontiguousarray(signal) for signal in (pair.estimate, pair.clean))
        return float(getattr(audio, function)(*map(torch.from_numpy, signals)))

    return value


def museval(clean: Signal, estimate: Signal, *, window: float = np.inf, sources: bool = False):
    """Return the median over frames of version 4's SDR; signals of shape (time, channels)."""
    found = importlib.import_module("museval.metrics").bss_eval(
        clean[None], estimate[None], window=window, hop=window, bsseval_sources_version=sources
    )
    return float(np.nanmedian(found[0]))


def _museval(**options: object) -> Callable[[Pair], float]:
    return lambda pair: museval(pair.clean[:, None], pair.estimate[:, None], **options)


def _museval_of_two(average: Callable[[Signal], float]) -> Callable[[Pair], float]:
    def value(pair: Pair) -> float:
        bss_eval = importlib.import_module("museval.metrics").bss_eval
        layers = [signals[..., None] for signals in _layers(pair, pair.estimate, 2)]
        return float(average(bss_eval(*layers, window=RATE, hop=RATE)[0][0]))

    return value


def _bleed_full(*, surplus: bool) -> Callable[[Pair], float]:
    """Return bleedless or fullness by their definition, of librosa's parts."""

    def value(pair: Pair) -> float:
        librosa = importlib.import_module("librosa")
        filters = librosa.filters.mel(sr=RATE, n_fft=4096, n_mels=512)
        clean, heard = (
            librosa.amplitude_to_db(
                filters @ np.abs(librosa.stft(x, n_fft=4096, hop_length=1024)), amin=1e-10
            )
            for x in (pair.clean, pair.estimate)
        )
        difference = heard - clean if surplus else clean - heard
        positive = difference[difference > 0]
        return float(100 / (1 + (positive.mean() if positive.size else 0.0)))

    return value


def _resampled(pair: Pair, rate: int) -> list[Signal]:
    return [soxr.resample(x, RATE, rate, quality="VHQ") for x in (pair.clean, pair.estimate)]


def _pesq(mode: str, rate: int) -> Callable[[Pair], float]:
    def value(pair: Pair) -> float:
        return float(importlib.import_module("pesq").pesq(rate, *_resampled(pair, rate), mode))

    return value


def _pesq_cor2(pair: Pair) -> float:
    return float(importlib.import_module("pesqc2").pesq(16_000, *_resampled(pair, 16_000), "wb"))


def _stoi(*, extended: bool) -> Callable[[Pair], float]:
    def value(pair: Pair) -> float:
        measure = importlib.import_module("pystoi").stoi
        return float(measure(pair.clean, pair.estimate, RATE, extended=extended))

    return value


@cache
def _listener():
    listener = importlib.import_module("visqol").VisqolApi()
    listener.create(mode="audio")
    return listener


def _visqol(pair: Pair) -> float:
    return float(_listener().measure_from_arrays(*_resampled(pair, 48_000), 48_000).moslqo)


def _magnitudes(signal: Signal) -> tuple[Signal, Signal]:
    """Return scipy's frequencies in Hz, and |STFT| of shape (bins, frames)."""
    options = {"nperseg": 2048, "noverlap": 1536, "detrend": False, "mode": "magnitude"}
    frequencies, _, found = spectrogram(signal, RATE, "hann", **options)
    return frequencies, found


def _lsd(floor_db: float) -> Callable[[Pair], float]:
    def value(pair: Pair) -> float:
        clean, heard = (_magnitudes(signal)[1] for signal in (pair.clean, pair.estimate))
        floor = 10 ** (floor_db / 20) * clean.max()
        ratio = 20 * np.log10(np.maximum(clean, floor) / np.maximum(heard, floor))
        return float(np.sqrt((ratio**2).mean(axis=0)).mean())

    return value


def _lsd_urgent(pair: Pair) -> float:
    stft = importlib.import_module("librosa").stft
    gain = (pair.clean @ pair.estimate) / (pair.estimate @ pair.estimate + 1e-8)
    clean, heard = (
        np.abs(stft(signal, n_fft=1411, hop_length=705))
        for signal in (pair.clean, gain * pair.estimate)
    )
    ratio = np.log(clean**2 / (heard + 1e-8) ** 2 + 1e-8)
    return float(np.sqrt((ratio**2).mean(axis=0)).mean())


def _high_band_error(pair: Pair) -> float:
    (frequencies, clean), (_, heard) = map(_magnitudes, (pair.clean, pair.estimate))
    energies = [(part[frequencies >= 8000] ** 2).sum() for part in (clean, heard)]
    return float(abs(10 * np.log10(energies[1] / energies[0])))


def _projected(*, artefacts: bool) -> Callable[[Pair], float]:
    """SIR or SAR without delays, by least squares."""

    def value(pair: Pair) -> float:
        clean = pair.clean * (pair.clean @ pair.estimate) / (pair.clean @ pair.clean)
        both = np.stack([pair.clean, pair.noise], axis=1)
        layers = both @ np.linalg.lstsq(both, pair.estimate, rcond=None)[0]
        parts = (layers, pair.estimate - layers) if artefacts else (clean, layers - clean)
        return float(10 * np.log10((parts[0] @ parts[0]) / (parts[1] @ parts[1])))

    return value


def _session(pair: Pair) -> Session:
    """Two microphones, of the clean signal and of the noise that bleeds into its microphone."""
    second = pair.noise + 0.2 * pair.clean
    return Session(Tracks([pair.noisy, second]), Tracks([pair.clean, pair.noise]), 0)


def _matrix_error(pair: Pair) -> float:
    microphones = np.stack(_session(pair).microphones.signals)
    true, implied = (
        (microphones @ np.linalg.pinv(np.stack([first, pair.noise])))[0]
        for first in (pair.clean, pair.estimate)
    )
    return float(20 * np.log10(np.linalg.norm(implied - true) / np.linalg.norm(true)))


SIGNAL_NOISE, SCALE_INVARIANT = "signal_noise_ratio", "scale_invariant_signal_distortion_ratio"
BOTH = "bss_eval_sources, clean and noise"
OURS, ITS_OWN = "scipy, lines of our own", "the same library: only the resampling is ours"
LEVELS = "librosa mel and stft, the definition"
PEERS = (
    Peer("snr", f"torchmetrics {SIGNAL_NOISE}", _torchmetrics(SIGNAL_NOISE), 1e-6),
    Peer("snr", "museval v4 SDR", _museval(), 1e-3, "one source, no filter"),
    Peer("snr_frames", "museval v4 SDR, 1 s", _museval(window=RATE), 1e-3, cases=RECORDINGS),
    Peer(
        "sdr_v4",
        "museval v4 SDR, clean and noise, 1 s",
        _museval_of_two(np.nanmedian),
        1e-6,
        cases=RECORDINGS,
    ),
    Peer(
        "sdr_v4_mean",
        "museval v4 SDR, clean and noise, 1 s",
        _museval_of_two(np.nanmean),
        1e-6,
        cases=RECORDINGS,
    ),
    Peer("si_sdr", f"torchmetrics {SCALE_INVARIANT}", _torchmetrics(SCALE_INVARIANT), 1e-6),
    Peer("si_sdr", "fast_bss_eval si_sdr", _fast("si_sdr"), 1e-6),
    Peer("si_sdr", "museval v4 SDR", _museval(), None, "is snr: a gain counts"),
    Peer("si_sdri", "fast_bss_eval si_sdr", _gain(_fast("si_sdr")), 1e-6, cases=RECORDINGS),
    Peer("sdr", "mir_eval bss_eval_sources", _mir_eval(0), 1e-4),
    Peer("sdr", "museval v3 SDR", _museval(sources=True), 1e-4),
    Peer("sdr", "fast_bss_eval sdr, float64", _fast("sdr"), 1e-4),
    Peer("sdr", "torchmetrics signal_distortion_ratio", _torchmetrics(), 1e-3),
    Peer("sdr", "museval v4 SDR", _museval(), None, "is snr: filter, delay and gain count"),
    Peer("nsdr", "mir_eval bss_eval_sources", _gain(_mir_eval(0)), 1e-4, cases=RECORDINGS),
    Peer("sir", f"mir_eval {BOTH}", _mir_eval(1, layers=2), 1e-4, cases=RECORDINGS),
    Peer("sar", f"mir_eval {BOTH}", _mir_eval(2, layers=2), 1e-4, cases=RECORDINGS),
    Peer("sir", f"fast_bss_eval {BOTH}", _fast_of_two(1), 1e-3, cases=RECORDINGS),
    Peer("sar", f"fast_bss_eval {BOTH}", _fast_of_two(2), 1e-3, cases=RECORDINGS),
    Peer("si_sir", OURS, _projected(artefacts=False), 1e-6, cases=RECORDINGS),
    Peer("si_sar", OURS, _projected(artefacts=True), 1e-6, cases=RECORDINGS),
    Peer("pesq", "pesq wb, 16 kHz", _pesq("wb", 16_000), 0.0, ITS_OWN, RECORDINGS),
    Peer("pesq", "pesqc2 wb, 16 kHz", _pesq_cor2, None, "has Corrigendum 2", RECORDINGS),
    Peer("pesq_cor2", "pesqc2 wb, 16 kHz", _pesq_cor2, 0.0, ITS_OWN, RECORDINGS),
    Peer("pesq_nb", "pesq nb, 8 kHz", _pesq("nb", 8_000), 0.0, ITS_OWN, RECORDINGS),
    Peer("pesq_nb", "pesq nb, 16 kHz", _pesq("nb", 16_000), None, "another rate", RECORDINGS),
    Peer("stoi", "pystoi", _stoi(extended=False), 0.0, "the same library", RECORDINGS),
    Peer("estoi", "pystoi extended", _stoi(extended=True), 1e-8, "the same library", RECORDINGS),
    Peer("visqol", "visqol audio mode, 48 kHz", _visqol, 1e-9, ITS_OWN, MIXTURES),
    Peer("lsd", OURS, _lsd(-60), 1e-9),
    Peer(
        "lsd",
        "librosa stft, URGENT's formula",
        _lsd_urgent,
        None,
        "e-folds, level forgiven, no floor",
    ),
    Peer("lsd_db", OURS, _lsd(-100), 1e-6),
    Peer("lsd_urgent", "librosa stft, URGENT's formula", _lsd_urgent, 1e-6),
    Peer("bleedless", LEVELS, _bleed_full(surplus=True), 1e-5, cases=RECORDINGS),
    Peer("fullness", LEVELS, _bleed_full(surplus=False), 1e-5, cases=RECORDINGS),
    Peer("bleed_matrix_error", "numpy pinv", _matrix_error, 1e-6, cases=RECORDINGS),
    Peer("high_band_error", OURS, _high_band_error, 1e-9, cases=RECORDINGS),
)


@pytest.fixture(scope="module")
def mixtures():
    """Three; `make agreement` asks for more."""
    made = list(recordings(MIXTURES))
    if not made:
        pytest.skip("the open corpus is not beside the project")
    return made


@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: f"{peer.metric}: {peer.name}")
def test_a_metric_is_that_of_an_independent_implementation(peer, mixtures):
    """And not that of one whose definition is another."""
    if not peer.installed:
        pytest.skip(f"{peer.package} is not installed")
    farthest = np.max([peer.distance(pair) for pair in mixtures[: 1 if peer.slow else None]])

    if peer.within is None:
        assert farthest > 0.01
    else:
        assert farthest <= peer.within


def test_every_metric_has_a_peer():
    """A new one comes with its oracle."""
    assert {peer.metric for peer in PEERS} == set(registry.metrics())
