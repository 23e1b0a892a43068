"""Describe `open`: openly licensed recordings of M&N's shape, pinned by address and hash."""

from __future__ import annotations

from mn_dataset.catalogue.metadata import read_metadata
from mn_dataset.catalogue.registry import CorpusSpec
from mn_dataset.fetch.pinned import fetch_pinned
from mn_dataset.fetch.report import Account
from mn_dataset.fetch.request import Order
from mn_dataset.tables import Rows


def rows() -> Rows:
    """Return both tables."""
    return read_metadata("open")


def fetch(order: Order) -> Account:
    """Download the originals and cut the clips."""
    return fetch_pinned(rows(), order)


SPEC = CorpusSpec(
    name="open",
    description="openly licensed recordings, cut from originals at pinned addresses",
    home="metadata/open",
    rows=rows,
    fetch=fetch,
)
