"""Draw which transforms a layer of a recipe passes, and write and read them as text.

The choice comes from the recipe's own stream alone: it is the same in any order, any number of
processes, and again tomorrow. An epoch of training beyond the first has a stream of its own.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from mn_dataset import seeds
from mn_dataset.files.json_text import parse
from mn_dataset.mix.augment.chain import Chain
from mn_dataset.mix.augment.transforms import Parameters
from mn_dataset.records import Recipe, Role
from mn_dataset.tasks.spec import TaskSpec

AUGMENTED_SPLIT = "train"
"""What is validated and tested stays as it was recorded."""

FIT = "fit"
"""The step that lowers a layer which its transforms drove over full scale."""


@dataclass(frozen=True)
class Step:
    """One transform of one layer, with its numbers.

    Attributes:
        layer: The role of the layer.
        transform: A name of the chain, or ``FIT``.
        parameters: Its numbers, units in their names.
    """

    layer: str
    transform: str
    parameters: Parameters


def choose(
    recipe: Recipe, role: str, chain: Chain, *, kind: Role | None = None, epoch: int = 0
) -> tuple[Step, ...]:
    """Draw which transforms a layer passes, and with which numbers.

    Args:
        recipe: Its seed and id name the stream.
        role: Of the layer.
        chain: What may be drawn.
        kind: Which layers of the chain it counts among; as its role says by default.
        epoch: Of training; 0 is what rendered files hold.

    Returns:
        The steps in order; none unless the recipe is of the split ``train``.
    """
    if recipe.split != AUGMENTED_SPLIT:
        return ()
    stream = seeds.generator(recipe.seed, "augment", f"{recipe.id} {role} {epoch}")
    steps = []
    for name, transform in chain.transforms.items():
        # Drawn whether used or not: another probability leaves the other transforms' numbers.
        chance, parameters = stream.uniform(), transform.draw(stream)
        if (kind or role) in transform.layers and chance < transform.probability:
            steps.append(Step(role, name, parameters))
    return tuple(steps)


def to_text(steps: Iterable[Step]) -> str:
    """Return steps as the text of the manifest's column ``augmentation``.

    >>> to_text([Step("clean", "gain", {"gain_db": -3.5})])
    '[{"layer": "clean", "transform": "gain", "parameters": {"gain_db": -3.5}}]'
    """
    return json.dumps([asdict(step) for step in steps])


def from_text(text: str) -> tuple[Step, ...]:
    """Return the steps of the manifest's text.

    Raises:
        ValueError: if it is no list of steps.
    """
    try:
        return tuple(Step(**step) for step in parse(text))
    except TypeError as error:
        raise ValueError(f"{text!r} is no list of steps") from error


def unexplained(
    recipe: Recipe, task: TaskSpec, chain: Chain | None, text: str | None
) -> str | None:
    """Return why a recipe and its chain do not lead to the steps that a manifest states, or None.

    A layer that could not bear its steps has none; one that had to be lowered has ``FIT`` last.
    """
    if chain is None or recipe.split != AUGMENTED_SPLIT:
        return None if text is None else "is stated, though the recipe is not augmented"
    try:
        stated = from_text(text or "")
    except ValueError:
        return f"is {text!r}; expected a list of steps"
    roles = {layer.role for layer in recipe.layers}
    for name in dict.fromkeys(step.layer for step in stated):
        role = task.layer_role(name)
        steps = tuple(step for step in stated if step.layer == name)
        fitted = steps[:-1] if steps[-1].transform == FIT else steps
        kind = None if role is None else role.varied_as
        if name not in roles or kind is None or fitted != choose(recipe, name, chain, kind=kind):
            return f"tells of steps on {name} that the recipe does not lead to"
    return None
