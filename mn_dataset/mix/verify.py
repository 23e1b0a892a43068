"""Prove that a dataset folder is what its recipes say: nothing missing, changed, or extra."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from mn_dataset.audio import io
from mn_dataset.audio.level import CEILING, dbfs, hop_energies, measure, peak
from mn_dataset.errors import AudioError, DatasetError
from mn_dataset.files.lock import LOCK_NAME
from mn_dataset.files.names import inside
from mn_dataset.mix import manifest
from mn_dataset.mix.augment.draw import unexplained
from mn_dataset.mix.card import read_hashes
from mn_dataset.mix.gains import Loudness, Measured, all_snrs_db
from mn_dataset.mix.recipe_rows import to_dict
from mn_dataset.mix.recipes import Recipes, read_recipes
from mn_dataset.mix.scaling import SNR_TOLERANCE_DB, Sums, sums_of
from mn_dataset.mix.validate import refuse_malformed
from mn_dataset.records import SAMPLING_RATE, SNR_DEFINITIONS, Recipe
from mn_dataset.tasks.columns import Ratios
from mn_dataset.tasks.spec import TaskSpec
from mn_dataset.workers import each

Kind = Literal["missing", "changed", "truncated", "extra", "contradiction"]

Row = Mapping[str, Any]
"""A row of the manifest."""


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

    Examples:
        >>> verify("dataset")  # doctest: +SKIP
        []
    """
    root = Path(folder)
    rows = manifest.read_manifest(root)
    recipes = read_recipes(root / manifest.RECIPES)
    refuse_malformed(recipes)
    task = recipes.spec
    faults = [
        *_table_faults(recipes, task, rows),
        *_source_faults(root, rows),
        *_file_faults(root, recipes, task, rows),
    ]
    intents = {recipe.id: recipe for recipe in recipes}
    pieces = ((root, task, intents[row["id"]], row) for row in rows if row["id"] in intents)
    results = each(_mixture_faults, pieces, workers=workers, together=16)
    for done, further in enumerate(results, start=1):
        faults += further
        if progress:
            progress(done, len(rows))
    return [*faults, *_table_changes(root, {fault.file for fault in faults})]


def _table_changes(root: Path, known: Collection[str]) -> Iterator[Fault]:
    """Compare the tables with what the card states of them, where no fault of them is known yet.

    What nothing else repeats, such as a gain or a licence, is proven by this alone.
    """
    for name, stated in read_hashes(root).items():
        if name not in known and (root / name).is_file():
            found = io.file_sha256(root / name)
            if found != stated:
                text = f"its SHA-256 is {found[:12]}…, {manifest.CARD} says {stated[:12]}…"
                yield Fault("changed", name, text)


def _table_faults(recipes: Recipes, task: TaskSpec, rows: Sequence[Row]) -> Iterator[Fault]:
    """Compare the manifest's intent with the recipes, and its ratios with what was asked."""
    intents = {recipe.id: recipe for recipe in recipes}
    rendered = {row["id"]: row for row in rows}
    for name in sorted(intents.keys() ^ rendered.keys()):
        where = "the manifest" if name in intents else "the recipes"
        yield Fault("contradiction", manifest.MANIFEST, f"{name} is not in {where}")
    for name in sorted(intents.keys() & rendered.keys()):
        for text in _contradictions(intents[name], task, rendered[name]):
            yield Fault("contradiction", manifest.MANIFEST, f"{name}: {text}")
    for recipe in (recipe for recipe in recipes if recipe.id in rendered):
        steps = rendered[recipe.id].get(manifest.AUGMENTATION.name)
        reason = unexplained(recipe, task, recipes.augmentation, steps)
        if reason:
            text = f"{recipe.id}: {manifest.AUGMENTATION.name} {reason}"
            yield Fault("contradiction", manifest.MANIFEST, text)


def _contradictions(recipe: Recipe, task: TaskSpec, row: Row) -> Iterator[str]:
    """Say in which columns a row of the manifest is not its recipe's."""
    intent = to_dict(recipe, task)
    if task.named_files is None:  # where "targets" are files
        intent["input_names"], intent["target_names"] = list(recipe.inputs), intent.pop("targets")
    for column, value in intent.items():
        expected = list(value) if isinstance(value, tuple) else value
        if expected != row[column]:
            yield f"{column} is {row[column]!r}, the recipe says {expected!r}"
    ratios: list[Any] = [
        None
        if layer.snr_db is None
        else dict.fromkeys(SNR_DEFINITIONS) | {recipe.snr_definition: layer.snr_db}
        for layer in recipe.layers
    ]
    column = task.ratios.fields[0].name
    intended = {column: task.ratios.values(recipe, ratios)[column]}
    for _, achieved, value in _differences(row, intended):
        yield f"{column}: {achieved} dB achieved, {value:.3f} asked"


def _file_faults(
    root: Path, recipes: Recipes, task: TaskSpec, rows: Sequence[Row]
) -> Iterator[Fault]:
    """Compare the files that are there with those that belong."""
    tables = {manifest.RECIPES, manifest.SOURCES, manifest.MANIFEST, manifest.CARD}
    tables |= {manifest.RESPONSES} if recipes.responses else set()
    expected = tables | {path for row in rows for _, path, _ in manifest.files_of(task, row)}
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if not path.is_dir() and name not in {*expected, LOCK_NAME}:
            yield Fault("extra", name, "no recipe names it; remove it")
    for name in sorted(tables):
        if not (root / name).is_file():
            yield Fault("missing", name, "render again")


