"""Put a file in its place, whole or not at all, so that a stop leaves nothing half-written."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable
from pathlib import Path

from mn_dataset.audio.io import Pcm, write_wav
from mn_dataset.errors import OutputError
from mn_dataset.records import SAMPLING_RATE

_WRITER = re.compile(r"\.(\d+)(-\d+)*(\.incoming)?\.tmp$")
"""The process that writes a temporary, in its name."""


def place_wav(path: Path, samples: Pcm) -> None:
    """Write int16 samples (time,) as a mono 44.1 kHz WAV, making its folder if need be.

    Raises:
        OutputError: if the file cannot be written.
    """
    _place(path, lambda temporary: write_wav(temporary, samples, sampling_rate=SAMPLING_RATE))


def place_text(path: Path, text: str) -> None:
    """Write UTF-8 text with its line ends as they are, making the folder if need be.

    Raises:
        OutputError: if the file cannot be written.
    """
    _place(path, lambda temporary: temporary.write_text(text, encoding="utf-8", newline=""))


def sweep(folder: Path) -> None:
    """Remove what killed runs left half-written in a folder; what a living one writes stays."""
    for stale in folder.rglob(".*.tmp"):
        number = _WRITER.search(stale.name)
        if stale.is_file() and not (number and _lives(int(number[1]))):
            stale.unlink(missing_ok=True)


def _lives(process: int) -> bool:
    if os.name != "posix":  # elsewhere asking would end it
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # somebody else's
        return True
    return process != os.getpid() and not _has_ended(process)


def _has_ended(process: int) -> bool:
    """Tell whether a process was killed and only waits for its parent to take notice."""
    try:
        state = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2]
    except OSError:  # no Linux
        return False
    return state.split()[0] == "Z"


def _place(path: Path, write: Callable[[Path], object]) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write(temporary)
        temporary.replace(path)
    except OSError as error:
        raise OutputError(
            f"{path}: cannot be written ({error.strerror}); free or choose another place"
        ) from error
    finally:
        with contextlib.suppress(OSError):  # the fault that stopped the write has been told
            temporary.unlink()
