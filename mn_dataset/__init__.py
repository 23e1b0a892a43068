"""Curate, split and mix music and noise into datasets that are the same bytes everywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mn_dataset.lazy import exports

if TYPE_CHECKING:
    from mn_dataset.build import build
    from mn_dataset.catalogue.load import fetch, load_corpus
    from mn_dataset.check.corpus import check
    from mn_dataset.compose.compose import compose
    from mn_dataset.curate.curate import curate
    from mn_dataset.mix.draw import draw
    from mn_dataset.mix.recipes import read_recipes, write_recipes
    from mn_dataset.mix.render import render
    from mn_dataset.mix.torch_dataset import MixtureDataset
    from mn_dataset.mix.verify import verify
    from mn_dataset.publish.publish import publish
    from mn_dataset.publish.rebuild import rebuild
    from mn_dataset.publish.torch_dataset import PublishedDataset
    from mn_dataset.split.split import split

__all__ = [
    "MixtureDataset",
    "PublishedDataset",
    "build",
    "check",
    "compose",
    "curate",
    "draw",
    "fetch",
    "load_corpus",
    "publish",
    "read_recipes",
    "rebuild",
    "render",
    "split",
    "verify",
    "write_recipes",
]

__getattr__ = exports(
    __name__,
    {
        "MixtureDataset": "mn_dataset.mix.torch_dataset",
        "PublishedDataset": "mn_dataset.publish.torch_dataset",
        "build": "mn_dataset.build",
        "check": "mn_dataset.check.corpus",
        "compose": "mn_dataset.compose.compose",
        "curate": "mn_dataset.curate.curate",
        "draw": "mn_dataset.mix.draw",
        "fetch": "mn_dataset.catalogue.load",
        "load_corpus": "mn_dataset.catalogue.load",
        "publish": "mn_dataset.publish.publish",
        "read_recipes": "mn_dataset.mix.recipes",
        "rebuild": "mn_dataset.publish.rebuild",
        "render": "mn_dataset.mix.render",
        "split": "mn_dataset.split.split",
        "verify": "mn_dataset.mix.verify",
        "write_recipes": "mn_dataset.mix.recipes",
    },
)


def __dir__() -> list[str]:
    """List the public names, for completion."""
    return __all__
