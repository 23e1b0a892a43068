"""Kernel additive modelling for interference reduction: the voices of close microphones.

Prätzlich, Bittner, Liutkus and Müller, ICASSP 2015; the algebra stands in
`benchmarks.signal.interference`.

Departures: microphones are not equalised by default, the matrix begins with 0.1, for 0.8, and its
rows are not normalised, all of which lose on random mixtures; windows are of 46 ms with a hop of a
quarter, for 8192 samples and a tenth; where microphones are equalised, so is what powers are of.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.contract import DenoiserSpec, Side
from benchmarks.signal.array_stft import ArrayStft, contiguous, module_of, power_of
from benchmarks.signal.interference import CloseMicrophones, Model, equalisation
from benchmarks.signal.stft import stft_at

Array = Any
"""A numpy array or a torch tensor."""

_POINTS_AT_ONCE = 200_000  # what the caches of a processor hold


@dataclass
class Kamir(CloseMicrophones):
    """The Wiener filter of a model of powers that is fitted to the session alone.

    Attributes:
        model: How powers are fitted.
        equalised: Whether every microphone and frequency is scaled by its quiet level first.
    """

    model: Model = field(default_factory=Model)
    equalised: bool = False

    spec = DenoiserSpec(
        name="kamir",
        task="debleed",
        channels=1,
        chunk=30 * 44_100,
        overlap=44_100,
        citation="Prätzlich, Bittner, Liutkus and Müller, ICASSP 2015, "
        "doi:10.1109/ICASSP.2015.7178036",
    )

    def __post_init__(self) -> None:
        """Begin on the processor, with one microphone per voice."""
        self._device = "cpu"

    def load(self, device: str, checkpoint: Path | None) -> None:
        """Compute on a device from now on; on any but "cpu" in torch. There are no weights."""
        del checkpoint
        self._device = device

    def __call__(self, batch: Array, sampling_rate: int, *, side: Side | None = None) -> Array:
        """Return every microphone's own voice.

        Args:
            batch: Floating, shape (batch, microphones, channels, time).
            sampling_rate: In Hz.
            side: Nothing is taken of it.

        Raises:
            InputError: if there are not as many microphones as were assigned.
        """
        del side
        voices = self.voices_of(batch.shape[1])
        stft = ArrayStft(stft_at(sampling_rate).hop)
        if self._device == "cpu":
            return self._estimates(batch, voices, stft)
        torch = importlib.import_module("torch")
        return self._estimates(torch.from_numpy(batch).to(self._device), voices, stft).cpu().numpy()

    def _estimates(self, batch: Array, voices: tuple[int, ...], stft: ArrayStft) -> Array:
        module = module_of(batch)
        estimates = module.zeros_like(batch)
        size = batch.shape[-1]
        for number in range(batch.shape[0]):
            for channel in range(batch.shape[2]):
                tracks = batch[number, :, channel]
                # A power of about one: what is faint is told by its number.
                level = float((tracks * tracks).mean()) ** 0.5 * stft.hop
                if level == 0:
                    continue
                # One at a time: all windows of all microphones would take the most memory.
                spectrum = module.stack([stft.forward(track) for track in tracks])
                self._weigh(spectrum, voices, level)
                for microphone, weighed in enumerate(spectrum):
                    estimates[number, microphone, channel] = stft.inverse(weighed, num_samples=size)
        return estimates

    def _weigh(self, spectrum: Array, voices: tuple[int, ...], level: float) -> None:
        """Weigh spectra (microphones, frames, bins) in place."""
        microphones, frames, bins = spectrum.shape
        step = max(1, _POINTS_AT_ONCE // (microphones * frames))
        if self.model.kernel in ("frequency", "cross"):
            step = bins
        for first in range(0, bins, step):
            block = spectrum[..., first : first + step]
            power = power_of(contiguous(module_of(block).moveaxis(block, -1, 0)))
            power /= level**2
            if self.equalised:
                power = power / equalisation(power) ** 2
            block *= module_of(block).moveaxis(self.model.gains(power, voices), 0, -1)
