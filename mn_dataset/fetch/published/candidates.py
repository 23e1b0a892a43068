"""List the files that could be recordings, in a folder, in the archives inside it, or in one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from mn_dataset.errors import FetchError
from mn_dataset.fetch.published.archive import SUFFIXES, list_members

_RECORDINGS = (".wav", ".wave", ".flac", ".aif", ".aiff")  # lossless: the others are not M&N
_MACS_OWN = "__MACOSX"
_MUSIC_FOLDER = "music"


@dataclass(frozen=True)
class CandidateFile:
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
class Candidates:
    """The candidates of one origin.

    Attributes:
        files: In the order of their paths.
        faults: Archives that were refused, each with the reason.
    """

    files: tuple[CandidateFile, ...]
    faults: tuple[FetchError, ...]


def list_candidates(origin: Path, *, skip: Path, name: str = "") -> Candidates:
    """Look through a folder and the archives in it, or through one archive.

    Args:
        origin: The folder or archive.
        skip: A folder that is not looked into: the corpus that is being made.
        name: What an archive is called, if not by its own name.

    Raises:
        FetchError: if it is an archive that is refused, or nothing but refused archives is in it.
    """
    if origin.is_file():
        return _with_archives([], [(origin, (name or _bare(origin),))])
    files: list[CandidateFile] = []
    archives: list[tuple[Path, tuple[str, ...]]] = []
    for path in _walk(origin, skip):
        relative = path.relative_to(origin).as_posix()
        above = (*_parents(relative), *_folder_name(origin))
        if path.suffix.lower() in _RECORDINGS:
            files.append(CandidateFile(origin, relative, None, above))
        elif path.name.lower().endswith(SUFFIXES):
            archives.append((path, (_bare(path), *above)))
    return _with_archives(files, archives)


def _with_archives(
    files: list[CandidateFile], archives: list[tuple[Path, tuple[str, ...]]]
) -> Candidates:
    """Add what is in archives, each with the names over it."""
    faults = []
    for archive, above in archives:
        try:
            members = list_members(archive)
        except FetchError as error:
            faults.append(error)
            continue
        for member in members:
            if _is_hidden(member.name):
                continue
            if member.name.lower().endswith(SUFFIXES):
                text = f"{archive}: {member.name}: an archive inside an archive; unpack it"
                faults.append(FetchError(text))
            elif PurePosixPath(member.name).suffix.lower() in _RECORDINGS:
                names = (*_parents(member.name), *above)
                files.append(CandidateFile(archive, member.name, member.number, names))
    if faults and not files:
        raise faults[0]
    return Candidates(tuple(files), tuple(faults))


def _walk(origin: Path, skip: Path) -> Iterator[Path]:
    """Yield files in order, entering every folder once, even where links make a circle."""
    entered = {skip.resolve()}
    for root, folders, files in os.walk(origin, followlinks=True):
        folder = Path(root)
        folders[:] = sorted(name for name in folders if not _is_hidden(name))
        if folder.resolve() in entered:
            folders.clear()
            continue
        entered.add(folder.resolve())
        yield from (folder / name for name in sorted(files) if not _is_hidden(name))


def _is_hidden(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return any(part.startswith(".") or part == _MACS_OWN for part in parts)


def _parents(name: str) -> tuple[str, ...]:
    return tuple(reversed(PurePosixPath(name).parts[:-1]))


def _folder_name(origin: Path) -> tuple[str, ...]:
    name = origin.resolve().name
    return () if name.casefold() == _MUSIC_FOLDER else (name,)  # says nothing: many people have one


def _bare(archive: Path) -> str:
    suffixes = [suffix for suffix in SUFFIXES if archive.name.lower().endswith(suffix)]
    return archive.name[: -len(max(suffixes, key=len))] if suffixes else archive.name
