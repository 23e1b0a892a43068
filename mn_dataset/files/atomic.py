"""Write files and folders whole or not at all.

What is written goes to a temporary beside its place and takes that place in one step, so a fault
or a kill leaves what was there before. The name of a temporary holds the process that writes it:
``sweep`` removes what ended processes left, in any folder, and nothing else.

A step is *durable* when it also outlives a power cut: content and name are brought to the disk
before the call returns. That costs two waits for the disk (0.3 ms on an idle virtual one, 10 ms on
a busy one), so it is the default for single files; files by the thousand that a later run proves
by their hashes are written without.
"""

from __future__ import annotations

import errno
import hashlib
import itertools
import json
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from mn_dataset.errors import OutputError

Faults = tuple[type[Exception], ...]
"""What a library raises, beside OSError, when it cannot write."""

MORE_FILES = "allow more open files with `ulimit -n 1024`"
"""What to do when the system opens no more."""

_TEMPORARY = re.compile(r"\..+\.mn-(\d+)-\d+\.tmp")
_LONGEST_NAME = 100  # bytes; encrypted file systems allow 143 in all
_CURES = {
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT), "free some space, or choose another place"),
    **dict.fromkeys(
        (errno.EACCES, errno.EPERM, errno.EROFS), "open it for writing, or choose another place"
    ),
    **dict.fromkeys((errno.EMFILE, errno.ENFILE), MORE_FILES),
}
_WITHOUT_FLUSH = (errno.EINVAL, errno.ENOTSUP)  # of file systems that cannot flush a folder

_numbers = itertools.count()
_reserved_names: set[str] = set()
"""Names of the temporaries that this process writes now."""


@contextmanager
def replacement(
    path: Path, *, durable: bool = True, cure: str = "", faults: Faults = ()
) -> Iterator[Path]:
    """Yield a temporary beside a file: what is written there takes the file's place at the end.

    Args:
        path: The file; its folder is made if need be.
        durable: Whether it is to outlive a power cut too.
        cure: What to do when it cannot be written; by default what fits the fault.
        faults: What a library raises, beside OSError, when it cannot write.

    Raises:
        OutputError: if it cannot be written; then the file is what it was, as after any exception.
    """
    with replacements([path], durable=durable, cure=cure, faults=faults) as (temporary,):
        yield temporary


@contextmanager
def replacements(
    paths: Sequence[Path], *, durable: bool = True, cure: str = "", faults: Faults = ()
) -> Iterator[list[Path]]:
    """Yield a temporary beside each of several files, which take their places together.

    If one cannot be put in its place, those that have been are removed. A kill between two of
    these steps leaves the first: whoever needs to know notes afterwards that all are there.
    The arguments are those of ``replacement``.

    Raises:
        OutputError: if one cannot be written.
    """
    unwritable: Faults = (OSError, *faults)
    temporaries = [temporary_beside(path) for path in paths]
    try:
        with _reserved(temporaries):
            for folder in {path.parent for path in paths}:
                folder.mkdir(parents=True, exist_ok=True)
            yield temporaries
            if durable:
                for temporary in temporaries:
                    flush(temporary)
            _put_in_place(temporaries, paths)
            if durable:
                for folder in {path.parent for path in paths}:
                    flush(folder)
    except unwritable as error:
        raise _output_error(_target_of(error, temporaries, paths), error, cure) from error


@contextmanager
def folder_replacement(path: Path, *, durable: bool = True, cure: str = "") -> Iterator[Path]:
    """Yield an empty temporary folder, which takes the place of a folder with all that is in it.

    A kill between moving the old folder away and the new one in leaves neither. The arguments are
    those of ``replacement``.

    Raises:
        OutputError: if it cannot be written; then the folder is what it was.
    """
    temporary = temporary_beside(path)
    with writing(path, cure=cure), _reserved([temporary]):
        temporary.mkdir(parents=True)
        yield temporary
        if durable:
            for root, _, names in os.walk(temporary):
                for name in names:
                    flush(Path(root, name))
                flush(Path(root))
        _exchange(temporary, path)
        if durable:
            flush(path.parent)


@contextmanager
def staging(folder: Path) -> Iterator[Path]:
    """Yield an empty temporary folder in a folder, for files on their way; it goes at the end.

    Raises:
        OutputError: if it cannot be made, or what is written there cannot be.
    """
    temporary = temporary_beside(folder / "staging")
    with writing(folder), _reserved([temporary]):
        temporary.mkdir(parents=True)
        yield temporary


def write_bytes(path: Path, content: bytes, *, durable: bool = True, cure: str = "") -> None:
    """Write a file whole or not at all; one that holds the same already is left alone.

    Raises:
        OutputError: if it cannot be written.
    """
    with suppress(OSError):
        if path.stat().st_size == len(content) and path.read_bytes() == content:
            return
    with replacement(path, durable=durable, cure=cure) as temporary:
        temporary.write_bytes(content)


def write_text(path: Path, text: str, *, durable: bool = True, cure: str = "") -> None:
    """Write UTF-8 text, its line ends as they are; for the rest see ``write_bytes``."""
    write_bytes(path, text.encode(), durable=durable, cure=cure)


def write_json(path: Path, content: Any, *, durable: bool = True, cure: str = "") -> None:
    """Write JSON for people: UTF-8, two blanks of indent, no NaN; see ``write_bytes``."""
    text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)
    write_text(path, f"{text}\n", durable=durable, cure=cure)


