"""Say what a task is: everything that one task does differently from another, in one object.

A mixture is a sum of layers in every task. Which layers, inputs and targets there are, how mixtures
are drawn, what tables and cards say of them, and how scores are grouped: a ``TaskSpec`` tells.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from mn_dataset.audio.corpus import Corpus
from mn_dataset.audio.response import Response
from mn_dataset.errors import InputError
from mn_dataset.records import Layer, Recipe, Role
from mn_dataset.tasks.columns import GAINS, RATIOS, Column, FileNames, Measures
from mn_dataset.tasks.facets import Axis, Facet

Wave = NDArray[np.float32]
"""One sound, shape (channels, time)."""

Batch = NDArray[np.float32]
"""Several, shape (batch, channels, time), or with an axis of inputs or targets after the first."""

Beyond = Literal["refused", "start", "silence"]
"""What sounds where a layer has reached the end of its recording: nothing that could be rendered,
the recording from its start (a circular shift), or silence."""

LAYER_FIELDS = tuple(field.name for field in fields(Layer))


@dataclass(frozen=True)
class LayerRole:
    """What a layer can be to a mixture.

    Attributes:
        name: What ``Layer.role`` says.
        table: The table of the corpus that its recordings are in.
        plural: What its recordings are called, such as "clips".
        varied_as: Which layers of an augmentation chain it counts among; None if it is never
            varied.
        also: Other tables that they may be in; ``TaskSpec.tables`` says when.
        beyond: What follows the end of its recordings.
    """

    name: str
    table: Role
    plural: str
    varied_as: Role | None = None
    also: tuple[Role, ...] = ()
    beyond: Beyond = "refused"


@dataclass(frozen=True)
class CardText:
    """What the card of a publication says in a task's own words.

    Attributes:
        name: Of the data, such as "Mixtures of music and noise".
        recipe: Markdown on what a recipe is and promises; "{levels}" stands for the ratios.
        example: Title of a mixture; its columns are filled in by name.
        tags: Under which the Hub lists it, beside those of every publication.
        url: Of the paper whose task it is; "" if there is none.
        cite_as: That paper in one line.
        citation: That paper as BibTeX, and a sentence on what is the paper's.
    """

    name: str
    recipe: str
    example: str
    tags: tuple[str, ...] = ()
    url: str = ""
    cite_as: str = ""
    citation: str = ""


@dataclass(frozen=True)
class Audio:
    """What sounds in one mixture, by name and in the recipe's order: float32 (channels, time).

    Attributes:
        inputs: What is handed to a denoiser.
        targets: What it is to return.
        kept: Further sums that are written beside them.
    """

    inputs: Mapping[str, Wave]
    targets: Mapping[str, Wave]
    kept: Mapping[str, Wave]


@dataclass(frozen=True)
class Drawn:
    """What a task drew, or draws as it is asked for.

    Attributes:
        rows: The recipes, once: those of an iterator are drawn one by one, and what cannot be drawn
            is refused then.
        responses: The room responses that their layers name.
    """

    rows: Iterable[Recipe]
    responses: Sequence[Response] = ()


@dataclass(frozen=True)
class Expectation:
    """What a well-formed recipe holds.

    Attributes:
        column: Of the recipe table.
        expected: What is expected there, for the message.
        holds: Whether it is so.
    """

    column: str
    expected: str
    holds: bool


def unchanged_inputs(batch: Batch, num_targets: int) -> Batch:
    """Return the inputs as estimates: the one of all targets, or several in turn.

    >>> unchanged_inputs(np.zeros((1, 1, 8), np.float32), 2).shape
    (1, 2, 1, 8)
    >>> unchanged_inputs(np.zeros((1, 3, 1, 8), np.float32), 3).shape
    (1, 3, 1, 8)
    """
    inputs = batch[:, np.newaxis] if batch.ndim == 3 else batch
    return inputs[:, np.arange(num_targets) % inputs.shape[1]]


def mixture_and_targets(task: TaskSpec, audio: Audio, sampling_rate: int) -> Mapping[str, Wave]:
    """Return the side information that every task has: the mixture, and the targets as "clean"."""
    del sampling_rate
    return {"clean": task.stack_targets(audio.targets), "mixture": task.stack_inputs(audio.inputs)}


def layers_add_up(recipes: Sequence[Recipe]) -> Sequence[str]:
    """Return what a card says of any task."""
    del recipes
    return ["In 16-bit samples the layers of an input add up to it, exactly."]


def own_layer(layer: Layer) -> Layer:
    """Return a layer as it is: the recipe table stores all of it."""
    return layer


def nothing_further(recipe: Recipe) -> Sequence[Expectation]:
    """Expect of a recipe no more than what holds in every task."""
    del recipe
    return ()


def as_they_come(name: str) -> int:
    """Return what sorts no target before another."""
    del name
    return 0


def none_across(options: Mapping[str, Any]) -> Mapping[str, str]:
    """Return no role: every recording stays in its split."""
    del options
    return {}


@dataclass(frozen=True, kw_only=True)
class TaskSpec:
    """A task. See `mn_dataset.tasks.denoise` for one.

    Attributes:
        name: What people type.
        title: Heading of a dataset's card.
        description: What is asked of a denoiser, in one sentence.
        activity: What it is called in titles, such as "denoising"; the name by default.
        command: Of `mn`, the command that does it to a person's own recordings, if there is one.
        actor: What does it, such as "separator"; also the option of `command` that names one.
        roles: What layers can be.
        facets: The sides of the leaderboard's cells, in the order of its columns.
        clusters: The two kinds of recordings whose sharing makes scores depend on each other.
        draw: Draws recipes: from a corpus, with ``split``, ``seed`` and the options of the task as
            keyword arguments. None if its recipes are made elsewhere.
        tables: Which tables of a corpus are drawn from, by the options; None for those of roles.
        expectations: What a well-formed recipe holds, beside what holds in every task.
        kept: Roles whose layers' sum is written as audio too, under the role's name.
        input_axis: Whether a batch has an axis of inputs after the first.
        target_axis: Whether an estimate has an axis of targets after the first.
        input_names: The inputs, where they are the same in every recipe; () where each recipe names
            its own, or `named_files` tells.
        target_names: The same of the targets along their axis.
        target_order: Returns what sorts the targets of a table by their names; they stand as they
            come where it is equal.
        columns: What the recipe table repeats of the layers, for people.
        layer_fields: Which fields of its layers the recipe table stores.
        complete: Fills in the other fields of a layer.
        named_files: The names of inputs and targets where they are the same in every recipe, and
            every file has columns of its own in the manifest, named after it. None for lists.
        ratios: Columns with the achieved ratios of the layers.
        gains: Columns with the gains of the layers.
        categories: Categories of recordings that a corpus should cover.
        about: Lines of the card on what is promised of the mixtures.
        across_splits: By role, why its recordings are mixed across splits; depends on the options
            of the drawing.
        unchanged: What the row that does nothing estimates, from a batch and the number of targets.
        baseline: What that row is, in words.
        side: What a denoiser may be told of one mixture, by the names of ``DenoiserSpec.needs``.
        metrics: Names of the default metrics; () for those of the suite.
        card_text: What the card of a publication says in the task's own words; None for what can be
            said of any task.
    """

    name: str
    title: str
    description: str
    roles: tuple[LayerRole, ...]
    facets: tuple[Facet, ...]
    clusters: tuple[Axis, Axis]
    draw: Callable[..., Drawn] | None = None
    tables: Callable[[Corpus, Mapping[str, Any]], Collection[Role]] | None = None
    expectations: Callable[[Recipe], Sequence[Expectation]] = nothing_further
    activity: str = ""
    command: str = ""
    actor: str = "denoiser"
    kept: tuple[str, ...] = ()
    input_axis: bool = False
    target_axis: bool = True
    input_names: tuple[str, ...] = ()
    target_names: tuple[str, ...] = ()
    target_order: Callable[[str], Any] = as_they_come
    columns: tuple[Column, ...] = ()
    layer_fields: tuple[str, ...] = LAYER_FIELDS
    complete: Callable[[Layer], Layer] = own_layer
    named_files: FileNames | None = None
    ratios: Measures = RATIOS
    gains: Measures = GAINS
    categories: tuple[str, ...] = ()
    about: Callable[[Sequence[Recipe]], Sequence[str]] = layers_add_up
    across_splits: Callable[[Mapping[str, Any]], Mapping[str, str]] = none_across
    unchanged: Callable[[Batch, int], Batch] = unchanged_inputs
    baseline: str = "the mixture itself"
    side: Callable[[TaskSpec, Audio, int], Mapping[str, Wave]] = mixture_and_targets
    metrics: tuple[str, ...] = ()
    card_text: CardText | None = None

    def __post_init__(self) -> None:
        """Refuse a task whose facets or clusters are no columns.

        Raises:
            InputError: naming the column.
        """
        columns = {column.name for column in self.columns} | {""}
        sides = [(facet.title, facet.column) for facet in self.facets]
        sides += [(axis.title, axis.column) for axis in self.clusters]
        for title, column in sides:
            if column not in columns:
                raise InputError(
                    f"the task {self.name!r}: {title!r} is in the column {column!r}, "
                    "which is not among its columns; add it there"
                )

    def inputs(self, recipe: Recipe) -> tuple[str, ...]:
        """Return the names of a recipe's inputs, in the order in which its layers name them."""
        return recipe.inputs

    def targets(self, recipe: Recipe) -> tuple[str, ...]:
        """Return the names of a recipe's targets."""
        return recipe.targets

    def files(self, recipe: Recipe) -> tuple[str, ...]:
        """Return the names of all that is written as audio, in the order it is written."""
        kept = [name for name in self.kept if any(one.role == name for one in recipe.layers)]
        return (*self.inputs(recipe), *self.targets(recipe), *kept)

    def stack_inputs(self, inputs: Mapping[str, Wave]) -> Wave:
        """Return inputs as one item of a batch: (channels, time), or (inputs, channels, time)."""
        return _stacked(inputs, self.input_axis)

    def stack_targets(self, targets: Mapping[str, Wave]) -> Wave:
        """Return targets as one estimate: (channels, time), or (targets, channels, time)."""
        return _stacked(targets, self.target_axis)

    def split_targets(self, estimate: Wave, names: Sequence[str]) -> dict[str, Wave]:
        """Return one estimate, as ``stack_targets`` has it, by the names of its targets."""
        parts = estimate if self.target_axis else estimate[np.newaxis]
        return dict(zip(names, parts, strict=True))

    def estimate_shape(self, batch: tuple[int, ...], num_targets: int) -> tuple[int, ...]:
        """Return the shape that the estimates of a batch of some shape have."""
        return (batch[0], *([num_targets] if self.target_axis else []), *batch[-2:])

    def layer_role(self, name: str) -> LayerRole | None:
        """Return a role by name, None if the task has none of that name."""
        return next((role for role in self.roles if role.name == name), None)

    def beyond(self, role_name: str) -> Beyond:
        """Return what follows the end of the recordings of a role."""
        role = self.layer_role(role_name)
        return "refused" if role is None else role.beyond


def _stacked(waves: Mapping[str, Wave], axis: bool) -> Wave:
    """Stack waves, or return the only one as it is.

    Raises:
        ValueError: if there are several and no axis for them.
    """
    if axis:
        return np.stack(list(waves.values()))
    if len(waves) != 1:
        raise ValueError(f"there are {len(waves)} signals ({', '.join(waves)}); expected one")
    return next(iter(waves.values()))
