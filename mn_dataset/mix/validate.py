"""Refuse recipes that cannot be rendered as they stand, before anything is written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from mn_dataset.audio.corpus import Corpus, Source
from mn_dataset.errors import RecipeError, UnknownName
from mn_dataset.mix.recipes import Recipes
from mn_dataset.records import SAMPLING_RATE, SNR_DEFINITIONS, SPLITS, Layer, Recipe
from mn_dataset.tasks import registry
from mn_dataset.tasks.spec import Beyond, Expectation, TaskSpec

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def refuse_malformed(recipes: Iterable[Recipe]) -> None:
    """Refuse recipes that no corpus could satisfy; ids become file names and are kept inside.

    Raises:
        RecipeError: naming recipe and column.
    """
    tasks = registry.names()
    for recipe in recipes:
        for one in _expectations(recipe, tasks):
            if not one.holds:
                labels = dict(recipe.labels)
                value = labels[one.column] if one.column in labels else getattr(recipe, one.column)
                raise RecipeError(
                    f"recipe {recipe.id!r}: {one.column} is {value!r}; expected {one.expected}"
                )


def refuse_unfitting(recipes: Recipes, corpus: Corpus) -> None:
    """Refuse recipes whose layers are not in the corpus, or sound through no known response.

    Raises:
        RecipeError: naming recipe, recording and sample.
        UnknownName: if there is no such response.
    """
    tables = {role.name: (role.table, *role.also) for role in recipes.spec.roles}
    beyond = {role.name: role.beyond for role in recipes.spec.roles}
    responses = {response.name for response in recipes.responses}
    for recipe in recipes:
        for layer in recipe.layers:
            source = corpus.sources.get(layer.source_id)
            if source is None or source.role not in tables[layer.role]:
                raise RecipeError(
                    f"recipe {recipe.id!r}: the corpus has no {' or '.join(tables[layer.role])} "
                    f"{layer.source_id!r}; draw the recipes again"
                )
            if layer.response is not None and layer.response not in responses:
                raise UnknownName("response", layer.response, responses)
            if not _fits(layer, source, recipe.num_samples, beyond[layer.role]):
                raise RecipeError(
                    f"recipe {recipe.id!r}: {recipe.num_samples} samples from {layer.start} with "
                    f"a fade of {layer.fade} leave {layer.source_id!r}, which has "
                    f"{source.entry.frames}; draw the recipes again"
                )


def _expectations(recipe: Recipe, tasks: Sequence[str]) -> Iterator[Expectation]:
    """Yield what holds in every task, then what its own task expects."""
    prefix, _, name = recipe.id.partition("/")
    named = prefix == recipe.split and bool(_NAME.fullmatch(name))
    yield Expectation("split", f"one of {', '.join(SPLITS)}", recipe.split in SPLITS)
    yield Expectation("id", f"{recipe.split}/NAME", named)
    yield Expectation("task", f"one of {', '.join(tasks)}", recipe.task in tasks)
    yield Expectation("sampling_rate", str(SAMPLING_RATE), recipe.sampling_rate == SAMPLING_RATE)
    yield Expectation("num_samples", "1 or more", recipe.num_samples > 0)
    yield Expectation(
        "snr_definition",
        f"one of {', '.join(SNR_DEFINITIONS)}",
        recipe.snr_definition in SNR_DEFINITIONS,
    )
    task = registry.find(recipe.task)
    yield from task.expectations(recipe)
    yield from _sums(recipe, task)


def _sums(recipe: Recipe, task: TaskSpec) -> Iterator[Expectation]:
    """Yield what the sums of layers need: names that can be files', a reference for every ratio."""
    files = task.files(recipe)
    roles = {role.name for role in task.roles}
    distinct = len(set(files)) == len(files) and all(map(_NAME.fullmatch, files))
    parts = {layer.target for layer in recipe.layers} - {None}
    yield Expectation("inputs", "one or more", bool(recipe.inputs))
    yield Expectation("inputs", "names of files that differ from each other and targets", distinct)
    yield Expectation("targets", "those of the layers", parts == set(recipe.targets))
    yield Expectation(
        "layers",
        f"each of a role among {', '.join(sorted(roles))}, with a gain or a ratio, in an input or "
        "a target",
        all(_is_meant(layer, roles, recipe.num_samples) for layer in recipe.layers),
    )
    references = {layer.input: layer.role for layer in reversed(recipe.layers)}
    yield Expectation(
        "layers",
        "the first role of an input with a gain: the ratios of the others are to it; layers of one "
        "role with one ratio",
        all(
            layer.snr_db is None or references[layer.input] != layer.role for layer in recipe.layers
        )
        and all(len(ratios) == 1 for ratios in _ratios(recipe).values()),
    )


def _is_meant(layer: Layer, roles: set[str], num_samples: int) -> bool:
    if layer.snr_db is None:
        scaled = layer.gain is not None
    else:
        scaled = layer.gain is None or layer.gain > 0
    is_used = layer.input is not None or (layer.target is not None and layer.gain is not None)
    return layer.role in roles and scaled and is_used and 0 <= layer.delay < num_samples


def _ratios(recipe: Recipe) -> dict[tuple[str | None, str], set[float | None]]:
    """Return the ratios of the layers of each role in each input."""
    ratios: dict[tuple[str | None, str], set[float | None]] = {}
    for layer in recipe.layers:
        ratios.setdefault((layer.input, layer.role), set()).add(layer.snr_db)
    return ratios


def _fits(layer: Layer, source: Source, num_samples: int, beyond: Beyond) -> bool:
    frames = source.entry.frames
    if layer.fade:
        return frames >= 2 * layer.fade > 0 and 0 <= layer.start < frames - layer.fade
    if beyond == "silence":
        return 0 <= layer.start < frames
    if beyond == "start":
        return 0 <= layer.start < frames and num_samples <= frames
    return 0 <= layer.start <= frames - num_samples