def remove_file(path: Path, *, within: Path) -> None:
    """Remove a file, and the folders below ``within`` that this leaves empty.

    Raises:
        OutputError: if it cannot be removed.
    """
    with writing(path):
        path.unlink(missing_ok=True)
    for folder in path.relative_to(within).parents[:-1]:
        try:
            (within / folder).rmdir()
        except OSError:  # it holds something
            return


def remove_folder(path: Path) -> None:
    """Remove a folder in one step: a kill leaves it whole, or a temporary that is swept.

    Raises:
        OutputError: if it cannot be removed.
    """
    aside = temporary_beside(path)
    with writing(path), _reserved([aside]):
        path.replace(aside)
        shutil.rmtree(aside)


@contextmanager
def writing(path: Path, *, cure: str = "", faults: Faults = ()) -> Iterator[None]:
    """Turn what the system says of a file or folder into an error that tells what to do.

    Args:
        path: What is written, as a person knows it.
        cure: What to do; by default what fits the fault.
        faults: What a library raises, beside OSError, when it cannot write.

    Raises:
        OutputError: instead of these.
    """
    unwritable: Faults = (OSError, *faults)
    try:
        yield
    except unwritable as error:
        raise _output_error(path, error, cure) from error


def sweep(folder: Path, *, deep: bool = True) -> None:
    """Remove the temporaries of ended processes; what a living one writes stays.

    Args:
        folder: Where to look; it need not exist.
        deep: Whether to look in the folders below it too.
    """
    for root, folders, files in os.walk(folder):
        for name in [*folders, *files]:
            temporary = _TEMPORARY.fullmatch(name)
            if temporary and name not in _reserved_names and not _is_alive(int(temporary[1])):
                _remove(Path(root, name))
        folders[:] = [name for name in folders if deep and not is_temporary(name)]


def is_temporary(name: str) -> bool:
    """Tell by a file's name whether it is a temporary of ours.

    >>> is_temporary(temporary_beside(Path("table.csv")).name), is_temporary("table.csv.tmp")
    (True, False)
    """
    return _TEMPORARY.fullmatch(name) is not None


def temporary_beside(path: Path) -> Path:
    """Return a name beside a file that nobody else uses, with this process in it."""
    name = path.name
    if len(os.fsencode(name)) > _LONGEST_NAME:
        name = hashlib.sha256(os.fsencode(name)).hexdigest()[:16]
    while True:  # a killed process of this one's number may have left a name
        temporary = path.with_name(f".{name}.mn-{os.getpid()}-{next(_numbers)}.tmp")
        if not os.path.lexists(temporary):
            return temporary


@contextmanager
def _reserved(temporaries: Sequence[Path]) -> Iterator[None]:
    """Keep temporaries from this process's own sweeps, and leave none behind."""
    names = [temporary.name for temporary in temporaries]
    _reserved_names.update(names)
    try:
        yield
    finally:
        for temporary in temporaries:
            _remove(temporary)
        _reserved_names.difference_update(names)


def _put_in_place(temporaries: Sequence[Path], paths: Sequence[Path]) -> None:
    placed: list[Path] = []
    try:
        for temporary, path in zip(temporaries, paths, strict=True):
            temporary.replace(path)
            placed.append(path)
    except BaseException:
        for path in placed:
            _remove(path)
        raise


def _exchange(new: Path, path: Path) -> None:
    """Put a folder in the place of another, which is removed."""
    aside = temporary_beside(path)
    with _reserved([aside]):
        if path.is_dir():  # a folder that holds something cannot be replaced in one step
            path.replace(aside)
        try:
            new.replace(path)
        except BaseException:
            with suppress(OSError):
                aside.replace(path)
            raise


def _remove(path: Path) -> None:
    """Remove a file or a folder, if that is possible."""
    with suppress(OSError):  # nobody waits for it; Windows keeps files that are open somewhere
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def _target_of(error: Exception, temporaries: Sequence[Path], paths: Sequence[Path]) -> Path:
    """Return which of several files an error is about, the first if it does not say."""
    named = Path(str(getattr(error, "filename", None)))
    for temporary, path in zip(temporaries, paths, strict=True):
        if named.is_relative_to(temporary):
            return path
    return paths[0]


def _output_error(path: Path, error: Exception, cure: str) -> OutputError:
    reason = getattr(error, "strerror", None) or str(error) or "is the disk full?"
    named = getattr(error, "filename", None)
    if named and str(named) != str(path) and not any(map(is_temporary, Path(str(named)).parts)):
        reason += f": {str(named)!r}"
    number = getattr(error, "errno", None) or 0
    cure = cure or _CURES.get(number, "choose another place")
    return OutputError(f"{path}: cannot be written ({reason}); {cure}")


def flush(path: Path) -> None:
    """Bring a file's content, or a folder's names, to the disk."""
    is_folder = path.is_dir()
    if is_folder and os.name != "posix":  # elsewhere folders cannot be opened
        return
    # Windows flushes only what may be written.
    handle = os.open(path, os.O_RDWR if os.name == "nt" else os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if not (is_folder and error.errno in _WITHOUT_FLUSH):
            raise
    finally:
        os.close(handle)


def _is_alive(process: int) -> bool:
    """Tell whether another process lives; what this one writes is known without asking."""
    if os.name != "posix" or process == os.getpid():  # elsewhere asking would end it
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OverflowError:  # no process has such a number
        return False
    except OSError:  # somebody else's
        return True
    return not _has_ended(process)


def _has_ended(process: int) -> bool:
    """Tell whether a process was killed and only waits for its parent to take notice."""
    try:
        state = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2]
    except OSError:  # no Linux
        return False
    return state.split()[0] == "Z"
