"""Describe `open`: openly licensed recordings of M&N's shape, pinned by address and hash."""

from __future__ import annotations

from mn_dataset.catalogue.registry import CorpusSpec, read_metadata
from mn_dataset.fetch.pinned import fetch_pinned
from mn_dataset.fetch.report import FetchReport
from mn_dataset.fetch.session import FetchRequest
from mn_dataset.tables import Rows


def rows() -> Rows:
    """Return both tables."""
    return read_metadata("open")


def fetch(request: FetchRequest) -> FetchReport:
    """Download the originals and cut the clips."""
    return fetch_pinned(rows(), request)


SPEC = CorpusSpec(
    name="open",
    description="openly licensed recordings, cut from originals at pinned addresses",
    home="metadata/open",
    rows=rows,
    fetch=fetch,
)
