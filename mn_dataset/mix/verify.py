"""Prove that a dataset folder is what its recipes say: nothing missing, changed, or extra."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from mn_dataset.audio import io
from mn_dataset.errors import AudioError
from mn_dataset.mix import manifest
from mn_dataset.mix import recipes as recipe_table
from mn_dataset.mix.guard import CEILING
from mn_dataset.mix.render import SNR_TOLERANCE_DB
from mn_dataset.parallel import each

Kind = Literal["missing", "changed", "truncated", "extra", "contradiction"]


@dataclass(frozen=True)
class Fault:
    """One thing that is not as the recipes say.

    Attributes:
        kind: missing, changed, truncated, extra, or contradiction (between tables).
        file: Path relative to the dataset.
        text: Found and expected.
    """

    kind: Kind
    file: str
    text: str

    def __str__(self) -> str:
        """Name the file first."""
        return f"{self.file}: {self.kind}: {self.text}"


def verify(
    folder: str | Path,
    *,
    workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> list[Fault]:
    """Return every fault of a dataset folder; none proves it.

    Args:
        folder: The dataset.
        workers: Processes that read audio.
        progress: Called with (done, all) mixtures.

    Raises:
        DatasetError: if the folder is no finished dataset.
    """
    root = Path(folder)
    rows = manifest.read_manifest(root)
    faults = list(_table_faults(root, rows)) + list(_extra(root, rows))
    pieces = ((root, row) for row in rows)
    answers = each(_mixture_faults, pieces, workers=workers, together=16)
    for done, found in enumerate(answers, start=1):
        faults += found
        if progress:
            progress(done, len(rows))
    return faults


def _table_faults(root: Path, rows: list[dict[str, Any]]) -> Iterator[Fault]:
    """Compare the manifest's intent with the recipes, and its SNRs with what was asked."""
    asked = {
        recipe.id: recipe_table.to_dict(recipe)
        for recipe in recipe_table.read_recipes(root / manifest.RECIPES)
    }
    rendered = {row["id"]: row for row in rows}
    for name in sorted(asked.keys() ^ rendered.keys()):
        where = "the manifest" if name in asked else "the recipes"
        yield Fault("contradiction", manifest.MANIFEST, f"{name} is not in {where}")
    for name in sorted(asked.keys() & rendered.keys()):
        row, intent = rendered[name], asked[name]
        for column in intent:
            wanted = list(intent[column]) if column == "targets" else intent[column]
            if wanted != row[column]:
                text = f"{name}: {column} is {row[column]!r}, the recipe says {wanted!r}"
                yield Fault("contradiction", manifest.MANIFEST, text)
        # NaN fails the comparison as well, and has to.
        if not abs(row["snr_db_achieved"] - row["snr_db"]) <= SNR_TOLERANCE_DB:
            text = f"{name}: {row['snr_db_achieved']:.3f} dB achieved, {row['snr_db']:.3f} asked"
            yield Fault("contradiction", manifest.MANIFEST, text)


def _extra(root: Path, rows: list[dict[str, Any]]) -> Iterator[Fault]:
    expected = {row[part] for row in rows for part in manifest.TRIPLE}
    for path in sorted((root / manifest.AUDIO).rglob("*")):
        name = path.relative_to(root).as_posix()
        if path.is_file() and name not in expected:
            yield Fault("extra", name, "no recipe names it; remove it")
    if not (root / manifest.SOURCES).is_file():
        yield Fault("missing", manifest.SOURCES, "render again")


def _mixture_faults(root: Path, row: dict[str, Any]) -> list[Fault]:
    faults: list[Fault] = []
    parts: dict[str, io.Pcm] = {}
    for part in manifest.TRIPLE:
        path = root / row[part]
        if not path.is_file():
            faults.append(Fault("missing", row[part], "render again"))
            continue
        try:
            samples = io.read_pcm(path, sampling_rate=row["sampling_rate"])
        except AudioError as error:
            kind: Kind = "truncated" if "truncated" in str(error) else "changed"
            faults.append(Fault(kind, row[part], str(error)))
            continue
        if len(samples) != row["num_samples"]:
            kind = "truncated" if len(samples) < row["num_samples"] else "changed"
            text = f"{len(samples)} samples, expected {row['num_samples']}"
            faults.append(Fault(kind, row[part], text))
        elif io.pcm_sha256(samples) != row[f"{part}_sha256"]:
            faults.append(Fault("changed", row[part], "its samples have another SHA-256"))
        parts[part] = samples
    if not faults:
        faults += _sum_faults(parts, row)
    return faults


def _sum_faults(parts: dict[str, io.Pcm], row: dict[str, Any]) -> list[Fault]:
    noisy, clean, noise = (parts[name].astype(np.int32) for name in manifest.TRIPLE)
    found = []
    if not np.array_equal(noisy - clean, noise):
        found.append(Fault("contradiction", row["noisy"], "noisy − clean is not noise"))
    if np.abs(noisy).max(initial=0) > CEILING:
        found.append(Fault("contradiction", row["noisy"], f"a sample is beyond ±{CEILING}"))
    return found
