"""Keep the fingerprints of a corpus and the pairs found among them, so that both are made once.

They stand in one file beside the corpus (or in the user's cache), by the hash of the samples:
a renamed recording is recognised, a changed one is not. The pairs are of all the fingerprints
in the file, so an unchanged corpus is answered without reading a single one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import astuple, replace
from itertools import product
from pathlib import Path

import numpy as np
import pyarrow as pa

from mn_dataset.audio import index, io
from mn_dataset.audio.fingerprint.extract import Fingerprint, fingerprint
from mn_dataset.audio.fingerprint.pairs import Pair, correlation, near_duplicates
from mn_dataset.audio.index import Entry
from mn_dataset.errors import AudioError
from mn_dataset.files.cache import kept_beside
from mn_dataset.files.parquet import facts, keep_table, read_kept
from mn_dataset.records import SAMPLING_RATE
from mn_dataset.workers import each

PRINTS_NAME = ".mn-fingerprints.parquet"
_VERSION = "3"  # of what a fingerprint is and of when two of them are a pair
_SCHEMA = pa.schema([("pcm_sha256", pa.string()), ("wave", pa.large_binary())])


def measure(
    corpus: Path,
    files: Sequence[str],
    *,
    workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[dict[str, Entry], dict[str, AudioError], dict[str, Fingerprint]]:
    """Bring the index up to date, and take the fingerprints of what is read for it.

    Args:
        corpus: The corpus's folder.
        files: Paths relative to it.
        workers: Processes that measure.
        progress: Called with (done, all) recordings that are measured.

    Returns:
        What ``index.refresh`` does, and the fingerprints by the hash of the samples.
    """
    fingerprints: dict[str, Fingerprint] = {}

    def collect(entry: Entry, one: Fingerprint) -> None:
        fingerprints[entry.pcm_sha256] = one

    entries, errors = index.refresh(
        corpus, files, workers=workers, progress=progress, also=fingerprint, collect=collect
    )
    return entries, errors, fingerprints


def corpus_pairs(
    corpus: Path,
    entries: Mapping[str, Entry],
    *,
    workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
    fingerprints: Mapping[str, Fingerprint] | None = None,
) -> list[Pair]:
    """Return the near-duplicates among a corpus's recordings that do not hold the same samples.

    Args:
        corpus: The corpus's folder.
        entries: What the index says of each recording, by id.
        workers: Processes that take fingerprints, and then compare them.
        progress: Called with (done, all) recordings, then with (done, all) blocks of pairs.
        fingerprints: Those that are at hand, as ``measure`` returns them.

    Raises:
        AudioError: if a recording has become unreadable since it was indexed.
    """
    files = {entry.pcm_sha256: entry.file for entry in entries.values()}
    path = kept_beside(corpus, PRINTS_NAME)
    stored, pairs = _read_pairs(path)
    if not files.keys() <= stored:
        prints = _read_prints(path, files) if stored else {}
        prints |= {pcm: one for pcm, one in (fingerprints or {}).items() if pcm in files}
        missing = {pcm: file for pcm, file in files.items() if pcm not in prints}
        prints |= _take(corpus, missing, workers=workers, progress=progress)
        ordered = {pcm: prints[pcm] for pcm in sorted(files)}
        pairs = [
            _weighed(corpus / files[pair.first], corpus / files[pair.second], pair)
            for pair in near_duplicates(ordered, workers=workers, progress=progress)
        ]
        _write(path, ordered, pairs)
    names: dict[str, list[str]] = {}
    for name, entry in entries.items():
        names.setdefault(entry.pcm_sha256, []).append(name)
    return [
        replace(pair, first=first, second=second)
        for pair in pairs
        for first, second in product(names.get(pair.first, []), names.get(pair.second, []))
    ]


def _take(
    corpus: Path,
    missing: Mapping[str, str],
    *,
    workers: int,
    progress: Callable[[int, int], None] | None,
) -> dict[str, Fingerprint]:
    # Starting processes costs more than a few fingerprints.
    processes = workers if len(missing) >= 64 else 1
    paths = ((corpus / file,) for file in missing.values())
    prints: dict[str, Fingerprint] = {}
    taken = each(_fingerprint_of, paths, workers=processes, together=8)
    for pcm, one in zip(missing, taken, strict=True):
        prints[pcm] = one
        if progress:
            progress(len(prints), len(missing))
    return prints


def _fingerprint_of(path: Path) -> Fingerprint:
    return fingerprint(io.read_pcm(path, sampling_rate=SAMPLING_RATE))


def _weighed(first: Path, second: Path, pair: Pair) -> Pair:
    one, two = (io.read_pcm(path, sampling_rate=SAMPLING_RATE) for path in (first, second))
    return replace(pair, correlation=correlation(one, two, shift_s=pair.shift_s))


def _read_pairs(path: Path) -> tuple[set[str], list[Pair]]:
    """Read the hashes and pairs of a file; a damaged or older one is as good as none."""
    table = read_kept(path, columns=["pcm_sha256"])
    if table is None:
        return set(), []
    try:
        stored = facts(table.schema)
        if stored["version"] != _VERSION:
            return set(), []
        pairs = [Pair(*values) for values in json.loads(stored["pairs"])]
    except (LookupError, ValueError, TypeError):
        return set(), []
    return set(table["pcm_sha256"].to_pylist()), pairs


def _read_prints(path: Path, wanted: Iterable[str]) -> dict[str, Fingerprint]:
    """Read the fingerprints of some hashes; a damaged file holds none."""
    hashes = set(wanted)
    table = read_kept(path)
    if table is None:
        return {}
    return {
        pcm: Fingerprint(np.frombuffer(wave.as_py(), np.int8))
        for pcm, wave in zip(table["pcm_sha256"].to_pylist(), table["wave"], strict=True)
        if pcm in hashes
    }


def _write(path: Path, prints: Mapping[str, Fingerprint], pairs: Iterable[Pair]) -> None:
    columns = [list(prints), [one.wave.tobytes() for one in prints.values()]]
    metadata = {"version": _VERSION, "pairs": json.dumps([astuple(pair) for pair in pairs])}
    table = pa.table(columns, schema=_SCHEMA.with_metadata(metadata))
    keep_table(path, table, compression="none")  # noise does not pack
