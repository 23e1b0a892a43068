"""Vary the layers of training mixtures: apply the steps that were drawn for them.

The transforms are audiomentations', which no other module imports. They draw from global
generators: here their parameters are set and frozen, so that none is drawn. One machine with one
set of versions gives the same samples every time; filters, FFTs and encoders of other versions may
differ in last bits.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter, oaconvolve

from mn_dataset import seeds
from mn_dataset.audio import codec, io
from mn_dataset.audio.level import CEILING, FULL_SCALE, MIN_RECORDED_RMS, hop_energies, measure
from mn_dataset.errors import InputError, MissingExtra
from mn_dataset.mix.augment.chain import Chain
from mn_dataset.mix.augment.draw import FIT, Step
from mn_dataset.mix.gains import Loudness, Measured
from mn_dataset.mix.source_cache import Cut
from mn_dataset.records import SAMPLING_RATE

Float32 = NDArray[np.float32]

_EQUALISER = {"center_hz": "center_freq", "gain_db": "gain_db", "q": "q_factor"}
_FILTER = {"cutoff_hz": "cutoff_freq", "rolloff_db_per_octave": "rolloff"}
_LIBRARY = {
    "pitch": ("PitchShift", {"semitones": "num_semitones"}),
    "low_shelf": ("LowShelfFilter", _EQUALISER),
    "high_shelf": ("HighShelfFilter", _EQUALISER),
    "peaking": ("PeakingFilter", _EQUALISER),
    "high_pass": ("HighPassFilter", _FILTER),
    "low_pass": ("LowPassFilter", _FILTER),
    "polarity": ("PolarityInversion", {}),
}
"""The library's class for a transform, and its names for our parameters."""

_DECAY = np.log(1000.0)  # amplitude falls by 60 dB
_PACKAGES = ("audiomentations", "python-stretch", "numpy", "scipy", "soundfile")


def vary(cut: Cut, steps: Sequence[Step]) -> tuple[Cut, tuple[Step, ...]]:
    """Return a segment as its steps leave it, and the steps that were done.

    A layer that its steps would bring under −60 dBFS RMS, or to no number, stays as it was
    recorded, without any step; one driven over full scale is lowered to the guard's ceiling by a
    last step ``FIT``.
    """
    if not steps:
        return cut, ()
    samples = _passed(cut.samples, steps)
    rms = FULL_SCALE * math.sqrt(np.square(samples).mean(dtype=np.float64))
    if not MIN_RECORDED_RMS <= rms < math.inf:
        return cut, ()
    top = FULL_SCALE * float(np.abs(samples).max())
    if top > FULL_SCALE - 1:
        # Down to a thousandth of a decibel: what the manifest says is what was done.
        gain_db = math.floor(20_000.0 * math.log10(CEILING / top)) / 1000.0
        steps = [*steps, Step(steps[0].layer, FIT, {"gain_db": gain_db})]
        samples = apply(steps[-1], samples, sampling_rate=SAMPLING_RATE)
    varied = _to_pcm(samples)
    loudness = Loudness(hop_energies(varied, sampling_rate=SAMPLING_RATE), SAMPLING_RATE)
    return Cut(varied, Measured(measure(varied), loudness)), tuple(steps)


def replay(samples: io.Pcm, steps: Iterable[Step]) -> io.Pcm:
    """Apply the steps of a manifest to the recorded samples, int16 (time,)."""
    return _to_pcm(_passed(samples, steps))


def apply(step: Step, samples: Float32, *, sampling_rate: int) -> Float32:
    """Apply one step to a layer.

    Args:
        step: The transform and its numbers.
        samples: float32 (time,).
        sampling_rate: In Hz.

    Returns:
        float32 (time,) of the same length and in step with the input; it may exceed ±1.

    Raises:
        MissingExtra: if audiomentations is not installed.
    """
    numbers: Mapping[str, Any] = step.parameters
    if step.transform in (FIT, "gain"):
        ratio = 10.0 ** (numbers["gain_db"] / 20.0)
        return _from_library("Gain", {"amplitude_ratio": ratio}, samples, sampling_rate)
    if step.transform == "reverb":
        return reverberate(samples, room_response(**numbers, sampling_rate=sampling_rate))
    if step.transform == "codec":
        return codec.round_trip(
            samples,
            numbers["format"],
            bitrate_kbps=numbers["bitrate_kbps"],
            sampling_rate=sampling_rate,
        )
    name, spelling = _LIBRARY[step.transform]
    spelled = {spelling[key]: number for key, number in numbers.items()}
    return _from_library(name, spelled, samples, sampling_rate)


