"""Draw the recipes of a task: intent alone, from a corpus's tables and index."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from mn_dataset.audio.corpus import Corpus
from mn_dataset.errors import InputError, suggestion
from mn_dataset.mix.recipes import Recipes, write_stream
from mn_dataset.tasks import registry
from mn_dataset.tasks.drawing import part_for
from mn_dataset.tasks.spec import Drawn, TaskSpec

_SEEDS = 2**63  # what a signed 64-bit column holds
_COMMON = ("split", "seed")


def draw(
    corpus: Corpus,
    *,
    task: str = "denoise",
    split: str | Sequence[str] | None = None,
    seed: int = 0,
    dataset_version: str = "1.0.0",
    **options: Any,
) -> Recipes:
    """Draw recipes for a task.

    Args:
        corpus: The corpus; no audio is opened.
        task: The name of a task.
        split: One split, several, or None for every split that the corpus has.
        seed: Of every choice.
        dataset_version: SemVer of the data that will be rendered.
        options: Of the task. The task ``denoise`` has ``snr_db``, ``snr_definition``, ``per_cell``,
            ``count``, ``seconds`` and ``preset``: see `mn_dataset.tasks.denoise.draw`.

    Returns:
        The recipes, by id.

    Raises:
        RecipeError: if something cannot be drawn, naming it and the reason.
        UnknownName: if there is no such task.
        InputError: if an argument makes no sense, or is none of the task's.

    Examples:
        >>> recipes = draw(
        ...     corpus, split="test", snr_db=(0, 5), count=6, seconds=1
        ... )  # doctest: +SKIP
        >>> len(recipes)  # doctest: +SKIP
        6
    """
    _, drawn, like = _drawn(
        corpus, task, options, split=split, seed=seed, dataset_version=dataset_version
    )
    return replace(like, rows=tuple(sorted(drawn.rows, key=lambda recipe: recipe.id)))


def draw_table(
    corpus: Corpus,
    path: Path,
    *,
    task: str = "denoise",
    split: str | Sequence[str] | None = None,
    seed: int = 0,
    dataset_version: str = "1.0.0",
    **options: Any,
) -> int:
    """Draw recipes into a table, of which some thousands are in memory at once; see ``draw``.

    The table is the one that ``write_recipes`` makes of them: of up to a million recipes in a
    split the rows stand in the order of the ids, of more in that of their numbers.

    Args:
        corpus: The corpus; no audio is opened.
        path: The table. What stands there is replaced once all recipes are drawn.
        task: The name of a task.
        split: One split, several, or None for every split that the corpus has.
        seed: Of every choice.
        dataset_version: SemVer of the data that will be rendered.
        options: Of the task.

    Returns:
        How many recipes were drawn.

    Raises:
        InputError: as ``draw`` does.
        OutputError: if a file cannot be written.

    >>> draw_table(corpus, Path("test.parquet"), split="test", count=6)  # doctest: +SKIP
    6
    """
    spec, drawn, like = _drawn(
        corpus, task, options, split=split, seed=seed, dataset_version=dataset_version
    )
    rows = drawn.rows
    if not isinstance(rows, Iterator):
        rows = sorted(rows, key=lambda recipe: recipe.id)
    return write_stream(path, rows, spec, like=like)


def _drawn(
    corpus: Corpus,
    task: str,
    options: Mapping[str, Any],
    *,
    split: str | Sequence[str] | None,
    seed: int,
    dataset_version: str,
) -> tuple[TaskSpec, Drawn, Recipes]:
    """Return a task, what it draws, and recipes without rows that say what these are of."""
    if not -_SEEDS <= seed < _SEEDS:
        raise InputError(f"seed is {seed}; expected a number that fits in 64 bits")
    spec = registry.find(task)
    corpus = part_for(spec, corpus, options)
    draw_task = _drawing(spec, options)
    drawn = draw_task(corpus, split=split, seed=seed, **options)
    like = Recipes(
        (),
        corpus.name,
        corpus.hash,
        dataset_version=dataset_version,
        responses=tuple(sorted(drawn.responses, key=lambda response: response.name)),
    )
    return spec, drawn, like


def drawing_options(task: TaskSpec) -> list[str]:
    """Return the options of a task's drawing; none if nothing draws its recipes."""
    if task.draw is None:
        return []
    parameters = inspect.signature(task.draw).parameters.values()
    names = [one.name for one in parameters if one.kind is one.KEYWORD_ONLY]
    return [name for name in names if name not in _COMMON]


def _drawing(task: TaskSpec, options: Mapping[str, Any]) -> Callable[..., Drawn]:
    """Return what draws a task, after a look at its options.

    Raises:
        InputError: if nothing does, or naming the first option that it does not have.
    """
    if task.draw is None:
        raise InputError(
            f"recipes of the task {task.name!r} are not drawn; make them in another way, and "
            "render their table"
        )
    names = drawing_options(task)
    for name in options:
        if name not in names:
            raise InputError(
                f"the task {task.name!r} is drawn without `{name}`{suggestion(name, names)} "
                f"Its options: {', '.join(names) or 'none'}."
            )
    return task.draw
