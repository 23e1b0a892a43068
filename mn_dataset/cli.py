"""Offer the dataset's half of the `mn` command: corpora, mixtures, publications."""

from __future__ import annotations

from mn_dataset.commands import corpora, mixtures, publications
from mn_dataset.commands.app import Flag, Json, app

__all__ = ["Flag", "Json", "app", "corpora", "mixtures", "publications"]
