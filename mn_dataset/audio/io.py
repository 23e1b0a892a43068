"""Read recordings of any form, and write 16-bit PCM."""

from __future__ import annotations

import hashlib
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from mn_dataset.audio import decode, header, libav
from mn_dataset.errors import AudioError
from mn_dataset.records import SAMPLING_RATE

Pcm = NDArray[np.int16]
"""Mono 16-bit samples, shape (time,)."""

Floats = NDArray[np.float64]
"""Samples in [-1, 1], shape (time, channels)."""

_HEADER = 44  # bytes of ``wav_header``
_INTEGERS = ("PCM_16", "PCM_S8", "PCM_U8", "ULAW", "ALAW", "ALAC_16")
_FLOATS = ("PCM_24", "FLOAT", "VORBIS", "OPUS", "ALAC_24", "ALAC_20")
_MPEG = ("MPEG_LAYER_I", "MPEG_LAYER_II", "MPEG_LAYER_III")
# The narrowest type that holds every sample exactly is the quickest.
_DTYPES = dict.fromkeys(_INTEGERS, "int16") | dict.fromkeys(_FLOATS + _MPEG, "float32")
_TOPS = {"PCM_S8": 32_512.0, "PCM_U8": 32_512.0, "ULAW": 32_124.0, "ALAW": 32_256.0}
_FLOAT_TOP = 32_767 / 32_768
_RATES = (1_000, 1_000_000)


@dataclass(frozen=True)
class Stream:
    """A recording that is being read.

    Attributes:
        sampling_rate: In Hz.
        channels: How many.
        duration_s: As its header states it; None where only its end will tell.
        format: The container as soundfile calls it; "" for a sound track that libav decodes.
        subtype: The encoding as soundfile calls it; of a sound track the narrowest of a WAV file
            that loses nothing, "" where it was coded with losses.
        scale: What a sample is multiplied by so that full scale is 1.
        top: The magnitude of a sample that its encoding cannot exceed, or no converter does.
        blocks: Samples (time, channels) as int16 (full scale 32768), float32 or float64; a block
            is overwritten by the next.
    """

    sampling_rate: int
    channels: int
    duration_s: float | None
    format: str
    subtype: str
    scale: float
    top: float
    blocks: Iterator[NDArray[Any]]


@contextmanager
def stream(path: Path) -> Iterator[Stream]:
    """Read a recording of any form that soundfile or libav knows, a few seconds at a time.

    Raises:
        AudioError: if the file is missing, unreadable or truncated; the last is known, at the
            latest, when the blocks are exhausted.
    """
    if not path.is_file():
        raise AudioError(f"{path}: no such file; put the recording there or remove its row")
    try:
        head, truncated = header.first_bytes(path), header.is_truncated(path)
    except OSError as error:
        raise AudioError(f"{path}: cannot be read ({error.strerror})") from error
    if truncated:
        raise AudioError(f"{path}: truncated, the header promises more; get the file again")
    if header.has_sound_track(head):
        with libav.sound_track(path) as track:
            yield Stream(
                sampling_rate=_plausible(path, track.sampling_rate),
                channels=track.channels,
                duration_s=track.duration_s,
                format="",
                subtype=track.encoding,
                scale=1.0,
                top=_FLOAT_TOP,
                blocks=track.blocks,
            )
        return
    quiet = header.may_be_mpeg(head)
    with path.open("rb") as file, decode.opened(path, file, quiet=quiet) as audio:
        dtype = _DTYPES.get(audio.subtype, "float64")
        whole, stated = dtype == "int16", decode.stated_frames(audio)
        yield Stream(
            sampling_rate=_plausible(path, audio.samplerate),
            channels=audio.channels,
            duration_s=None if stated is None else stated / audio.samplerate,
            format=audio.format,
            subtype=audio.subtype,
            scale=1.0 / 32_768 if whole else 1.0,
            top=_TOPS.get(audio.subtype, 32_767.0) if whole else _FLOAT_TOP,
            blocks=decode.blocks(path, file, audio, dtype, quiet=quiet),
        )


def read_any(path: Path) -> tuple[Floats, int]:
    """Read a whole recording of any form that soundfile or libav knows.

    Returns:
        float64 samples (time, channels) in [-1, 1], and the sampling rate in Hz.

    Raises:
        AudioError: if the file is missing, unreadable or truncated.
    """
    with stream(path) as audio:
        blocks = [np.multiply(block, audio.scale, dtype=np.float64) for block in audio.blocks]
        return np.concatenate(blocks), audio.sampling_rate


