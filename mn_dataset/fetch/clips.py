"""Cut clips from an original, bring them into the M&N form, and store them in the corpus."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mn_dataset.audio.convert import to_mono, to_pcm
from mn_dataset.audio.io import Pcm, is_wav_of, read_any, write_wav
from mn_dataset.errors import AudioError
from mn_dataset.fetch.lockfile import (
    Agreement,
    Pin,
    agreement,
    pin_samples,
    published_pin,
    source_sha256,
)
from mn_dataset.files.atomic import replacement
from mn_dataset.records import SAMPLING_RATE
from mn_dataset.tables import Row

_OVERHANG_S = 0.001  # tables round start_s and duration_s


@dataclass(frozen=True)
class ClipResult:
    """What became of one row.

    Attributes:
        row: The row.
        pin: What the recording is here; None when it could not be made.
        agreement: With what was pinned here before or else published; None when nothing was.
        problem: Why it could not be made; empty when it was.
    """

    row: Row
    pin: Pin | None
    agreement: Agreement | None = None
    problem: str = ""


def cut(mono: NDArray[np.float64], row: Row) -> Pcm:
    """Cut a row's stretch from an original that is mono, 44.1 kHz, (time,), and round it.

    Returns:
        int16 samples (time,), lowered to −1 dBFS if they were above it.

    Raises:
        AudioError: if the original ends before the cut does, or the cut is silent.
    """
    start = round(float(row.start_s or 0) * SAMPLING_RATE)
    length = round(float(row.duration_s) * SAMPLING_RATE) if row.duration_s else len(mono) - start
    if start + length > len(mono) + _OVERHANG_S * SAMPLING_RATE or start >= len(mono):
        raise AudioError(
            f"lasts {len(mono) / SAMPLING_RATE:.3f} s; expected to cut {row.duration_s} s from "
            f"{row.start_s} s; correct the table"
        )
    return to_pcm(mono[start : start + length])[0]


def cut_all(
    original: Path, rows: Sequence[tuple[Row, Pin | None]], folder: Path
) -> list[ClipResult]:
    """Decode an original once and store every clip of it that agrees with its pin.

    Args:
        original: The verified file.
        rows: The rows to cut from it, each with what was pinned here before, if anything was.
        folder: The corpus.
    """
    try:
        mono = to_mono(*read_any(original))
    except AudioError as error:
        return [ClipResult(row, None, problem=str(error)) for row, _ in rows]
    results = []
    for row, pinned in rows:
        try:
            samples = cut(mono, row)
        except AudioError as error:
            results.append(ClipResult(row, None, problem=f"{row.url}: {error}"))
        else:
            results.append(store(row, samples, folder=folder, pinned=pinned))
    return results


def store(row: Row, samples: Pcm, *, folder: Path, pinned: Pin | None) -> ClipResult:
    """Write int16 samples (time,) to a row's file, unless they differ from what was pinned.

    Raises:
        OutputError: if the file cannot be written.
    """
    pin = pin_samples(row.id, samples, original_sha256=source_sha256(row))
    reference = pinned or published_pin(row)
    verdict = agreement(reference, pin) if reference else None
    if verdict != "different":
        write_clip(folder / row.file, samples)
    return ClipResult(row, pin, verdict)


def write_clip(path: Path, samples: Pcm) -> None:
    """Write int16 samples (time,) as a mono 44.1 kHz WAV, whole or not at all.

    Raises:
        OutputError: if the file cannot be written.
    """
    with replacement(path, durable=False) as temporary:  # a later run verifies it by its pin
        write_wav(temporary, samples, sampling_rate=SAMPLING_RATE)


def is_stored(folder: Path, row: Row, pin: Pin | None) -> bool:
    """Tell whether a row's file is, to the byte, the recording that was pinned."""
    if pin is None or pin.original_sha256 != source_sha256(row):
        return False
    return is_wav_of(folder / row.file, pin.pcm_sha256)
