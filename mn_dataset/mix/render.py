"""Render recipes into a dataset folder: in parallel, whole or not at all, resuming a stopped run.

The journal of a folder says which mixtures are finished, so that a rerun does only the others.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import takewhile
from pathlib import Path
from typing import Any

import pyarrow as pa

from mn_dataset.audio import io
from mn_dataset.audio.corpus import Corpus
from mn_dataset.errors import AudioError, DatasetError, InputError, MnError, RecipeError
from mn_dataset.files.atomic import replacements, sweep
from mn_dataset.files.journal import Journal
from mn_dataset.files.lock import contents, locked
from mn_dataset.files.parquet import write_rows
from mn_dataset.mix import manifest
from mn_dataset.mix.augment.apply import require
from mn_dataset.mix.augment.chain import Chain, load_chain
from mn_dataset.mix.card import write_card
from mn_dataset.mix.mixture import Mixture, mix
from mn_dataset.mix.recipes import Recipes, read_recipes, write_recipes
from mn_dataset.mix.scaling import SNR_TOLERANCE_DB
from mn_dataset.mix.source_cache import SourceCache
from mn_dataset.mix.validate import refuse_malformed, refuse_unfitting
from mn_dataset.records import SAMPLING_RATE
from mn_dataset.synthetic.generated import is_generated, recording
from mn_dataset.tables import COLUMNS
from mn_dataset.tasks.drawing import part_of
from mn_dataset.tasks.spec import TaskSpec
from mn_dataset.workers import each

JOURNAL = ".journal.jsonl"
FORMATS = ("wav", "flac")

Facts = dict[str, Mapping[str, Any]]
"""The manifest's measured columns, by recipe id."""

