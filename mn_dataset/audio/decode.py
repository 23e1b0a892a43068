"""Decode what soundfile knows, a few seconds at a time, and say so when it is not all there.

Keep C libraries from writing to the terminal.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import soundfile
from numpy.typing import NDArray

from mn_dataset.audio import header
from mn_dataset.errors import AudioError

BLOCK_VALUES = 2**17
"""Samples of all channels that are read at a time: they stay in the processor's cache."""

_READ_AT_ONCE = 2**24  # samples of a whole recording for which memory is taken unseen

_LENGTH_UNKNOWN = 2**40
"""What soundfile states for a length that the header leaves open is far beyond this."""


def opened(path: Path, file: BinaryIO, *, quiet: bool) -> soundfile.SoundFile:
    """Open by descriptor, so that no name, however odd, misleads soundfile.

    Raises:
        AudioError: if it is no audio.
    """
    try:
        with silent_stderr(on=quiet):
            audio = soundfile.SoundFile(file.fileno(), closefd=False)
    except soundfile.LibsndfileError as error:
        text = header.unreadable(header.first_bytes(path), error.error_string)
        raise AudioError(f"{path}: {text}") from error
    # soundfile seeks after every read, and a seek restarts an MP3's decoder: other samples.
    audio.seekable = lambda: False
    return audio


def stated_frames(audio: soundfile.SoundFile) -> int | None:
    """Return the length that a header claims, in samples; None where it leaves that open.

    A FLAC file that was written to a pipe does not know its length.
    """
    return None if audio.frames > _LENGTH_UNKNOWN else int(audio.frames)


def blocks(
    path: Path, file: BinaryIO, audio: soundfile.SoundFile, dtype: str, *, quiet: bool
) -> Iterator[NDArray[Any]]:
    """Yield samples (time, channels) to the end; a block is overwritten by the next.

    Raises:
        AudioError: if the recording is damaged, truncated or empty.
    """
    frames = max(1, BLOCK_VALUES // audio.channels)
    buffer = np.empty((frames, audio.channels), dtype)
    found, stated = 0, stated_frames(audio)
    while stated is None or found < stated:
        try:
            with silent_stderr(on=quiet):
                block = audio.read(out=buffer)
        except (soundfile.SoundFileError, RuntimeError) as error:
            detail = getattr(error, "error_string", str(error)).rstrip(".")
            raise AudioError(
                f"{path}: damaged after {found / audio.samplerate:.1f} s ({detail}); "
                "get the file again"
            ) from error
        if not len(block):
            break
        found += len(block)
        yield block
    _check_end(path, audio, found, place=os.lseek(file.fileno(), 0, os.SEEK_CUR))


def pcm(audio: soundfile.SoundFile) -> NDArray[np.int16]:
    """Return all samples (time,) of a mono 16-bit recording; their number is counted.

    Memory is taken for what is found, not for what a header claims.

    Raises:
        soundfile.LibsndfileError: if the recording is damaged.
    """
    stated = stated_frames(audio)
    frames = BLOCK_VALUES if stated is None else min(stated, _READ_AT_ONCE)
    audio.seekable = lambda: False  # as in ``opened``
    parts: list[NDArray[np.int16]] = []
    found = 0
    while stated is None or found < stated:
        part: NDArray[np.int16] = audio.read(out=np.empty(frames, np.int16))
        if not len(part):
            break
        parts.append(part)
        found += len(part)
    return parts[0] if len(parts) == 1 else np.concatenate([np.empty(0, np.int16), *parts])


def _check_end(path: Path, audio: soundfile.SoundFile, found: int, *, place: int) -> None:
    """Compare what was read with what the header states; of some MP3s libsndfile only guesses."""
    is_mp3, stated = audio.format == "MP3", stated_frames(audio)
    if not found and not stated:
        raise AudioError(f"{path}: empty, no samples found; get the file again")
    if stated and found < stated and (not found or not is_mp3 or header.states_length(path)):
        raise AudioError(
            f"{path}: truncated, {found} samples found of {stated}; get the file again"
        )
    if is_mp3 and header.more_than_tags(path, place):
        raise AudioError(
            f"{path}: soundfile guesses its length wrongly, {found / audio.samplerate:.1f} s (a "
            "variable bitrate without its header); write it again with `ffmpeg -i OLD NEW.flac`"
        )


@contextmanager
def silent_stderr(*, on: bool = True) -> Iterator[None]:
    """Send what is written to file descriptor 2 nowhere while in the block.

    libmpg123, inside libsndfile, comments on every damaged frame; its errors come as exceptions
    all the same. The descriptor is the process's: keep the block short.
    """
    if not on:
        yield
        return
    try:
        kept = os.dup(2)
    except OSError:  # a process without stderr has nothing to keep quiet
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
