"""Call a denoiser: the only way the project does.

Rates, channels, latency, lengths, array kinds and checks are done here, once, so that a
denoiser is a few lines.
"""

from __future__ import annotations

import math
from pathlib import Path

from benchmarks import registry
from benchmarks.contract import Batch, Denoiser, DenoiserSpec, Side
from benchmarks.harness import backend
from benchmarks.harness.construct import constructed
from benchmarks.harness.door import PROFILE, check_batch, picked
from benchmarks.harness.guard import checked, running
from benchmarks.harness.latency import advanced
from benchmarks.harness.resample import fitted, resampled
from benchmarks.harness.revision import revision_of
from benchmarks.harness.weights import label, weights_of


class AppliedDenoiser:
    """A denoiser with the harness around it.

    Attributes:
        denoiser: The object that was constructed.
        revision: Which version of it made the estimates.
        device: Where tensors go, for a denoiser of backend "torch".
        weights: File of a learned one's weights.
        label: What it is called in tables; the spec's name by default.
    """

    def __init__(
        self,
        denoiser: Denoiser,
        *,
        revision: str = "1",
        device: str = "cpu",
        weights: Path | None = None,
        label: str | None = None,
    ) -> None:
        self.denoiser, self.revision, self.device = denoiser, revision, device
        self.weights, self.label = weights, label
        self._loaded = False

    @property
    def spec(self) -> DenoiserSpec:
        """What the denoiser declares."""
        return self.denoiser.spec

    @property
    def name(self) -> str:
        """The name in tables."""
        return self.label or self.spec.name

    def __call__(self, batch: Batch, sampling_rate: int, *, side: Side | None = None) -> Batch:
        """Estimate the clean layer of every mixture.

        Args:
            batch: float32, shape (batch, channels, time), at least one sample.
            sampling_rate: In Hz.
            side: Side information by name, each of the batch's shape; what the denoiser does
                not declare to need is not handed over.

        Returns:
            float32, shape as given, owned by the caller.

        Raises:
            InputError: if the batch or the side information is not as described.
            MissingExtra: if a package behind the denoiser is not installed.
            DenoiserFailed: if the denoiser raises, exits, or breaks its contract.
        """
        check_batch(batch, sampling_rate)
        layers = picked(side, spec=self.spec, shape=batch.shape)
        native_rate = self.spec.sampling_rate or sampling_rate
        mixture = self._extended(self._native(batch, sampling_rate))
        native = {name: self._native(layer, sampling_rate) for name, layer in layers.items()}
        prepared = {
            name: layer.copy() if name == PROFILE else self._extended(layer)
            for name, layer in native.items()
        }
        estimate = self._run(mixture, native_rate, prepared)
        aligned = advanced(estimate, self.spec.latency)
        answer = resampled(aligned, native_rate, sampling_rate)
        return fitted(answer, batch.shape[-1]).reshape(batch.shape)

    def _native(self, signal: Batch, sampling_rate: int) -> Batch:
        """Return the signal with the channels and at the rate the denoiser wants."""
        if self.spec.channels == 1:
            signal = signal.reshape(-1, 1, signal.shape[-1])
        return resampled(signal, sampling_rate, self.spec.sampling_rate or sampling_rate)

    def _extended(self, signal: Batch) -> Batch:
        """Return a copy with silence at the end that brings out what a latency holds back."""
        needed = signal.shape[-1] + math.ceil(self.spec.latency)
        return fitted(signal, max(needed, self.spec.min_samples))

    def _run(self, batch: Batch, sampling_rate: int, side: Side) -> Batch:
        """Load once, call, and check."""
        with running(self.name):
            if not self._loaded and hasattr(self.denoiser, "load"):
                self.denoiser.load(self.device, self.weights)
            self._loaded = True
            estimate = backend.call(
                self.denoiser, batch, sampling_rate, side=side, device=self.device
            )
        return checked(estimate, name=self.name, shape=batch.shape)


def load_denoiser(name: str, *, device: str = "cpu") -> AppliedDenoiser:
    """Find a denoiser by name, or by ``path/to/file.py:Class``, ready to be called.

    Args:
        name: A registered name; ``mn denoisers`` lists them. A learned one is NAME for the
            weights that ship, or NAME@PATH for a file of weights or a run of ``mn train``.
        device: Where tensors go: "cpu", "cuda", ….

    Raises:
        UnknownName: with the nearest names.
        InputError: if a person's file, class or spec is at fault, or weights are missing.
        MissingExtra: with the command that installs what it needs.
        DenoiserFailed: if its module cannot be imported or constructed.

    >>> import numpy as np
    >>> wiener = load_denoiser("wiener")
    >>> wiener(np.zeros((1, 2, 1000), np.float32), 44_100).shape
    (1, 2, 1000)
    """
    entry = registry.denoiser(name)
    denoiser = constructed(entry)
    weights = weights_of(denoiser.spec, entry.checkpoint)
    return AppliedDenoiser(
        denoiser,
        revision=revision_of(entry, denoiser.spec, weights=weights),
        device=device,
        weights=weights,
        label=label(denoiser.spec.name, entry.checkpoint),
    )
