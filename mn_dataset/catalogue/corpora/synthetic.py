"""Describe `synthetic`: the embedded corpus, made here without a download."""

from __future__ import annotations

from mn_dataset.catalogue.registry import CorpusSpec
from mn_dataset.errors import InputError
from mn_dataset.fetch.report import Account, Item
from mn_dataset.fetch.request import Order
from mn_dataset.licenses import gate
from mn_dataset.records import ROLES
from mn_dataset.synthetic.corpus import plans, write_corpus
from mn_dataset.tables import Rows

_SEED = 0


def rows() -> Rows:
    """Return both tables."""
    return {role: [p.row(_SEED) for p in plans() if p.role == role] for role in ROLES}


def fetch(order: Order) -> Account:
    """Make what is not there.

    Raises:
        InputError: if it is to be fetched from somewhere, filled, or is held back by its licence.
    """
    every = [row for role in ROLES for row in rows()[role]]
    if order.origin is not None or order.fill is not None:
        raise InputError("synthetic is made here and is whole; leave out --from and --fill")
    passes = gate(order.license_allow)
    if not all(passes(row.license) for row in every):
        raise InputError("synthetic is CC0-1.0; name it in --license-allow, or leave that out")
    made = sum(not (order.folder / row.file).is_file() for row in every)
    write_corpus(order.folder, seed=_SEED, workers=order.workers, progress=order.progress)
    items = (Item(row.id, row.file, "present", "made here", row.license) for row in every)
    return Account(order.folder, tuple(items), made=made)


SPEC = CorpusSpec(
    name="synthetic",
    description="modelled instruments, voices and noises, made here without a download",
    home="mn_dataset/synthetic",
    rows=rows,
    fetch=fetch,
)
