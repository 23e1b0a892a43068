"""Let one command at a time write into a folder, and say which one does.

The lock is on a hidden file in the folder, ``.mn.lock``, which says who holds it and is removed
when it is released. The system holds it for the process and drops it however that ends, so a file
that a killed process left behind locks nothing. It is no part of what the folder holds: see
``contents``. Where a file system knows no locks, nothing is kept out, and a warning says so.
"""

from __future__ import annotations

import errno
import json
import logging
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from mn_dataset.errors import InputError
from mn_dataset.files.atomic import is_temporary, sweep, writing

logger = logging.getLogger(__name__)

LOCK_NAME = ".mn.lock"

_PATIENCE_S = 0.5  # for an owner that is just ending, or has not yet said who it is
_UNKNOWN = (errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOLCK)  # of systems without locks
_LONGEST_OWNER = 4096  # bytes


@dataclass(frozen=True)
class Owner:
    """Who writes into a folder.

    Attributes:
        command: As a person types it, without its arguments.
        process: Its number.
        host: The machine that it runs on.
        since: When it began, ISO 8601 with the offset from UTC.
    """

    command: str
    process: int
    host: str
    since: str

    def __str__(self) -> str:
        """Name the command, the process, the machine, and the time if it is of today or the day."""
        began = datetime.fromisoformat(self.since).astimezone()
        is_today = began.date() == datetime.now(began.tzinfo).date()
        when = f"{began:%H:%M}" if is_today else f"{began:%Y-%m-%d %H:%M}"
        return f"`{self.command}` (process {self.process} on {self.host} since {when})"


@dataclass
class _Hold:
    """A lock of this process.

    Attributes:
        lock: What the system holds; None where it knows no locks.
        file: Device and number of the locked file, which may have lost its name since.
        entered: How many blocks of this process are inside.
    """

    lock: FileLock | None
    file: tuple[int, int]
    entered: int = 1


class _Vanished(Exception):
    """The file, or its folder, lost its name to a process that just ended before it was locked."""


_holds: dict[Path, _Hold] = {}
_guard = threading.Lock()


@contextmanager
def locked(folder: Path, *, command: str) -> Iterator[None]:
    """Keep other processes' commands out of a folder while in the block.

    Blocks of one process may be nested, in any of its threads. A folder that was made for the
    block goes again if nothing was put into it and nobody else is in it. After an exception, an
    interrupt among them, the temporaries of processes that were ended with it go too.

    Args:
        folder: It is made if need be.
        command: What writes there, as a person types it, such as "mn bench".

    Raises:
        InputError: if another process writes there, naming it.
        OutputError: if the folder cannot be made or written.
    """
    missing = [one.absolute() for one in (folder, *folder.parents) if not one.exists()]
    try:
        key = _enter(folder, command)
        try:
            yield
        except BaseException:
            sweep(folder)
            raise
        finally:
            _leave(key)
    finally:
        with suppress(OSError):  # it holds something
            for one in missing:
                one.rmdir()


def owner(folder: Path) -> Owner | None:
    """Return who wrote into a folder last and has not said that it ended; None if nobody says."""
    try:
        with (folder / LOCK_NAME).open("rb", buffering=0) as file:
            file.seek(1)  # Windows lets nobody read a locked byte
            return Owner(**json.loads(file.read(_LONGEST_OWNER)))
    except (OSError, ValueError, TypeError):
        return None


def contents(folder: Path) -> list[Path]:
    """Return what a folder holds beside its lock and temporaries, sorted; nothing if there is none.

    Raises:
        InputError: if it is no folder, or cannot be read.
    """
    try:
        paths = sorted(folder.iterdir())
    except FileNotFoundError:
        return []
    except OSError as error:
        raise InputError(
            f"{folder}: cannot be read as a folder ({error.strerror}); choose another"
        ) from error
    return [path for path in paths if path.name != LOCK_NAME and not is_temporary(path.name)]


def _enter(folder: Path, command: str) -> Path:
    """Take part in a hold of this process, or acquire one; return what it is known by."""
    deadline = time.monotonic() + _PATIENCE_S
    with _guard:
        while True:
            try:
                with writing(folder):
                    folder.mkdir(parents=True, exist_ok=True)
                    key = folder.resolve()
                    hold = _holds.get(key)
                    if hold is None:
                        _holds[key] = _acquired(folder, command)
                    else:
                        hold.entered += 1
                return key
            except _Vanished:
                if time.monotonic() > deadline:
                    raise _refusal(folder) from None


def _acquired(folder: Path, command: str) -> _Hold:
    """Take the lock of a folder."""
    path = folder / LOCK_NAME
    files: list[tuple[int, int]] = []

    def sign(handle: int) -> None:
        files[:] = [_identity(os.fstat(handle))]
        if not _bears_the_name(path, files[0]):
            raise _Vanished
        _sign(handle, command)

    lock = FileLock(
        path,
        timeout=_PATIENCE_S,
        poll_interval=_PATIENCE_S / 50,
        thread_local=False,
        fallback_to_soft=False,
        on_acquired=sign,
    )
    try:
        lock.acquire()
    except Timeout as error:
        raise _refusal(folder) from error
    except FileNotFoundError as error:
        raise _Vanished from error
    except OSError as error:
        if error.errno not in _UNKNOWN:
            raise
        logger.warning("%s: cannot be locked there; let no other command write to it", folder)
        path.unlink(missing_ok=True)
        return _Hold(None, (0, 0))
    return _Hold(lock, files[0])


def _sign(handle: int, command: str) -> None:
    """Write into a locked file who holds it."""
    since = datetime.now().astimezone().isoformat(timespec="seconds")
    text = json.dumps(asdict(Owner(command, os.getpid(), socket.gethostname(), since)))
    with suppress(OSError):  # of a full disk: it is locked all the same
        os.ftruncate(handle, 0)
        os.lseek(handle, 0, os.SEEK_SET)
        os.write(handle, f" {text}\n".encode())


def _leave(key: Path) -> None:
    """Leave a hold of this process, and release it if nobody else is inside."""
    with _guard:
        hold = _holds.get(key)
        if hold is None:  # a forked process leaves a block that its parent is in
            return
        hold.entered -= 1
        if hold.entered:
            return
        del _holds[key]
        if hold.lock is None:
            return
        path = key / LOCK_NAME
        # While it is held, so that nobody can have locked it; Windows removes it by itself.
        if os.name == "posix" and _bears_the_name(path, hold.file):
            with suppress(OSError):
                path.unlink()
        hold.lock.release()


def _refusal(folder: Path) -> InputError:
    return InputError(
        f"{folder}: {owner(folder) or 'another process'} writes there now; wait for it, or choose "
        "another folder"
    )


def _identity(state: os.stat_result) -> tuple[int, int]:
    return state.st_dev, state.st_ino


def _bears_the_name(path: Path, file: tuple[int, int]) -> bool:
    try:
        return _identity(path.stat()) == file
    except OSError:
        return False


def _forget() -> None:
    """Give up a forked process's copy of the locks: they are its parent's."""
    global _guard  # noqa: PLW0603 - another thread may have held it when the process was forked
    _guard = threading.Lock()
    _holds.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
