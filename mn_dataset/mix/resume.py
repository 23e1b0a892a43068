"""Tell which mixtures of a dataset folder are finished, so that a rerun does only the others."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mn_dataset.audio import io
from mn_dataset.errors import AudioError
from mn_dataset.mix import manifest
from mn_dataset.mix import recipes as recipe_table
from mn_dataset.mix.recipes import Recipes
from mn_dataset.parallel import each
from mn_dataset.records import SAMPLING_RATE

JOURNAL = ".journal.jsonl"

Facts = dict[str, dict[str, Any]]
"""The manifest's measured columns, by recipe id."""


def finished(folder: Path, recipes: Recipes, *, audio_format: str, workers: int) -> Facts:
    """Return the rows of the mixtures whose three files are there and hash as they should."""
    known = _recorded(folder)
    rows = [known[recipe.id] for recipe in recipes if recipe.id in known]
    rows = [row for row in rows if row["noisy"].endswith(f".{audio_format}")]
    whole = each(_is_whole, ((folder, row) for row in rows), workers=workers, together=16)
    return {row["id"]: row for row, sound in zip(rows, whole, strict=True) if sound}


def journal_rows(folder: Path) -> list[dict[str, Any]]:
    """Read the journal; a last line torn by a kill is dropped."""
    path = folder / JOURNAL
    rows = []
    for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else []:
        try:
            rows.append(json.loads(line))
        except json.JSONDecodeError:
            break
    return rows


def _recorded(folder: Path) -> Facts:
    """Return what journal and manifest say was rendered."""
    known = {row["id"]: row for row in journal_rows(folder)}
    if (folder / manifest.MANIFEST).is_file():
        measured = {field.name for field in manifest.FIELDS}
        measured -= {field.name for field in recipe_table.FIELDS} - {"id"}
        measured.add(manifest.AUGMENTATION.name)
        for row in manifest.read_manifest(folder):
            known[row["id"]] = {name: row[name] for name in row if name in measured}
    return known


def _is_whole(folder: Path, row: dict[str, Any]) -> bool:
    try:
        return all(
            io.pcm_sha256(io.read_pcm(folder / row[part], sampling_rate=SAMPLING_RATE))
            == row[f"{part}_sha256"]
            for part in manifest.TRIPLE
        )
    except AudioError:
        return False
