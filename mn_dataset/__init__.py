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
    from mn_dataset.publish.make import publish
    from mn_dataset.publish.rebuild import rebuild
    from mn_dataset.publish.stream import PublishedDataset

__all__ = [
    "MixtureDataset",
    "PublishedDataset",
    "check",
    "curate",
    "draw",
    "load_corpus",
    "publish",
    "read_recipes",
    "rebuild",
    "render",
    "verify",
    "write_recipes",
]

_ROOMS = {
    "MixtureDataset": "mix.stream",
    "PublishedDataset": "publish.stream",
    "check": "catalogue.check",
    "curate": "catalogue.curate",
    "draw": "mix.draw",
    "load_corpus": "catalogue.sources",
    "publish": "publish.make",
    "read_recipes": "mix.recipes",
    "rebuild": "publish.rebuild",
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
