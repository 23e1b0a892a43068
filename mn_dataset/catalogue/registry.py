"""Know corpora by name: every module in `mn_dataset.catalogue.corpora` is one.

Adding a corpus is adding a file there that holds ``SPEC``, a ``CorpusSpec``; nothing else names it.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from mn_dataset.errors import UnknownName
from mn_dataset.fetch.report import Account
from mn_dataset.fetch.request import Order
from mn_dataset.tables import Rows

_CORPORA = "mn_dataset.catalogue.corpora"  # a name and no import: the files there import this one


class Fetch(Protocol):
    """Put a corpus into ``order.folder`` and account for every row."""

    def __call__(self, order: Order) -> Account:
        """Do it; raises MnError for what stops the whole, tells the rest row by row."""


@dataclass(frozen=True)
class CorpusSpec:
    """A corpus that the toolkit knows.

    Attributes:
        name: What people type.
        description: What it is, in one sentence.
        home: Where it comes from.
        rows: Returns its two tables.
        fetch: Puts it into a folder.
    """

    name: str
    description: str
    home: str
    rows: Callable[[], Rows]
    fetch: Fetch


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