def _source_faults(root: Path, rows: Sequence[Row]) -> Iterator[Fault]:
    """Compare the recordings listed with those that the recipes use."""
    if not (root / manifest.SOURCES).is_file():
        return
    listed = [row["id"] for row in manifest.read_sources(root / manifest.SOURCES)]
    used = {layer["source_id"] for row in rows for layer in row["layers"]}
    if sorted(listed) != sorted(used):
        differing = sorted(used.symmetric_difference(listed)) or sorted(listed)
        text = f"{len(listed)} rows for {len(used)} recordings used; see {differing[0]}"
        yield Fault("contradiction", manifest.SOURCES, text)


def _mixture_faults(root: Path, task: TaskSpec, recipe: Recipe, row: Row) -> list[Fault]:
    faults: list[Fault] = []
    waves: dict[str, io.Pcm] = {}
    for name, path, sha256 in manifest.files_of(task, row):
        try:
            file = inside(root, path)
            if not file.is_file():
                faults.append(Fault("missing", path, "render again"))
                continue
            waves[name] = io.read_pcm(file, sampling_rate=row["sampling_rate"])
        except DatasetError as error:
            faults.append(Fault("contradiction", manifest.MANIFEST, str(error)))
            continue
        except AudioError as error:
            kind: Kind = "truncated" if "truncated" in str(error) else "changed"
            faults.append(Fault(kind, path, str(error)))
            continue
        num_samples = len(waves[name])
        if num_samples != row["num_samples"]:
            kind = "truncated" if num_samples < row["num_samples"] else "changed"
            text = f"{num_samples} samples, expected {row['num_samples']}"
            faults.append(Fault(kind, path, text))
        elif io.pcm_sha256(waves[name]) != sha256:
            faults.append(Fault("changed", path, "its samples have another SHA-256"))
    if not faults:
        sums = sums_of(recipe, task)
        paths = {name: path for name, path, _ in manifest.files_of(task, row)}
        wrong = _wrong_sums(waves, sums)
        faults += [Fault("contradiction", paths[name], text) for name, text in wrong]
        faults += _fact_faults(waves, sums, recipe, task, row)
    return faults


def _wrong_sums(waves: Mapping[str, io.Pcm], sums: Sums) -> Iterator[tuple[str, str]]:
    """Say of which files the samples are not the sum that they should be, or clip."""
    for name, numbers in sums.inputs.items():
        parts = _parts(numbers, sums)
        if parts:
            rest = waves[name].astype(np.int32)
            for part in parts:
                rest -= waves[part]
            if rest.any():
                yield name, f"{' − '.join([name, *parts[:-1]])} is not {parts[-1]}"
    for name, samples in waves.items():
        if peak(samples) > CEILING:
            yield name, f"a sample is beyond ±{CEILING}"


def _parts(numbers: Sequence[int], sums: Sums) -> list[str]:
    """Return the files that an input is the sum of, none if some layers of it are in no file."""
    left, parts = set(numbers), []
    for name, layers in {**sums.targets, **sums.kept}.items():
        if left >= set(layers):
            left -= set(layers)
            parts.append(name)
    return [] if left else parts


def _fact_faults(
    waves: Mapping[str, io.Pcm], sums: Sums, recipe: Recipe, task: TaskSpec, row: Row
) -> list[Fault]:
    """Measure the audio again and compare it with what the manifest says was measured.

    A ratio can be measured again where both of its sides are files.
    """
    names = {layers: name for name, layers in sums.parts.items()}
    ratios: list[Ratios | None] = [None] * len(recipe.layers)
    for (name, _), group in sums.groups.items():
        reference = sums.references[name]
        if group != reference and group in names and reference in names:
            above, below = (_measured(waves[names[one]]) for one in (reference, group))
            for number in group:
                ratios[number] = all_snrs_db(above, below)
    facts = dict(task.ratios.values(recipe, ratios))
    facts["peak_dbfs"] = dbfs(max(peak(waves[name]) for name in sums.inputs))
    return [
        Fault(
            "contradiction",
            manifest.MANIFEST,
            f"{recipe.id}: {column} is {stated}, the audio says {value:.6f}",
        )
        for column, stated, value in _differences(row, facts)
    ]


def _measured(samples: io.Pcm) -> Measured:
    hops = hop_energies(samples, sampling_rate=SAMPLING_RATE)
    return Measured(measure(samples), Loudness(hops, SAMPLING_RATE))


def _differences(row: Row, facts: Mapping[str, Any]) -> Iterator[tuple[str, str, float]]:
    """Yield column, number stated and number measured where they differ; None is not known.

    Loudness is stored as measured before rounding to 16 bits: a gate may fall either way.
    """
    for column, fact in facts.items():
        several = isinstance(fact, list)
        pairs = zip(row[column], fact, strict=True) if several else [(row[column], fact)]
        for stated, value in pairs:
            if value is None:
                continue
            number = math.nan if stated is None else stated
            both_undefined = math.isnan(number) and math.isnan(value)
            if not (both_undefined or abs(number - value) <= SNR_TOLERANCE_DB):
                yield column, f"{number:.6f}", value
