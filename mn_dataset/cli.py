"""Gather the commands of `mn` that work on data: corpora, mixtures, publications."""

from __future__ import annotations

from mn_dataset.commands import corpora, mixtures, publications
from mn_dataset.commands.app import Flag, Json, app

__all__ = ["Flag", "Json", "app", "corpora", "mixtures", "publications"]
