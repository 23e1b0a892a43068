"""Keep the fingerprints of a corpus and the pairs found among them, so that both are made once.

They stand in one file beside the corpus (or in the user's cache), by the hash of the samples:
a renamed recording is known again, a changed one is not. The pairs are of all the fingerprints
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
import pyarrow.parquet as pq

from mn_dataset.audio import index, io
from mn_dataset.audio.cache import beside, keep
from mn_dataset.audio.fingerprint.extract import Fingerprint, fingerprint
from mn_dataset.audio.fingerprint.pairs import Pair, correlation, near_duplicates
from mn_dataset.audio.index import Entry
from mn_dataset.errors import AudioError
from mn_dataset.records import SAMPLING_RATE
from mn_dataset.workers import each

PRINTS_NAME = ".mn-fingerprints.parquet"
_VERSION = b"3"  # of what a fingerprint is and of when two of them are a pair
_SCHEMA = pa.schema([("pcm_sha256", pa.string()), ("wave", pa.large_binary())])


def measured(
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
    taken: dict[str, Fingerprint] = {}

    def heard(entry: Entry, print_: Fingerprint) -> None:
        taken[entry.pcm_sha256] = print_

    found = index.refresh(
        corpus, files, workers=workers, progress=progress, also=fingerprint, heard=heard
    )
    return *found, taken


def corpus_pairs(
    corpus: Path,
    entries: Mapping[str, Entry],
    *,
    workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
    taken: Mapping[str, Fingerprint] | None = None,
) -> list[Pair]:
    """Return the near-duplicates among a corpus's recordings that do not hold the same samples.

    Args:
        corpus: The corpus's folder.
        entries: What the index says of each recording, by id.
        workers: Processes that take fingerprints, and then compare them.
        progress: Called with (done, all) recordings, then with (done, all) blocks of pairs.
        taken: Fingerprints that are at hand, as ``measured`` returns them.

    Raises:
        AudioError: if a recording has become unreadable since it was indexed.
    """
    files = {entry.pcm_sha256: entry.file for entry in entries.values()}
    place = beside(corpus, PRINTS_NAME)
    known, pairs = _read_pairs(place)
    if not files.keys() <= known:
        prints = _read_prints(place, files) if known else {}
        prints |= {pcm: print_ for pcm, print_ in (taken or {}).items() if pcm in files}
        missing = {pcm: file for pcm, file in files.items() if pcm not in prints}
        prints |= _take(corpus, missing, workers=workers, progress=progress)
        ordered = {pcm: prints[pcm] for pcm in sorted(files)}
        found = near_duplicates(ordered, workers=workers, progress=progress)
        pairs = [
            _weighed(corpus / files[pair.first], corpus / files[pair.second], pair)
            for pair in found
        ]
        _write(place, ordered, pairs)
    named: dict[str, list[str]] = {}
    for name, entry in entries.items():
        named.setdefault(entry.pcm_sha256, []).append(name)
    return [
        replace(pair, first=first, second=second)
        for pair in pairs
        for first, second in product(named.get(pair.first, []), named.get(pair.second, []))
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
    pieces = ((corpus / file,) for file in missing.values())
    taken: dict[str, Fingerprint] = {}
    answers = each(_print_of, pieces, workers=processes, together=8)
    for pcm, answer in zip(missing, answers, strict=True):
        taken[pcm] = answer
        if progress:
            progress(len(taken), len(missing))
    return taken


def _print_of(path: Path) -> Fingerprint:
    return fingerprint(io.read_pcm(path, sampling_rate=SAMPLING_RATE))


def _weighed(first: Path, second: Path, pair: Pair) -> Pair:
    one, two = (io.read_pcm(path, sampling_rate=SAMPLING_RATE) for path in (first, second))
    return replace(pair, correlation=correlation(one, two, shift_s=pair.shift_s))


def _read_pairs(place: Path) -> tuple[set[str], list[Pair]]:
    """Read the hashes and pairs of a file; a damaged or older one is as good as none."""
    try:
        schema = pq.read_schema(place)
        held = schema.metadata or {}
        if held.get(b"version") != _VERSION:
            return set(), []
        pairs = [Pair(*values) for values in json.loads(held[b"pairs"])]
        hashes = pq.read_table(place, columns=["pcm_sha256"])["pcm_sha256"].to_pylist()
    except (OSError, pa.ArrowException, KeyError, ValueError, TypeError):
        return set(), []
    return set(hashes), pairs


def _read_prints(place: Path, wanted: Iterable[str]) -> dict[str, Fingerprint]:
    """Read the fingerprints that are still wanted; a damaged file holds none."""
    chosen = set(wanted)
    try:
        table = pq.read_table(place)
    except (OSError, pa.ArrowException):
        return {}
    hashes, waves = table["pcm_sha256"].to_pylist(), table["wave"]
    return {
        pcm: Fingerprint(np.frombuffer(wave.as_py(), np.int8))
        for pcm, wave in zip(hashes, waves, strict=True)
        if pcm in chosen
    }


def _write(place: Path, prints: Mapping[str, Fingerprint], pairs: Iterable[Pair]) -> None:
    columns = [list(prints), [held.wave.tobytes() for held in prints.values()]]
    held = {b"version": _VERSION, b"pairs": json.dumps([astuple(pair) for pair in pairs]).encode()}
    table = pa.table(columns, schema=_SCHEMA.with_metadata(held))
    keep(place, table, compression="none")  # noise does not pack
