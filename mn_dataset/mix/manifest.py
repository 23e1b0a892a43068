"""Name the files of a dataset folder, and write and read its manifest: what was rendered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from mn_dataset.audio.io import pcm_sha256
from mn_dataset.audio.response import RESPONSES_FILE
from mn_dataset.errors import DatasetError
from mn_dataset.files.cells import refuse_misfit
from mn_dataset.files.parquet import read_table, write_rows
from mn_dataset.mix.augment import draw
from mn_dataset.mix.limits import MANIFEST as LIMITS
from mn_dataset.mix.mixture import Mixture
from mn_dataset.mix.recipe_rows import recipe_fields, to_dict
from mn_dataset.mix.recipes import RECIPES_FILE, Recipes
from mn_dataset.tasks.columns import Ratios
from mn_dataset.tasks.registry import task_of
from mn_dataset.tasks.spec import TaskSpec

MANIFEST = "manifest.parquet"
RECIPES = RECIPES_FILE
RESPONSES = RESPONSES_FILE
SOURCES = "sources.parquet"
CARD = "README.md"
AUDIO = "audio"

_CURE = "render the dataset again"
_TASK = pa.field("task", pa.string())

AUGMENTATION = pa.field("augmentation", pa.string())
"""What was done to the layers of a train mixture, a JSON list; only in augmented datasets."""


@dataclass(frozen=True)
class FileGroup:
    """Columns of the manifest that say where the files of one kind stand.

    Attributes:
        kind: "inputs", "targets" or "kept".
        names: The files, where every one has columns of its own; None where the columns are lists.
    """

    kind: str
    names: tuple[str, ...] | None

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns with names, paths and SHA-256 of the samples."""
        if self.names is None:
            return (f"{self.kind.removesuffix('s')}_names", self.kind, f"{self.kind}_sha256")
        return (*self.names, *(f"{name}_sha256" for name in self.names))

    def files(self, row: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
        """Yield name, path and SHA-256 of every file in a row."""
        if self.names is None:
            yield from zip(*(row[column] for column in self.columns), strict=True)
        else:
            yield from ((name, row[name], row[f"{name}_sha256"]) for name in self.names)

    def cells(self, files: Sequence[tuple[str, str, str]]) -> dict[str, Any]:
        """Return the cells of a row, given name, path and SHA-256 of every file."""
        if self.names is None:
            lists = [list(part) for part in zip(*files, strict=True)] or [[], [], []]
            return dict(zip(self.columns, lists, strict=True))
        paths = {name: path for name, path, _ in files}
        return paths | {f"{name}_sha256": sha256 for name, _, sha256 in files}


def file_groups(task: TaskSpec) -> tuple[FileGroup, FileGroup, FileGroup]:
    """Return the columns of a task's inputs, its targets, and what else is kept."""
    if task.named_files is None:
        kept = None if task.kept else ()
        return FileGroup("inputs", None), FileGroup("targets", None), FileGroup("kept", kept)
    inputs, targets = task.named_files.inputs, task.named_files.targets
    return FileGroup("inputs", inputs), FileGroup("targets", targets), FileGroup("kept", task.kept)


def files_of(task: TaskSpec, row: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Return name, path and SHA-256 of every file of a row of the manifest, in writing order."""
    return [file for group in file_groups(task) for file in group.files(row)]


def fact_fields(task: TaskSpec) -> list[pa.Field]:
    """Return the columns of the manifest that say what was measured."""
    columns = [column for group in file_groups(task) for column in group.columns]
    if task.named_files is not None:  # names before hashes, as people read them
        columns.sort(key=lambda column: column.endswith("_sha256"))
    texts = pa.string() if task.named_files else pa.list_(pa.field("element", pa.string()))
    return [
        *task.ratios.fields,
        *task.gains.fields,
        pa.field("mix_gain", pa.float64()),
        pa.field("peak_dbfs", pa.float64()),
        *(pa.field(column, texts) for column in columns),
    ]


def manifest_fields(task: TaskSpec) -> list[pa.Field]:
    """Return the columns of a task's manifest: those of its recipes, then what was measured.

    Where ``targets`` are files, their names stand in ``target_names``.
    """
    measured = fact_fields(task)
    names = {field.name for field in measured}
    return [*(field for field in recipe_fields(task) if field.name not in names), *measured]


def audio_path(recipe_id: str, part: str, suffix: str) -> str:
    """Return the path of one part of a mixture, relative to the dataset.

    >>> audio_path("test/000017", "noisy", "wav")
    'audio/test/000017.noisy.wav'
    """
    return f"{AUDIO}/{recipe_id}.{part}.{suffix}"


def facts(mixture: Mixture, task: TaskSpec, suffix: str) -> dict[str, Any]:
    """Return what was measured of a mixture, a row of the manifest beside its recipe."""
    recipe = mixture.recipe
    ratios = [None if ratio is None else _stored_ratios(ratio) for ratio in mixture.ratios_db]
    row: dict[str, Any] = {
        "id": recipe.id,
        **task.ratios.values(recipe, ratios),
        **task.gains.values(recipe, mixture.gains),
        "mix_gain": mixture.mix_gain,
        "peak_dbfs": _stored(mixture.peak_dbfs),
    }
    parts = (mixture.inputs, mixture.targets, mixture.kept)
    for group, waves in zip(file_groups(task), parts, strict=True):
        files = [
            (
                name,
                audio_path(recipe.id, name, suffix),
                mixture.sha256.get(name) or pcm_sha256(samples),
            )
            for name, samples in waves.items()
        ]
        row |= group.cells(files)
    if mixture.augmentation is not None:
        row[AUGMENTATION.name] = draw.to_text(mixture.augmentation)
    return row


def _stored_ratios(ratios: Ratios) -> Ratios:
    return {definition: _stored(ratio) for definition, ratio in ratios.items()}


def _stored(decibels: float) -> float:
    """Round to 1e-9 dB: logarithms and filters differ between processors in their last bits."""
    return round(decibels, 9)


def write_manifest(
    folder: Path, recipes: Recipes, task: TaskSpec, rows: Mapping[str, Mapping[str, Any]]
) -> None:
    """Write the manifest of a finished folder; its bytes depend on recipes and PCM alone."""
    table = [to_dict(recipe, task) | dict(rows[recipe.id]) for recipe in recipes]
    fields = [*manifest_fields(task), *([AUGMENTATION] if recipes.augmentation else [])]
    write_rows(folder / MANIFEST, table, pa.schema(fields, metadata=recipes.metadata))


def read_manifest(folder: Path) -> list[dict[str, Any]]:
    """Read the manifest's rows.

    Raises:
        DatasetError: if the folder is no finished dataset of one task that is known.
    """
    path = folder / MANIFEST
    if not path.is_file():
        state = "an unfinished dataset" if (folder / RECIPES).is_file() else "not a dataset"
        raise DatasetError(
            f"{folder}: {state} (no {MANIFEST}); make or finish it with `mn build` or `mn render`"
        )
    rows: list[dict[str, Any]] = read_facts(path)[1].to_pylist()
    return rows


def read_facts(path: Path) -> tuple[TaskSpec, pa.Table]:
    """Read a manifest as a table, and the task that it is of.

    Raises:
        DatasetError: if it is none of one task that is known, or a cell does not fit.
    """
    table = read_table(path, cure=_CURE, error=DatasetError)
    _refuse_misfit(table, [_TASK], path)
    task = task_of(table["task"].to_pylist(), where=path, error=DatasetError)
    columns = manifest_fields(task)
    lacking = [field.name for field in columns if field.name not in table.column_names]
    if lacking:
        raise DatasetError(f"{path}: lacks the columns {', '.join(lacking)}")
    _refuse_misfit(table, columns, path)
    return task, table


def read_sources(path: Path) -> list[dict[str, str]]:
    """Read the table of the recordings that a dataset is mixed of, all of it text.

    Raises:
        DatasetError: if it is none, or names a recording twice.
    """
    table = read_table(path, cure=_CURE, error=DatasetError)
    names = dict.fromkeys(["id", *table.column_names])
    _refuse_misfit(table, [pa.field(name, pa.string()) for name in names], path)
    ids = table["id"].to_pylist()
    if len(set(ids)) < len(ids):
        raise DatasetError(f"{path}: the recording {_repeated(ids)!r} stands there twice; {_CURE}")
    rows: list[dict[str, str]] = table.to_pylist()
    return rows


def _refuse_misfit(table: pa.Table, columns: Sequence[pa.Field], path: Path) -> None:
    refuse_misfit(table, columns, LIMITS, where=path, cure=_CURE, error=DatasetError)


def _repeated(ids: Sequence[str]) -> str:
    return next(name for name, count in Counter(ids).items() if count > 1)


def used_sources(recipes: Recipes) -> Sequence[str]:
    """Return the ids of the recordings that the recipes use, sorted."""
    return sorted({layer.source_id for recipe in recipes for layer in recipe.layers})
