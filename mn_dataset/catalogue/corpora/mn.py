"""Describe `mn`: the published M&N, from the authors' archives and FAIR-Play's own files."""

from __future__ import annotations

from mn_dataset.catalogue.registry import CorpusSpec, read_metadata
from mn_dataset.fetch.google_drive import drive_url
from mn_dataset.fetch.published.importer import import_published
from mn_dataset.fetch.report import FetchReport
from mn_dataset.fetch.session import FetchRequest
from mn_dataset.records import Role
from mn_dataset.tables import Rows

DRIVES: dict[Role, str] = {
    "clean": drive_url("1tj794OUdU6WpUZhXcYjQqeG5BrOzwF4y"),
    "noise": drive_url("1trm8f7QXvECjfTmrACwT_I9ox951ZbhL"),
}
"""The authors' shared archives: of the clips that are not FAIR-Play's, and of the noises."""


def rows() -> Rows:
    """Return both tables."""
    return read_metadata("mn")


def fetch(request: FetchRequest) -> FetchReport:
    """Import what is published, or what a person has of it."""
    return import_published(rows(), request, drives=DRIVES)


SPEC = CorpusSpec(
    name="mn",
    description="the published M&N: 1235 clips and 42 noises; its licences are partly unknown",
    home="https://github.com/slliugit/slliugit.github.io",
    rows=rows,
    fetch=fetch,
)
