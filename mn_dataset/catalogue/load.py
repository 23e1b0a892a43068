"""Load and fetch corpora: a known one by its name, or any folder in the M&N form."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from mn_dataset import tables
from mn_dataset.audio.corpus import Corpus, open_corpus
from mn_dataset.catalogue import registry
from mn_dataset.errors import InputError, suggestion
from mn_dataset.fetch.report import FetchReport, write_report
from mn_dataset.fetch.session import FetchRequest
from mn_dataset.fetch.transfer import DEFAULT_PATIENCE, Patience
from mn_dataset.files.cache import user_cache
from mn_dataset.files.lock import locked
from mn_dataset.records import SYNTHETIC
from mn_dataset.synthetic.corpus import write_corpus

ROOT = Path("corpora")
"""Where corpora are fetched to by default."""


def load_corpus(
    corpus: str | Path,
    *,
    root: Path = ROOT,
    workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> Corpus:
    """Open a corpus by name or folder.

    Args:
        corpus: "synthetic", which is made in the user's cache on first use; the name of another
            known corpus, which must have been fetched; or a folder.
        root: Folder of the fetched corpora.
        workers: Processes that make or measure recordings.
        progress: Called with (done, all) recordings that are made or measured.

    Raises:
        InputError: if a known corpus is not there, or naming file, row and column of the first
            thing that is wrong.

    Examples:
        >>> corpus = load_corpus("synthetic")  # doctest: +SKIP
        >>> len(corpus.of("clean", "test")), len(corpus.of("noise", "test"))  # doctest: +SKIP
        (18, 10)
    """
    folder = locate(corpus, root=root, workers=workers, progress=progress)
    return open_corpus(folder, workers=workers, progress=progress)


def locate(
    corpus: str | Path,
    *,
    root: Path = ROOT,
    workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Return the folder of a corpus by name or folder; the arguments are ``load_corpus``'s.

    Raises:
        InputError: if it is not there.
    """
    if corpus == SYNTHETIC:
        folder = user_cache("corpora", SYNTHETIC)
        return write_corpus(folder, workers=workers, progress=progress)
    folder = Path(corpus)
    if isinstance(corpus, str) and corpus in registry.names():
        folder = root / corpus
        if not all(tables.table_path(folder, role).is_file() for role in tables.tables_of(folder)):
            raise InputError(
                f"{folder}: the corpus {corpus} is not there, or not whole; run: mn fetch "
                f"{corpus}, or give the folder of one"
            )
    elif not folder.is_dir():
        names = registry.names()
        raise InputError(
            f"{folder}: no such folder{suggestion(str(corpus), names)} Expected a folder with "
            f"clean.csv and noise.csv, or stems.csv, or a known corpus: {', '.join(names)}"
        )
    return folder


def fetch(
    name: str,
    *,
    root: Path = ROOT,
    origin: str | None = None,
    license_allow: Sequence[str] | None = None,
    allow_missing: bool = False,
    fill: str | None = None,
    lock: Path | None = None,
    workers: int = 1,
    patience: Patience = DEFAULT_PATIENCE,
    progress: Callable[[int, int], None] | None = None,
) -> FetchReport:
    """Fetch a known corpus into ``root/name``, and write a report by row beside it.

    Every recording is verified by its hash, or pinned in the lock file at its first use where none
    is published. Stopped at any moment, the same call resumes.

    Args:
        name: Of the corpus.
        root: Folder of the corpora.
        origin: Folder or mirror to take everything from; None for the tables' own addresses.
        license_allow: Licences to take: SPDX ids, "free" or "any"; None for the corpus's default.
        allow_missing: Leave rows that cannot be had out of the tables, instead of writing none.
        fill: "synthetic" fills cells without a recording from the embedded corpus.
        lock: The lock file; None for the one beside the corpus.
        workers: Processes.
        patience: How long a server is waited for.
        progress: Called with (done, all) pieces of work.

    Returns:
        What became of every row.

    Raises:
        UnknownName: if there is no such corpus.
        InputError: if a parameter is wrong, or another process fetches into the folder.
        OutputError: if something cannot be written.

    Examples:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:  # which holds none of the originals
        ...     report = fetch("open", root=Path(folder), origin=folder)
        >>> report.counts()
        {'present': 0, 'missing': 75, 'different': 0, 'left out': 15}
    """
    spec = registry.find(name)
    request = FetchRequest(
        folder=root / name,
        origin=origin,
        license_allow=None if license_allow is None else tuple(license_allow),
        allow_missing=allow_missing,
        fill=fill,
        lock=lock,
        workers=workers,
        patience=patience,
        progress=progress,
    )
    with locked(request.folder, command="mn fetch"):
        report = spec.fetch(request)
        write_report(report)
    return report