def require(chain: Chain) -> None:
    """Refuse a chain that this machine cannot apply, before anything is written.

    Raises:
        MissingExtra: if audiomentations is not installed.
        InputError: if libsndfile has no encoder for one of the chain's formats.
    """
    _library()
    absent = set(chain.codec.format if chain.codec else ()) - set(codec.encoders())
    if absent:
        raise InputError(
            f"[codec] format: libsndfile cannot write {', '.join(sorted(absent))} here; "
            "leave the format away or install soundfile 0.12 or later"
        )


def versions() -> str:
    """Return the versions on which the samples depend, as one line."""
    return ", ".join(f"{package} {version(package)}" for package in _PACKAGES)


def room_response(
    *,
    rt60_s: float,
    direct_to_reverberant_db: float,
    damping_hz: float,
    seed: int,
    sampling_rate: int,
) -> Float32:
    """Return a room's response, float32 (time,), from its direct sound to −60 dB.

    It is Polack's (1988): the direct sound, then Gaussian noise that decays by 60 dB in
    ``rt60_s``, here dulled by one pole as walls and air do. The direct sound keeps time and level.

    Args:
        rt60_s: Time in which the tail decays by 60 dB.
        direct_to_reverberant_db: Energy of the direct sound over that of the tail.
        damping_hz: Where the tail's spectrum begins to fall by 6 dB per octave.
        seed: Of the tail.
        sampling_rate: In Hz.

    >>> room = room_response(rt60_s=0.1, direct_to_reverberant_db=10, damping_hz=5000, seed=1,
    ...                      sampling_rate=44_100)
    >>> float(room[0]), round(float(np.sum(np.square(room[1:]))), 3)
    (1.0, 0.1)
    """
    length = round(rt60_s * sampling_rate)
    noise = seeds.generator(seed, "room response").normals(length)
    pole = np.exp(-2.0 * np.pi * damping_hz / sampling_rate)
    tail = lfilter([1.0 - pole], [1.0, -pole], noise)
    tail *= np.exp(-_DECAY * np.arange(length) / length)
    tail *= 10.0 ** (-direct_to_reverberant_db / 20.0) / np.sqrt(np.sum(np.square(tail)))
    return np.concatenate([[1.0], tail]).astype(np.float32)


def reverberate(samples: Float32, room: Float32) -> Float32:
    """Convolve with a room's response, float32 (time,); what lies beyond the end is cut off."""
    wet: Float32 = oaconvolve(samples, room)[: len(samples)]
    return wet


def _passed(samples: io.Pcm, steps: Iterable[Step]) -> Float32:
    passed: Float32 = io.to_float(samples)[0]
    for step in steps:
        passed = apply(step, passed, sampling_rate=SAMPLING_RATE)
    return passed


def _to_pcm(samples: Float32) -> io.Pcm:
    pcm: io.Pcm = np.rint(samples * np.float32(FULL_SCALE)).astype(np.int16)
    return pcm


def _library() -> ModuleType:
    try:
        import audiomentations  # noqa: PLC0415 - optional, and slow to import
    except ModuleNotFoundError as error:
        raise MissingExtra("audiomentations", extra="augment") from error
    library: ModuleType = audiomentations
    return library


def _from_library(name: str, parameters: Mapping[str, Any], samples: Float32, rate: int) -> Float32:
    """Apply a transform of the library whose parameters are set and frozen: none is drawn."""
    transform = getattr(_library(), name)(p=1.0)
    transform.parameters = {"should_apply": True, **parameters}
    transform.freeze_parameters()
    transformed: Float32 = transform(samples, rate)
    return transformed
