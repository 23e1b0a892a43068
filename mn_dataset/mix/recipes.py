"""Write and read recipes: the table of what is to be mixed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from mn_dataset.audio.response import RESPONSES_FILE, Response, read_responses, write_responses
from mn_dataset.errors import InputError, RecipeError, suggestion
from mn_dataset.files.parquet import facts, opened, writer
from mn_dataset.mix.augment import chain as chains
from mn_dataset.mix.augment.chain import Chain
from mn_dataset.mix.augment.draw import AUGMENTED_SPLIT
from mn_dataset.mix.recipe_rows import (
    TOGETHER,
    keys_of,
    numbers_of,
    order_of,
    recipe_fields,
    rows_of,
    to_batch,
    unknown,
)
from mn_dataset.records import Recipe
from mn_dataset.tasks.registry import task_of
from mn_dataset.tasks.spec import TaskSpec

GENERATOR_VERSION = "1"
"""Raised when the same arguments would draw or render something else."""

RECIPES_FILE = "recipes.parquet"
"""Name of the table in a dataset folder."""

AUGMENTATION = "augmentation"
"""Where the chain of augmented recipes stands in the file's metadata; plain ones have none."""

_METADATA = ("corpus", "corpus_hash", "generator_version", "dataset_version")


@dataclass(frozen=True)
class Recipes(Sequence[Recipe]):
    """Recipes in the order of their ids, and the corpus that they name.

    Attributes:
        rows: The recipes.
        corpus: Name of the corpus.
        corpus_hash: Its hash, over ids and PCM.
        generator_version: Of the code that drew them.
        dataset_version: Of the data, apart from the code's.
        augmentation: How the layers of the train recipes are varied; None leaves them as they
            are. Augmented recipes promise equal samples on one machine with one set of versions.
        responses: The room responses that layers name, in the order of their names.
    """

    rows: tuple[Recipe, ...]
    corpus: str
    corpus_hash: str
    generator_version: str = GENERATOR_VERSION
    dataset_version: str = "1.0.0"
    augmentation: Chain | None = None
    responses: tuple[Response, ...] = ()

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: Any) -> Any:
        return self.rows[index]

    def __iter__(self) -> Iterator[Recipe]:
        return iter(self.rows)

    @property
    def spec(self) -> TaskSpec:
        """The task that they are of.

        Raises:
            RecipeError: if there is none, or they are of several.
        """
        names = (recipe.task for recipe in self.rows)
        return task_of(names, where=f"recipes of {self.corpus}", error=RecipeError)

    @property
    def metadata(self) -> dict[str, str]:
        """What stands in the metadata of the file."""
        metadata = {name: getattr(self, name) for name in _METADATA}
        return metadata | ({AUGMENTATION: self.augmentation.text} if self.augmentation else {})

    @property
    def varied(self) -> bool:
        """Whether a chain applies to any of the recipes."""
        splits = {recipe.split for recipe in self.rows}
        return self.augmentation is not None and AUGMENTED_SPLIT in splits

    def augmented(self, chain: Chain | None) -> Recipes:
        """Return the recipes with a chain for their train mixtures; None keeps what they carry.

        Raises:
            RecipeError: if none is of the split ``train``, or they carry another chain, or are of
                a task whose layers are never varied.
        """
        if chain is None:
            return self
        task = self.spec
        if not any(role.varied_as for role in task.roles):
            raise RecipeError(f"layers of the task {task.name!r} are not augmented; give no chain")
        if self.augmentation not in (None, chain):
            raise RecipeError(
                "the recipes carry another augmentation; give none, or recipes drawn anew"
            )
        splits = sorted({recipe.split for recipe in self.rows})
        if AUGMENTED_SPLIT not in splits:
            raise RecipeError(
                f"the recipes are of {', '.join(splits)}; augmentation is for the split "
                f"{AUGMENTED_SPLIT!r} alone, since what is validated and tested stays as it was "
                "recorded: draw train recipes, or give no chain"
            )
        return replace(self, augmentation=chain)

    def select(self, names: Sequence[str]) -> Recipes:
        """Keep the recipes named by id, or by their number in the table.

        Raises:
            RecipeError: if there is no such recipe.
        """
        by_name = {recipe.id: recipe for recipe in self.rows}
        by_name |= {str(number): recipe for number, recipe in enumerate(self.rows)}
        lacking = [name for name in names if name not in by_name]
        if lacking:
            raise unknown(lacking[0], self.rows[0].id, len(self))
        if not names:
            raise RecipeError("no recipe was named; give ids or numbers, or None for all")
        kept = {by_name[name].id: by_name[name] for name in names}
        return self.part([kept[name] for name in sorted(kept)])

    def part(self, rows: Iterable[Recipe]) -> Recipes:
        """Return some of the recipes, with the responses that they name."""
        rows = tuple(rows)
        names = {layer.response for recipe in rows for layer in recipe.layers}
        responses = tuple(response for response in self.responses if response.name in names)
        return replace(self, rows=rows, responses=responses)


