"""Read a built dataset, and decide which of its mixtures are published with their audio."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from mn_dataset import licenses
from mn_dataset.errors import DatasetError
from mn_dataset.files.parquet import read_table
from mn_dataset.licenses import ANY, gate
from mn_dataset.mix import manifest

Row = dict[str, Any]
"""A row of the manifest, with the columns of ``FURTHER``."""

FURTHER = ("license", "source_licenses", "attribution")
"""Columns that a publication adds: the mixture's licence, its works' own, whom to name."""

LISTS = ("inputs", "targets")
"""Audio columns of the tasks with several inputs or targets; each cell is a list."""

_NEEDED = ("id", "split", "layers", "num_samples", "sampling_rate")
_FACTS = ("corpus", "corpus_hash", "generator_version", "dataset_version")


@dataclass(frozen=True)
class Content:
    """A dataset, judged mixture by mixture.

    Attributes:
        folder: The built dataset.
        schema: The manifest's columns.
        rows: The manifest's rows in the order of their ids, with the columns of ``FURTHER``.
        withheld: Why the audio of a mixture is not published, by id.
        sources: The recordings that were mixed, by id.
        facts: Corpus, its hash, generator and dataset version.
    """

    folder: Path
    schema: pa.Schema
    rows: tuple[Row, ...]
    withheld: dict[str, str]
    sources: dict[str, dict[str, str]]
    facts: dict[str, str]

    @property
    def audio(self) -> tuple[str, ...]:
        """The columns that hold audio: the triple, or the lists of the other tasks."""
        return audio_columns(self.schema)

    @property
    def heard(self) -> tuple[Row, ...]:
        """The rows that are published with their audio."""
        return tuple(row for row in self.rows if row["id"] not in self.withheld)

    @property
    def unheard(self) -> tuple[Row, ...]:
        """The rows that are published as recipes."""
        return tuple(row for row in self.rows if row["id"] in self.withheld)

    @property
    def reasons(self) -> dict[str, int]:
        """How many mixtures are withheld for which reason, most first."""
        return dict(Counter(self.withheld.values()).most_common())


def read_content(
    folder: Path, *, license_allow: Sequence[str] | None = None, recipe_only: bool = False
) -> Content:
    """Read the tables of a built dataset and judge every mixture.

    Args:
        folder: The dataset.
        license_allow: Licences that works may be under, by SPDX id, or "free"; "any" also lets
            works pass whose licence is unknown or satisfied by no common one. None for every
            licence that is known. ND never passes.
        recipe_only: Withhold all audio.

    Raises:
        DatasetError: if the folder is no finished dataset, or its tables contradict each other.
        InputError: if a licence is one that nobody knows.
    """
    table = _table(folder, manifest.MANIFEST, _NEEDED)
    listed = _table(folder, manifest.SOURCES, ("id", "license", "attribution", "pcm_sha256"))
    sources = {source["id"]: source for source in listed.to_pylist()}
    stated = [source["license"] for source in sources.values()]
    allows = gate([ANY] if license_allow is None else license_allow, stated=stated)
    lifted = ANY in [name.casefold() for name in license_allow or ()]
    rows, withheld = [], {}
    for told in sorted(table.to_pylist(), key=lambda row: str(row["id"])):
        works = [_source(folder, sources, layer["source_id"], told) for layer in told["layers"]]
        row = told | _further(works)
        rows.append(row)
        reason = _reason(row, works, allows, lifted=lifted)
        if recipe_only or reason:
            withheld[row["id"]] = "recipes only were asked for" if recipe_only else reason
    if not rows:
        raise DatasetError(f"{folder}: holds no mixture; there is nothing to publish")
    audio_columns(table.schema)
    return Content(folder, table.schema, tuple(rows), withheld, sources, _facts(folder, table))


def audio_columns(schema: pa.Schema) -> tuple[str, ...]:
    """Return the columns of a manifest that name audio files.

    Raises:
        DatasetError: if there is none.
    """
    for columns in (manifest.TRIPLE, LISTS):
        if set(columns) <= set(schema.names):
            return columns
    raise DatasetError(
        f"{manifest.MANIFEST}: names no audio; expected the columns "
        f"{', '.join(manifest.TRIPLE)} or {', '.join(LISTS)}"
    )


def pcm_hash(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> str:
    """Return the SHA-256 of all audio: over lines of id, column and PCM hash, sorted.

    >>> pcm_hash([{"id": "test/0", "noisy_sha256": "ab"}], ["noisy"])[:8]
    '8c20374a'
    """
    lines = []
    for row in rows:
        for column in columns:
            found = row.get(f"{column}_sha256") or []
            hashes = [found] if isinstance(found, str) else found
            lines += [f"{row['id']} {column} {sha256}\n" for sha256 in hashes]
    return hashlib.sha256("".join(sorted(lines)).encode()).hexdigest()


def _table(folder: Path, name: str, needed: Sequence[str]) -> pa.Table:
    if not (folder / name).is_file():
        raise DatasetError(
            f"{folder}: not a finished dataset (no {name}); make or finish it with `mn build`"
        )
    table = read_table(folder / name)
    missing = [column for column in needed if column not in table.column_names]
    if missing:
        raise DatasetError(f"{folder / name}: lacks the columns {', '.join(missing)}")
    return table


def _facts(folder: Path, table: pa.Table) -> dict[str, str]:
    metadata = {key.decode(): text.decode() for key, text in (table.schema.metadata or {}).items()}
    missing = [name for name in _FACTS if name not in metadata]
    if missing:
        raise DatasetError(
            f"{folder / manifest.MANIFEST}: its metadata lacks {', '.join(missing)}; build again"
        )
    return {name: metadata[name] for name in _FACTS}


def _source(
    folder: Path, sources: Mapping[str, dict[str, str]], name: str, row: Row
) -> dict[str, str]:
    if name not in sources:
        raise DatasetError(
            f"{folder / manifest.SOURCES}: has no row of {name!r}, which {row['id']} is mixed of; "
            "run `mn verify`"
        )
    return sources[name]


def _further(works: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    own = [work["license"] for work in works]
    credits_ = dict.fromkeys(work["attribution"] for work in works if work["attribution"])
    return {
        "license": licenses.judge(own).license or licenses.expression(own),
        "source_licenses": own,
        "attribution": "; ".join(credits_),
    }


def _reason(
    row: Row, works: Sequence[Mapping[str, str]], allows: Callable[[str], bool], *, lifted: bool
) -> str:
    """Say why a mixture is withheld, in words that many share; "" when it is not."""
    own: list[str] = row["source_licenses"]
    if lifted and not licenses.never(own):
        return ""
    verdict = licenses.judge(own)
    if verdict.license is None:
        names = " + ".join(sorted({name or "no licence" for name in own}))
        return f"{names}: {verdict.reason}"
    refused = sorted({work["license"] for work in works if not allows(work["license"])})
    return f"{', '.join(refused)}: not among the licences that were allowed" if refused else ""
