"""Read a recording of any form and any length as mono cuts at 44.1 kHz."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mn_dataset.audio import io
from mn_dataset.audio.form import mix_down
from mn_dataset.audio.level import FULL_SCALE
from mn_dataset.audio.resample import resample_blocks
from mn_dataset.catalogue.curate.flaws import Flaws
from mn_dataset.catalogue.curate.options import LONGEST_WHOLE_S
from mn_dataset.errors import AudioError
from mn_dataset.records import SAMPLING_RATE


@dataclass(frozen=True)
class Cut:
    """A piece of a recording.

    Attributes:
        start: Its first sample at 44.1 kHz.
        samples: Mono, float64 (time,), in LSB of 16 bits; the reader may write on it.
        clipped: Share of its frames that are clipped.
        broken: Frames that were NaN, infinite or impossibly large, and are zero here.
    """

    start: int
    samples: NDArray[np.float64]
    clipped: float
    broken: int

    @property
    def where(self) -> str:
        """Its place in the recording, in seconds."""
        return f"{_seconds(self.start):.3f}-{_seconds(self.start + len(self.samples)):.3f} s"


@contextmanager
def cuts(path: Path, length: int | None) -> Iterator[Iterator[Cut]]:
    """Cut a recording, in order; the last cut is what is left and may be shorter, never empty.

    Memory holds one cut and a few seconds more, however long the recording.

    Args:
        path: The recording.
        length: Of a cut in samples at 44.1 kHz; None for the whole recording in one.

    Raises:
        AudioError: if it cannot be read to its end, or is too long to be kept whole.
    """
    with io.stream(path) as audio:
        yield _cuts(path, audio, length)


def _cuts(path: Path, audio: io.Stream, length: int | None) -> Iterator[Cut]:
    flaws = Flaws(sampling_rate=audio.sampling_rate, top=audio.top)
    mono = resample_blocks(
        _mono(audio, flaws), from_rate=audio.sampling_rate, to_rate=SAMPLING_RATE
    )
    pieces = _joined(path, mono) if length is None else _regrouped(mono, length)
    start = 0
    for samples in pieces:
        end_s = _seconds(start + len(samples))
        yield Cut(
            start=start,
            samples=samples,
            clipped=flaws.clipped_share(_seconds(start), end_s),
            broken=flaws.broken(_seconds(start), end_s),
        )
        start += len(samples)


def _mono(audio: io.Stream, flaws: Flaws) -> Iterator[NDArray[np.float64]]:
    for block in audio.blocks:
        flaws.note(block)
        yield mix_down(block, scale=FULL_SCALE * audio.scale)


def _joined(path: Path, blocks: Iterable[NDArray[np.float64]]) -> Iterator[NDArray[np.float64]]:
    kept, count = [], 0
    for block in blocks:
        kept.append(block)
        count += len(block)
        if count > LONGEST_WHOLE_S * SAMPLING_RATE:
            raise AudioError(
                f"{path}: lasts more than {LONGEST_WHOLE_S / 60:g} min, too long to be kept "
                "whole; have it cut (clip_s, noise_s)"
            )
    if count:
        yield np.concatenate(kept)


def _regrouped(blocks: Iterable[NDArray[np.float64]], length: int) -> Iterator[NDArray[np.float64]]:
    cut, filled = np.empty(length), 0
    for block in blocks:
        while len(block):
            part = block[: length - filled]
            cut[filled : filled + len(part)] = part
            filled += len(part)
            block = block[len(part) :]  # noqa: PLW2901 - what is left of it
            if filled == length:
                yield cut
                filled = 0
    if filled:
        yield cut[:filled]


def _seconds(samples: int) -> float:
    return samples / SAMPLING_RATE
