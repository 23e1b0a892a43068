"""Warm start: begin with trained weights, for fine-tuning and for training in several stretches."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from benchmarks.contract import Model
from benchmarks.layers import weights_file
from benchmarks.layers.weights_file import WEIGHTS_NAME
from benchmarks.training.data.base import SOURCES, TRAIN, VALIDATION, SourceRow, read_sources
from mn_dataset.audio.io import file_sha256
from mn_dataset.errors import InputError

logger = logging.getLogger(__name__)

_REPEATED = ("steps", "seed", "config", "began_with")  # by the card of the next weights


@dataclass(frozen=True)
class FirstWeights:
    """The weights that a run begins with.

    Attributes:
        network: Built, with its weights.
        facts: SHA-256 of trained weights, and how they were trained, as their card says; empty for
            fresh ones.
        trained_on: Rows of the recordings that they learned from; None where that is unknown.
    """

    network: torch.nn.Module
    facts: dict[str, Any]
    trained_on: Sequence[dict[str, str]] | None


def load_weights(
    model: Model, weights: Path, options: Mapping[str, Any], *, train_frames: int
) -> FirstWeights:
    """Load trained weights to go on from.

    Args:
        model: Whose weights they are.
        weights: A file of weights; its sources lie beside it.
        options: Of the network, as the configuration asks for them.
        train_frames: Frames of a training item.

    Raises:
        InputError: if the file holds no network of this model, or one of other options.
    """
    network = weights_file.load(weights, model.build, model=model.spec.name)
    config: dict[str, Any] = network.config  # type: ignore[assignment] # torch types it so
    expected = dict(options) | ({"train_frames": train_frames} if "train_frames" in config else {})
    for name, value in expected.items():
        if config.get(name) != value:
            raise InputError(
                f"{weights}: its network has {name} = {config.get(name)!r}, the configuration asks "
                f"for {value!r}; expected the same, since these weights are to be trained further"
            )
    sources = weights.with_suffix(".sources.csv")
    if weights.name == WEIGHTS_NAME:
        sources = weights.with_name(SOURCES)
    trained_on = None
    if sources.is_file():
        trained_on = [row for row in read_sources(sources) if row["split"] == TRAIN]
    else:
        logger.warning(
            "%s: no %s beside it: what it learned from is unknown", weights, sources.name
        )
    facts = weights_file.read_card(weights).facts
    repeated: dict[str, Any] = {name: facts[name] for name in _REPEATED if name in facts}
    return FirstWeights(network, {"sha256": file_sha256(weights), **repeated}, trained_on)


def former_sources(first: FirstWeights, sources: Sequence[SourceRow]) -> list[dict[str, str]]:
    """Return the rows of what only the first weights learned from.

    Args:
        first: Weights to go on from.
        sources: The recordings that are learned from and validated with now.

    Raises:
        InputError: if something that is now validated with was learned from before.
    """
    trained_on = first.trained_on or []
    validated = {one.pcm_sha256: one.row.id for one in sources if one.row.split == VALIDATION}
    for row in trained_on:
        if row["pcm_sha256"] in validated:
            raise InputError(
                f"{validated[row['pcm_sha256']]} is to be validated with, and the weights to begin "
                f"with learned from it (as {row['id']}); validate with other recordings"
            )
    current = {(one.row.id, one.pcm_sha256) for one in sources}
    return [row for row in trained_on if (row["id"], row["pcm_sha256"]) not in current]
