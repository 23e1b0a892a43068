"""Render recipes into a dataset folder: in parallel, atomically, and resuming where it stopped.

Tell which mixtures of a dataset folder are finished, so that a rerun does only the others.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from mn_dataset.audio import io
from mn_dataset.audio.corpus import Corpus
from mn_dataset.errors import AudioError, DatasetError, InputError, OutputError, RecipeError
from mn_dataset.mix import manifest
from mn_dataset.mix import recipes as recipe_table
from mn_dataset.mix.augment.apply import require
from mn_dataset.mix.augment.chain import Chain, load_chain
from mn_dataset.mix.card import write_card
from mn_dataset.mix.mixture import Mixture, mix
from mn_dataset.mix.recipes import Recipes
from mn_dataset.mix.source_cache import SourceCache
from mn_dataset.mix.validate import refuse_malformed, refuse_unfitting
from mn_dataset.records import SAMPLING_RATE, Recipe
from mn_dataset.tables import COLUMNS
from mn_dataset.tasks.denoise import SPEC
from mn_dataset.workers import each

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
        measured -= {field.name for field in recipe_table.recipe_fields(SPEC)} - {"id"}
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


FORMATS = ("wav", "flac")
_AT_A_TIME = 16  # recipes handed to a worker, at least: enough of them to share sources


def render(
    recipes: Recipes,
    corpus: Corpus,
    out: str | Path,
    *,
    workers: int = 1,
    rows: Sequence[str] | None = None,
    audio_format: str = "wav",
    notes: Sequence[str] = (),
    augment: str | Path | Chain | None = None,
    proven: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Render recipes into a dataset folder; what is already there is kept.

    Args:
        recipes: What to render.
        corpus: The corpus that they were drawn from.
        out: The folder; it may hold an unfinished rendering of the same recipes.
        workers: Processes; the bytes do not depend on it.
        rows: Only these recipes, by id or number.
        audio_format: "wav" or "flac", 16-bit both.
        notes: Lines about the splits for the folder's card.
        augment: A chain, its name, or a TOML file: the layers of train recipes are varied before
            they are mixed. Equal samples are then promised on one machine with one set of
            versions only. None keeps the chain that the recipes carry, if any.
        proven: The caller has compared every recording's samples with those that the recipes
            were drawn from; the corpus may then lack recordings that they do not use.
        progress: Called with (done, all) mixtures.

    Returns:
        The folder.

    Raises:
        RecipeError: if the recipes belong to another corpus or cannot be rendered, or are to be
            augmented and none is of the split ``train``.
        MissingExtra: if they are augmented and audiomentations is not installed.
        DatasetError: if the folder holds something else.
        OutputError: if a file cannot be written; finished mixtures stay and are resumed.
    """
    if recipes.corpus_hash != corpus.hash and not proven:
        raise RecipeError(
            f"the recipes were drawn from corpus {recipes.corpus!r} {recipes.corpus_hash[:12]}, "
            f"found {corpus.root} {corpus.hash[:12]}; give the same corpus or draw again"
        )
    wanted = recipes if rows is None else recipes.select(rows)
    wanted = wanted.augmented(None if augment is None else load_chain(augment))
    if wanted.augmentation and wanted.varied:
        require(wanted.augmentation)
    refuse_malformed(wanted)
    refuse_unfitting(wanted, corpus, wanted.spec)
    folder = Path(out)
    existed = folder.exists()
    made = _open_folder(folder, wanted, audio_format)
    try:
        _write_sources(folder, wanted, corpus)
        facts = _render_missing(
            folder,
            wanted,
            corpus=corpus,
            workers=workers,
            audio_format=audio_format,
            progress=progress,
        )
        manifest.write_manifest(folder, wanted, facts)
        write_card(folder, wanted, corpus, notes=notes)
    except BaseException:
        _clear_temporaries(folder)
        if made and not journal_rows(folder):
            shutil.rmtree(folder, ignore_errors=True)
            if existed:
                folder.mkdir()
        raise
    (folder / JOURNAL).unlink(missing_ok=True)
    return folder


