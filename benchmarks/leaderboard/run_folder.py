"""Keep a run folder: its description, its journals, and its tables."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from benchmarks.leaderboard.run_schema import COLUMNS, FINISHED, LIMITS, RUN
from mn_dataset.errors import DatasetError
from mn_dataset.files import parquet
from mn_dataset.files.cells import refuse_misfit
from mn_dataset.files.journal import Journal
from mn_dataset.files.json_text import misfit, read_json
from mn_dataset.files.lock import contents
from mn_dataset.files.names import file_name
from mn_dataset.tasks.spec import TaskSpec

RUN_JSON = "run.json"

_AGAIN = "make the run again"
_CURE = "finish the run with `mn bench`"
_ROWS = 8192  # of a table that are read at a time


@dataclass(frozen=True, slots=True)
class Record:
    """One line of a journal: what one denoiser did on one mixture.

    Attributes:
        mixture_id: The mixture.
        scores: Per metric, as "name@version" or "name@version/target", value (None is NaN) and
            reason.
        detail: What went wrong, if anything did.
        seconds: What the estimate cost, by ``evaluate.cost_s``, after a first call that was not
            timed; None if there is no estimate.
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
class RunFolder:
    """Where a run keeps its files.

    Attributes:
        root: The folder.
        settings: What all numbers of the run have in common.
    """

    root: Path
    settings: dict[str, str] = field(default_factory=dict)

    def journal(self, denoiser: str, revision: str) -> Journal[Record]:
        """Return the journal of one revision of a denoiser; a later line adds to an earlier one."""
        path = self.root / "journal" / f"{file_name(denoiser, revision)}.jsonl"
        return Journal(path, decode=_record, encode=asdict)

    def open(self) -> dict[str, Any]:
        """Return the run.json of a folder that is empty or holds a run of the same settings.

        Raises:
            DatasetError: if it holds another run, or things that are no run.
        """
        if not contents(self.root):
            return {}
        if not (self.root / RUN_JSON).is_file():
            raise DatasetError(
                f"{self.root}: holds files but no {RUN_JSON}; expected an empty folder or a run, "
                "choose another run folder"
            )
        run = read_run(self.root)
        for name, expected in self.settings.items():
            setting = run.get("settings", {}).get(name)
            if setting != expected:
                raise DatasetError(
                    f"{self.root}: a run with {name} {setting}, expected {expected}; choose "
                    "another run folder, or the dataset and options of that run"
                )
        return run


def read_run(root: Path) -> dict[str, Any]:
    """Read a run folder's run.json.

    Raises:
        DatasetError: if there is none.
    """
    path = root / RUN_JSON
    if not path.exists():
        raise DatasetError(f"{path}: no such file; make a run with `mn bench`")
    return _of_shape(path, read_json(path, cure=_AGAIN, error=DatasetError), RUN)


def _of_shape(path: Path, value: Any, shape: Any) -> dict[str, Any]:
    fault = misfit(value, shape)
    if fault is not None:
        raise DatasetError(f"{path}: {fault}: not a run's description; {_AGAIN}")
    described: dict[str, Any] = value
    return described


def read_finished(root: Path, *, shape: Any = FINISHED) -> dict[str, Any]:
    """Read the run.json of a run that was finished.

    Args:
        root: The run folder.
        shape: What is needed of it.

    Raises:
        DatasetError: if there is none, or the run was not finished.
    """
    run = read_run(root)
    if not run.get("finished"):
        raise DatasetError(f"{root}: the run was not finished; give its `mn bench` command again")
    _of_shape(root / RUN_JSON, run, shape)
    names = [item["name"] for item in run["denoisers"]], [item["name"] for item in run["metrics"]]
    for kind, called in zip(("denoiser", "metric"), names, strict=True):
        if not called or len(set(called)) < len(called):
            raise DatasetError(
                f"{root / RUN_JSON}: names {', '.join(called) or 'nothing'} as its {kind}s; "
                f"expected one or more, each once; {_AGAIN}"
            )
    return run


