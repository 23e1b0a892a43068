"""Vector product networks that part magnitudes of two targets.

Fan, Chan, Yang, Jang, "Music Signal Processing Using Vector Product Neural Networks", 2017,
arXiv:1706.09555, after Nitta (1993). Signals, weights and biases are vectors of three numbers, and
a weight meets a signal in their cross product. No code was published: what the paper leaves open is
said where it is decided.

Vectors stand as three planes, shape (3, batch, frames, size).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from benchmarks.layers.initialise import initialise
from benchmarks.layers.masking import TARGETS, by_target, in_context, masked
from mn_dataset.errors import UnknownName

COLOUR_STEP = 0.0938
"""``n``: share of full scale over which red rises, and then green; blue rises over the rest."""

ACTIVATIONS: Mapping[str, Callable[[Tensor], Tensor]] = {
    "relu": torch.relu,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
}
"""What is applied to every component of a hidden layer, by name; Nitta's is the sigmoid."""


class Representation(Protocol):
    """How magnitudes become vectors, and vectors become numbers again."""

    def vectors(self, magnitude: Tensor) -> Tensor:
        """Return (3, batch, frames, bins) of (batch, frames, bins)."""
        ...

    def scalars(self, vectors: Tensor) -> Tensor:
        """Return (…) of (3, …)."""
        ...


@dataclass(frozen=True)
class ContextWindow:
    """The frame before, the frame itself, the frame after; of an answer the middle counts.

    Beyond both ends there is silence.
    """

    def vectors(self, magnitude: Tensor) -> Tensor:
        """Return (3, batch, frames, bins) of (batch, frames, bins)."""
        return in_context(magnitude, 3).movedim(2, 0)

    def scalars(self, vectors: Tensor) -> Tensor:
        """Return (…) of (3, …)."""
        return vectors[1]


@dataclass(frozen=True)
class SpectralColour:
    """A colour of each magnitude: black, then red, then yellow, then white.

    Attributes:
        white: Magnitude of full scale; larger ones are white, too.

    >>> colour = SpectralColour(white=1.0)
    >>> colour.vectors(torch.tensor([0.0469, 0.1407, 1.0])).T.tolist()[0]
    [0.5, 0.0, 0.0]
    """

    white: float

    def vectors(self, magnitude: Tensor) -> Tensor:
        """Return red, green and blue in [0, 1], shape (3, …) of (…)."""
        share = magnitude / self.white
        step, rest = COLOUR_STEP, 1 - 2 * COLOUR_STEP
        parts = (share / step, (share - step) / step, (share - 2 * step) / rest)
        return torch.stack(parts).clamp(0, 1)

    def scalars(self, vectors: Tensor) -> Tensor:
        """Return magnitudes of colours, shape (…) of (3, …): the exact inverse up to white."""
        red, green, blue = vectors
        share: Tensor = COLOUR_STEP * (red + green) + (1 - 2 * COLOUR_STEP) * blue
        return self.white * share


class VectorProduct(nn.Module):
    """A layer of cross products: ``z_o = Σ_i w_oi × a_i + b_o``.

    Attributes:
        weight: Components of the weights, shape (3, outputs, inputs).
        bias: Those of the biases, shape (3, outputs).
        gain: Scale of the first weights, beside what the fan-in asks for.
    """

    def __init__(self, inputs: int, outputs: int, *, gain: float = 1.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(3, outputs, inputs))
        self.bias = nn.Parameter(torch.zeros(3, outputs))
        self.gain = gain

    @property
    def fan_in(self) -> int:
        """How many products a component of an output is the sum of: two for every input."""
        return 2 * self.weight.shape[-1]

    def forward(self, vectors: Tensor) -> Tensor:
        """Return (3, …, outputs) of (3, …, inputs).

        Component k is ``W_{k+1} a_{k+2} − W_{k+2} a_{k+1} + b_k``, counted in a circle.
        """
        flat, weight = vectors.flatten(1, -2), self.weight.transpose(1, 2)
        ahead = torch.baddbmm(self.bias.unsqueeze(1), flat.roll(-2, 0), weight.roll(-1, 0))
        product = torch.baddbmm(ahead, flat.roll(-1, 0), weight.roll(-2, 0), alpha=-1)
        return product.reshape(3, *vectors.shape[1:-1], -1)


class VectorProductSeparator(nn.Module):
    """Layers of cross products, and one vector for each bin of each target.

    Attributes:
        config: Keywords of the model's ``build``.
    """

    def __init__(self, config: dict[str, Any], representation: Representation) -> None:
        super().__init__()
        self.config, self._representation = config, representation
        self._activation = ACTIVATIONS[config["activation"]]
        bins, width = config["window"] // 2 + 1, config["hidden"]
        gain = math.sqrt(2) if config["activation"] == "relu" else 1.0
        sizes = [bins, *[width] * config["layers"]]
        self.hidden = nn.ModuleList(
            VectorProduct(sizes[number], width, gain=gain) for number in range(config["layers"])
        )
        self.output = VectorProduct(width, TARGETS * bins)

    def forward(self, mixture: Tensor) -> Tensor:
        """Return the magnitudes of the targets, shape (batch, 2, frames, bins).

        Args:
            mixture: Magnitudes, shape (batch, frames, bins).
        """
        vectors = self._representation.vectors(mixture).to(self.output.weight.dtype)
        for layer in self.hidden:
            vectors = self._activation(layer(vectors))
        outputs = self._representation.scalars(self.output(vectors))
        return masked(by_target(outputs), mixture)


def build(config: dict[str, Any], representation: Representation) -> VectorProductSeparator:
    """Return a fresh network.

    Args:
        config: Keywords of a model's ``build`` in ``benchmarks.models.vector_product``.
        representation: How magnitudes become vectors.

    Raises:
        UnknownName: if there is no such activation.
    """
    if config["activation"] not in ACTIVATIONS:
        raise UnknownName("activation", config["activation"], ACTIVATIONS)
    network = VectorProductSeparator(config, representation)
    initialise(network, seed=config["seed"], scheme="fan_in")
    return network
