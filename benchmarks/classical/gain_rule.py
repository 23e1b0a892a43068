"""Gain rules over a noise tracker: what all of them share, and the trackers by name."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np

from benchmarks.classical.trackers.imcra import imcra
from benchmarks.classical.trackers.minimum_statistics import minimum_statistics
from benchmarks.classical.trackers.quantile import quantile_noise
from benchmarks.classical.trackers.spp import spp
from benchmarks.contract import Batch, DenoiserSpec, Side
from benchmarks.signal.stft import Gain, Power, Stft, power_of, stft_at
from mn_dataset.errors import UnknownName

TRACKERS: dict[str, Callable[..., Power]] = {
    "quantile": quantile_noise,
    "minimum_statistics": minimum_statistics,
    "imcra": imcra,
    "spp": spp,
}
"""What estimates the noise of a mixture alone, by name."""

VERSIONS = {"minimum_statistics": "2", "imcra": "2"}
"""Of a tracker, raised when its estimate changes; 1 where none is told."""

DEFAULT = "quantile"
PROFILE = "profile"
"""The tracker that is handed a stretch of the noise alone."""

_FAINT = 1e-10  # of an item's mean power: below it there is nothing to track


@dataclass(frozen=True)
class Tracking:
    """A denoiser over any noise tracker.

    Departure from their papers: the noise is by default the clip's low quantile, instead of a
    pause before the speech or what a voice activity detector found.

    Attributes:
        tracker: One of ``TRACKERS``, or "profile".
    """

    tracker: str = DEFAULT

    spec: ClassVar[DenoiserSpec]

    def __post_init__(self) -> None:
        """Take the tracker's name, version, and what it needs, into the instance's declaration."""
        if self.tracker != DEFAULT:
            needs = frozenset({"noise_profile"} if self.tracker == PROFILE else ())
            rule = type(self).spec
            name, version = f"{rule.name}+{self.tracker}", rule.version
            if self.tracker in VERSIONS:
                version = f"{version}.{VERSIONS[self.tracker]}"
            spec = replace(rule, name=name, needs=needs, version=version)
            object.__setattr__(self, "spec", spec)

    @classmethod
    def variant(cls, name: str) -> Self:
        """Return the denoiser over another tracker: what NAME+TRACKER stands for.

        Raises:
            UnknownName: if there is no such tracker.
        """
        if name not in (*TRACKERS, PROFILE):
            raise UnknownName("noise tracker", name, (*TRACKERS, PROFILE))
        return cls(tracker=name)

    def noise(self, power: Power, stft: Stft, sampling_rate: int, side: Side | None) -> Power:
        """Return the mean noise power by the tracker, or of the noise profile.

        Args:
            power: Of the mixture, shape (..., frames, bins).
            stft: The transform that it is of.
            sampling_rate: In Hz.
            side: Holds the stretch of noise alone, for "profile".

        Returns:
            Shape (..., frames, bins) or (..., 1, bins).
        """
        if self.tracker == PROFILE:
            profile = power_of(stft.forward((side or {})["noise_profile"]))
            mean: Power = profile.mean(axis=-2, keepdims=True)
            return mean
        return self._tracked(power, frames_per_s=sampling_rate / stft.hop)

    def _tracked(self, power: Power, *, frames_per_s: float) -> Power:
        """Track, with a floor under digital silence; nothing has no noise."""
        if self.tracker == DEFAULT:
            return quantile_noise(power)
        mean = power.mean(axis=(-2, -1), keepdims=True)
        audible = np.where(mean > 0, np.maximum(power, _FAINT * mean), 1.0)
        noise: Power = TRACKERS[self.tracker](audible, frames_per_s=frames_per_s)
        return np.where(mean > 0, noise, 0.0).astype(np.float32)


@dataclass(frozen=True)
class Tracked(Tracking, ABC):
    """A gain rule over any noise tracker; each denoiser adds its spec and its gains."""

    def __call__(self, batch: Batch, sampling_rate: int, *, side: Side | None = None) -> Batch:
        """Return the denoised batch, shape (batch, channels, time)."""
        stft = stft_at(sampling_rate)
        spectrum = stft.forward(batch)
        power = power_of(spectrum)
        spectrum *= self.gain(power, self.noise(power, stft, sampling_rate, side))
        return stft.inverse(spectrum, num_samples=batch.shape[-1])

    @abstractmethod
    def gain(self, power: Power, noise: Power) -> Gain:
        """Return the gain per frame and frequency.

        Args:
            power: Of the mixture, shape (..., frames, bins).
            noise: Its mean, shape (..., frames, bins) or (..., 1, bins).
        """
