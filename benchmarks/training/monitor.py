"""Show a training run in TensorBoard: curves, and spectrograms and sound of two mixtures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch.utils.tensorboard import SummaryWriter

from benchmarks.signal.spectrogram import Spectrogram, palette, shades
from benchmarks.training.history import StepRecord
from mn_dataset.files.atomic import writing

SHOWN = 2
"""Mixtures of validation that are shown."""


class Monitor:
    """Writes the TensorBoard event files of a run.

    Args:
        folder: Their folder.
        sampling_rate: Of what is shown, in Hz.
        step: Steps done; what a stopped run showed after them is taken back.
    """

    def __init__(self, folder: Path, *, sampling_rate: int, step: int) -> None:
        self._folder, self._sampling_rate = folder, sampling_rate
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

    def add_audio(self, name: str, wave: NDArray[np.float32], *, step: int) -> None:
        """Add a waveform, float32 (time,), as spectrogram and as sound.

        Full scale of picture and sound is the same for all, so that levels can be compared.
        """
        wave, rate = np.nan_to_num(wave), self._sampling_rate
        with writing(self._folder):
            picture = spectrogram(wave, rate)
            self._writer.add_image(f"{name}/spectrogram", picture, step, dataformats="HWC")
            self._writer.add_audio(f"{name}/audio", wave[None].clip(-1, 1), step, rate)

    def close(self) -> None:
        """Write what has not been written yet."""
        with writing(self._folder):
            self._writer.close()

    def _add_scalar(self, name: str, value: float | None, *, step: int) -> None:
        with writing(self._folder):
            self._writer.add_scalar(name, value, step)


def spectrogram(wave: NDArray[np.float32], sampling_rate: int) -> NDArray[np.uint8]:
    """Return the spectrogram of a waveform (time,) as colours, shape (bands, columns, 3).

    >>> spectrogram(np.zeros(44_100, np.float32), 44_100).shape
    (512, 42, 3)
    """
    columns = Spectrogram(sampling_rate)
    columns.add(wave.astype(np.float64)[:, None])
    return palette()[shades(columns.power())]
