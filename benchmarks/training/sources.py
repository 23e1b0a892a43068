"""Say which recordings a network learned from and was validated with, row by row."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from benchmarks.training.material import Origin

SOURCES = "sources.csv"
COLUMNS = (
    "id",
    "split",
    "category",
    "license",
    "attribution",
    "source",
    "url",
    "sha256",
    "start_s",
    "duration_s",
    "pcm_sha256",
)
"""Of a metadata table, less where the recordings lay; with the hash of the 16-bit samples."""


def write_sources(
    folder: Path, origins: Sequence[Origin], further: Sequence[dict[str, str]] = ()
) -> None:
    """Write ``sources.csv`` into a run folder, sorted by split and id.

    Args:
        folder: The run's.
        origins: The recordings of train and validation.
        further: Rows of what the weights that it began with had learned from, beside these.
    """
    rows = sorted([*_rows(origins), *further], key=lambda row: (row["split"], row["id"]))
    text = io.StringIO()
    table = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    (folder / SOURCES).write_text(text.getvalue(), encoding="utf-8")


def read_sources(path: Path) -> list[dict[str, str]]:
    """Read what ``write_sources`` wrote."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def attributions(rows: Iterable[dict[str, str]]) -> dict[str, dict[str, int]]:
    """Count recordings by licence, and within it by whom to name, both in order of the alphabet.

    >>> attributions([{"license": "MIT", "attribution": "A. Player"}])
    {'MIT': {'A. Player': 1}}
    """
    counts: dict[str, dict[str, int]] = {}
    for row in rows:
        inner = counts.setdefault(row["license"] or "unknown", {})
        inner[row["attribution"]] = inner.get(row["attribution"], 0) + 1
    return {name: dict(sorted(inner.items())) for name, inner in sorted(counts.items())}


def _rows(origins: Iterable[Origin]) -> Iterator[dict[str, str]]:
    for origin in origins:
        known = {**origin.row.columns(), "pcm_sha256": origin.pcm_sha256}
        yield {name: known[name] for name in COLUMNS}
