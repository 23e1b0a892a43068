"""Append lines to a file so that a kill costs at most the last one.

A journal is a text file of lines. A line is added with one write; a line without its end was torn
by a kill, is not read, and is cut off before the next one is added. So a run that is stopped in
any way goes on from the last line that was written whole. A power cut may cost the lines of the
last seconds, unless they are added as durable ones.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from io import FileIO
from itertools import islice
from pathlib import Path
from typing import Any, Generic, TypeVar

from mn_dataset.errors import InputError
from mn_dataset.files.atomic import flush, write_text, writing
from mn_dataset.files.json_text import parse

logger = logging.getLogger(__name__)

Entry = TypeVar("Entry")

_BLOCK = 2**16  # bytes in which the end of the last whole line is looked for
_MISSHAPEN = (ValueError, TypeError, LookupError, AttributeError)


@dataclass(frozen=True)
class Journal(Generic[Entry]):
    """Entries in the order in which they were added, one JSON value a line.

    Attributes:
        path: The file.
        decode: Makes an entry of a JSON value; what it cannot read it refuses with a ValueError,
            TypeError, LookupError or AttributeError.
        encode: Makes the JSON value of an entry.
        header: What the entries are of, as JSON: the first line. None for a file without one.
    """

    path: Path
    decode: Callable[[Any], Entry]
    encode: Callable[[Entry], Any]
    header: Any = None

    def stored_header(self) -> Any:
        """Return what the file says its entries are of; None if it says nothing that is whole.

        Raises:
            InputError: if it cannot be read.
        """
        try:
            return parse(next(_whole_lines(self.path), b"null").decode())
        except ValueError:
            return None

    def entries(self) -> Iterator[Entry]:
        """Yield the entries; none where the file is missing, or its entries are of another header.

        A damaged line is left out with a warning: what it stood for is not known to be done.

        Raises:
            InputError: if it cannot be read.
        """
        first = 0
        if self.header is not None:
            if self.stored_header() != json.loads(json.dumps(self.header)):
                return
            first = 1
        for number, line in islice(enumerate(_whole_lines(self.path), start=1), first, None):
            try:
                entry = self.decode(parse(line.decode(), undefined=True))
            except _MISSHAPEN as error:
                logger.warning("%s:%d: damaged (%s), and left out", self.path, number, error)
            else:
                yield entry

    def append(self, entry: Entry, *, durable: bool = False, cure: str = "") -> None:
        """Add an entry; the arguments are those of ``append_lines``.

        Raises:
            OutputError: if it cannot be written.
        """
        lines = [json.dumps(self.encode(entry))]
        append_lines(self.path, lines, header=self._header, durable=durable, cure=cure)

    def rewrite(self, entries: Iterable[Entry], *, cure: str = "") -> None:
        """Leave only these entries, in this order, whole or not at all.

        Raises:
            OutputError: if it cannot be written.
        """
        lines = [*self._header, *(json.dumps(self.encode(entry)) for entry in entries)]
        write_text(self.path, _ended(lines), cure=cure)

    def remove(self) -> None:
        """Remove the file: what it was kept for is done.

        Raises:
            OutputError: if it cannot be removed.
        """
        with writing(self.path):
            self.path.unlink(missing_ok=True)

    @property
    def _header(self) -> list[str]:
        return [] if self.header is None else [json.dumps(self.header)]


def read_lines(path: Path) -> Iterator[str]:
    """Yield the whole lines of a text file, without their ends; none if there is no file.

    Raises:
        InputError: if it cannot be read.
    """
    return (line.decode(errors="replace") for line in _whole_lines(path))


def append_lines(
    path: Path,
    lines: Sequence[str],
    *,
    header: Sequence[str] = (),
    durable: bool = False,
    cure: str = "",
) -> None:
    """Add lines to a text file with one write, after cutting off a last line that was torn.

    Args:
        path: The file; it is made, and its folder, if need be.
        lines: Without their ends.
        header: Lines that stand before them if they are the first.
        durable: Whether they are to outlive a power cut too.
        cure: What to do when they cannot be written; by default what fits the fault.

    Raises:
        OutputError: if they cannot be written; then none of them is there.
    """
    with writing(path, cure=cure):
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a+b", buffering=0) as file:
            size = _cut_torn_line(file)
            try:
                _write(file, _ended(lines if size else [*header, *lines]).encode())
                if durable:
                    os.fsync(file.fileno())
            except BaseException:
                with suppress(OSError):  # the next one cuts it off
                    file.truncate(size)
                raise
        if durable and not size:
            flush(path.parent)


def _whole_lines(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            for line in file:
                if not line.endswith(b"\n"):
                    return  # torn, even if it makes sense: the next one cuts it off
                yield line[:-1]
    except FileNotFoundError:
        return
    except OSError as error:
        raise InputError(
            f"{path}: cannot be read ({error.strerror}); open it for reading, or remove it"
        ) from error


def _ended(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _write(file: FileIO, content: bytes) -> None:
    """Write all of it: a disk that is nearly full takes a part, and only then refuses."""
    while content:
        content = content[file.write(content) :]


def _cut_torn_line(file: FileIO) -> int:
    """Cut off a last line without its end; return the size of what stays."""
    size = end = file.seek(0, os.SEEK_END)
    length = 1  # nearly always the last byte tells
    while end:
        begin = max(0, end - length)
        file.seek(begin)
        whole = begin + file.read(end - begin).rfind(b"\n") + 1
        if whole > begin:
            break
        end, length = begin, _BLOCK
    else:
        whole = 0
    if whole < size:
        file.truncate(whole)
    return whole
