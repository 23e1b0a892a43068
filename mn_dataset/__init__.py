"""Curate, split and mix music and noise into datasets that are the same bytes everywhere."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from mn_dataset.errors import MissingExtra

if TYPE_CHECKING:
    from mn_dataset.catalogue.check import check
    from mn_dataset.catalogue.curate import curate
    from mn_dataset.catalogue.sources import load_corpus
    from mn_dataset.mix.draw import draw
    from mn_dataset.mix.recipes import read_recipes, write_recipes
    from mn_dataset.mix.stream import MixtureDataset
    from mn_dataset.mix.verify import verify
    from mn_dataset.mix.write import render

__all__ = [
    "MixtureDataset",
    "check",
    "curate",
    "draw",
    "load_corpus",
    "read_recipes",
    "render",
    "verify",
    "write_recipes",
]

_ROOMS = {
    "MixtureDataset": "mix.stream",
    "check": "catalogue.check",
    "curate": "catalogue.curate",
    "draw": "mix.draw",
    "load_corpus": "catalogue.sources",
    "read_recipes": "mix.recipes",
    "render": "mix.write",
    "verify": "mix.verify",
    "write_recipes": "mix.recipes",
}


def __getattr__(name: str) -> Any:
    """Open the room behind a name on first use, so that importing the package costs nothing."""
    if name not in _ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        room = importlib.import_module(f"{__name__}.{_ROOMS[name]}")
    except ModuleNotFoundError as error:
        if error.name == "torch":
            raise MissingExtra("torch", extra="torch") from error
        raise
    return getattr(room, name)


def __dir__() -> list[str]:
    """List the public names, for completion."""
    return __all__
