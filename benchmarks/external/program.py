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
"""One channel of audio, shape (time,), or several, (channels, time)."""

_TAIL = 400  # characters of a program's complaint
_FAR_S = 0.05  # by which a program's output may be longer or shorter than its input


@contextmanager
def scratch(clips: Mapping[str, Clip], sampling_rate: int) -> Iterator[Path]:
    """Yield a folder that holds clips as NAME.wav, and is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="mn-program-") as folder:
        for name, clip in clips.items():
            path = Path(folder, f"{name}.wav")
            frames = np.atleast_2d(clip).T
            num_frames, channels = frames.shape
            form = writer.wav_form("FLOAT", frames=num_frames, channels=channels)
            with writer.sink(
                path, form, sampling_rate=sampling_rate, channels=channels, meant_for=path
            ) as write:
                write(frames)
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
    """Read an estimate as one channel, the mean of what is there: see ``read_channels``."""
    mono: Clip = read_channels(path, (1, num_samples), sampling_rate)[0]
    return mono


def read_channels(path: Path, shape: tuple[int, int], sampling_rate: int) -> Clip:
    """Read an estimate, and trim or pad what its program added or lost at the end.

    One that is farther off is handed on as it is: the harness says so. One at another rate is
    resampled: many a model writes what it reads at its own. One of other channels is averaged where
    one is wanted, or repeated where it has one: many a model makes stereo of what is mono.

    Args:
        path: The file.
        shape: Channels and samples that are wanted.
        sampling_rate: That is wanted, in Hz.

    Returns:
        (channels, time).

    Raises:
        RuntimeError: if it has several channels, and several others are wanted.
    """
    channels, num_samples = shape
    samples, rate = io.read_any(path)
    wave = samples.T.astype(np.float64)
    if channels == 1:
        wave = wave.mean(axis=0, keepdims=True)
    elif len(wave) == 1:
        wave = np.repeat(wave, channels, axis=0)
    elif len(wave) != channels:
        raise RuntimeError(f"wrote {len(wave)} channels in {path.name}, expected {channels}")
    at_rate = [resample(one, from_rate=rate, to_rate=sampling_rate) for one in wave]
    clip: Clip = np.stack(at_rate).astype(np.float32)
    off = clip.shape[-1] - num_samples
    if abs(off) > _FAR_S * sampling_rate:
        return clip
    padded: Clip = np.pad(clip, ((0, 0), (0, max(0, -off))))
    return padded[:, :num_samples]


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
