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

_LENGTH_UNKNOWN = 2**40


def opened(path: Path, file: BinaryIO, *, quiet: bool) -> soundfile.SoundFile:
    """Open by descriptor, so that no name, however odd, misleads soundfile.

    Raises:
        AudioError: if it is no audio, or does not state its length.
    """
    try:
        with silent_stderr(on=quiet):
            audio = soundfile.SoundFile(file.fileno(), closefd=False)
    except soundfile.LibsndfileError as error:
        text = header.unreadable(header.first_bytes(path), error.error_string)
        raise AudioError(f"{path}: {text}") from error
    # soundfile seeks after every read, and a seek restarts an MP3's decoder: other samples.
    audio.seekable = lambda: False
    if audio.frames > _LENGTH_UNKNOWN:
        audio.close()
        raise AudioError(
            f"{path}: does not state its length, which soundfile needs; write it again with "
            "`ffmpeg -i OLD NEW.flac`"
        )
    return audio


def blocks(
    path: Path, file: BinaryIO, audio: soundfile.SoundFile, dtype: str, *, quiet: bool
) -> Iterator[NDArray[Any]]:
    """Yield samples (time, channels) to the end; a block is overwritten by the next.

    Raises:
        AudioError: if the recording is damaged, truncated or empty.
    """
    frames = max(1, BLOCK_VALUES // audio.channels)
    buffer = np.empty((frames, audio.channels), dtype)
    found = 0
    while found < audio.frames:
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


def _check_end(path: Path, audio: soundfile.SoundFile, found: int, *, place: int) -> None:
    """Compare what was read with what the header states; of some MP3s libsndfile only guesses."""
    is_mp3 = audio.format == "MP3"
    if not found or (found < audio.frames and (not is_mp3 or header.states_length(path))):
        raise AudioError(
            f"{path}: {'truncated' if audio.frames else 'empty'}, {found} samples found of "
            f"{audio.frames}; get the file again"
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
