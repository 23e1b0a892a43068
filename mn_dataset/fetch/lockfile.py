"""Pin what a corpus's recordings were at their first use, and compare later uses with it.

The lock is a CSV beside the corpus folder, so that removing the folder forgets nothing. A run
appends a line as each recording is made, and rewrites the whole in order at its end.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass, fields, replace
from pathlib import Path
from typing import Literal

from mn_dataset.audio.io import Pcm, pcm_sha256
from mn_dataset.audio.place import place_text
from mn_dataset.audio.sketch import parse, rms_difference_lsb, sketch
from mn_dataset.errors import InputError, OutputError
from mn_dataset.tables import Row

Agreement = Literal["equal", "±1 LSB", "different"]


@dataclass(frozen=True)
class Pin:
    """What one recording was.

    Attributes:
        id: Its row's id.
        original_sha256: SHA-256 of what it was made from, see ``source_sha256``; may be empty.
        pcm_sha256: SHA-256 of its 16-bit samples.
        pcm_sketch: Their sketch, see ``mn_dataset.audio.sketch``.
    """

    id: str
    original_sha256: str
    pcm_sha256: str
    pcm_sketch: str


_COLUMNS = tuple(field.name for field in fields(Pin))


def pin(row_id: str, samples: Pcm, *, original_sha256: str) -> Pin:
    """Pin int16 samples (time,) and the file that they were cut from."""
    return Pin(row_id, original_sha256, pcm_sha256(samples), str(sketch(samples)))


def source_sha256(row: Row) -> str:
    """Return the SHA-256 of the file that a row is cut from, or of its source where none is."""
    return row.sha256 or hashlib.sha256(row.source.encode()).hexdigest()


def published(row: Row) -> Pin | None:
    """Return what a row's further columns pin its recording to; None where they are empty."""
    stated = dict(row.further)
    if not (stated.get("pcm_sha256") and stated.get("pcm_sketch")):
        return None
    return Pin(row.id, row.sha256, stated["pcm_sha256"], stated["pcm_sketch"])


def pinned_row(row: Row, found: Pin) -> Row:
    """Return a row whose further columns say what its recording is here."""
    stated = {"pcm_sha256": found.pcm_sha256, "pcm_sketch": found.pcm_sketch}
    return replace(row, further=tuple((dict(row.further) | stated).items()))


def agreement(pinned: Pin, found: Pin) -> Agreement:
    """Tell whether two decodings are the same samples, or nearly, or not.

    "±1 LSB" means one length and an estimated RMS difference of at most 1 LSB: another decoder's
    rounding. Anything else is "different".
    """
    if pinned.pcm_sha256 == found.pcm_sha256:
        return "equal"
    distance = rms_difference_lsb(parse(pinned.pcm_sketch), parse(found.pcm_sketch))
    return "±1 LSB" if distance <= 1.0 else "different"


def lock_path(corpus: Path) -> Path:
    """Return where the lock of a corpus folder stands: beside it."""
    return corpus.with_name(f"{corpus.name}.lock.csv")


def read_lock(path: Path) -> dict[str, Pin]:
    """Read the pins by id, the last of an id counting; none when there is no lock yet.

    A line that a stop cut short is no pin.

    Raises:
        InputError: if the file is not a lock.
    """
    try:
        content = path.read_bytes()
        text = content[: content.rfind(b"\n") + 1].decode("utf-8")
    except FileNotFoundError:
        return {}
    except UnicodeDecodeError as error:
        raise InputError(_damaged(path, 1, "is not UTF-8")) from error
    header, *lines = list(csv.reader(io.StringIO(text))) or [list(_COLUMNS)]
    if tuple(header) != _COLUMNS:
        raise InputError(_damaged(path, 1, f"is {','.join(header)!r}"))
    pins = {}
    for number, cells in enumerate(lines, start=2):
        try:
            found = Pin(*cells)
            parse(found.pcm_sketch)
        except (TypeError, ValueError) as error:
            raise InputError(_damaged(path, number, "is no pin")) from error
        pins[found.id] = found
    return pins


def append_pin(path: Path, found: Pin) -> None:
    """Add one pin to a lock that ``write_lock`` has put in order.

    Raises:
        OutputError: if it cannot be written.
    """
    try:
        with path.open("a", encoding="utf-8", newline="") as file:
            file.write(_lines([astuple(found)]))
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error.strerror})") from error


def write_lock(path: Path, pins: Mapping[str, Pin]) -> None:
    """Write a lock whole, sorted by id.

    Raises:
        OutputError: if it cannot be written.
    """
    rows = (astuple(pins[row_id]) for row_id in sorted(pins))
    place_text(path, _lines([_COLUMNS, *rows]))


def _lines(rows: Iterable[tuple[str, ...]]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows(rows)
    return buffer.getvalue()


def _damaged(path: Path, line: int, found: str) -> str:
    return (
        f"{path}:{line}: {found}; expected a lock with the columns {','.join(_COLUMNS)}; "
        "restore the file, or remove it to pin what is there anew"
    )
