"""Read a recording of any form and any length as mono cuts at 44.1 kHz.

How it is cut and judged is a ``CutOptions``. Clipped and impossible samples are counted while it is
read, before mixing down and resampling smooth them.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mn_dataset.audio import io
from mn_dataset.audio.convert import mix_down, resample_blocks
from mn_dataset.audio.level import FULL_SCALE
from mn_dataset.audio.segment import MIN_LOOP
from mn_dataset.errors import AudioError, InputError
from mn_dataset.records import SAMPLING_RATE, Role

LONGEST_WHOLE_S = 1800.0
"""A recording that is not cut is held in memory, 21 MB a minute; a longer one must be cut."""

BINS_PER_SECOND = 100
SHORTEST_RUN = 3
LARGEST = 2.0**32
"""A float sample above this is rubbish, not sound: integers that were never scaled stay below."""


@dataclass(frozen=True)
class CutOptions:
    """How recordings are cut and judged; other options give other audio.

    Attributes:
        clip_s: Length of a clean clip; None keeps recordings whole.
        noise_s: Length of a noise; None keeps recordings whole.
        min_s: The shortest recording that is kept whole although a cut is longer.
        loudness_lufs: Integrated loudness of every cut, as far as its peak allows; None leaves
            the level alone.
        max_clipped: Share of clipped samples from which on a cut is rejected.
    """

    clip_s: float | None = 10.0
    noise_s: float | None = None
    min_s: float = 1.0
    loudness_lufs: float | None = None
    max_clipped: float = 0.001

    def check(self) -> None:
        """Refuse numbers that make no sense.

        Raises:
            InputError: naming the parameter.
        """
        shortest_noise = MIN_LOOP / SAMPLING_RATE
        _within("min_s", self.min_s, 0.01, 3600.0)
        _within("clip_s", self.clip_s, max(self.min_s, 0.01), LONGEST_WHOLE_S)
        _within("noise_s", self.noise_s, max(self.min_s, shortest_noise), LONGEST_WHOLE_S)
        _within("loudness_lufs", self.loudness_lufs, -50.0, 0.0)
        _within("max_clipped", self.max_clipped, 0.0, 1.0)

    def cut_length(self, role: Role) -> int | None:
        """Return the length of a cut in samples, None for whole recordings."""
        seconds = self.clip_s if role == "clean" else self.noise_s
        return None if seconds is None else round(seconds * SAMPLING_RATE)

    def shortest(self, role: Role) -> int:
        """Return the length in samples from which on a short recording is kept whole."""
        shortest = round(self.min_s * SAMPLING_RATE)
        return max(shortest, MIN_LOOP) if role == "noise" else shortest

    def text(self) -> str:
        """Return the options as one line that only equal options give."""
        return json.dumps(asdict(self), sort_keys=True)


class Flaws:
    """Count flawed frames per 10 ms of a recording.

    A frame is clipped when one of its channels belongs to a run of three or more equal samples at
    full scale; it is broken when a sample is NaN, infinite or impossibly large.

    >>> flaws = Flaws(sampling_rate=8000, top=32_767)
    >>> flaws.note(np.array([[0], [32767], [32767], [32767], [5]], np.int16))
    >>> flaws.clipped_share(0.0, 0.01), flaws.broken(0.0, 0.01)
    (0.0375, 0)
    """

    def __init__(self, *, sampling_rate: int, top: float) -> None:
        self.sampling_rate, self.top = sampling_rate, top
        self._frames = 0
        self._clipped: Counter[int] = Counter()
        self._broken: Counter[int] = Counter()
        self._last: NDArray[Any] | None = None
        self._counted = np.zeros(0, np.intp)

    def note(self, block: NDArray[Any]) -> None:
        """Look at the next samples (time, channels); impossible ones are set to zero in place."""
        high, low = float(block.max()), float(block.min())
        if not -LARGEST < low <= high < LARGEST:  # not true of NaN either
            self._zero_broken(block)
            high, low = float(block.max()), float(block.min())
        if high >= self.top or low <= -self.top:
            self._find_runs(block)
        else:
            self._last = None
        self._frames += len(block)

    def clipped_share(self, start_s: float, end_s: float) -> float:
        """Return the share of frames between two times that are clipped."""
        frames = (end_s - start_s) * self.sampling_rate
        return _between(self._clipped, start_s, end_s) / frames

    def broken(self, start_s: float, end_s: float) -> int:
        """Return the number of broken frames between two times."""
        return _between(self._broken, start_s, end_s)

    def _zero_broken(self, block: NDArray[Any]) -> None:
        broken = ~(np.abs(block) < LARGEST)
        self._count(self._broken, np.flatnonzero(broken.any(axis=1)))
        block[broken] = 0

    def _find_runs(self, block: NDArray[Any]) -> None:
        """Count the frames of runs; one that began in the block before is whole."""
        before = 0 if self._last is None else len(self._last)
        counted = self._counted if before else np.zeros(0, np.intp)
        joined = block if self._last is None else np.concatenate([self._last, block])
        full = (joined >= self.top) | (joined <= -self.top)
        middle = full[1:-1] & (joined[1:-1] == joined[:-2]) & (joined[1:-1] == joined[2:])
        long = np.zeros(joined.shape, bool)
        for shift in range(SHORTEST_RUN):
            long[shift : shift + len(middle)] |= middle
        clipped = np.setdiff1d(np.flatnonzero(long.any(axis=1)) - before, counted)
        self._count(self._clipped, clipped)
        counted = np.union1d(counted, clipped)
        self._counted = counted[counted >= len(block) - 2] - len(block)
        self._last = joined[-2:].copy()

    def _count(self, counter: Counter[int], frames: NDArray[np.intp]) -> None:
        bins = (self._frames + frames) * BINS_PER_SECOND // self.sampling_rate
        for number, count in zip(*np.unique(bins, return_counts=True), strict=True):
            counter[int(number)] += int(count)


def _between(counter: Counter[int], start_s: float, end_s: float) -> int:
    if not counter:
        return 0
    first, last = round(start_s * BINS_PER_SECOND), round(end_s * BINS_PER_SECOND)
    return sum(count for bin_, count in counter.items() if first <= bin_ < max(last, first + 1))


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
        """Its stretch of the recording, in seconds."""
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


def _within(name: str, value: float | None, low: float, high: float) -> None:
    if value is not None and not low <= value <= high:
        raise InputError(f"{name} is {value:g}; expected {low:.4g} to {high:g}")
