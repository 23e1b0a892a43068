"""Judge a corpus folder as a whole: both tables, their audio, and what lies beside it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from mn_dataset import tables
from mn_dataset.audio.fingerprint.store import corpus_pairs, measured
from mn_dataset.check.finding import Finding, rank
from mn_dataset.check.recordings import recording_findings
from mn_dataset.check.tables import read_and_judge, split_findings
from mn_dataset.records import ROLES, Role
from mn_dataset.tables import Row

_AUDIO_SUFFIXES = {".wav", ".flac", ".ogg", ".mp3", ".aif", ".aiff"}


def check(
    root: str | Path,
    *,
    workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> list[Finding]:
    """Return everything that is wrong or odd in a corpus folder, errors first.

    Args:
        root: The corpus.
        workers: Processes that measure recordings.
        progress: Called with (done, all) recordings that are measured, then with those whose
            fingerprint alone is missing, then with (done, all) blocks of pairs that are compared.

    Raises:
        InputError: if a table is missing, so that there is no corpus to judge.
    """
    folder = Path(root)
    paths = {role: tables.table_path(folder, role) for role in ROLES}
    rows: dict[Role, list[Row]] = {}
    found: list[Finding] = []
    for role in ROLES:
        rows[role], findings = read_and_judge(paths[role], role)
        found += findings
    broken = {(item.file, item.row) for item in found if item.column == "file"}
    files = [
        row.file
        for role in ROLES
        for row in rows[role]
        if (str(paths[role]), row.line) not in broken
    ]
    entries, errors, taken = measured(folder, files, workers=workers, progress=progress)
    problems = {
        file: str(error).removeprefix(f"{folder / file}: ") for file, error in errors.items()
    }
    for role in ROLES:
        found += recording_findings(folder, role, rows[role], entries, problems)
    by_id = {
        row.id: entries[row.file] for role in ROLES for row in rows[role] if row.file in entries
    }
    pairs = corpus_pairs(folder, by_id, workers=workers, progress=progress, taken=taken)
    found += split_findings(paths, rows, entries, pairs)
    if all(item.kind != "table" for item in found):
        found += _strays(folder, {row.file for role in ROLES for row in rows[role]})
    return sorted(found, key=rank)


def _strays(folder: Path, named: set[str]) -> Iterator[Finding]:
    for place, _, names in os.walk(folder):
        inside = Path(place).relative_to(folder)
        for name in names:
            if os.path.splitext(name)[1].lower() not in _AUDIO_SUFFIXES:
                continue
            file = (inside / name).as_posix()
            if file not in named and not file.startswith("stems/"):
                cure = "add a row, or remove the file"
                yield Finding("warning", "extra", file, None, None, "no row names it", cure)
