"""Do to samples what a step says; the one room that knows audiomentations.

Its transforms draw from global generators: here their parameters are set and frozen, so that none
is drawn. One machine with one set of versions gives the same samples every time; filters, FFTs
and encoders of other versions may differ in last bits.

Make a room's response, and let a layer sound in it.

The response is Polack's (1988): the direct sound, then Gaussian noise that decays by 60 dB in
``rt60_s``, here dulled by one pole as walls and air do. The direct sound keeps time and level.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter, oaconvolve

from mn_dataset import seeds
from mn_dataset.audio import codec
from mn_dataset.errors import InputError, MissingExtra
from mn_dataset.mix.augment.chain import Chain
from mn_dataset.mix.augment.draw import FIT, Step

_DECAY = np.log(1000.0)  # amplitude falls by 60 dB


def response(
    *,
    rt60_s: float,
    direct_to_reverberant_db: float,
    damping_hz: float,
    seed: int,
    sampling_rate: int,
) -> NDArray[np.float32]:
    """Return a room's response, float32 (time,), from its direct sound to −60 dB.

    Args:
        rt60_s: Time in which the tail decays by 60 dB.
        direct_to_reverberant_db: Energy of the direct sound over that of the tail.
        damping_hz: Where the tail's spectrum begins to fall by 6 dB per octave.
        seed: Of the tail.
        sampling_rate: In Hz.

    >>> room = response(rt60_s=0.1, direct_to_reverberant_db=10, damping_hz=5000, seed=1,
    ...                 sampling_rate=44_100)
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


def reverberate(samples: NDArray[np.float32], room: NDArray[np.float32]) -> NDArray[np.float32]:
    """Convolve, float32 (time,); the tail beyond the last sample is cut off."""
    wet: NDArray[np.float32] = oaconvolve(samples, room)[: len(samples)]
    return wet


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

_PACKAGES = ("audiomentations", "python-stretch", "numpy", "scipy", "soundfile")


def apply(step: Step, samples: Float32, *, sampling_rate: int) -> Float32:
    """Do one step to a layer.

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
        return _frozen("Gain", {"amplitude_ratio": ratio}, samples, sampling_rate)
    if step.transform == "reverb":
        return reverberate(samples, response(**numbers, sampling_rate=sampling_rate))
    if step.transform == "codec":
        return codec.round_trip(
            samples,
            numbers["format"],
            bitrate_kbps=numbers["bitrate_kbps"],
            sampling_rate=sampling_rate,
        )
    name, spelling = _LIBRARY[step.transform]
    spelled = {spelling[key]: number for key, number in numbers.items()}
    return _frozen(name, spelled, samples, sampling_rate)


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


def _library() -> ModuleType:
    try:
        import audiomentations  # noqa: PLC0415 - optional, and slow to import
    except ModuleNotFoundError as error:
        raise MissingExtra("audiomentations", extra="augment") from error
    found: ModuleType = audiomentations
    return found


def _frozen(name: str, parameters: Mapping[str, Any], samples: Float32, rate: int) -> Float32:
    transform = getattr(_library(), name)(p=1.0)
    transform.parameters = {"should_apply": True, **parameters}
    transform.freeze_parameters()
    done: Float32 = transform(samples, rate)
    return done