def read_pcm(path: Path, *, sampling_rate: int) -> Pcm:
    """Read a whole mono 16-bit recording (WAV or FLAC), refusing any other form by name.

    Returns:
        int16 samples, shape (time,).

    Raises:
        AudioError: if the file is missing, unreadable, truncated, or not mono 16-bit PCM at
            ``sampling_rate`` Hz.
    """
    if not path.is_file():
        raise AudioError(f"{path}: no such file; put the recording there or remove its row")
    try:
        head, truncated = header.first_bytes(path), header.is_truncated(path)
    except OSError as error:
        raise AudioError(f"{path}: cannot be read ({error.strerror})") from error
    try:
        # By descriptor: soundfile takes no name that is not UTF-8.
        with (
            path.open("rb") as file,
            decode.silent_stderr(on=header.may_be_mpeg(head)),
            soundfile.SoundFile(file.fileno(), closefd=False) as audio,
        ):
            _check_form(path, audio, sampling_rate)
            stated = decode.stated_frames(audio)
            samples = decode.pcm(audio)
    except soundfile.LibsndfileError as error:
        raise AudioError(f"{path}: {header.unreadable(head, error.error_string)}") from error
    if truncated or (stated is not None and len(samples) != stated):
        raise AudioError(
            f"{path}: truncated, the header promises more than the {len(samples)} samples found; "
            "get the file again"
        )
    return samples


def write_wav(path: Path, samples: Pcm, *, sampling_rate: int) -> None:
    """Write mono 16-bit WAV with the canonical 44-byte header.

    The bytes are a function of the samples alone. ``files.atomic.replacement`` makes the write
    atomic, and a fault an error that names the file.

    Raises:
        OSError: if the file cannot be written.
    """
    with path.open("wb") as file:
        file.write(wav_header(len(samples), sampling_rate))
        file.write(np.ascontiguousarray(samples, dtype="<i2").data)
        file.flush()
        if hasattr(os, "posix_fadvise"):  # lets the disk begin while the next one is mixed
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def write_flac(path: Path, samples: Pcm, *, sampling_rate: int) -> None:
    """Write mono 16-bit FLAC; the samples are exact, the file's bytes depend on the encoder.

    Raises:
        OSError: if the file cannot be written; see ``write_wav``.
    """
    try:
        with path.open("w+b") as file:
            handle = file.fileno()
            soundfile.write(handle, samples, sampling_rate, "PCM_16", format="FLAC", closefd=False)
    except (soundfile.SoundFileError, AssertionError) as error:  # it asserts that all was written
        raise OSError(getattr(error, "error_string", "")) from error


def wav_header(num_samples: int, sampling_rate: int) -> bytes:
    """Return the RIFF header of a mono 16-bit WAV file.

    >>> len(wav_header(10, 44_100))
    44
    """
    size = 2 * num_samples
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        *(b"RIFF", 36 + size, b"WAVE"),
        *(b"fmt ", 16, 1, 1, sampling_rate, 2 * sampling_rate, 2, 16),
        *(b"data", size),
    )


def pcm_sha256(samples: Pcm) -> str:
    """Return the SHA-256 of the samples as little-endian 16-bit integers.

    >>> pcm_sha256(np.zeros(0, np.int16))[:8]
    'e3b0c442'
    """
    return hashlib.sha256(np.ascontiguousarray(samples, dtype="<i2").data).hexdigest()


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes.

    Raises:
        OSError: if it cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_wav_of(path: Path, sha256: str) -> bool:
    """Tell whether a file is, byte for byte, what ``write_wav`` makes of 44.1 kHz samples.

    Args:
        path: The file; it need not be there.
        sha256: Of the samples, as ``pcm_sha256`` gives it.
    """
    try:
        content = path.read_bytes()
    except OSError:
        return False
    head, data = content[:_HEADER], content[_HEADER:]
    if head != wav_header(len(data) // 2, SAMPLING_RATE):
        return False
    return hashlib.sha256(data).hexdigest() == sha256


def to_float(samples: Pcm) -> NDArray[np.float32]:
    """Scale 16-bit samples to float32 in [-1, 1), as (channels, time) with one channel."""
    return (samples.astype(np.float32) / np.float32(32768.0))[np.newaxis]


def _check_form(path: Path, audio: soundfile.SoundFile, sampling_rate: int) -> None:
    form = f"{audio.samplerate} Hz, {audio.channels} channel(s), {audio.subtype}"
    if (audio.samplerate, audio.channels, audio.subtype) != (sampling_rate, 1, "PCM_16"):
        raise AudioError(
            f"{path}: {form}; expected {sampling_rate} Hz, 1 channel, PCM_16; "
            "convert it with `mn curate`"
        )


def _plausible(path: Path, sampling_rate: int) -> int:
    if not _RATES[0] <= sampling_rate <= _RATES[1]:
        raise AudioError(
            f"{path}: states {sampling_rate} Hz; expected {_RATES[0]} to {_RATES[1]} Hz; "
            "export it again"
        )
    return sampling_rate