_CHUNK = 16  # recipes handed to a worker, at least: enough of them to share sources


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
        InputError: if another process writes into the folder.
        DatasetError: if the folder holds something else.
        OutputError: if a file cannot be written; finished mixtures stay and are resumed.

    Examples:
        >>> render(recipes, corpus, "dataset")  # doctest: +SKIP
        PosixPath('dataset')
    """
    if audio_format not in FORMATS:
        raise InputError(f"the format is {audio_format!r}; expected one of {', '.join(FORMATS)}")
    recipes = recipes if rows is None else recipes.select(rows)
    recipes = recipes.augmented(None if augment is None else load_chain(augment))
    if recipes.augmentation and recipes.varied:
        require(recipes.augmentation)
    refuse_malformed(recipes)
    corpus = part_of(recipes, corpus)
    if recipes.corpus_hash != corpus.hash and not proven:
        raise RecipeError(
            f"the recipes were drawn from corpus {recipes.corpus!r} {recipes.corpus_hash[:12]}, "
            f"found {corpus.root} {corpus.hash[:12]}; give the same corpus or draw again"
        )
    corpus = with_generated(corpus, recipes, workers=workers)
    refuse_unfitting(recipes, corpus)
    folder = Path(out)
    with locked(folder, command="mn render"):
        is_new = not contents(folder)
        try:
            _open_folder(folder, recipes, audio_format)
            _write_sources(folder, recipes, corpus)
            rendering = _Rendering(folder, recipes.spec, corpus, audio_format)
            facts = rendering.missing(recipes, workers=workers, progress=progress)
            manifest.write_manifest(folder, recipes, rendering.task, facts)
            write_card(folder, recipes, corpus, notes=notes)
            _journal(folder).remove()
        except BaseException:
            if is_new:
                _empty(folder)
            raise
    return folder


@dataclass(frozen=True)
class _Rendering:
    """What it takes to render recipes of one task from one corpus, here or in another process.

    Attributes:
        folder: The dataset.
        task: What the recipes are for; it travels, since other processes may not know its name.
        corpus: What they were drawn from.
        audio_format: "wav" or "flac".
    """

    folder: Path
    task: TaskSpec
    corpus: Corpus
    audio_format: str

    def missing(
        self,
        recipes: Recipes,
        *,
        workers: int,
        progress: Callable[[int, int], None] | None,
    ) -> Facts:
        """Render the recipes that are not finished, and return what was measured of all."""
        facts = self.finished(recipes, workers=workers)
        rest = recipes.part(recipe for recipe in recipes if recipe.id not in facts)
        journal = _journal(self.folder)
        for row in self._rendered(rest, workers):
            journal.append(row)
            facts[row["id"]] = row
            if progress:
                progress(len(facts), len(recipes))
        return facts

    def finished(self, recipes: Recipes, *, workers: int) -> Facts:
        """Return the rows of the mixtures whose files are there and hash as they should."""
        recorded = self._recorded()
        rows = [recorded[recipe.id] for recipe in recipes if recipe.id in recorded]
        rows = [row for row in rows if self._is_of_format(row)]
        pieces = ((self.folder, manifest.files_of(self.task, row)) for row in rows)
        intact = each(_is_intact, pieces, workers=workers, together=_CHUNK)
        return {row["id"]: row for row, is_intact in zip(rows, intact, strict=True) if is_intact}

    def _recorded(self) -> Facts:
        """Return what journal and manifest say was rendered."""
        recorded: Facts = {row["id"]: row for row in _journal(self.folder).entries()}
        if (self.folder / manifest.MANIFEST).is_file():
            names = {"id", *(field.name for field in manifest.fact_fields(self.task))}
            names.add(manifest.AUGMENTATION.name)
            for row in manifest.read_manifest(self.folder):
                recorded[row["id"]] = {name: row[name] for name in row if name in names}
        return recorded

    def _is_of_format(self, row: Mapping[str, Any]) -> bool:
        suffix = f".{self.audio_format}"
        return all(path.endswith(suffix) for _, path, _ in manifest.files_of(self.task, row))

    def _rendered(self, recipes: Recipes, workers: int) -> Iterator[dict[str, Any]]:
        if workers == 1 or len(recipes) <= _CHUNK:
            yield from self.rows(recipes)
            return
        size = min(max(_CHUNK, len(recipes) // (4 * workers)), 4 * _CHUNK)
        errors: list[MnError] = []
        starts = takewhile(lambda _: not errors, range(0, len(recipes), size))
        chunks = (recipes.part(recipes[start : start + size]) for start in starts)
        pieces = ((self._only(chunk), chunk) for chunk in chunks)
        for rows, error in each(_render_chunk, pieces, workers=workers, ordered=False):
            yield from rows
            errors += [error] if error else []
        if errors:
            raise errors[0]

    def _only(self, recipes: Recipes) -> _Rendering:
        """Return the same with the recordings of some recipes, quick to hand to a process."""
        return replace(self, corpus=self.corpus.only(set(manifest.used_sources(recipes))))

    def rows(self, recipes: Recipes) -> Iterator[dict[str, Any]]:
        """Render recipes in this process, and yield what was measured of each."""
        sources = SourceCache(self.corpus, recipes.responses)
        for recipe in recipes:
            yield self._written(mix(recipe, sources, task=self.task, chain=recipes.augmentation))

    def _written(self, mixture: Mixture) -> dict[str, Any]:
        """Write the files of a mixture, all or none of them."""
        row = manifest.facts(mixture, self.task, self.audio_format)
        _refuse_contradiction(mixture, row, self.task)
        write = io.write_wav if self.audio_format == "wav" else io.write_flac
        paths = [self.folder / path for _, path, _ in manifest.files_of(self.task, row)]
        with replacements(paths, durable=False) as temporaries:
            for temporary, samples in zip(temporaries, mixture.files.values(), strict=True):
                write(temporary, samples, sampling_rate=SAMPLING_RATE)
        return row


def with_generated(corpus: Corpus, recipes: Recipes, *, workers: int = 1) -> Corpus:
    """Return a corpus with the generated noises that recipes name, as if it had them.

    Raises:
        RecipeError: if one of them cannot be generated.
    """
    names = [name for name in manifest.used_sources(recipes) if is_generated(name)]
    made = each(recording, ((name,) for name in names), workers=workers, together=_CHUNK)
    return replace(corpus, sources=corpus.sources | dict(zip(names, made, strict=True)))


def _refuse_contradiction(mixture: Mixture, row: Mapping[str, Any], task: TaskSpec) -> None:
    """Refuse a gain that was given and makes another ratio than the recipe is labelled with.

    Raises:
        RecipeError: naming both ratios.
    """
    recipe, achieved = mixture.recipe, row[task.ratios.fields[0].name]
    labelled = dict(recipe.labels).get("snr_db")
    if mixture.augmentation or labelled is None or not isinstance(achieved, float):
        return
    if abs(achieved - float(labelled)) > SNR_TOLERANCE_DB:
        raise RecipeError(
            f"recipe {recipe.id!r}: snr_db is {labelled:g}, and the gains of its layers make "
            f"{achieved:.3f} dB; give the noise layer that ratio, or draw the recipe again"
        )


def _render_chunk(
    rendering: _Rendering, recipes: Recipes
) -> tuple[list[dict[str, Any]], MnError | None]:
    """Return what was measured of the mixtures that were written, and why it stopped before all."""
    rows: list[dict[str, Any]] = []
    try:
        rows.extend(rendering.rows(recipes))
    except MnError as error:
        return rows, error
    return rows, None


def _is_intact(folder: Path, files: Sequence[tuple[str, str, str]]) -> bool:
    try:
        return all(
            io.pcm_sha256(io.read_pcm(folder / path, sampling_rate=SAMPLING_RATE)) == sha256
            for _, path, sha256 in files
        )
    except AudioError:
        return False


def _journal(folder: Path) -> Journal[Mapping[str, Any]]:
    return Journal(folder / JOURNAL, decode=_decoded, encode=dict)


def _decoded(row: Any) -> Mapping[str, Any]:
    if not isinstance(row, dict) or "id" not in row:
        raise ValueError("it is no row of a manifest")
    return row


def _open_folder(folder: Path, recipes: Recipes, audio_format: str) -> None:
    """Write the recipes into an empty folder, or check that one holds the same."""
    sweep(folder)
    if not contents(folder):
        write_recipes(folder / manifest.RECIPES, recipes)
        return
    if not (folder / manifest.RECIPES).is_file():
        raise DatasetError(f"{folder}: exists and is not a dataset; choose another folder")
    if read_recipes(folder / manifest.RECIPES) != recipes:
        raise DatasetError(
            f"{folder}: holds a dataset of other recipes; choose another folder or remove it"
        )
    suffixes = {path.suffix for path in (folder / manifest.AUDIO).glob("*/*")} - {".tmp"}
    if suffixes - {f".{audio_format}"}:
        raise DatasetError(
            f"{folder}: its audio is {', '.join(sorted(suffixes))}, not {audio_format}; render "
            "in its format, or choose another folder"
        )


def _empty(folder: Path) -> None:
    """Remove what was put into a folder, unless a mixture is finished or something cannot go.

    The recipes go last: with them a rerun takes up whatever stays.
    """
    recipes = folder / manifest.RECIPES
    with suppress(InputError):  # it cannot be looked into
        if any(_journal(folder).entries()):
            return
        for path in contents(folder):
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            elif path != recipes:
                path.unlink(missing_ok=True)
        if contents(folder) == [recipes]:
            recipes.unlink()


def _write_sources(folder: Path, recipes: Recipes, corpus: Corpus) -> None:
    """Write the tables' rows that the recipes use: licence and attribution travel."""
    sources = [corpus.sources[name] for name in manifest.used_sources(recipes)]
    rows = [source.row.columns() | {"pcm_sha256": source.entry.pcm_sha256} for source in sources]
    further = dict.fromkeys(name for row in rows for name in row if name not in COLUMNS)
    names = (*COLUMNS, *further)
    padded = [{name: row.get(name, "") for name in names} for row in rows]
    fields = [pa.field(name, pa.string()) for name in names]
    write_rows(folder / manifest.SOURCES, padded, pa.schema(fields, metadata=recipes.metadata))
