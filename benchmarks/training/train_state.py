"""Hold what learns, and turn all that it remembers into named tensors and back.

Keep a moving average of the weights: what is validated and shipped.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.optim.swa_utils import AveragedModel

from benchmarks.training.config import Optimizer
from benchmarks.training.engine import Engine

Tensors = list[Tensor] | tuple[Tensor, ...]

_FIRST = 10.0  # after n updates the memory is at most n + 1 of n + 10: short at the beginning


def averaged(network: torch.nn.Module, *, decay: float) -> AveragedModel:
    """Return a network whose weights follow another's: e ← d·e + (1 − d)·w after every step.

    The memory d is ``decay`` at the most, and (1 + n) / (10 + n) after n steps, so that the first
    weights are soon forgotten. The other's buffers are copied.

    Args:
        network: What is trained.
        decay: The memory in the long run.
    """

    @torch.no_grad()
    def follow(averages: Tensors, weights: Tensors, steps: Tensor | int) -> None:
        taken = float(steps)
        torch._foreach_lerp_(averages, weights, 1.0 - min(decay, (1 + taken) / (_FIRST + taken)))

    return AveragedModel(network, multi_avg_fn=follow)


_NETWORK, _AVERAGE, _OPTIMIZER, _GENERATOR = "network/", "average/", "optimizer/", "generator/"


@dataclass(frozen=True)
class Learner:
    """A network in training.

    Attributes:
        network: The network itself.
        called: The network as the engine wants it called.
        average: The moving average of its weights.
        optimizer: Adam, with its two moments of every weight.
        engine: Where it is.
    """

    network: torch.nn.Module
    called: torch.nn.Module
    average: AveragedModel
    optimizer: torch.optim.Optimizer
    engine: Engine

    def tensors(self) -> dict[str, Tensor]:
        """Return everything that decides what comes next, by name, on the CPU.

        They share memory with what learns: write them before the next step. Several processes
        must call it together, since each has generators of its own.
        """
        names = {id(weight): name for name, weight in self.network.named_parameters()}
        found = _named(_NETWORK, self.network.state_dict())
        found |= _named(_AVERAGE, self.average.state_dict())
        for weight, memory in self.optimizer.state.items():
            found |= _named(f"{_OPTIMIZER}{names[id(weight)]}/", memory)
        for name, state in self._generators().items():
            found[_GENERATOR + name] = self.engine.gathered(state[None].to(self.engine.device))
        return {name: value.detach().cpu().contiguous() for name, value in found.items()}

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """Continue from what ``tensors`` returned.

        Raises:
            RuntimeError: if the tensors are of another network.
        """
        self.network.load_state_dict(_under(_NETWORK, tensors))
        self.average.load_state_dict(_under(_AVERAGE, tensors))
        for name, weight in self.network.named_parameters():
            memory = _under(f"{_OPTIMIZER}{name}/", tensors)
            if memory:
                self.optimizer.state[weight] = {key: _like(weight, memory[key]) for key in memory}
        states = _under(_GENERATOR, tensors)
        # With more processes than before, the further ones keep the generators they began with.
        own = {name: state[self.engine.rank] for name, state in states.items() if self._has(state)}
        if "cpu" in own:
            torch.set_rng_state(own["cpu"])
        if "cuda" in own and self.engine.device.type == "cuda":
            torch.cuda.set_rng_state(own["cuda"], self.engine.device)

    def _generators(self) -> dict[str, Tensor]:
        states = {"cpu": torch.get_rng_state()}
        if self.engine.device.type == "cuda":
            states["cuda"] = torch.cuda.get_rng_state(self.engine.device)
        return states

    def _has(self, state: Tensor) -> bool:
        return self.engine.rank < len(state)


def learner_of(network: torch.nn.Module, optimizer: Optimizer, engine: Engine) -> Learner:
    """Put a fresh network on the engine's device, with its average and its optimiser."""
    network = network.to(engine.device, memory_format=torch.channels_last).train()  # type: ignore[call-overload] # torch types it not
    average = averaged(network, decay=optimizer.ema_decay)  # before autocast is put around it
    kind = torch.optim.AdamW if optimizer.name == "adamw" else torch.optim.Adam
    return Learner(
        network=network,
        called=engine.prepared(network),
        average=average,
        optimizer=kind(
            network.parameters(),
            lr=optimizer.learning_rate,
            betas=optimizer.betas,
            weight_decay=optimizer.weight_decay,
        ),
        engine=engine,
    )


def _named(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {prefix + name: value for name, value in tensors.items()}


def _under(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {
        name.removeprefix(prefix): value
        for name, value in tensors.items()
        if name.startswith(prefix)
    }


def _like(weight: Tensor, memory: Tensor) -> Tensor:
    """Return a moment as the optimiser made it: in the weight's place, type and memory order."""
    if memory.shape != weight.shape:
        return memory.clone()
    return torch.empty_like(weight).copy_(memory).detach()
