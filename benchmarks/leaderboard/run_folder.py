"""Keep a run folder: files are there whole or not at all, scores as soon as they are known."""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from mn_dataset.errors import DatasetError, OutputError
from mn_dataset.whole import whole

RUN_JSON = "run.json"

_ROWS = 8192  # of a table that are read at a time


@dataclass(frozen=True, slots=True)
class Record:
    """One line of a journal: what one denoiser did on one mixture.

    Attributes:
        mixture_id: The mixture.
        scores: Per metric, as "name@version": value (None is NaN) and reason.
        detail: What went wrong, if anything did.
        seconds: Wall-clock time of the estimate, after a first call that was not timed; None if
            there is no estimate.
        peak_memory_mb: Most memory that Python and numpy held during the call, in MB, if measured.
        calls_seconds: Wall-clock time of all calls of the denoiser, those that are not timed too.
        library_seconds: Wall-clock time inside the libraries of metrics.
        lag: By how many samples the estimate is late; None where it does not tell.
        gain: By which factor the clean signal stands in the estimate; None without an estimate.
    """

    mixture_id: str
    scores: dict[str, tuple[float | None, str]]
    detail: str = ""
    seconds: float | None = None
    peak_memory_mb: float | None = None
    calls_seconds: float | None = None
    library_seconds: float | None = None
    lag: float | None = None
    gain: float | None = None


@dataclass(frozen=True)
class Journal:
    """An append-only file of records, one JSON object a line.

    A kill tears at most the last line; what is torn is dropped and so done again.
    """

    path: Path

    def records(self) -> Iterator[Record]:
        """Yield the whole lines; a later one of the same mixture adds to the earlier."""
        if not self.path.is_file():
            return
        with self.path.open(encoding="utf-8", errors="replace") as lines:
            for line in lines:
                if not line.endswith("\n"):
                    return  # torn, even if it parses: the next append cuts it off
                try:
                    record = Record(**json.loads(line))
                    # Thousands of lines hold these few words, and all journals the same ids.
                    name = sys.intern(record.mixture_id)
                    scores = {
                        sys.intern(key): (value, sys.intern(reason))
                        for key, (value, reason) in record.scores.items()
                    }
                except (json.JSONDecodeError, TypeError, ValueError, AttributeError):
                    continue
                yield replace(record, mixture_id=name, scores=scores)

    def append(self, record: Record) -> None:
        """Add one record with a single write, after cutting off a torn last line.

        Raises:
            OutputError: if it cannot be written.
        """
        line = json.dumps(asdict(record), allow_nan=False) + "\n"
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a+b", buffering=0) as file:
                _cut_torn_line(file.fileno())
                file.write(line.encode())
        except OSError as error:
            raise OutputError(f"{self.path}: cannot be written ({error.strerror})") from error


@dataclass(frozen=True)
class RunFolder:
    """Where a run keeps its files."""

    root: Path
    settings: dict[str, str] = field(default_factory=dict)

    def journal(self, denoiser: str, revision: str) -> Journal:
        """Return the journal of one revision of a denoiser."""
        return Journal(self.root / "journal" / f"{address(denoiser, revision)}.jsonl")

    def open(self) -> dict[str, Any]:
        """Make the folder, or find in it a run of the same settings; return its run.json.

        Raises:
            DatasetError: if it holds another run, or things that are no run.
        """
        if not self.root.exists() or not any(self.root.iterdir()):
            return {}
        if not (self.root / RUN_JSON).is_file():
            raise DatasetError(
                f"{self.root}: holds files but no {RUN_JSON}; expected an empty folder or a run, "
                "give another --out"
            )
        run = read_run(self.root)
        for name, expected in self.settings.items():
            found = run.get("settings", {}).get(name)
            if found != expected:
                raise DatasetError(
                    f"{self.root}: a run with {name} {found}, expected {expected}; "
                    "give another --out, or the dataset and options of that run"
                )
        return run


def read_run(root: Path) -> dict[str, Any]:
    """Read a run folder's run.json.

    Raises:
        DatasetError: if there is none.
    """
    path = root / RUN_JSON
    try:
        run = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise DatasetError(f"{path}: no such file; make a run with `mn bench`") from error
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise DatasetError(f"{path}: not JSON ({error}); make the run again") from error
    if not isinstance(run, dict):
        raise DatasetError(f"{path}: not a run's description; make the run again")
    return run


def read_finished(root: Path) -> dict[str, Any]:
    """Read the run.json of a run that was finished.

    Raises:
        DatasetError: if there is none, or the run was not finished.
    """
    story = read_run(root)
    if not story.get("finished"):
        raise DatasetError(f"{root}: the run was not finished; give its `mn bench` command again")
    return story


def read_rows(root: Path, name: str) -> pa.Table:
    """Read one of the run's Parquet tables.

    Raises:
        DatasetError: if it is missing or damaged.
    """
    with _readable(root / name) as path:
        return pq.read_table(path)


def read_some(root: Path, name: str, *, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """Yield the rows of one of the run's Parquet tables, some thousands at a time.

    Raises:
        DatasetError: if it is missing or damaged.
    """
    with _readable(root / name) as path, pq.ParquetFile(path) as file:
        yield from file.iter_batches(_ROWS, columns=list(columns), use_threads=False)


def write_whole(path: Path, payload: bytes) -> None:
    """Write a file so that it is there whole or not at all.

    Raises:
        OutputError: if it cannot be written.
    """
    with whole(path) as temporary:
        temporary.write_bytes(payload)


def write_rows(path: Path, rows: pa.Table) -> None:
    """Write a Parquet table whole."""
    with whole(path) as temporary:
        pq.write_table(rows, temporary)


def write_json(path: Path, content: Any) -> None:
    """Write JSON whole: UTF-8, two blanks of indent, no NaN."""
    text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)
    write_whole(path, f"{text}\n".encode())


def address(*names: str) -> str:
    """Return one file name for what the names address, whatever they hold.

    >>> address("wiener", "1")
    'wiener-1'
    >>> address("../half", "1")
    '_half-1-ff347ccf'
    """
    name = "-".join(names)
    safe = re.sub(r"[^\w.+@-]+", "_", name, flags=re.ASCII).lstrip(".")
    return safe if safe == name else f"{safe}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


@contextmanager
def _readable(path: Path) -> Iterator[Path]:
    """Say what is wrong with a Parquet table that cannot be read."""
    if not path.is_file():
        raise DatasetError(f"{path}: no such file; finish the run with `mn bench`")
    try:
        yield path
    except (pa.ArrowInvalid, OSError) as error:
        raise DatasetError(f"{path}: not readable as Parquet ({error}); run `mn bench`") from error


def _cut_torn_line(file: int) -> None:
    size = os.fstat(file).st_size
    while size:
        os.lseek(file, size - 1, os.SEEK_SET)
        if os.read(file, 1) == b"\n":
            break
        size -= 1
    os.ftruncate(file, size)
