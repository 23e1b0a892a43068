"""Write audio for listeners: 16 bits, nothing clipped, and how loud it is."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.contract import Batch
from mn_dataset.audio.io import Pcm, write_flac
from mn_dataset.audio.level import dbfs, lufs, measure
from mn_dataset.files.atomic import replacement

_FULL_SCALE, _HIGHEST = 32768.0, 32767.0
_MARGIN_DB = 0.1  # so that what is raised to full scale is not attenuated by rounding


@dataclass(frozen=True)
class WrittenAudio:
    """How a file came out.

    Attributes:
        attenuated_db: By how much it had to be attenuated, lest it clips.
        level_db: How loud it is, see ``loudness_db``; None for silence.
    """

    attenuated_db: float
    level_db: float | None


def write_audio(path: Path, audio: Batch, *, sampling_rate: int) -> WrittenAudio:
    """Write audio (1, time) as 16-bit FLAC, whole or not at all.

    Raises:
        OutputError: if it cannot be written.
    """
    samples, attenuated_db = to_pcm(audio)
    with replacement(path, durable=False) as temporary:
        write_flac(temporary, samples, sampling_rate=sampling_rate)
    return WrittenAudio(attenuated_db, loudness_db(samples, sampling_rate=sampling_rate))


def to_pcm(audio: Batch) -> tuple[Pcm, float]:
    """Round audio (1, time) to 16 bits, attenuated just as far as keeps it from clipping.

    Returns:
        The samples, int16 (time,), and the attenuation in dB, mostly 0.

    >>> to_pcm(np.array([[0.5, -2.0]], np.float32))
    (array([  8192, -32767], dtype=int16), 6.02)
    """
    samples = audio[0].astype(np.float64) * _FULL_SCALE
    excess = max(1.0, float(np.abs(samples).max(initial=0.0)) / _HIGHEST)
    return np.rint(samples / excess).astype(np.int16), round(20.0 * math.log10(excess), 2)


def loudness_db(samples: Pcm, *, sampling_rate: int) -> float | None:
    """Return how loud samples are: BS.1770 in LUFS, or else RMS in dBFS; None for silence.

    >>> loudness_db(np.zeros(8, np.int16), sampling_rate=8000)
    >>> loudness_db(np.full(8, 16384, np.int16), sampling_rate=8000)
    -6.02
    """
    if not samples.any():
        return None
    loudness = lufs(samples, sampling_rate=sampling_rate)
    rms = math.sqrt(measure(samples).energy / len(samples))
    return round(loudness if math.isfinite(loudness) else dbfs(rms), 2)


def headroom_db(audio: Batch, target_db: float | None, *, sampling_rate: int) -> float:
    """Return by how much audio may be raised to a level without clipping, at least 0."""
    samples, attenuated_db = to_pcm(audio)
    level_db = loudness_db(samples, sampling_rate=sampling_rate)
    if target_db is None or level_db is None or attenuated_db:
        return 0.0
    to_full_scale_db = -dbfs(measure(samples).peak)
    return round(max(0.0, min(target_db - level_db, to_full_scale_db - _MARGIN_DB)), 2)