def read_table(
    root: Path,
    name: str,
    *,
    columns: Sequence[str] | None = None,
    schema: pa.Schema | None = None,
) -> pa.Table:
    """Read one of the run's Parquet tables.

    Args:
        root: The run folder.
        name: Of the table.
        columns: The columns wanted; None for all.
        schema: What they hold; by default what is the same for every task.

    Raises:
        DatasetError: if it is missing or damaged, or a cell does not fit.
    """
    path = root / name
    table = parquet.read_table(path, columns=columns, cure=_CURE, error=DatasetError)
    _refuse_misfit(path, table, _wanted(name, columns, schema))
    return table


def read_batches(
    root: Path, name: str, *, columns: Sequence[str], schema: pa.Schema
) -> Iterator[pa.RecordBatch]:
    """Yield the rows of one of the run's Parquet tables, some thousands at a time.

    Raises:
        DatasetError: if it is missing or damaged, or a cell does not fit.
    """
    path, first = root / name, 1
    fields = _wanted(name, columns, schema)
    for batch in parquet.read_batches(path, columns, rows=_ROWS, cure=_CURE, error=DatasetError):
        _refuse_misfit(path, batch, fields, first=first)
        first += len(batch)
        yield batch


def _wanted(name: str, columns: Sequence[str] | None, schema: pa.Schema | None) -> list[pa.Field]:
    known = COLUMNS[name] if schema is None else schema
    return [field for field in known if columns is None or field.name in columns]


def _refuse_misfit(
    path: Path, table: pa.Table | pa.RecordBatch, fields: Sequence[pa.Field], *, first: int = 1
) -> None:
    refuse_misfit(table, fields, LIMITS, where=path, cure=_CURE, error=DatasetError, first=first)


def scores_schema(task: TaskSpec) -> pa.Schema:
    """Return the columns of scores.parquet, with the facets of the task in alphabetical order."""
    facets = sorted(task.facets, key=lambda facet: facet.column)
    return pa.schema(
        [
            ("mixture_id", pa.string()),
            ("task", pa.string()),
            ("denoiser", pa.string()),
            ("revision", pa.string()),
            ("target", pa.string()),
            ("metric", pa.string()),
            ("value", pa.float64()),
            ("reason", pa.string()),
            *((facet.column, pa.float64() if facet.numeric else pa.string()) for facet in facets),
            ("split", pa.string()),
        ]
    )


def mixtures_schema(task: TaskSpec) -> pa.Schema:
    """Return the columns of mixtures.parquet: what each mixture is made of, and its length."""
    return pa.schema(
        [
            ("mixture_id", pa.string()),
            *((axis.column, pa.string()) for axis in task.clusters if axis.column),
            *((name, pa.string()) for name in cluster_columns(task) if name),
            ("num_samples", pa.int64()),
            ("sampling_rate", pa.int64()),
        ]
    )


def cluster_columns(task: TaskSpec) -> list[str]:
    """Return the column of mixtures.parquet with the clusters on each axis; "" where it has none.

    >>> from mn_dataset.tasks.registry import find
    >>> cluster_columns(find("denoise"))
    ['clean_cluster', 'noise_cluster']
    """
    names = (axis.column.removesuffix("_id") for axis in task.clusters)
    return [name and f"{name}_cluster" for name in names]


_NUMBER = (float, None)
_RECORD = {
    "mixture_id": str,
    "scores": {"*": [Any]},
    "detail?": str,
    "seconds?": _NUMBER,
    "peak_memory_mb?": _NUMBER,
    "calls_seconds?": _NUMBER,
    "library_seconds?": _NUMBER,
    "lag?": _NUMBER,
    "gain?": _NUMBER,
}


def _record(line: Any) -> Record:
    """Make a record of a line; thousands of lines hold these few words, all journals the ids.

    Raises:
        ValueError: if it is none.
    """
    fault = misfit(line, _RECORD)
    if fault is not None:
        raise ValueError(fault)
    scores = {}
    for key, (value, reason) in line["scores"].items():
        fault = misfit(value, _NUMBER, name=key)
        if fault or not isinstance(reason, str):
            raise ValueError(fault or f"the reason of {key!r} is {reason!r}")
        scores[sys.intern(key)] = value, sys.intern(reason)
    return Record(**line | {"mixture_id": sys.intern(line["mixture_id"]), "scores": scores})
