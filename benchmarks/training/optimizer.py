"""Make the optimiser of a configuration, and turn what it remembers into named tensors and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor

from benchmarks.training.config import Optimizer

Memory = dict[str, Any]
"""What an optimiser remembers of a weight: tensors, and of L-BFGS numbers and lists of tensors."""

_COUNTS, _NUMBERS = frozenset({"func_evals", "n_iter"}), frozenset({"t", "prev_loss"})
_SCRATCH = "al"  # of the search; it is written before it is read
_AT = "@"  # between the name of a list and the number of a tensor in it


def make_optimizer(config: Optimizer, weights: Iterable[Tensor]) -> torch.optim.Optimizer:
    """Return the optimiser of some weights.

    L-BFGS is that of Liu and Nocedal (1989) with the line search of Nocedal and Wright (2006),
    algorithms 3.5 and 3.6.
    """
    if config.name == "lbfgs":
        return torch.optim.LBFGS(
            list(weights),
            lr=config.learning_rate,
            max_iter=config.iterations,
            history_size=config.history,
            line_search_fn="strong_wolfe",
        )
    chosen = list(weights)
    adam = torch.optim.AdamW if config.name == "adamw" else torch.optim.Adam
    return adam(
        chosen,
        lr=config.learning_rate,
        betas=config.betas,
        weight_decay=config.weight_decay,
        # On a processor one pass over all moments takes half the time; on a GPU torch chooses.
        fused=True if all(weight.device.type == "cpu" for weight in chosen) else None,
    )


def as_tensors(memory: Memory) -> dict[str, Tensor]:
    """Return what an optimiser remembers as tensors.

    >>> sorted(as_tensors({"n_iter": 3, "ro": [torch.zeros(2), torch.ones(2)]}))
    ['n_iter', 'ro@000', 'ro@001']
    """
    tensors = {}
    for name, value in memory.items():
        if isinstance(value, Tensor):
            tensors[name] = value
        elif isinstance(value, list):
            parts = [] if name == _SCRATCH else value
            for number, part in enumerate(parts):
                tensors[f"{name}{_AT}{number:03d}"] = part
        elif value is not None:
            tensors[name] = torch.tensor(value, dtype=torch.float64)
    return tensors


def from_tensors(tensors: Mapping[str, Tensor], weight: Tensor) -> Memory:
    """Undo ``as_tensors``: on the weight's device, and of its shape in its memory order."""
    memory: Memory = {}
    for name in sorted(tensors):
        value, (key, at, _) = tensors[name], name.partition(_AT)
        if name in _COUNTS:
            memory[name] = int(value)
        elif name in _NUMBERS:
            memory[name] = float(value)
        elif at:
            memory.setdefault(key, []).append(value.to(weight.device, copy=True))
        elif value.shape == weight.shape:
            memory[name] = torch.empty_like(weight).copy_(value).detach()
        elif name == "step":  # Adam's, which stays on the processor
            memory[name] = value.clone()
        else:
            memory[name] = value.to(weight.device, copy=True)
    return memory
