"""Open a corpus: its tables, the audio they name, and the index of that audio."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from mn_dataset import tables
from mn_dataset.audio import index, io
from mn_dataset.audio.segment import MIN_LOOP
from mn_dataset.errors import InputError
from mn_dataset.files.names import printable
from mn_dataset.records import SAMPLING_RATE, Role
from mn_dataset.tables import Row


@dataclass(frozen=True)
class Source:
    """One recording: its row and its figures."""

    role: Role
    row: Row
    entry: index.Entry

    @property
    def id(self) -> str:
        """The namespaced id."""
        return self.row.id


@dataclass(frozen=True)
class Corpus:
    """A folder of recordings with its tables and index.

    Attributes:
        root: The folder.
        sources: Every recording by id, in the tables' order.
        title: What it is called; by default as its folder is.
    """

    root: Path
    sources: dict[str, Source]
    title: str = ""

    @property
    def name(self) -> str:
        """What it is called."""
        return self.title or printable(self.root.resolve().name)

    @cached_property
    def hash(self) -> str:
        """SHA-256 over the sorted (id, PCM hash) pairs."""
        lines = (f"{key} {self.sources[key].entry.pcm_sha256}\n" for key in sorted(self.sources))
        return hashlib.sha256("".join(lines).encode()).hexdigest()

    def of(self, role: Role, split: str | None = None) -> list[Source]:
        """Return the recordings of a role, in one split or in all."""
        return [
            source
            for source in self.sources.values()
            if source.role == role and split in (None, source.row.split)
        ]

    def songs(self, split: str | None = None) -> dict[str, list[Source]]:
        """Return the stems of every song, in one split or in all."""
        return songs_of(self.of("stem", split))

    def of_tables(self, roles: Collection[Role]) -> Corpus:
        """Return the corpus reduced to some of its tables, as a task sees it."""
        kept = {name: one for name, one in self.sources.items() if one.role in roles}
        return self if len(kept) == len(self.sources) else replace(self, sources=kept)

    def only(self, names: Collection[str]) -> Corpus:
        """Return the corpus reduced to some recordings, quick to hand to another process."""
        return replace(self, sources={name: self.sources[name] for name in sorted(names)})

    def read(self, source_id: str) -> io.Pcm:
        """Read one recording, int16 (time,)."""
        file = self.sources[source_id].row.file
        return io.read_pcm(self.root / file, sampling_rate=SAMPLING_RATE)


def open_corpus(
    root: Path,
    *,
    workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> Corpus:
    """Open a corpus folder, judging every row and every recording that it names.

    Args:
        root: Folder with ``clean.csv`` and ``noise.csv``, with ``stems.csv``, or with all three.
        workers: Processes that measure recordings which the index does not know yet.
        progress: Called with (done, all) recordings.

    Raises:
        InputError: at the first thing that is wrong, naming file, row and column.
    """
    if not root.is_dir():
        raise InputError(
            f"{root}: no such folder; a corpus is a folder with clean.csv and noise.csv, or with "
            "stems.csv"
        )
    roles = tables.tables_of(root)
    rows = {role: tables.read_table(tables.table_path(root, role), role) for role in roles}
    files = [row.file for role in roles for row in rows[role]]
    entries, errors = index.refresh(root, files, workers=workers, progress=progress)
    if errors:
        more = f" ({len(errors) - 1} more: run `mn check {root}`)" if len(errors) > 1 else ""
        file, error = next(iter(errors.items()))
        raise type(error)(f"{_where(root, rows, file)}: {error}{more}")
    sources = {row.id: Source(role, row, entries[row.file]) for role in roles for row in rows[role]}
    for source in sources.values():
        problem = unusable(source)
        if problem:
            path = tables.table_path(root, source.role)
            raise InputError(f"{path}:{source.row.line}: column 'file' {problem}")
    for source, text in misaligned(Corpus(root, sources).of("stem")):
        path = tables.table_path(root, "stem")
        raise InputError(f"{path}:{source.row.line}: column 'file' {text}")
    return Corpus(root, sources)


def songs_of(stems: Iterable[Source]) -> dict[str, list[Source]]:
    """Return stems by their song."""
    songs: dict[str, list[Source]] = {}
    for stem in stems:
        songs.setdefault(stem.row.song, []).append(stem)
    return songs


def misaligned(stems: Iterable[Source]) -> Iterator[tuple[Source, str]]:
    """Yield every stem that is not as long as the first one of its song, and say so."""
    for song, (first, *others) in songs_of(stems).items():
        for stem in others:
            if stem.entry.frames != first.entry.frames:
                yield (
                    stem,
                    f"names {stem.row.file!r}, which has {stem.entry.frames} samples where "
                    f"{first.id} has {first.entry.frames}; the stems of the song {song!r} have to "
                    "begin and end together: cut them alike",
                )


def joined(corpora: Sequence[Corpus]) -> Corpus:
    """Return several corpora as one, in the first one's folder; the files stay where they are.

    Args:
        corpora: One or more.

    Raises:
        InputError: if two of them name different recordings alike.
    """
    first, *others = corpora
    sources = dict(first.sources)
    for corpus in others:
        for name, source in corpus.sources.items():
            if name in sources:
                raise InputError(
                    f"{corpus.root}: {name} is in {first.name} too; recordings that are used "
                    "together need ids of their own"
                )
            file = str(corpus.root.resolve() / source.row.file)
            row, entry = replace(source.row, file=file), replace(source.entry, file=file)
            sources[name] = replace(source, row=row, entry=entry)
    return Corpus(first.root, sources, "+".join(corpus.name for corpus in corpora))


def unusable(source: Source) -> str | None:
    """Return why a readable recording can be in no mixture, or None.

    A silent stem is no fault: not everybody plays in every excerpt. It is left out of mixtures.
    """
    if source.role == "stem":
        return None
    if source.entry.peak == 0:
        return (
            f"names {source.row.file!r}, which is silent (every sample is zero); "
            "remove the row or replace the recording"
        )
    if source.role == "noise" and source.entry.frames < MIN_LOOP:
        return (
            f"names {source.row.file!r}, which lasts {source.entry.frames / SAMPLING_RATE:.3g} s; "
            f"a noise is looped with a cross-fade and needs {MIN_LOOP / SAMPLING_RATE:g} s or more"
        )
    return None


def _where(root: Path, rows: dict[Role, list[Row]], file: str) -> str:
    named = ((role, row) for role in rows for row in rows[role])
    role, row = next((role, row) for role, row in named if row.file == file)
    return f"{tables.table_path(root, role)}:{row.line}: column 'file'"
