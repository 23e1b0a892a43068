"""Draw the first weights of a network, from a seed and from nothing else.

``fan_in`` (the default) draws normal weights of variance 1 / fan-in (LeCun et al., "Efficient
BackProp", 1998): what goes through keeps about its scale. ``original`` is the reference's
truncated normal of standard deviation 0.05 whatever the fan-in, with which an untrained network
of full width multiplies its input's level by a billion. Biases are zero.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from mn_dataset import seeds
from mn_dataset.errors import UnknownName


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