def _open_folder(folder: Path, recipes: Recipes, audio_format: str) -> bool:
    """Make the folder or check that it holds the same recipes; tell whether it was made."""
    if audio_format not in FORMATS:
        raise InputError(f"the format is {audio_format!r}; expected one of {', '.join(FORMATS)}")
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            recipe_table.write_recipes(folder / manifest.RECIPES, recipes)
        except OSError as error:
            raise OutputError(f"{folder}: cannot be made ({error.strerror})") from error
        return True
    if not (folder / manifest.RECIPES).is_file():
        raise DatasetError(f"{folder}: exists and is not a dataset; choose another place")
    if recipe_table.read_recipes(folder / manifest.RECIPES) != recipes:
        raise DatasetError(
            f"{folder}: holds a dataset of other recipes; choose another place or remove it"
        )
    others = {path.suffix for path in (folder / manifest.AUDIO).glob("*/*")} - {".tmp"}
    if others - {f".{audio_format}"}:
        raise DatasetError(
            f"{folder}: its audio is {', '.join(sorted(others))}, not {audio_format}"
        )
    _clear_temporaries(folder)
    return False


def _clear_temporaries(folder: Path) -> None:
    for path in folder.rglob("*.tmp"):
        path.unlink(missing_ok=True)


def _render_missing(
    folder: Path,
    recipes: Recipes,
    *,
    corpus: Corpus,
    workers: int,
    audio_format: str,
    progress: Callable[[int, int], None] | None,
) -> Facts:
    facts = finished(folder, recipes, audio_format=audio_format, workers=workers)
    rows = tuple(recipe for recipe in recipes if recipe.id not in facts)
    missing = replace(recipes, rows=rows)
    for split in {recipe.split for recipe in missing}:
        (folder / manifest.AUDIO / split).mkdir(parents=True, exist_ok=True)
    try:
        with (folder / JOURNAL).open("a", encoding="utf-8") as journal:
            for row in _render_all(folder, missing, corpus, workers, audio_format):
                journal.write(json.dumps(row) + "\n")
                journal.flush()
                facts[row["id"]] = row
                if progress:
                    progress(len(facts), len(recipes))
    except OSError as error:
        raise OutputError(f"{folder / JOURNAL}: cannot be written ({error.strerror})") from error
    return facts


def _render_all(
    folder: Path, recipes: Recipes, corpus: Corpus, workers: int, audio_format: str
) -> Iterator[dict[str, Any]]:
    if workers == 1 or len(recipes) <= _AT_A_TIME:
        yield from _render_some(recipes, corpus, folder, audio_format)
        return
    size = min(max(_AT_A_TIME, len(recipes) // (4 * workers)), 4 * _AT_A_TIME)
    firsts = range(0, len(recipes), size)
    chunks = (replace(recipes, rows=recipes[first : first + size]) for first in firsts)
    pieces = ((chunk, corpus.only(_sources_of(chunk)), folder, audio_format) for chunk in chunks)
    for rows in each(_render_chunk, pieces, workers=workers, ordered=False):
        yield from rows


def _sources_of(recipes: Iterable[Recipe]) -> set[str]:
    return {layer.source_id for recipe in recipes for layer in recipe.layers}


def _render_chunk(*piece: Any) -> list[dict[str, Any]]:
    return list(_render_some(*piece))


def _render_some(
    recipes: Recipes, corpus: Corpus, folder: Path, audio_format: str
) -> Iterator[dict[str, Any]]:
    sources = SourceCache(corpus)
    for recipe in recipes:
        mixture = mix(recipe, sources, chain=recipes.augmentation)
        yield _put(mixture, folder, audio_format)


def _put(mixture: Mixture, folder: Path, audio_format: str) -> dict[str, Any]:
    """Put the three files of a mixture in place, or none of them."""
    row = manifest.facts(mixture, audio_format)
    write = io.write_wav if audio_format == "wav" else io.write_flac
    with ExitStack() as undo:
        for part in manifest.TRIPLE:
            path = folder / row[part]
            temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
            undo.callback(temporary.unlink, missing_ok=True)
            undo.callback(path.unlink, missing_ok=True)
            write(temporary, getattr(mixture, part), sampling_rate=SAMPLING_RATE)
            temporary.replace(path)
        undo.pop_all()
    return row


def _write_sources(folder: Path, recipes: Recipes, corpus: Corpus) -> None:
    """Write the tables' rows that the recipes use: licence and attribution travel."""
    sources = [corpus.sources[name] for name in manifest.used_sources(recipes)]
    rows = [source.row.columns() | {"pcm_sha256": source.entry.pcm_sha256} for source in sources]
    further = dict.fromkeys(name for row in rows for name in row if name not in COLUMNS)
    fields = [pa.field(name, pa.string()) for name in (*COLUMNS, *further)]
    padded = [{field.name: row.get(field.name, "") for field in fields} for row in rows]
    recipe_table.write_parquet(folder / manifest.SOURCES, padded, fields, recipes.metadata)
