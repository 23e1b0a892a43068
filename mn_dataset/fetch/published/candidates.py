"""List what could be a recording in a folder, in the archives inside it, or in one archive."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from mn_dataset.errors import FetchError
from mn_dataset.fetch.published.archive.extract import SUFFIXES, members

_RECORDINGS = (".wav", ".wave", ".flac", ".aif", ".aiff")  # lossless: the others are not M&N
_MACS_OWN = "__MACOSX"
_MUSIC_FOLDER = "music"


@dataclass(frozen=True)
class Candidate:
    """A file that may be one of the recordings.

    Attributes:
        holder: The folder or archive that it is in.
        name: POSIX path inside the holder.
        number: Of the member in the archive; None for a file of a folder.
        above: Names of the folders and the archive over it, the nearest first.
    """

    holder: Path
    name: str
    number: int | None
    above: tuple[str, ...]

    def __str__(self) -> str:
        """Name the file for a person."""
        return f"{self.holder / self.name}"

    @property
    def stem(self) -> str:
        """The file's name without folders and suffix."""
        return PurePosixPath(self.name).stem


@dataclass(frozen=True)
class Survey:
    """What was found.

    Attributes:
        candidates: In the order of their paths.
        faults: Archives that were refused, each with the reason.
    """

    candidates: tuple[Candidate, ...]
    faults: tuple[FetchError, ...]


def survey(origin: Path, *, aside: Path, called: str = "") -> Survey:
    """Look through a folder and the archives in it, or through one archive.

    Args:
        origin: The folder or archive.
        aside: A folder that is not looked into: the corpus that is being made.
        called: What an archive is called, if not by its own name.

    Raises:
        FetchError: if it is an archive that is refused, or nothing but refused archives is in it.
    """
    if origin.is_file():
        return _in_archives([(origin, (called or _bare(origin),))], [])
    files: list[Candidate] = []
    archives: list[tuple[Path, tuple[str, ...]]] = []
    for path in _walk(origin, aside):
        name = path.relative_to(origin).as_posix()
        above = (*_parents(name), *_own_name(origin))
        if path.suffix.lower() in _RECORDINGS:
            files.append(Candidate(origin, name, None, above))
        elif path.name.lower().endswith(SUFFIXES):
            archives.append((path, (_bare(path), *above)))
    return _in_archives(archives, files)


def _in_archives(archives: list[tuple[Path, tuple[str, ...]]], files: list[Candidate]) -> Survey:
    candidates, faults = [*files], []
    for archive, above in archives:
        try:
            found = members(archive)
        except FetchError as error:
            faults.append(error)
            continue
        for member in found:
            if _hidden(member.name):
                continue
            if member.name.lower().endswith(SUFFIXES):
                text = f"{archive}: {member.name}: an archive inside an archive; unpack it"
                faults.append(FetchError(text))
            elif PurePosixPath(member.name).suffix.lower() in _RECORDINGS:
                over = (*_parents(member.name), *above)
                candidates.append(Candidate(archive, member.name, member.number, over))
    if faults and not candidates:
        raise faults[0]
    return Survey(tuple(candidates), tuple(faults))


def _walk(origin: Path, aside: Path) -> Iterator[Path]:
    """Yield files in order, entering every folder once, even where links make a circle."""
    seen = {aside.resolve()}
    for folder, names, files in os.walk(origin, followlinks=True):
        here = Path(folder)
        names[:] = sorted(name for name in names if not _hidden(name))
        if here.resolve() in seen:
            names.clear()
            continue
        seen.add(here.resolve())
        yield from (here / name for name in sorted(files) if not _hidden(name))


def _hidden(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return any(part.startswith(".") or part == _MACS_OWN for part in parts)


def _parents(name: str) -> tuple[str, ...]:
    return tuple(reversed(PurePosixPath(name).parts[:-1]))


def _own_name(origin: Path) -> tuple[str, ...]:
    name = origin.resolve().name
    return () if name.casefold() == _MUSIC_FOLDER else (name,)  # says nothing: many people have one


def _bare(archive: Path) -> str:
    name = archive.name
    known = [suffix for suffix in SUFFIXES if name.lower().endswith(suffix)]
    return name[: -len(max(known, key=len))] if known else name
