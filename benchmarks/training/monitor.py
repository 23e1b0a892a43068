"""Show a run in TensorBoard: curves, and what two held-out mixtures look and sound like."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.tensorboard import SummaryWriter

from benchmarks.layers import stft
from benchmarks.training.history import Point
from benchmarks.training.writing import written
from mn_dataset.records import SAMPLING_RATE

SHOWN = 2
"""Mixtures that are shown."""

_RANGE_DB = 80.0
_STRIDE = 2  # bins per pixel
# Black, violet, orange, white, at even steps of loudness.
_COLOURS = np.array([(0, 0, 0), (80, 18, 123), (229, 89, 52), (252, 253, 191)], np.float64)


class Monitor:
    """The event files of a run.

    Args:
        folder: Where they go.
        step: Steps done; what a stopped run showed after them is not shown.
    """

    def __init__(self, folder: Path, *, step: int) -> None:
        self._folder = folder
        with written(folder):
            self._writer: Any = SummaryWriter(str(folder), purge_step=step + 1 if step else None)

    def point(self, point: Point) -> None:
        """Show one point of the curves."""
        for name in ("loss", "learning_rate", "grad_norm"):
            self._scalar(f"train/{name}", getattr(point, name), step=point.step)

    def validation(self, point: Point) -> None:
        """Show one validation."""
        for name in ("si_sdr_db", "gain_db"):
            self._scalar(f"validation/{name}", getattr(point, name), step=point.step)

    def audio(self, name: str, wave: Tensor, *, step: int) -> None:
        """Show a waveform, float32 (time,), as spectrogram and as sound.

        Full scale of picture and sound is the same for all, so that levels can be compared.
        """
        wave = wave.detach().cpu().nan_to_num()
        with written(self._folder):
            self._writer.add_image(f"{name}/spectrogram", spectrogram(wave), step)
            self._writer.add_audio(f"{name}/audio", wave[None].clamp(-1, 1), step, SAMPLING_RATE)

    def close(self) -> None:
        """Write what is left."""
        with written(self._folder):
            self._writer.close()

    def _scalar(self, name: str, value: float | None, *, step: int) -> None:
        with written(self._folder):
            self._writer.add_scalar(name, value, step)


def spectrogram(wave: Tensor) -> NDArray[np.uint8]:
    """Return a waveform's picture (3, bins, frames): 80 dB below full scale is black.

    >>> spectrogram(torch.zeros(2048)).max()
    np.uint8(0)
    """
    spectra = stft.analyse(wave[None], torch.ones(1, 1))[0]
    power = spectra.square().sum(dim=0).T.flip(0)[::_STRIDE].double().numpy()
    loudest = (0.54 * 2048 / 2) ** 2  # a sine at full scale
    level = 1.0 + 10.0 * np.log10(np.maximum(power / loudest, 1e-20)) / _RANGE_DB
    place = np.clip(level, 0.0, 1.0)
    steps = np.linspace(0.0, 1.0, len(_COLOURS))
    return np.stack([np.interp(place, steps, colour) for colour in _COLOURS.T]).astype(np.uint8)
