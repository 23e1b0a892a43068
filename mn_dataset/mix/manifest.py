"""Say what was rendered: the manifest's columns, and where a mixture's audio stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from mn_dataset.audio.io import pcm_sha256
from mn_dataset.errors import DatasetError
from mn_dataset.mix import recipes as recipe_table
from mn_dataset.mix.augment import draw
from mn_dataset.mix.mixture import Mixture
from mn_dataset.mix.recipes import Recipes
from mn_dataset.records import SNR_DEFINITIONS
from mn_dataset.tasks.denoise import SPEC
from mn_dataset.tasks.spec import TaskSpec

MANIFEST = "manifest.parquet"
RECIPES = "recipes.parquet"
SOURCES = "sources.parquet"
CARD = "README.md"
AUDIO = "audio"
TRIPLE = ("noisy", "clean", "noise")

_FACTS = [
    pa.field("snr_db_achieved", pa.float64()),
    *(pa.field(f"snr_{name}_db", pa.float64()) for name in SNR_DEFINITIONS if name != "lufs"),
    pa.field("snr_lufs_db", pa.float64()),
    pa.field("noise_gain", pa.float64()),
    pa.field("mix_gain", pa.float64()),
    pa.field("peak_dbfs", pa.float64()),
    *(pa.field(name, pa.string()) for name in TRIPLE),
    *(pa.field(f"{name}_sha256", pa.string()) for name in TRIPLE),
]
FIELDS = [*recipe_table.recipe_fields(SPEC), *_FACTS]
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

    def cells(self, row: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
        """Yield name, path and SHA-256 of every file in a row."""
        if self.names is None:
            yield from zip(*(row[column] for column in self.columns), strict=True)
        else:
            yield from ((name, row[name], row[f"{name}_sha256"]) for name in self.names)


def file_groups(task: TaskSpec) -> tuple[FileGroup, FileGroup, FileGroup]:
    """Return the columns of a task's inputs, its targets, and what else is kept."""
    inputs, targets = (
        (None, None)
        if task.named_files is None
        else (task.named_files.inputs, task.named_files.targets)
    )
    kept = task.kept if task.named_files or not task.kept else None
    return FileGroup("inputs", inputs), FileGroup("targets", targets), FileGroup("kept", kept)


def audio_path(recipe_id: str, part: str, suffix: str) -> str:
    """Return the path of one part of a mixture, relative to the dataset.

    >>> audio_path("test/000017", "noisy", "wav")
    'audio/test/000017.noisy.wav'
    """
    return f"{AUDIO}/{recipe_id}.{part}.{suffix}"


def facts(mixture: Mixture, suffix: str) -> dict[str, Any]:
    """Return what was measured of a mixture, a row of the manifest beside its recipe."""
    snrs = {name: _stored(value) for name, value in mixture.snrs_db.items()}
    row = {
        "id": mixture.recipe.id,
        "snr_db_achieved": snrs[mixture.recipe.snr_definition],
        **{f"snr_{name}_db": snrs[name] for name in snrs},
        "noise_gain": mixture.noise_gain,
        "mix_gain": mixture.mix_gain,
        "peak_dbfs": _stored(mixture.peak_dbfs),
        **{part: audio_path(mixture.recipe.id, part, suffix) for part in TRIPLE},
        "noisy_sha256": pcm_sha256(mixture.noisy),
        "clean_sha256": mixture.clean_sha256 or pcm_sha256(mixture.clean),
        "noise_sha256": pcm_sha256(mixture.noise),
    }
    if mixture.augmentation is not None:
        row[AUGMENTATION.name] = draw.to_text(mixture.augmentation)
    return row


def _stored(decibels: float) -> float:
    """Round to 1e-9 dB: logarithms and filters differ between processors in their last bits."""
    return round(decibels, 9)


def write_manifest(folder: Path, recipes: Recipes, rows: dict[str, dict[str, Any]]) -> None:
    """Write the manifest of a finished folder; its bytes depend on recipes and PCM alone."""
    table = [recipe_table.to_dict(recipe, SPEC) | rows[recipe.id] for recipe in recipes]
    fields = [*FIELDS, AUGMENTATION] if recipes.augmentation else FIELDS
    recipe_table.write_parquet(folder / MANIFEST, table, fields, recipes.metadata)


def read_manifest(folder: Path) -> list[dict[str, Any]]:
    """Read the manifest's rows.

    Raises:
        DatasetError: if the folder is no finished dataset.
    """
    if not (folder / MANIFEST).is_file():
        found = "an unfinished dataset" if (folder / RECIPES).is_file() else "not a dataset"
        raise DatasetError(
            f"{folder}: {found} (no {MANIFEST}); make or finish it with `mn build` or `mn render`"
        )
    table = recipe_table.read_parquet(folder / MANIFEST)
    missing = [field.name for field in FIELDS if field.name not in table.column_names]
    if missing:
        raise DatasetError(f"{folder / MANIFEST}: lacks the columns {', '.join(missing)}")
    rows: list[dict[str, Any]] = table.to_pylist()
    return rows


def used_sources(recipes: Recipes) -> Sequence[str]:
    """Return the ids of the recordings that the recipes use, sorted."""
    return sorted({layer.source_id for recipe in recipes for layer in recipe.layers})
