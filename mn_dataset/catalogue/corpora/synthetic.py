"""Describe `synthetic`: the embedded corpus, made here without a download."""

from __future__ import annotations

from mn_dataset.catalogue.registry import CorpusSpec
from mn_dataset.errors import InputError
from mn_dataset.fetch.report import FetchReport, RowReport
from mn_dataset.fetch.session import FetchRequest
from mn_dataset.licenses import gate
from mn_dataset.synthetic.corpus import table_rows, write_corpus
from mn_dataset.tables import Rows

_SEED = 0


def rows() -> Rows:
    """Return the three tables."""
    return table_rows(_SEED)


def fetch(request: FetchRequest) -> FetchReport:
    """Write what is not there.

    Raises:
        InputError: if it is to be fetched from somewhere, filled, or is left out by its licence.
    """
    all_rows = [row for table in rows().values() for row in table]
    for name in ("origin", "fill"):
        value = getattr(request, name)
        if value is not None:
            raise InputError(
                f"{name} is {value}: synthetic is made here and is whole; leave it out"
            )
    passes = gate(request.license_allow)
    if not all(passes(row.license) for row in all_rows):
        allowed = ",".join(request.license_allow or ())
        raise InputError(f"license_allow is {allowed}: synthetic is CC0-1.0; add it, or allow all")
    num_made = sum(not (request.folder / row.file).is_file() for row in all_rows)
    write_corpus(request.folder, seed=_SEED, workers=request.workers, progress=request.progress)
    reports = (RowReport(row.id, row.file, "present", "made here", row.license) for row in all_rows)
    return FetchReport(request.folder, tuple(reports), num_made=num_made)


SPEC = CorpusSpec(
    name="synthetic",
    description="modelled instruments, voices and noises, made here without a download",
    home="mn_dataset/synthetic",
    rows=rows,
    fetch=fetch,
)
