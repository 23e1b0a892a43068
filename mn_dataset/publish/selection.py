"""Read a built dataset, and decide which of its mixtures are published with their audio."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import pyarrow as pa

from mn_dataset import licenses
from mn_dataset.errors import DatasetError
from mn_dataset.licenses import ANY, gate
from mn_dataset.mix import manifest
from mn_dataset.mix.dataset import Dataset, read_dataset
from mn_dataset.mix.manifest import file_groups
from mn_dataset.tasks.spec import TaskSpec

Row = dict[str, Any]
"""A row of the manifest, with the columns of ``FURTHER``."""

FURTHER = ("license", "source_licenses", "attribution")
"""Columns that a publication adds: the mixture's licence, its works' own, whom to name."""

_SOURCE_COLUMNS = ("id", "license", "attribution", "pcm_sha256")


@dataclass(frozen=True)
class Selection:
    """A dataset, judged mixture by mixture.

    Attributes:
        folder: The built dataset.
        task: What its mixtures are for.
        schema: The manifest's columns.
        rows: The manifest's rows in the order of their ids, with the columns of ``FURTHER``.
        withheld: Why the audio of a mixture is not published, by id.
        sources: The recordings that were mixed, by id.
        provenance: Corpus, its hash, generator and dataset version.
    """

    folder: Path
    task: TaskSpec
    schema: pa.Schema
    rows: tuple[Row, ...]
    withheld: dict[str, str]
    sources: dict[str, dict[str, str]]
    provenance: dict[str, str]

    @property
    def audio(self) -> tuple[str, ...]:
        """The columns that hold audio; their cells are names of files, or lists of such names."""
        return audio_columns(self.task)

    @property
    def with_audio(self) -> tuple[Row, ...]:
        """The rows that are published with their audio."""
        return tuple(row for row in self.rows if row["id"] not in self.withheld)

    @property
    def without_audio(self) -> tuple[Row, ...]:
        """The rows that are published as recipes."""
        return tuple(row for row in self.rows if row["id"] in self.withheld)

    @property
    def shown(self) -> tuple[Row, ...]:
        """The rows that a card counts: those with audio, or all where there are none."""
        return self.with_audio or self.rows

    @property
    def reasons(self) -> dict[str, int]:
        """How many mixtures are withheld for which reason, most first."""
        return dict(Counter(self.withheld.values()).most_common())


def select(
    folder: Path, *, license_allow: Sequence[str] | None = None, recipe_only: bool = False
) -> Selection:
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
    dataset = read_dataset(folder)
    _, table = manifest.read_facts(folder / manifest.MANIFEST)
    sources = _sources(folder / manifest.SOURCES)
    stated = [source["license"] for source in sources.values()]
    allows = gate([ANY] if license_allow is None else license_allow, stated=stated)
    lifted = ANY in [name.casefold() for name in license_allow or ()]
    rows, withheld = [], {}
    for mixture in sorted(table.to_pylist(), key=lambda row: str(row["id"])):
        works = [
            _source(folder, sources, layer["source_id"], mixture["id"])
            for layer in mixture["layers"]
        ]
        row = mixture | _further(works)
        rows.append(row)
        reason = _reason(row["source_licenses"], allows, lifted=lifted)
        if recipe_only or reason:
            withheld[row["id"]] = "recipes only were asked for" if recipe_only else reason
    return Selection(
        folder=folder,
        task=dataset.task,
        schema=table.schema,
        rows=tuple(rows),
        withheld=withheld,
        sources=sources,
        provenance=_provenance(folder, dataset),
    )


def audio_columns(task: TaskSpec) -> tuple[str, ...]:
    """Return the columns of a task's manifest that name audio files.

    >>> from mn_dataset.tasks.registry import find
    >>> audio_columns(find("denoise"))
    ('noisy', 'clean', 'noise')
    """
    columns = [(group.kind,) if group.names is None else group.names for group in file_groups(task)]
    return tuple(chain.from_iterable(columns))


def pcm_hash(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> str:
    """Return the SHA-256 of all audio: over lines of id, column and PCM hash, sorted.

    >>> pcm_hash([{"id": "test/0", "noisy_sha256": "ab"}], ["noisy"])[:8]
    '8c20374a'
    """
    lines = []
    for row in rows:
        for column in columns:
            cell = row.get(f"{column}_sha256") or []
            hashes = [cell] if isinstance(cell, str) else cell
            lines += [f"{row['id']} {column} {sha256}\n" for sha256 in hashes]
    return hashlib.sha256("".join(sorted(lines)).encode()).hexdigest()


def _sources(path: Path) -> dict[str, dict[str, str]]:
    rows = manifest.read_sources(path)
    missing = [column for column in _SOURCE_COLUMNS if rows and column not in rows[0]]
    if missing:
        raise DatasetError(f"{path}: lacks the columns {', '.join(missing)}; build again")
    return {source["id"]: source for source in rows}


def _provenance(folder: Path, dataset: Dataset) -> dict[str, str]:
    missing = [name for name, text in dataset.provenance.items() if not text]
    if missing:
        raise DatasetError(
            f"{folder / manifest.MANIFEST}: its metadata lacks {', '.join(missing)}; build again"
        )
    return dataset.provenance


def _source(
    folder: Path, sources: Mapping[str, dict[str, str]], name: str, mixture: str
) -> dict[str, str]:
    if name not in sources:
        raise DatasetError(
            f"{folder / manifest.SOURCES}: has no row of {name!r}, which {mixture} is mixed of; "
            "run `mn verify`"
        )
    return sources[name]


def _further(works: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    stated = [work["license"] for work in works]
    credits_ = dict.fromkeys(work["attribution"] for work in works if work["attribution"])
    return {
        "license": licenses.judge(stated).license or licenses.expression(stated),
        "source_licenses": stated,
        "attribution": "; ".join(credits_),
    }


def _reason(stated: Sequence[str], allows: Callable[[str], bool], *, lifted: bool) -> str:
    """Say why a mixture of such works is withheld, in words that many share; "" when it is not."""
    if lifted and not licenses.never(stated):
        return ""
    verdict = licenses.judge(stated)
    if verdict.license is None:
        names = " + ".join(sorted({name or "no licence" for name in stated}))
        return f"{names}: {verdict.reason}"
    refused = sorted({name for name in stated if not allows(name)})
    return f"{', '.join(refused)}: not among the licences that were allowed" if refused else ""
