"""Read and write 16-bit PCM; the one room that knows soundfile."""

from __future__ import annotations

import hashlib
import os
import struct
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from mn_dataset.errors import AudioError, OutputError

Pcm = NDArray[np.int16]
"""Mono 16-bit samples, shape (time,)."""

_SUBTYPES_16_BIT = ("PCM_16",)


Floats = NDArray[np.float64]
"""Samples in [-1, 1], shape (time, channels)."""


def read_any(path: Path) -> tuple[Floats, int]:
    """Read a whole recording of any form that soundfile knows.

    Returns:
        float64 samples (time, channels) in [-1, 1], and the sampling rate in Hz.

    Raises:
        AudioError: if the file is missing, unreadable or truncated.
    """
    if not path.is_file():
        raise AudioError(f"{path}: no such file; put the recording there or remove its row")
    try:
        samples, sampling_rate = soundfile.read(path, dtype="float64", always_2d=True)
    except (soundfile.LibsndfileError, RuntimeError) as error:
        raise AudioError(f"{path}: {_unreadable(path, error)}") from error
    if not len(samples) or _is_truncated_wav(path):
        raise AudioError(f"{path}: truncated, {len(samples)} samples found; get the file again")
    return samples, int(sampling_rate)


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
        with soundfile.SoundFile(path) as audio:
            _check_form(path, audio, sampling_rate)
            frames = audio.frames
            samples: Pcm = audio.read(dtype="int16")
    except soundfile.LibsndfileError as error:
        raise AudioError(f"{path}: {_unreadable(path, error)}") from error
    if len(samples) != frames or _is_truncated_wav(path):
        raise AudioError(
            f"{path}: truncated, the header promises more than the {len(samples)} samples found; "
            "get the file again"
        )
    return samples


def write_wav(path: Path, samples: Pcm, *, sampling_rate: int) -> None:
    """Write mono 16-bit WAV with the canonical 44-byte header.

    The bytes are a function of the samples alone. The caller makes the write atomic.

    Raises:
        OutputError: if the file cannot be written.
    """
    try:
        with path.open("wb") as file:
            file.write(wav_header(len(samples), sampling_rate))
            file.write(np.ascontiguousarray(samples, dtype="<i2").data)
            file.flush()
            if hasattr(os, "posix_fadvise"):  # lets the disk begin while the next one is mixed
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    except OSError as error:
        raise OutputError(
            f"{path}: cannot be written ({error.strerror}); free or choose another place"
        ) from error


def write_flac(path: Path, samples: Pcm, *, sampling_rate: int) -> None:
    """Write mono 16-bit FLAC; the samples are exact, the file's bytes depend on the encoder.

    Raises:
        OutputError: if the file cannot be written.
    """
    try:
        soundfile.write(path, samples, sampling_rate, subtype="PCM_16", format="FLAC")
    except (OSError, soundfile.LibsndfileError) as error:
        raise OutputError(
            f"{path}: cannot be written ({error}); free or choose another place"
        ) from error


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


def to_float(samples: Pcm) -> NDArray[np.float32]:
    """Scale 16-bit samples to float32 in [-1, 1), as (channels, time) with one channel."""
    return (samples.astype(np.float32) / np.float32(32768.0))[np.newaxis]


def _check_form(path: Path, audio: soundfile.SoundFile, sampling_rate: int) -> None:
    found = f"{audio.samplerate} Hz, {audio.channels} channel(s), {audio.subtype}"
    if (audio.samplerate, audio.channels) != (
        sampling_rate,
        1,
    ) or audio.subtype not in _SUBTYPES_16_BIT:
        raise AudioError(
            f"{path}: {found}; expected {sampling_rate} Hz, 1 channel, PCM_16; "
            "convert it with `mn curate`"
        )


def _unreadable(path: Path, error: Exception) -> str:
    head = path.read_bytes()[:512].lstrip().lower()
    if head.startswith((b"<!doctype", b"<html", b"<?xml")):
        return "an HTML page, not audio (a download answered with a page?); get the file again"
    if not head:
        return "an empty file; get it again"
    return f"not readable as audio ({error}); expected WAV or FLAC"


def _is_truncated_wav(path: Path) -> bool:
    """Compare the RIFF header with the file: libsndfile reads a cut file without complaint."""
    with path.open("rb") as file:
        head = file.read(12)
    if head[:4] != b"RIFF" or head[8:12] != b"WAVE":
        return False
    promised = 8 + int.from_bytes(head[4:8], "little")
    return promised > path.stat().st_size
