"""Deep recurrent networks that part magnitudes of two targets: DNN, DRNN-k, stacked RNN, GRU.

Huang, Kim, Hasegawa-Johnson, Smaragdis, "Singing-Voice Separation from Monaural Recordings using
Deep Recurrent Neural Networks", ISMIR 2014, and "Joint Optimization of Masks and Deep Recurrent
Neural Networks for Monaural Source Separation", IEEE/ACM TASLP 2015, arXiv:1502.04149.

A hidden layer is ``h_t = ReLU(W x_t + b + U h_{t-1})``, the term of ``U`` only where the kind says
so. Both outputs are linear, their absolute values make the masks. A state goes through the whole
of what is given.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmarks.layers.initialise import initialise
from benchmarks.layers.masking import TARGETS, by_target, in_context, masked
from benchmarks.layers.recurrence import recur, recur_gated
from mn_dataset import seeds


class Dense(nn.Module):
    """A layer without memory: ``W x + b``.

    Attributes:
        weight: ``W``, shape (outputs, inputs).
        bias: ``b``, shape (outputs,).
        gain: Scale of the first weights, beside what the fan-in asks for.
    """

    def __init__(self, inputs: int, outputs: int, *, gain: float = 1.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(outputs, inputs))
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.gain = gain

    @property
    def fan_in(self) -> int:
        """How many inputs an output is the sum of."""
        return self.weight.shape[1]

    def forward(self, features: Tensor) -> Tensor:
        """Return (…, outputs) of (…, inputs)."""
        return functional.linear(features, self.weight, self.bias)


class Hidden(Dense):
    """A hidden layer of rectified units, with or without recurrence.

    Attributes:
        recurrent: ``U``, shape (outputs, outputs), or None.
    """

    recurrent: nn.Parameter | None

    def __init__(self, inputs: int, outputs: int, *, recurrent: bool) -> None:
        super().__init__(inputs, outputs, gain=math.sqrt(2))
        square = nn.Parameter(torch.zeros(outputs, outputs)) if recurrent else None
        self.register_parameter("recurrent", square)

    def forward(self, features: Tensor) -> Tensor:
        """Return (frames, batch, outputs) of (frames, batch, inputs)."""
        driven = super().forward(features)
        return functional.relu(driven) if self.recurrent is None else recur(driven, self.recurrent)


class RecurrentSeparator(nn.Module):
    """Hidden layers of rectified units, and one linear output for each bin of each target.

    Attributes:
        config: Keywords of the model's ``build``.
    """

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__()
        self.config = config
        bins, width = config["window"] // 2 + 1, config["hidden"]
        layers, recurrent = config["layers"], recurrent_layers(config["kind"], config["layers"])
        sizes = [config["context"] * bins, *[width] * layers]
        self.hidden = nn.Sequential(
            *(
                Hidden(sizes[number], width, recurrent=number + 1 in recurrent)
                for number in range(layers)
            )
        )
        self.output = Dense(width, TARGETS * bins)

    def forward(self, mixture: Tensor) -> Tensor:
        """Return the magnitudes of the targets, shape (batch, 2, frames, bins).

        Args:
            mixture: Magnitudes, shape (batch, frames, bins).
        """
        features = in_context(mixture, self.config["context"]).flatten(2)
        return masked(self.outputs(features.to(self.output.weight.dtype)), mixture)

    def outputs(self, features: Tensor) -> Tensor:
        """Return what the masks are made of, before their absolute value.

        Args:
            features: Frames with their neighbours, shape (batch, frames, context · bins).

        Returns:
            Shape (batch, 2, frames, bins).
        """
        return by_target(self.output(self.hidden(features.transpose(0, 1))).transpose(0, 1))


class GatedSeparator(nn.Module):
    """Gated recurrent units, and a rectified output for each bin of each target.

    torch's units have two biases to a gate where others have one.

    Attributes:
        config: Keywords of the model's ``build``.
    """

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__()
        self.config = config
        bins, width = config["window"] // 2 + 1, config["hidden"]
        self.hidden = nn.GRU(config["context"] * bins, width, config["layers"])
        self.output = Dense(width, TARGETS * bins, gain=math.sqrt(2))

    def forward(self, mixture: Tensor) -> Tensor:
        """Return the magnitudes of the targets, shape (batch, 2, frames, bins).

        Args:
            mixture: Magnitudes, shape (batch, frames, bins).
        """
        features = in_context(mixture, self.config["context"]).flatten(2)
        states = self._states(features.to(self.output.weight.dtype).transpose(0, 1))
        return masked(by_target(functional.relu(self.output(states)).transpose(0, 1)), mixture)

    def _states(self, features: Tensor) -> Tensor:
        """Return (frames, batch, width) of (frames, batch, inputs).

        On a processor torch's own units take twice as long to train; else they are the quicker.
        """
        if features.is_cuda or not torch.is_grad_enabled():
            states: Tensor = self.hidden(features)[0]
            return states
        for of_input, of_state, bias, state_bias in self.hidden.all_weights:
            driven = functional.linear(features, of_input, bias)
            features = recur_gated(driven, of_state, state_bias)
        return features


def recurrent_layers(kind: str, layers: int) -> frozenset[int]:
    """Return which hidden layers of a kind without gates recur, counted from 1.

    >>> [sorted(recurrent_layers(kind, 3)) for kind in ("dnn", "drnn-2", "srnn")]
    [[], [2], [1, 2, 3]]
    """
    if kind == "dnn":
        return frozenset()
    return frozenset(range(1, layers + 1) if kind == "srnn" else [int(kind.removeprefix("drnn-"))])


def build(config: dict[str, Any]) -> RecurrentSeparator | GatedSeparator:
    """Return a fresh network.

    Args:
        config: Keywords of ``benchmarks.models.drnn.Drnn.build``, all of them given.
    """
    network = (GatedSeparator if config["kind"] == "gru" else RecurrentSeparator)(config)
    initialise(network, seed=config["seed"], scheme="fan_in")
    _draw_memory(network, seed=config["seed"])
    return network


def _draw_memory(network: nn.Module, *, seed: int) -> None:
    """Fill what ``initialise`` leaves: matrices of recurrence, and gates.

    Normal, of variance 1 / fan-in: a rectified state then fades, as it passes by half of it.
    """
    for name, weight in network.named_parameters():
        part = name.rpartition(".")[2]
        if weight.is_meta or not part.startswith(("recurrent", "weight_", "bias_")):
            continue
        word = int(seeds.generator(seed, "initialise", name).words(1)[0])
        generator = torch.Generator().manual_seed(word)
        deviation = 0.0 if part.startswith("bias_") else 1 / math.sqrt(weight.shape[-1])
        nn.init.normal_(weight, std=deviation, generator=generator)
