"""Measure every recording of a corpus once, and keep the figures beside it.

Drawing reads this index and opens no audio. An entry is made again when the file's size or
modification time changes. The index of a read-only corpus stands in the user's cache.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mn_dataset.audio import io, level
from mn_dataset.errors import AudioError
from mn_dataset.files.cache import kept_beside
from mn_dataset.files.parquet import keep_table, read_kept
from mn_dataset.records import SAMPLING_RATE
from mn_dataset.workers import each

INDEX_NAME = ".mn-index.parquet"
_SCHEMA = pa.schema(
    [
        ("file", pa.string()),
        ("size", pa.int64()),
        ("mtime_ns", pa.int64()),
        ("frames", pa.int64()),
        ("pcm_sha256", pa.string()),
        ("total", pa.int64()),
        ("blocks", pa.list_(pa.field("element", pa.int64()))),  # as Parquet names it
        ("peak", pa.int32()),
        ("clipped", pa.int64()),
        ("weighted", pa.list_(pa.field("element", pa.float64()))),
        ("loudness_lufs", pa.float64()),
    ],
    metadata={"version": "2"},
)


@dataclass(frozen=True)
class Entry:
    """The figures of one recording.

    Attributes:
        file: Path relative to the corpus.
        size: Bytes of the file.
        mtime_ns: Modification time of the file in ns.
        frames: Length in samples.
        pcm_sha256: SHA-256 of the 16-bit samples.
        total: Sum of the samples.
        blocks: Energy per block of 1024 samples, squared LSB.
        peak: Largest magnitude in LSB.
        clipped: Samples on plateaus at an extreme.
        weighted: K-weighted energy per 441 samples, in units of full scale.
        loudness_lufs: Integrated loudness of the whole recording.
    """

    file: str
    size: int
    mtime_ns: int
    frames: int
    pcm_sha256: str
    total: int
    blocks: NDArray[np.int64]
    peak: int
    clipped: int
    weighted: NDArray[np.float64]
    loudness_lufs: float

    @property
    def level(self) -> level.Level:
        """The level of the whole recording."""
        return level.Level(self.frames, self.total, self.blocks, self.peak)

    def energy_bound(self, start: int, num_samples: int) -> int:
        """Return the energy of the whole blocks inside a segment: a lower bound of its own."""
        first = -(-start // level.BLOCK)
        last = (start + num_samples) // level.BLOCK
        sums, most = self._sums, len(self.blocks)
        return int(sums[min(last, most)] - sums[min(first, last, most)])

    @cached_property
    def _sums(self) -> NDArray[np.int64]:
        """The energy of all blocks before each one, and of all."""
        return np.concatenate([np.zeros(1, np.int64), np.cumsum(self.blocks, dtype=np.int64)])


def refresh(
    corpus: Path,
    files: Sequence[str],
    *,
    workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
    also: Callable[[io.Pcm], Any] | None = None,
    collect: Callable[[Entry, Any], None] = lambda *_: None,
) -> tuple[dict[str, Entry], dict[str, AudioError]]:
    """Bring the index of a corpus up to date for some of its files.

    Entries that are still true are kept.

    Args:
        corpus: The corpus's folder.
        files: Paths relative to it.
        workers: Processes that measure.
        progress: Called with (done, all) recordings that are measured.
        also: A module's function of the samples of each of these, such as the one that takes
            fingerprints, so that who wants both opens no file twice.
        collect: Called with the entry and with what ``also`` returned.

    Returns:
        The entry of every readable file, and the error of each of the others, by file.
    """
    path = kept_beside(corpus, INDEX_NAME)
    stored = _read(path)
    entries = {file: stored[file] for file in files if _is_current(corpus, stored.get(file))}
    stale = [file for file in dict.fromkeys(files) if file not in entries]
    errors: dict[str, AudioError] = {}
    # Starting processes costs more than measuring a few files.
    processes = workers if len(stale) >= 64 else 1
    pieces = ((corpus, file, also) for file in stale)
    measured = each(_measure, pieces, workers=processes, together=8)
    for done, (file, (entry, further)) in enumerate(zip(stale, measured, strict=True), start=1):
        if isinstance(entry, AudioError):
            errors[file] = entry
        else:
            entries[file] = entry
            collect(entry, further)
        if progress:
            progress(done, len(stale))
    if any(file in entries for file in stale):
        _write(path, [*stored.values(), *entries.values()])
    return {file: entries[file] for file in files if file in entries}, errors


def _measure(
    corpus: Path, file: str, also: Callable[[io.Pcm], Any] | None
) -> tuple[Entry | AudioError, Any]:
    """Measure one recording; an unreadable one gives its error instead."""
    try:
        samples = io.read_pcm(corpus / file, sampling_rate=SAMPLING_RATE)
    except AudioError as error:
        return error, None
    size, mtime_ns = _stamp(corpus / file) or (0, 0)
    entry = entry_of(samples, file=file, size=size, mtime_ns=mtime_ns)
    return entry, also(samples) if also else None


def entry_of(samples: io.Pcm, *, file: str = "", size: int = 0, mtime_ns: int = 0) -> Entry:
    """Measure samples.

    Args:
        samples: int16 (time,).
        file: Where they stand; none for what is made when it is needed.
        size: Bytes of the file.
        mtime_ns: Its modification time in ns.
    """
    whole = level.measure(samples)
    weighted = level.k_weight(samples, sampling_rate=SAMPLING_RATE)
    hops = level.weighted_hops(weighted, sampling_rate=SAMPLING_RATE)
    return Entry(
        file=file,
        size=size,
        mtime_ns=mtime_ns,
        frames=whole.num_samples,
        pcm_sha256=io.pcm_sha256(samples),
        total=whole.total,
        blocks=whole.blocks,
        peak=whole.peak,
        clipped=level.clipped_samples(samples),
        weighted=level.grid_energies(weighted),
        loudness_lufs=level.integrated_lufs(hops, 1.0, sampling_rate=SAMPLING_RATE),
    )


def _is_current(corpus: Path, entry: Entry | None) -> bool:
    return entry is not None and _stamp(corpus / entry.file) == (entry.size, entry.mtime_ns)


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        state = path.stat()
    except OSError:
        return None
    return state.st_size, state.st_mtime_ns


def _read(path: Path) -> dict[str, Entry]:
    """Read an index; one that is missing, damaged or of another version is as good as none."""
    table = read_kept(path)
    if table is None or not table.schema.equals(_SCHEMA, check_metadata=True):
        return {}
    return {
        row["file"]: Entry(**row | {name: np.asarray(row[name]) for name in ("blocks", "weighted")})
        for row in table.to_pylist()
    }


def _write(path: Path, entries: Iterable[Entry]) -> None:
    latest = {entry.file: entry for entry in entries}
    rows = [vars(latest[file]) for file in sorted(latest)]
    keep_table(path, pa.Table.from_pylist(rows, schema=_SCHEMA))
