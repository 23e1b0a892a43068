"""The encoder of a U-Net on waveforms, and dense layers that give a matrix of gains.

its-rajesh/IRMR (the code of "Neural networks for interference reduction in multi-track recordings",
WASPAA 2023), there "truncated U-Net". Nothing of that repository is here: the network is built anew
from its shapes. `benchmarks.models.t_unet` lists the departures.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmarks.layers import waveform_objective
from benchmarks.layers.initialise import glorot
from benchmarks.layers.mixing_matrix import audible, bounded, fitted, inverse
from benchmarks.layers.waveform_objective import (
    LOSSES,
    SILENT_RMS,
    check_microphones,
    heard,
    levelled,
    only_table,
)

BLOCK = 220_500
"""Samples that the network sees: 10 s at 22 050 Hz."""

KERNEL = 4
POOL = 9
DENSE = (512, 128, 64, 32)

MATRIX = "matrix"
"""The loss of the original: squares of what a matrix differs from the fitted one."""


class TruncatedUNet(nn.Module):
    """Five convolutions for every microphone alone, and five dense layers for all together.

    Attributes:
        config: Keywords of the model's ``build``.
        convolutions: Along time, the same for every microphone.
        dense: From the features of all microphones to as many numbers as the matrix has.
    """

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__()
        self.config = config
        widths, microphones = config["widths"], config["microphones"]
        self.convolutions = nn.ModuleList(
            nn.Conv1d(inputs, outputs, KERNEL) for inputs, outputs in pairwise([1, *widths])
        )
        left = BLOCK
        for _ in widths:
            left = (left - KERNEL + 1) // POOL
        sizes = [microphones * left * widths[-1], *DENSE, microphones**2]
        self.dense = nn.ModuleList(
            nn.Linear(inputs, outputs) for inputs, outputs in pairwise(sizes)
        )

    def forward(self, noisy: Tensor) -> Tensor:
        """Return the matrix of each session, float32 (batch, microphones, microphones).

        After a shorter session comes silence; of a longer one the matrices of its blocks are
        averaged, weighed by their power.

        Args:
            noisy: At any level, shape (batch, microphones, time).
        """
        waves, level = levelled(blocks_of(noisy))
        waves = functional.pad(waves, (0, BLOCK - waves.shape[-1]))
        matrices = bounded(self._outputs(waves).float())
        power = level.square().reshape(len(noisy), -1, 1, 1) + torch.finfo(level.dtype).tiny
        shares = power / power.sum(dim=1, keepdim=True)
        return (shares * matrices.reshape(*shares.shape[:2], *matrices.shape[1:])).sum(dim=1)

    def _outputs(self, waves: Tensor) -> Tensor:
        """Return the outputs for blocks, (blocks, microphones²)."""
        items, microphones, _ = waves.shape
        kind = next(self.parameters()).dtype
        features = waves.reshape(items * microphones, 1, -1).to(kind)
        for convolution in self.convolutions:
            # A maximum of rectified values is the rectified maximum, of a ninth of them.
            features = functional.relu(functional.max_pool1d(convolution(features), POOL))
        features = features.reshape(items, -1)
        for layer in self.dense[:-1]:
            features = functional.relu(layer(features))
        outputs: Tensor = self.dense[-1](features)
        return outputs


def blocks_of(noisy: Tensor) -> Tensor:
    """Return sessions in blocks of the network's length, the last moved back to end with them.

    Args:
        noisy: Shape (batch, microphones, time).

    Returns:
        Shape (batch · blocks, microphones, ``BLOCK``), or one block of a shorter session.
    """
    time = noisy.shape[-1]
    if time <= BLOCK:
        return noisy
    starts = [min(number * BLOCK, time - BLOCK) for number in range(math.ceil(time / BLOCK))]
    parts = torch.stack([noisy[..., start : start + BLOCK] for start in starts], dim=1)
    return parts.flatten(0, 1)


@dataclass(frozen=True)
class MatrixObjective:
    """The loss of a network of matrices, and what is made of its answers.

    Attributes:
        microphones: How many the network was made for.
        weights: Of ``MATRIX`` and of the losses of waveforms by name; none where it is only used.
    """

    microphones: int
    weights: Mapping[str, float] = field(default_factory=dict)

    def __call__(self, network: Callable[[Tensor], Tensor], batch: Mapping[str, Tensor]) -> Tensor:
        """Return the loss of a batch, "noisy" and "clean" (batch, microphones, time).

        Raises:
            ValueError: if no loss has a weight.
            InputError: if the network was made for another number of microphones.
        """
        check_microphones(batch["noisy"], self.microphones)
        noisy, level = levelled(batch["noisy"])
        clean = batch["clean"] / level.clamp(min=SILENT_RMS)
        matrices = network(noisy)
        waves = {name: weight for name, weight in self.weights.items() if name != MATRIX}
        losses = []
        if MATRIX in self.weights:
            losses.append(self.weights[MATRIX] * matrix_loss(matrices, noisy, clean))
        if waves or not losses:
            estimates = inverse(matrices) @ noisy
            losses.append(waveform_objective.weighted(waves, estimates, clean))
        return torch.stack(losses).sum()

    def estimate(self, network: Callable[[Tensor], Tensor], noisy: Tensor) -> Tensor:
        """Return the estimates of sessions, float32 (batch, microphones, time)."""
        return self.separated(self.matrices(network, noisy), noisy)

    def matrices(self, network: Callable[[Tensor], Tensor], noisy: Tensor) -> Tensor:
        """Return the matrices of sessions, (batch, microphones, microphones).

        Raises:
            InputError: if the network was made for another number of microphones.
        """
        check_microphones(noisy, self.microphones)
        return network(noisy)

    def separated(self, matrices: Tensor, noisy: Tensor) -> Tensor:
        """Return what each microphone hears of its own source, (batch, microphones, time)."""
        return heard(noisy) * (inverse(matrices) @ noisy)


def matrix_loss(matrices: Tensor, noisy: Tensor, clean: Tensor) -> Tensor:
    """Return the mean squared difference from the fitted matrix, of sources that sound."""
    error = (matrices - fitted(noisy, clean).to(matrices)).square()
    sounding = audible(clean)[:, None, :]
    return (error * sounding).sum() / (len(error[0]) * sounding.sum()).clamp(min=1)


def objective(config: Mapping[str, Any], tables: Sequence[Mapping[str, float]]) -> MatrixObjective:
    """Return the objective that suits a network.

    Args:
        config: Of the network.
        tables: The tables ``[[loss]]``; none where a network is only used.

    Raises:
        UnknownName: if a loss has no such name.
        InputError: if there are several tables, or weights without a positive sum.
    """
    weights = only_table(tables, {MATRIX: matrix_loss, **LOSSES})
    return MatrixObjective(config["microphones"], weights)


def build(config: dict[str, Any]) -> TruncatedUNet:
    """Return a fresh network, its weights drawn as Keras draws them (Glorot and Bengio 2010)."""
    with torch.random.fork_rng([]):  # torch's layers draw first weights of their own
        network = TruncatedUNet(config)
    glorot(network, seed=config["seed"])
    return network
