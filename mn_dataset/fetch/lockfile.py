"""Pin what a corpus's recordings were at their first use, and compare later uses with it.

The lock file is a CSV beside the corpus folder, so that removing the folder forgets nothing. A run
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
from mn_dataset.audio.sketch import parse, rms_difference_lsb, sketch
from mn_dataset.errors import InputError
from mn_dataset.files.atomic import write_text
from mn_dataset.files.journal import append_lines, read_lines
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


def pin_samples(row_id: str, samples: Pcm, *, original_sha256: str) -> Pin:
    """Pin int16 samples (time,) and the file that they were cut from."""
    return Pin(row_id, original_sha256, pcm_sha256(samples), str(sketch(samples)))


def source_sha256(row: Row) -> str:
    """Return the SHA-256 of the file that a row is cut from, or of its source where none is."""
    return row.sha256 or hashlib.sha256(row.source.encode()).hexdigest()


def published_pin(row: Row) -> Pin | None:
    """Return what a row's further columns pin its recording to; None where they are empty."""
    columns = dict(row.further)
    if not (columns.get("pcm_sha256") and columns.get("pcm_sketch")):
        return None
    return Pin(row.id, row.sha256, columns["pcm_sha256"], columns["pcm_sketch"])


def pinned_row(row: Row, pin: Pin) -> Row:
    """Return a row whose further columns say what its recording is here."""
    columns = {"pcm_sha256": pin.pcm_sha256, "pcm_sketch": pin.pcm_sketch}
    return replace(row, further=tuple((dict(row.further) | columns).items()))


def agreement(reference: Pin, pin: Pin) -> Agreement:
    """Tell whether two decodings are the same samples, or nearly, or not.

    "±1 LSB" means one length and an estimated RMS difference of at most 1 LSB: another decoder's
    rounding. Anything else is "different".
    """
    if reference.pcm_sha256 == pin.pcm_sha256:
        return "equal"
    difference_lsb = rms_difference_lsb(parse(reference.pcm_sketch), parse(pin.pcm_sketch))
    return "±1 LSB" if difference_lsb <= 1.0 else "different"


def lock_path(corpus: Path) -> Path:
    """Return the path of a corpus folder's lock file: beside it."""
    return corpus.with_name(f"{corpus.name}.lock.csv")


def read_lock(path: Path) -> dict[str, Pin]:
    """Read the pins by id, the last of an id counting; none when there is no lock file yet.

    A line that a stop cut short is no pin.

    Raises:
        InputError: if the file cannot be read or is no lock file.
    """
    reader = csv.reader(f"{line}\n" for line in read_lines(path))
    try:
        header, *lines = list(reader) or [list(_COLUMNS)]
    except csv.Error as error:
        raise InputError(_damaged(path, reader.line_num, f"is not CSV ({error})")) from error
    if tuple(header) != _COLUMNS:
        raise InputError(_damaged(path, 1, f"is {','.join(header)!r}"))
    pins = {}
    for number, cells in enumerate(lines, start=2):
        try:
            pin = Pin(*cells)
            parse(pin.pcm_sketch)
            if "\ufffd" in "".join(cells):  # what stands for bytes that are no UTF-8
                raise ValueError
        except (TypeError, ValueError) as error:
            raise InputError(_damaged(path, number, "is no pin")) from error
        pins[pin.id] = pin
    return pins


def append_pin(path: Path, pin: Pin) -> None:
    """Add one pin to a lock file.

    Raises:
        OutputError: if it cannot be written.
    """
    append_lines(path, _lines([astuple(pin)]), header=_lines([_COLUMNS]))


def write_lock(path: Path, pins: Mapping[str, Pin]) -> None:
    """Write a lock file whole, sorted by id.

    Raises:
        OutputError: if it cannot be written.
    """
    rows = (astuple(pins[row_id]) for row_id in sorted(pins))
    write_text(path, "".join(f"{line}\n" for line in _lines([_COLUMNS, *rows])))


def _lines(rows: Iterable[tuple[str, ...]]) -> list[str]:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows(rows)
    return buffer.getvalue().split("\n")[:-1]


def _damaged(path: Path, line: int, fault: str) -> str:
    return (
        f"{path}:{line}: {fault}; expected a lock file with the columns {','.join(_COLUMNS)}; "
        "restore the file, or remove it to pin what is there anew"
    )
