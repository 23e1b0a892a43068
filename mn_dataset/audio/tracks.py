"""Read the recordings of a session together: one per microphone, all begun at one moment."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mn_dataset.audio import io
from mn_dataset.audio.scan import walk
from mn_dataset.audio.writer import lossless_form
from mn_dataset.errors import AudioError, InputError

Samples = NDArray[np.float32]
"""Shape (channels, time), full scale 1, all of them finite."""

BLOCK = 2**16
"""Samples of every track that are read at a time."""


@dataclass(frozen=True)
class Track:
    """A recording of a session.

    Attributes:
        path: The file.
        sampling_rate: In Hz.
        channels: How many; each is a microphone.
        num_samples: Length of each.
    """

    path: Path
    sampling_rate: int
    channels: int
    num_samples: int

    @property
    def name(self) -> str:
        """The file's name."""
        return self.path.name

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.num_samples / self.sampling_rate


def session_files(inputs: Sequence[Path]) -> list[Path]:
    """Return the recordings of a session in order, each once.

    Args:
        inputs: Files, and folders, of which those directly in them count, sorted by name.

    Raises:
        InputError: if there is no such file or folder, or a folder holds no recording.
    """
    files: list[Path] = []
    for path in inputs:
        if path.is_file():
            files.append(path)
            continue
        if not path.is_dir():
            raise InputError(f"{path}: no such file or folder; expected tracks of a session")
        names = walk(path).recordings
        direct = [path / name for name in names if "/" not in name]
        if not direct:
            below = " but those in folders below it; name the one of the session" if names else ""
            raise InputError(f"{path}: a folder without recordings{below or '; expected tracks'}")
        files += direct
    return list({file.resolve(): file for file in files}.values())


def read_track(path: Path) -> Track:
    """Read what a recording's header states; the length of a lossy one is counted.

    Raises:
        AudioError: if it cannot be read, or is empty.
    """
    with io.stream(path) as audio:
        if audio.duration_s is None or lossless_form(audio.format, audio.subtype) is None:
            num_samples = sum(len(block) for block in audio.blocks)
        else:
            num_samples = round(audio.duration_s * audio.sampling_rate)
        if not num_samples:
            raise AudioError(f"{path}: holds no samples; export it again")
        return Track(path, audio.sampling_rate, audio.channels, num_samples)


def microphones(tracks: Sequence[Track]) -> list[str]:
    """Name every channel of every track.

    >>> tracks = [Track(Path("a.wav"), 48_000, 1, 9), Track(Path("b.wav"), 48_000, 2, 9)]
    >>> microphones(tracks)
    ['a.wav', 'b.wav:1', 'b.wav:2']
    """
    return [
        track.name if track.channels == 1 else f"{track.name}:{channel}"
        for track in tracks
        for channel in range(1, track.channels + 1)
    ]


def track_numbers(tracks: Sequence[Track]) -> list[int]:
    """Return for every microphone, in the order of ``microphones``, the number of its track."""
    return [number for number, track in enumerate(tracks) for _ in range(track.channels)]


def read_together(tracks: Sequence[Track]) -> Iterator[list[Samples]]:
    """Yield the samples of all tracks, ``BLOCK`` at a time; of one that ended, none.

    Raises:
        AudioError: if a recording is damaged, or holds NaN or infinity.
    """
    with ExitStack() as stack:
        readers = []
        for track in tracks:
            audio = stack.enter_context(io.stream(track.path))
            blocks = (block.T for block in audio.blocks)
            finite = finite_blocks(track.path, blocks, audio.scale, audio.sampling_rate)
            readers.append(_Reader(finite, track.channels))
        while True:
            parts = [reader.read() for reader in readers]
            if not any(part.size for part in parts):
                return
            yield parts


def read_microphones(tracks: Sequence[Track]) -> Iterator[Samples]:
    """Yield the samples of all channels of all tracks, shape (microphones, time).

    A track that ends before the longest is silent from there.

    Raises:
        AudioError: if a recording is damaged, or holds NaN or infinity.
    """
    for parts in read_together(tracks):
        longest = max(part.shape[-1] for part in parts)
        padded = [np.pad(part, [(0, 0), (0, longest - part.shape[-1])]) for part in parts]
        yield np.concatenate(padded)


def finite_blocks(
    path: Path, blocks: Iterable[NDArray[Any]], scale: float, sampling_rate: int
) -> Iterator[Samples]:
    """Yield blocks (channels, time) of a recording as float32, full scale 1, all of it finite.

    Args:
        path: Of the recording, for the message.
        blocks: As it is read.
        scale: What brings full scale to 1.
        sampling_rate: In Hz.

    Raises:
        AudioError: if it holds NaN or infinity, saying where.
    """
    frames = 0
    for block in blocks:
        with np.errstate(over="ignore"):
            samples = (block * scale).astype(np.float32)
        broken = np.flatnonzero(~np.isfinite(samples).all(axis=0))
        if len(broken):
            broken_s = (frames + broken[0]) / sampling_rate
            raise AudioError(f"{path}: holds NaN or infinity at {broken_s:.3f} s; export it again")
        frames += block.shape[-1]
        yield samples


class _Reader:
    """Blocks of any lengths that are handed out in blocks of ``BLOCK``."""

    def __init__(self, blocks: Iterator[Samples], channels: int) -> None:
        self._blocks = blocks
        self._rest: Samples = np.zeros((channels, 0), np.float32)

    def read(self) -> Samples:
        parts = [self._rest]
        missing = BLOCK - self._rest.shape[-1]
        while missing > 0 and (block := next(self._blocks, None)) is not None:
            parts.append(block)
            missing -= block.shape[-1]
        whole = np.concatenate(parts, axis=-1)
        self._rest = whole[:, BLOCK:]
        return whole[:, :BLOCK]
