"""Prove that a dataset folder is what its recipes say: nothing missing, changed, or extra."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from mn_dataset.audio import io
from mn_dataset.audio.level import CEILING, dbfs, hop_energies, measure, peak
from mn_dataset.errors import AudioError
from mn_dataset.mix import manifest
from mn_dataset.mix import recipes as recipe_table
from mn_dataset.mix.augment.draw import unexplained
from mn_dataset.mix.gains import Loudness, Measured, all_snrs_db
from mn_dataset.mix.mixture import SNR_TOLERANCE_DB
from mn_dataset.tasks.denoise import SPEC
from mn_dataset.workers import each

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
    faults = [*_table_faults(root, rows), *_source_faults(root, rows), *_extra(root, rows)]
    pieces = ((root, row) for row in rows)
    answers = each(_mixture_faults, pieces, workers=workers, together=16)
    for done, found in enumerate(answers, start=1):
        faults += found
        if progress:
            progress(done, len(rows))
    return faults


def _table_faults(root: Path, rows: list[dict[str, Any]]) -> Iterator[Fault]:
    """Compare the manifest's intent with the recipes, and its SNRs with what was asked."""
    recipes = recipe_table.read_recipes(root / manifest.RECIPES)
    asked = {recipe.id: recipe_table.to_dict(recipe, SPEC) for recipe in recipes}
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
    for recipe in (recipe for recipe in recipes if recipe.id in rendered):
        told = rendered[recipe.id].get(manifest.AUGMENTATION.name)
        odd = unexplained(recipe, recipes.augmentation, told)
        if odd:
            text = f"{recipe.id}: {manifest.AUGMENTATION.name} {odd}"
            yield Fault("contradiction", manifest.MANIFEST, text)


def _extra(root: Path, rows: list[dict[str, Any]]) -> Iterator[Fault]:
    """Compare the files that are there with those that belong."""
    tables = {manifest.RECIPES, manifest.SOURCES, manifest.MANIFEST, manifest.CARD}
    expected = tables | {row[part] for row in rows for part in manifest.TRIPLE}
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if not path.is_dir() and name not in expected:
            yield Fault("extra", name, "no recipe names it; remove it")
    for name in sorted(tables):
        if not (root / name).is_file():
            yield Fault("missing", name, "render again")


def _source_faults(root: Path, rows: list[dict[str, Any]]) -> Iterator[Fault]:
    """Compare the recordings listed with those that the recipes use."""
    if not (root / manifest.SOURCES).is_file():
        return
    listed = [row["id"] for row in recipe_table.read_parquet(root / manifest.SOURCES).to_pylist()]
    used = {layer["source_id"] for row in rows for layer in row["layers"]}
    if sorted(listed) != sorted(used):
        odd = sorted(used.symmetric_difference(listed)) or sorted(listed)
        text = f"{len(listed)} rows for {len(used)} recordings used; see {odd[0]}"
        yield Fault("contradiction", manifest.SOURCES, text)


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
    return found + _fact_faults(parts, row)


def _fact_faults(parts: dict[str, io.Pcm], row: dict[str, Any]) -> list[Fault]:
    """Measure the audio again and compare it with what the manifest says was measured."""
    measured = [
        Measured(
            measure(parts[name]), Loudness(hop_energies(parts[name], sampling_rate=rate), rate)
        )
        for name, rate in (("clean", row["sampling_rate"]), ("noise", row["sampling_rate"]))
    ]
    snrs = all_snrs_db(*measured)
    facts = {f"snr_{name}_db": value for name, value in snrs.items()}
    facts |= {
        "snr_db_achieved": snrs[row["snr_definition"]],
        "peak_dbfs": dbfs(peak(parts["noisy"])),
    }
    return [
        Fault(
            "contradiction",
            manifest.MANIFEST,
            f"{row['id']}: {name} is {row[name]:.6f}, the audio says {value:.6f}",
        )
        for name, value in facts.items()
        if not _agree(row[name], value)
    ]


def _agree(stated: float, found: float) -> bool:
    """Loudness is stored as measured before rounding to 16 bits: a gate may fall either way."""
    return (math.isnan(stated) and math.isnan(found)) or abs(stated - found) <= SNR_TOLERANCE_DB
