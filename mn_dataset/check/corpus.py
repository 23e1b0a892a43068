"""Judge a corpus folder as a whole: both tables, their audio, and what lies beside it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from mn_dataset import tables
from mn_dataset.audio.fingerprint.store import corpus_pairs, measure
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

    >>> import tempfile
    >>> from mn_dataset.tables import Row, table_path, write_table
    >>> harp = Row(id="clean/1", file="1.wav", category="harp", license="CC0-1.0")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_table(table_path(Path(folder), "clean"), [harp])
    ...     write_table(table_path(Path(folder), "noise"), [])
    ...     [(finding.severity, finding.kind, finding.text) for finding in check(folder)]
    [('error', 'missing', "names '1.wav': no such file"), \
('warning', 'empty', 'has no rows, and mixtures need clips and noises')]
    """
    folder = Path(root)
    paths = {role: tables.table_path(folder, role) for role in ROLES}
    rows: dict[Role, list[Row]] = {}
    findings: list[Finding] = []
    for role in ROLES:
        rows[role], faults = read_and_judge(paths[role], role)
        findings += faults
    broken = {(finding.file, finding.row) for finding in findings if finding.column == "file"}
    files = [
        row.file
        for role in ROLES
        for row in rows[role]
        if (str(paths[role]), row.line) not in broken
    ]
    entries, errors, prints = measure(folder, files, workers=workers, progress=progress)
    problems = {
        file: str(error).removeprefix(f"{folder / file}: ") for file, error in errors.items()
    }
    for role in ROLES:
        findings += recording_findings(folder, role, rows[role], entries, problems)
    by_id = {
        row.id: entries[row.file] for role in ROLES for row in rows[role] if row.file in entries
    }
    pairs = corpus_pairs(folder, by_id, workers=workers, progress=progress, fingerprints=prints)
    findings += split_findings(paths, rows, entries, pairs)
    if all(finding.kind != "table" for finding in findings):
        findings += _strays(folder, {row.file for role in ROLES for row in rows[role]})
    return sorted(findings, key=rank)


def _strays(folder: Path, named: set[str]) -> Iterator[Finding]:
    """Yield a finding for every recording that no row names."""
    for parent, _, names in os.walk(folder):
        inside = Path(parent).relative_to(folder)
        for name in names:
            if os.path.splitext(name)[1].lower() not in _AUDIO_SUFFIXES:
                continue
            file = (inside / name).as_posix()
            if file not in named and not file.startswith("stems/"):
                cure = "add a row, or remove the file"
                yield Finding("warning", "extra", file, None, None, "no row names it", cure)
