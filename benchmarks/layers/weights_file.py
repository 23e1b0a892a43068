"""Store a network in one safetensors file: weights, and all that is needed to build it again."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mn_dataset.errors import InputError, MissingExtra
from mn_dataset.files.atomic import replacement
from mn_dataset.files.json_text import misfit, parse

if TYPE_CHECKING:
    import torch

WEIGHTS_NAME = "weights.safetensors"
"""Name of the file of weights in a run folder."""

_FORMAT = "mn-network-1"


_CARD: Any = {"model": str, "config": {"*": Any}, "facts": {"*": Any}, "parameters": int}


@dataclass(frozen=True)
class Card:
    """The metadata of a file of weights.

    Attributes:
        model: Registered name of the model.
        config: Keywords of its ``build``.
        facts: Where the weights come from: data, seed, steps, scores.
        parameters: How many numbers were learned.
    """

    model: str
    config: dict[str, Any]
    facts: dict[str, Any]
    parameters: int


def save(
    path: Path,
    network: torch.nn.Module,
    *,
    model: str,
    facts: Mapping[str, Any] | None = None,
    kind: torch.dtype | None = None,
) -> None:
    """Write a network whole or not at all.

    Args:
        path: The file; its folder is made if need be.
        network: A module whose ``config`` holds the keywords of the model's ``build``.
        model: Registered name of the model.
        facts: Where the weights come from, as JSON.
        kind: Type to store what was learned in; as it is by default. Buffers stay as they are.

    Raises:
        OutputError: if it cannot be written.
    """
    from safetensors import SafetensorError  # noqa: PLC0415 - an extra
    from safetensors.torch import save_file  # noqa: PLC0415 - an extra

    learned = dict(network.named_parameters())
    tensors = {
        name: value.detach().to(kind if name in learned else None).contiguous()
        for name, value in network.state_dict().items()
    }
    metadata = {
        "model": model,
        "config": network.config,
        "parameters": sum(parameter.numel() for parameter in network.parameters()),
        "facts": dict(facts or {}),
    }
    # One key: several are written in an order that differs from run to run.
    packed = {_FORMAT: json.dumps(metadata, sort_keys=True)}
    with replacement(path, faults=(SafetensorError,)) as temporary:
        save_file(tensors, temporary, metadata=packed)
        temporary.chmod(0o666 & ~_umask())  # safetensors keeps them to their owner


def read_card(path: Path) -> Card:
    """Read the metadata of a file of weights, without the weights and without torch.

    Raises:
        InputError: if there is no such file, or it was not written by ``save``.
        MissingExtra: if safetensors is not installed.
    """
    with _opened(path, "numpy") as file:
        packed = (file.metadata() or {}).get(_FORMAT)
    if packed is None:
        raise InputError(
            f"{path}: holds no network of this toolkit; expected what `mn train` or `mn convert` "
            "wrote"
        )
    try:
        metadata = parse(packed, undefined=True)
    except ValueError as error:
        raise InputError(f"{path}: the metadata of its network is damaged: {error}") from error
    fault = misfit(metadata, _CARD)
    if fault is not None:
        raise InputError(f"{path}: the metadata of its network is damaged: {fault}")
    return Card(**{name: metadata[name] for name in _CARD})


def load(
    path: Path, build: Callable[..., torch.nn.Module], *, model: str, device: str = "cpu"
) -> torch.nn.Module:
    """Build the network of a file again, with its weights, for inference.

    Args:
        path: The file.
        build: Makes the network from the stored keywords.
        model: Registered name of the model that ``build`` belongs to.
        device: Where the weights go.

    Raises:
        InputError: if the file holds no network, that of another model, or other tensors.
    """
    card = read_card(path)
    if card.model != model:
        raise InputError(f"{path}: holds {card.model!r}, not {model!r}; use {card.model}@{path}")
    _check_shapes(path, build, card)
    network = build(**card.config)
    with _opened(path, "pt") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no dict
    network.load_state_dict(tensors)
    return network.to(device).eval()


def _check_shapes(path: Path, build: Callable[..., torch.nn.Module], card: Card) -> None:
    """Compare the file's tensors with its config before a network of any size takes memory."""
    import torch  # noqa: PLC0415 - an extra

    with _opened(path, "pt") as file:
        shapes = {name: file.get_slice(name).get_shape() for name in file.keys()}  # noqa: SIM118 - no dict
    try:
        with torch.device("meta"), _at_most(4 * len(shapes) + 64):
            state = build(**card.config).state_dict()
    except (TypeError, ValueError, ArithmeticError, LookupError, RuntimeError) as error:
        raise InputError(f"{path}: its config builds no network: {error}") from error
    expected = {name: list(tensor.shape) for name, tensor in state.items()}
    wrong = sorted(
        name for name in shapes.keys() | expected.keys() if shapes.get(name) != expected.get(name)
    )
    if wrong:
        raise InputError(
            f"{path}: its tensors do not fit its own config: {wrong[0]} is {shapes.get(wrong[0])}, "
            f"expected {expected.get(wrong[0])}"
        )


@contextmanager
def _at_most(count: int) -> Iterator[None]:
    """End the making of a network that registers more parameters than some: its config is forged.

    Raises:
        ValueError: when it does.
    """
    from torch.nn.modules.module import (  # noqa: PLC0415 - an extra
        register_module_parameter_registration_hook,
    )

    left = count

    def counted(*_: object) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise ValueError(f"it asks for more than {count} tensors, many more than the file has")

    hook = register_module_parameter_registration_hook(counted)
    try:
        yield
    finally:
        hook.remove()


def _umask() -> int:
    """Return what new files are denied here; asking is setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _opened(path: Path, framework: str) -> Any:
    try:
        from safetensors import SafetensorError, safe_open  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise MissingExtra("safetensors", extra="torch") from error
    try:
        return safe_open(path, framework=framework)
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file; expected weights (*.safetensors)") from error
    except (SafetensorError, OSError) as error:
        raise InputError(f"{path}: no safetensors file: {error}") from error
