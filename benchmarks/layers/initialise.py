"""Draw the first weights of a network, from a seed and from nothing else.

``fan_in`` (the default) draws normal weights of variance 1 / fan-in (LeCun et al., "Efficient
BackProp", 1998): what goes through keeps about its scale. ``original`` is the reference's
truncated normal of standard deviation 0.05 whatever the fan-in, with which an untrained network
of full width multiplies its input's level by a billion. Biases are zero.

An untrained second stage passes its input on. One that is residual to stage 1 begins with a small
addition. One that answers directly would, with random weights, first have to learn the input of
stage 1, which adds to it: four of its finest features carry the real and the imaginary part, each
with both signs, over the uppermost skip to the output, which takes their differences. Everything
else about them, and all other features, are as they were drawn.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from mn_dataset import seeds
from mn_dataset.errors import UnknownName

_CARRIED_SCALE = 0.1
"""Scale of the carried features: the difference of two ELUs is straight up to about one, spectra of
unit RMS peak at some tens. An offset would straighten it more, and cost bfloat16 its digits."""
_OTHERS_SCALE = 0.1
"""Scale of the output's other weights."""

CARRIERS = 4
"""How many features carry the input."""


def initialise(network: nn.Module, *, seed: int, scheme: str) -> None:
    """Fill every weight, each from a stream of its own name.

    Args:
        network: Its layers with weights have a ``fan_in`` and a ``gain``. Those without memory,
            on the device "meta", are left alone.
        seed: Of all weights; torch's global generator is left alone.
        scheme: "fan_in" or "original".

    Raises:
        UnknownName: if there is no such scheme.
    """
    if scheme not in SCHEMES:
        raise UnknownName("initialiser", scheme, SCHEMES)
    for name, layer in network.named_modules():
        if hasattr(layer, "fan_in") and not layer.weight.is_meta:
            word = int(seeds.generator(seed, "initialise", name).words(1)[0])
            SCHEMES[scheme](layer, torch.Generator().manual_seed(word))


def glorot(network: nn.Module, *, seed: int) -> None:
    """Fill torch's convolutions and dense layers as Keras does (Glorot and Bengio 2010).

    Args:
        network: Weights without memory, on the device "meta", are left alone.
        seed: Of all weights, each from a stream of its layer's name; biases are zero.
    """
    for name, layer in network.named_modules():
        weight = getattr(layer, "weight", None)
        if not isinstance(weight, Tensor) or weight.ndim < 2 or weight.is_meta:
            continue
        word = int(seeds.generator(seed, "initialise", name).words(1)[0])
        nn.init.xavier_uniform_(weight, generator=torch.Generator().manual_seed(word))
        if isinstance(layer.bias, Tensor):
            nn.init.zeros_(layer.bias)


def begin_second_stage(network: Any) -> None:
    """Let an untrained second stage pass its input on, by a few of its weights.

    Args:
        network: A ``TwoStage``; a direct one of less than four features at full resolution is left
            as it is.
    """
    width = network.config["widths"][0]
    if network.config["second_stage"] == "residual":
        with torch.no_grad():
            network.output.weight *= _OTHERS_SCALE
        return
    if width < CARRIERS:
        return
    stage, output = network.stage_2, network.output
    center, carriers = stage.input.weight.shape[-1] // 2, range(CARRIERS)
    with torch.no_grad():
        stage.input.weight[:CARRIERS] = 0
        output.weight *= _OTHERS_SCALE
        output.weight[:, :CARRIERS] = 0
        for block, first in ((stage.encoder[0].block, 0), (stage.decoder[0].block, width)):
            block.dense[-1].weight[:CARRIERS] = 0
            block.straight.weight[:CARRIERS] = 0
            block.straight.weight[carriers, [first + feature for feature in carriers]] = 1
        for feature in carriers:
            part, sign = feature // 2, 1 - 2 * (feature % 2)
            stage.input.weight[feature, part, center, center] = sign * _CARRIED_SCALE
            output.weight[part, feature, 1, 1] = sign / (2 * _CARRIED_SCALE)


def _fan_in(layer: Any, generator: torch.Generator) -> None:
    weight: Tensor = layer.weight
    nn.init.normal_(weight, std=layer.gain / math.sqrt(layer.fan_in), generator=generator)
    nn.init.zeros_(layer.bias)


def _original(layer: Any, generator: torch.Generator) -> None:
    nn.init.trunc_normal_(layer.weight, std=0.05, a=-0.1, b=0.1, generator=generator)
    nn.init.zeros_(layer.bias)


SCHEMES: dict[str, Callable[[Any, torch.Generator], None]] = {
    "fan_in": _fan_in,
    "original": _original,
}
"""What fills a layer, by name."""
