"""Run a program over one clip: a temporary folder, WAV files of 32-bit floats, no shell."""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mn_dataset.audio import io, writer
from mn_dataset.audio.convert import resample

Clip = NDArray[np.float32]
"""One channel of audio, shape (time,)."""

_TAIL = 400  # characters of a program's complaint
_FAR_S = 0.05  # by which a program's output may be longer or shorter than its input


@contextmanager
def scratch(clips: Mapping[str, Clip], sampling_rate: int) -> Iterator[Path]:
    """Yield a folder that holds clips as NAME.wav, and is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="mn-program-") as folder:
        for name, clip in clips.items():
            path = Path(folder, f"{name}.wav")
            form = writer.wav_form("FLOAT", frames=len(clip), channels=1)
            with writer.sink(
                path, form, sampling_rate=sampling_rate, channels=1, meant_for=path
            ) as write:
                write(clip[:, np.newaxis])
        yield Path(folder)


def run(command: Sequence[str], folder: Path, *, timeout_s: float) -> None:
    """Run a program in a folder.

    Raises:
        RuntimeError: if it is not there or fails, with the end of its complaint.
        TimeoutError: if it takes too long.
    """
    try:
        subprocess.run(  # noqa: S603 - a list of words, no shell
            list(command),
            cwd=folder,
            check=True,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout_s,
        )
    except FileNotFoundError as error:
        raise RuntimeError(f"{command[0]}: no such program") from error
    except subprocess.TimeoutExpired as error:
        raise TimeoutError(f"{command[0]} took longer than {timeout_s:g} s") from error
    except subprocess.CalledProcessError as error:
        tail = error.stderr.decode(errors="replace").strip()[-_TAIL:]
        raise RuntimeError(f"{command[0]} ended with {error.returncode}: {tail}") from error


def read(path: Path, num_samples: int, sampling_rate: int) -> Clip:
    """Read an estimate, and trim or pad what its program added or lost at the end.

    One that is farther off is handed on as it is: the harness says so. One at another rate is
    resampled: many a model writes what it reads at its own.
    """
    samples, rate = io.read_any(path)
    wave = samples.mean(axis=1, dtype=np.float64)
    mono: Clip = resample(wave, from_rate=rate, to_rate=sampling_rate).astype(np.float32)
    off = len(mono) - num_samples
    if abs(off) > _FAR_S * sampling_rate:
        return mono
    return np.pad(mono, (0, max(0, -off)))[:num_samples]


@cache
def version(*command: str) -> str:
    """Return the version that a program prints; "unknown" if it prints none.

    >>> version("no-such-program", "--version")
    'unknown'
    """
    try:
        process = subprocess.run(  # noqa: S603 - a list of words, no shell
            list(command), stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    match = re.search(rb"\d+(\.\d+)+[\w.+~:-]*", process.stdout + process.stderr)
    return match[0].decode() if match else "unknown"
