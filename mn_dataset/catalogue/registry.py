"""List the known corpora, and find one and its metadata tables by name.

Every module in `mn_dataset.catalogue.corpora` is a corpus: adding one is adding a file there that
holds ``SPEC``, a ``CorpusSpec``; nothing else names it.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from mn_dataset import tables
from mn_dataset.errors import InputError, UnknownName
from mn_dataset.fetch.report import FetchReport
from mn_dataset.fetch.session import FetchRequest
from mn_dataset.records import ROLES
from mn_dataset.tables import Rows

_PACKAGE = Path(__file__).parents[1]
_CORPORA = "mn_dataset.catalogue.corpora"  # a name and no import: the files there import this one


class CorpusFetcher(Protocol):
    """Puts a corpus into ``request.folder``."""

    def __call__(self, request: FetchRequest) -> FetchReport:
        """Fetch it, and report on every row.

        Raises:
            MnError: for what stops the whole; what concerns one row is reported with it.
        """


@dataclass(frozen=True)
class CorpusSpec:
    """One known corpus.

    Attributes:
        name: What people type.
        description: What it is, in one sentence.
        home: Where it comes from.
        rows: Returns its tables.
        fetch: Puts it into a folder.
    """

    name: str
    description: str
    home: str
    rows: Callable[[], Rows]
    fetch: CorpusFetcher


def names() -> list[str]:
    """List the known corpora, by the names of their files.

    >>> "synthetic" in names()
    True
    """
    folder = importlib.import_module(_CORPORA)
    return sorted(module.name for module in pkgutil.iter_modules(folder.__path__))


def find(name: str) -> CorpusSpec:
    """Return a known corpus.

    Raises:
        UnknownName: with the nearest suggestion.

    >>> find("synthetic").name
    'synthetic'
    """
    if name not in names():
        raise UnknownName("corpus", name, names())
    spec: CorpusSpec = importlib.import_module(f"{_CORPORA}.{name}").SPEC
    return spec


def metadata_folder(corpus: str) -> Path:
    """Return the folder with a corpus's ``clean.csv`` and ``noise.csv``.

    A wheel carries ``metadata`` inside the package; a checkout has it beside the package.

    Raises:
        InputError: if it is in neither.

    >>> metadata_folder("mn").name
    'mn'
    """
    for parent in (_PACKAGE, _PACKAGE.parent):
        folder = parent / "metadata" / corpus
        if folder.is_dir():
            return folder
    raise InputError(
        f"{_PACKAGE / 'metadata' / corpus}: no such folder; the installation is incomplete: "
        "install mn-dataset again"
    )


def read_metadata(corpus: str) -> Rows:
    """Read both tables of a known corpus.

    Raises:
        InputError: if they are missing or wrong.
    """
    folder = metadata_folder(corpus)
    return {role: tables.read_table(tables.table_path(folder, role), role) for role in ROLES}
