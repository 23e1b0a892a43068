"""State of a training run: network, moving average of its weights, optimiser and generators.

The average is what is validated and shipped. The whole state turns into named tensors and back, so
that a run continues from a checkpoint bit for bit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.optim.swa_utils import AveragedModel

from benchmarks.training.config import Optimizer
from benchmarks.training.engine import Engine
from benchmarks.training.optimizer import as_tensors, from_tensors, make_optimizer

Tensors = list[Tensor] | tuple[Tensor, ...]

_SHORT_MEMORY = 10.0  # after n updates the memory is at most n + 1 of n + 10
# How the names of the tensors in a checkpoint begin.
_NETWORK, _AVERAGE, _OPTIMIZER, _GENERATOR = "network/", "average/", "optimizer/", "generator/"


@dataclass(frozen=True)
class TrainState:
    """A network in training, with all that decides its next step beside the batch.

    Attributes:
        network: The network itself.
        prepared: The network as the engine wants it called.
        average: The moving average of its weights.
        optimizer: With what it remembers of every weight.
        engine: Where it is trained.
    """

    network: torch.nn.Module
    prepared: torch.nn.Module
    average: AveragedModel
    optimizer: torch.optim.Optimizer
    engine: Engine

    def tensors(self) -> dict[str, Tensor]:
        """Return everything that decides what comes next, by name, on the CPU.

        They share memory with the network: write them before the next step. Several processes
        must call it together, since each has generators of its own.
        """
        names = {id(weight): name for name, weight in self.network.named_parameters()}
        tensors = _prefixed(_NETWORK, self.network.state_dict())
        tensors |= _prefixed(_AVERAGE, self.average.state_dict())
        for weight, memory in self.optimizer.state.items():
            tensors |= _prefixed(f"{_OPTIMIZER}{names[id(weight)]}/", as_tensors(memory))
        for name, state in self._generator_states().items():
            gathered = self.engine.gathered(state[None].to(self.engine.device))
            tensors[_GENERATOR + name] = gathered
        return {name: value.detach().cpu().contiguous() for name, value in tensors.items()}

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """Continue from what ``tensors`` returned.

        Raises:
            RuntimeError: if the tensors are of another network.
        """
        self.network.load_state_dict(_without_prefix(_NETWORK, tensors))
        self.average.load_state_dict(_without_prefix(_AVERAGE, tensors))
        for name, weight in self.network.named_parameters():
            memory = _without_prefix(f"{_OPTIMIZER}{name}/", tensors)
            if memory:
                self.optimizer.state[weight] = from_tensors(memory, weight)
        rank = self.engine.rank
        # With more processes than before, the further ones keep the generators they began with.
        states = {
            name: gathered[rank].clone()  # torch reads a generator's state from the storage's start
            for name, gathered in _without_prefix(_GENERATOR, tensors).items()
            if rank < len(gathered)
        }
        if "cpu" in states:
            torch.set_rng_state(states["cpu"])
        if "cuda" in states and self.engine.device.type == "cuda":
            torch.cuda.set_rng_state(states["cuda"], self.engine.device)

    def _generator_states(self) -> dict[str, Tensor]:
        states = {"cpu": torch.get_rng_state()}
        if self.engine.device.type == "cuda":
            states["cuda"] = torch.cuda.get_rng_state(self.engine.device)
        return states


def initial_state(network: torch.nn.Module, optimizer: Optimizer, engine: Engine) -> TrainState:
    """Put a fresh network on the engine's device, with its average and its optimiser."""
    network = network.to(engine.device, memory_format=torch.channels_last).train()  # type: ignore[call-overload] # torch types it not
    average = moving_average(network, decay=optimizer.ema_decay)  # before autocast is around it
    return TrainState(
        network=network,
        prepared=engine.prepared(network),
        average=average,
        optimizer=make_optimizer(optimizer, network.parameters()),
        engine=engine,
    )


def moving_average(network: torch.nn.Module, *, decay: float) -> AveragedModel:
    """Return a network whose weights follow another's: e ← d·e + (1 − d)·w after every step.

    The memory d is ``decay`` at the most, and (1 + n) / (10 + n) after n steps, so that the first
    weights are soon forgotten. The other's buffers are copied.

    Args:
        network: What is trained.
        decay: The memory in the long run.
    """

    @torch.no_grad()
    def update(averages: Tensors, weights: Tensors, steps: Tensor | int) -> None:
        n = float(steps)
        torch._foreach_lerp_(averages, weights, 1.0 - min(decay, (1 + n) / (_SHORT_MEMORY + n)))

    return AveragedModel(network, multi_avg_fn=update)


def _prefixed(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {prefix + name: value for name, value in tensors.items()}


def _without_prefix(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {
        name.removeprefix(prefix): value
        for name, value in tensors.items()
        if name.startswith(prefix)
    }
