"""Write and read recipes: the table of what is to be mixed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa

from mn_dataset.audio.response import RESPONSES_FILE, Response, read_responses, write_responses
from mn_dataset.errors import InputError, RecipeError, suggestion
from mn_dataset.files.cells import refuse_misfit
from mn_dataset.files.parquet import facts, opened, read_table, write_rows
from mn_dataset.mix.augment import chain as chains
from mn_dataset.mix.augment.chain import Chain
from mn_dataset.mix.augment.draw import AUGMENTED_SPLIT
from mn_dataset.mix.limits import RECIPE
from mn_dataset.records import Layer, Recipe
from mn_dataset.tasks.registry import task_of
from mn_dataset.tasks.spec import TaskSpec

GENERATOR_VERSION = "1"
"""Raised when the same arguments would draw or render something else."""

RECIPES_FILE = "recipes.parquet"
"""Name of the table in a dataset folder."""

AUGMENTATION = "augmentation"
"""Where the chain of augmented recipes stands in the file's metadata; plain ones have none."""

_LAYER_TYPES = {
    "role": pa.string(),
    "source_id": pa.string(),
    "start": pa.int64(),
    "fade": pa.int64(),
    "gain": pa.float64(),
    "snr_db": pa.float64(),
    "response": pa.string(),
    "delay": pa.int64(),
    "input": pa.string(),
    "target": pa.string(),
}
_FIELDS = ("id", "task", "split", "seed", "num_samples", "sampling_rate", "layers", "targets")
_TASK = pa.field("task", pa.string())
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
        unknown = [name for name in names if name not in by_name]
        if unknown:
            raise RecipeError(
                f"no recipe {unknown[0]!r}; expected an id such as {self.rows[0].id!r}, "
                f"or a number from 0 to {len(self) - 1}"
            )
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


def recipe_fields(task: TaskSpec) -> list[pa.Field]:
    """Return the columns of a task's recipe table."""
    layer = pa.struct([(name, _LAYER_TYPES[name]) for name in task.layer_fields])
    return [
        pa.field("id", pa.string()),
        pa.field("task", pa.string()),
        pa.field("split", pa.string()),
        pa.field("seed", pa.int64()),
        pa.field("num_samples", pa.int64()),
        pa.field("sampling_rate", pa.int32()),
        pa.field("layers", pa.list_(pa.field("element", layer))),
        pa.field("targets", pa.list_(pa.field("element", pa.string()))),
        *(pa.field(column.name, column.type) for column in task.columns),
    ]


def to_dict(recipe: Recipe, task: TaskSpec) -> dict[str, Any]:
    """Return a recipe as a row of the table: its fields and the flat view of its layers."""
    row: dict[str, Any] = {name: getattr(recipe, name) for name in _FIELDS}
    row["layers"] = [
        {name: getattr(layer, name) for name in task.layer_fields} for layer in recipe.layers
    ]
    return row | {column.name: column.value(recipe) for column in task.columns}


def from_dict(row: dict[str, Any], task: TaskSpec) -> Recipe:
    """Return the recipe of a row; its layers and labels are the truth, the rest is ignored."""
    fields = {name: row[name] for name in _FIELDS}
    fields["layers"] = tuple(
        task.complete(Layer(**{name: layer[name] for name in task.layer_fields}))
        for layer in row["layers"]
    )
    fields["targets"] = tuple(row["targets"])
    labels = tuple((facet.column, row[facet.column]) for facet in task.facets)
    return Recipe(**fields, snr_definition=row.get("snr_definition", "power"), labels=labels)


def write_recipes(path: Path, recipes: Recipes) -> None:
    """Write a recipe table, and the responses that it names beside it.

    The bytes depend on the recipes alone.

    Raises:
        OutputError: if a file cannot be written.
    """
    task = recipes.spec
    if recipes.responses:
        write_responses(responses_path(path), recipes.responses)
    rows = [to_dict(recipe, task) for recipe in recipes]
    schema = pa.schema(recipe_fields(task), metadata=recipes.metadata)
    write_rows(path, rows, schema, checksums=True)


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


def read_recipes(path: Path) -> Recipes:
    """Read a recipe table, in the order of the ids whatever the order of the rows.

    Raises:
        InputError: if the file is missing or not a recipe table, or lacks responses that it names.
    """
    table = read_table(path, cure="draw the recipes again")
    metadata = facts(table.schema)
    absent = sorted({*_METADATA, "task"} - {*metadata, *table.column_names})
    if not absent:
        _refuse_misfit(table, [_TASK], path)
        task = task_of(table["task"].to_pylist(), where=path, error=RecipeError)
        columns = {field.name for field in recipe_fields(task)}
        absent = sorted(columns - set(table.column_names))
    if absent:
        raise RecipeError(f"{path}: lacks {', '.join(absent)}; expected a table of `mn draw`")
    _refuse_misfit(table, recipe_fields(task), path)
    rows = sorted(_consistent(table, task, path), key=lambda one: one.id)
    repeated = [one.id for one, other in pairwise(rows) if one.id == other.id]
    if repeated:
        raise RecipeError(f"{path}: the recipe {repeated[0]!r} stands there twice; ids are unique")
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


def _refuse_misfit(table: pa.Table, fields: Sequence[pa.Field], path: Path) -> None:
    cure = "expected a table of `mn draw`: draw the recipes again"
    refuse_misfit(table, fields, RECIPE, where=path, cure=cure, error=RecipeError)


def _consistent(table: pa.Table, task: TaskSpec, path: Path) -> Iterator[Recipe]:
    """Yield the recipes of a table whose columns for people say what its layers say."""
    for number, row in enumerate(table.to_pylist(), start=1):
        recipe = from_dict(row, task)
        for column in task.columns:
            try:
                told = column.value(recipe)
            except (LookupError, StopIteration, ValueError) as error:
                raise RecipeError(
                    f"{path}: row {number}: the layers of {recipe.id!r} do not tell its "
                    f"{column.name}; draw the recipes again"
                ) from error
            if told != row[column.name]:
                raise RecipeError(
                    f"{path}: row {number}: the column {column.name!r} of {recipe.id!r} is "
                    f"{row[column.name]!r}, its layers say {told!r}; draw the recipes again"
                )
        yield recipe


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