def write_recipes(path: Path, recipes: Recipes) -> None:
    """Write a recipe table, and the responses that it names beside it.

    The bytes depend on the recipes alone.

    Raises:
        RecipeError: if there are none, or they are of several tasks.
        OutputError: if a file cannot be written.
    """
    write_stream(path, recipes, recipes.spec, like=recipes)


def write_stream(path: Path, rows: Iterable[Recipe], task: TaskSpec, *, like: Recipes) -> int:
    """Write a recipe table of what is drawn meanwhile, some thousands of recipes in memory at once.

    Args:
        path: The table.
        rows: The recipes.
        task: The task that they are of.
        like: Their corpus, versions, chain and responses; the recipes in it are left out.

    Returns:
        How many there were.

    Raises:
        RecipeError: if there are none.
        OutputError: if a file cannot be written.
    """
    if like.responses:
        write_responses(responses_path(path), like.responses)
    schema = pa.schema(recipe_fields(task), metadata=like.metadata)
    count, left = 0, iter(rows)
    with writer(path, schema, options={"write_page_checksum": True}) as file:
        while some := list(islice(left, TOGETHER)):
            file.write_batch(to_batch(some, task, schema))
            count += len(some)
        if not count:
            raise RecipeError(f"{path}: there is no recipe to write; expected one or more")
    return count


def is_recipes(path: Path) -> bool:
    """Tell whether a file is a table of recipes, or one of responses beside it."""
    try:
        with opened(path) as file:
            schema = file.schema_arrow
    except InputError:
        return False
    names = set(schema.names)
    drawn = set(_METADATA) <= {*facts(schema)} and "layers" in names and "mix_gain" not in names
    return drawn or {"taps", "scale"} <= names


def read_recipes(path: Path, names: Sequence[str] | None = None) -> Recipes:
    """Read a recipe table, or some of it, in the order of the ids whatever that of the rows.

    Of the whole table the columns and their types, the metadata, the one task and the ids are
    looked at, and no id may stand there twice. Cells are compared with their limits, and columns
    with the layers, in what is read: of some recipes in the row groups that hold them. Whether they
    can be rendered is asked by `mn_dataset.mix.validate`.

    Args:
        path: The table.
        names: Ids, or numbers in the order of the ids; None reads all.

    Raises:
        InputError: if the file is missing or not a recipe table, lacks responses that it names, or
            has no recipe of a name.
    """
    with opened(path, cure="draw the recipes again") as file:
        metadata = facts(file.schema_arrow)
        task, ids = keys_of(file, _METADATA, path)
        order = order_of(ids, path)
        chosen = order if names is None else numbers_of(names, ids, order)
        rows = sorted(rows_of(file, np.sort(chosen), task, path), key=lambda one: one.id)
    chain = None
    if AUGMENTATION in metadata:
        chain = chains.from_text(metadata[AUGMENTATION], where=f"{path}: metadata")
    return Recipes(
        rows=tuple(rows),
        corpus=metadata["corpus"],
        corpus_hash=metadata["corpus_hash"],
        generator_version=metadata["generator_version"],
        dataset_version=metadata["dataset_version"],
        augmentation=chain,
        responses=_responses(path, rows),
    )


def responses_path(path: Path) -> Path:
    """Return where the responses of a recipe table stand.

    >>> responses_path(Path("out/recipes.parquet")), responses_path(Path("test.parquet"))
    (PosixPath('out/responses.parquet'), PosixPath('test.responses.parquet'))
    """
    if path.name == RECIPES_FILE:
        return path.with_name(RESPONSES_FILE)
    return path.with_name(f"{path.stem}.{RESPONSES_FILE}")


def _responses(path: Path, rows: Iterable[Recipe]) -> tuple[Response, ...]:
    """Read the responses that recipes name.

    Raises:
        RecipeError: if one is not in their table.
    """
    names = {layer.response for recipe in rows for layer in recipe.layers} - {None}
    if not names:
        return ()
    table = responses_path(path)
    responses = read_responses(table)
    for name in sorted(map(str, names)):
        if name not in responses:
            raise RecipeError(
                f"{table}: has no response {name!r}, which {path.name} names"
                f"{suggestion(name, responses)} Draw the recipes again."
            )
    return tuple(response for name, response in responses.items() if name in names)
