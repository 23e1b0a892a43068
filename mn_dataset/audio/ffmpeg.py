"""Decode sound tracks that soundfile does not know; the one room of the ffmpeg executable."""

from __future__ import annotations

import json
import re
import shutil
import struct
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from mn_dataset.errors import AudioError

PATIENCE_S = 120.0
"""How long ffmpeg may be silent before it is taken for hung."""

_BLOCK_VALUES = 2**17
_FORMATS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,asf,flv,mpeg,mpegts,aac,amr,wv,ape"  # no playlists
)
_ONLY_FILES = ("-protocol_whitelist", "file", "-format_whitelist", _FORMATS)
_FLOAT_AU = 6


@dataclass(frozen=True)
class Facts:
    """What a sound track's header states.

    Attributes:
        duration_s: How long it is; None where that is not stated.
        bits: Of a sample before it was coded without loss; 0 for a lossy coding.
    """

    duration_s: float | None = None
    bits: int = 0


def facts(path: Path) -> Facts:
    """Ask ffprobe, which comes with ffmpeg; what cannot be learned from it is not known."""
    program = shutil.which("ffprobe")
    if program is None:
        return Facts()
    command = [program, "-v", "error", *_ONLY_FILES, "-select_streams", "a:0", "-of", "json"]
    command += ["-show_entries", "format=duration:stream=bits_per_sample,bits_per_raw_sample"]
    try:
        said = subprocess.run(  # noqa: S603 - a list of words, no shell
            [*command, f"file:{path.absolute()}"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PATIENCE_S,
            check=True,
        ).stdout
        answer = json.loads(said)
        track = answer["streams"][0]
        bits = max(int(track.get(f"bits_per_{kind}sample", 0)) for kind in ("", "raw_"))
        duration = answer["format"].get("duration")
        return Facts(None if duration is None else float(duration), bits)
    except (subprocess.SubprocessError, OSError, ValueError, LookupError):
        return Facts()


@contextmanager
def sound_track(path: Path) -> Iterator[tuple[int, int, Iterator[NDArray[np.float32]]]]:
    """Decode the first sound track of a file at its own rate and channels.

    No shell is involved, no network, no playlist; ffmpeg is stopped when the block is left.

    Yields:
        The rate in Hz, the number of channels, and blocks (time, channels) with full scale 1.

    Raises:
        AudioError: if ffmpeg is not installed, finds fault with the file, or hangs.
    """
    program = shutil.which("ffmpeg")
    if program is None:
        raise AudioError(
            f"{path}: a sound track that needs ffmpeg, which is not installed; install it "
            "(https://ffmpeg.org), or convert the file to WAV or FLAC"
        ) from FileNotFoundError("ffmpeg")
    command = [program, "-nostdin", "-hide_banner", "-v", "error", "-xerror"]
    command += [*_ONLY_FILES, "-i", f"file:{path.absolute()}", "-map", "0:a:0", "-vn", "-sn", "-dn"]
    command += ["-c:a", "pcm_f32be", "-f", "au", "pipe:1"]
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(  # noqa: S603 - a list of words, no shell
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said
        )
        assert process.stdout is not None  # noqa: S101 - asked for above
        try:
            yield _decoded(path, process, process.stdout, said)
        finally:
            process.kill()
            process.stdout.close()
            process.wait()


def _decoded(
    path: Path, process: subprocess.Popen[bytes], pipe: IO[bytes], said: IO[bytes]
) -> tuple[int, int, Iterator[NDArray[np.float32]]]:
    """Read the AU header, which states rate and channels in 24 bytes and fits a pipe."""
    head = _patient(process, pipe, 24)
    if len(head) < 24:
        _finish(path, process, said)
        raise AudioError(f"{path}: holds no sound track")
    mark, start, _, encoding, rate, channels = struct.unpack(">4s5I", head)
    if mark != b".snd" or encoding != _FLOAT_AU:
        raise AudioError(f"{path}: ffmpeg answered with {head!r}; install another version of it")
    _patient(process, pipe, start - 24)
    return rate, channels, _blocks(path, process, pipe, said, channels)


def _blocks(
    path: Path,
    process: subprocess.Popen[bytes],
    pipe: IO[bytes],
    said: IO[bytes],
    channels: int,
) -> Iterator[NDArray[np.float32]]:
    wanted = 4 * channels * max(1, _BLOCK_VALUES // channels)
    while data := _patient(process, pipe, wanted):
        whole = len(data) // (4 * channels) * 4 * channels
        yield np.frombuffer(data[:whole], ">f4").astype(np.float32).reshape(-1, channels)
    _finish(path, process, said)


def _patient(process: subprocess.Popen[bytes], pipe: IO[bytes], count: int) -> bytes:
    """Read bytes; ffmpeg is killed when they do not come in time, which ends the pipe."""
    watch = threading.Timer(PATIENCE_S, process.kill)
    watch.start()
    try:
        return pipe.read(count)
    finally:
        watch.cancel()


def _finish(path: Path, process: subprocess.Popen[bytes], said: IO[bytes]) -> None:
    """Raise what ffmpeg complained of; damage that it can play over is damage."""
    code = process.wait()
    said.seek(0)
    lines = said.read(4000).decode(errors="replace").replace(f"file:{path.absolute()}", path.name)
    first = " ".join(re.sub(r"^\[\S+ @ 0x[0-9a-f]+\]", "", lines.split("\n")[0]).split())
    if "matches no streams" in lines:
        raise AudioError(f"{path}: holds no sound track; remove it")
    if code or first:
        reason = first or (f"no answer in {PATIENCE_S:g} s" if code < 0 else f"exit code {code}")
        raise AudioError(f"{path}: not readable by ffmpeg ({reason}); get the file again")
