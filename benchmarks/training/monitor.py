"""Show a training run in TensorBoard: curves, and spectrograms and sound of two mixtures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.tensorboard import SummaryWriter

from benchmarks.layers import stft
from benchmarks.training.history import StepRecord
from mn_dataset.files.atomic import writing
from mn_dataset.records import SAMPLING_RATE

SHOWN = 2
"""Mixtures of validation that are shown."""

_RANGE_DB = 80.0
_STRIDE = 2  # bins per pixel
# Black, violet, orange, white, at even steps of loudness.
_COLOURS = np.array([(0, 0, 0), (80, 18, 123), (229, 89, 52), (252, 253, 191)], np.float64)


class Monitor:
    """Writes the TensorBoard event files of a run.

    Args:
        folder: Their folder.
        step: Steps done; what a stopped run showed after them is taken back.
    """

    def __init__(self, folder: Path, *, step: int) -> None:
        self._folder = folder
        with writing(folder):
            self._writer: Any = SummaryWriter(str(folder), purge_step=step + 1 if step else None)

    def add_step(self, record: StepRecord) -> None:
        """Add one point to the curves of training."""
        for name in ("loss", "learning_rate", "grad_norm"):
            self._add_scalar(f"train/{name}", getattr(record, name), step=record.step)

    def add_validation(self, record: StepRecord) -> None:
        """Add one point to the curves of validation."""
        for name in ("si_sdr_db", "gain_db"):
            self._add_scalar(f"validation/{name}", getattr(record, name), step=record.step)

    def add_audio(self, name: str, wave: Tensor, *, step: int) -> None:
        """Add a waveform, float32 (time,), as spectrogram and as sound.

        Full scale of picture and sound is the same for all, so that levels can be compared.
        """
        wave = wave.detach().cpu().nan_to_num()
        with writing(self._folder):
            self._writer.add_image(f"{name}/spectrogram", spectrogram(wave), step)
            self._writer.add_audio(f"{name}/audio", wave[None].clamp(-1, 1), step, SAMPLING_RATE)

    def close(self) -> None:
        """Write what has not been written yet."""
        with writing(self._folder):
            self._writer.close()

    def _add_scalar(self, name: str, value: float | None, *, step: int) -> None:
        with writing(self._folder):
            self._writer.add_scalar(name, value, step)


def spectrogram(wave: Tensor) -> NDArray[np.uint8]:
    """Return a waveform's spectrogram as colours (3, bins, frames); −80 dBFS and below is black.

    >>> spectrogram(torch.zeros(2048)).max()
    np.uint8(0)
    """
    spectra = stft.analyse(wave[None], torch.ones(1, 1))[0]
    power = spectra.square().sum(dim=0).T.flip(0)[::_STRIDE].double().numpy()
    loudest = (0.54 * 2048 / 2) ** 2  # a sine at full scale
    level = 1.0 + 10.0 * np.log10(np.maximum(power / loudest, 1e-20)) / _RANGE_DB
    brightness = np.clip(level, 0.0, 1.0)
    steps = np.linspace(0.0, 1.0, len(_COLOURS))
    colours = [np.interp(brightness, steps, colour) for colour in _COLOURS.T]
    return np.stack(colours).astype(np.uint8)
