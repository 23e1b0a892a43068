"""Judge a corpus folder: its tables, their audio, leaks between splits, and what lies beside it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from mn_dataset import tables
from mn_dataset.audio.fingerprint.pairs import Pair
from mn_dataset.audio.fingerprint.store import corpus_pairs, measure
from mn_dataset.audio.index import Entry
from mn_dataset.check.finding import Finding, rank
from mn_dataset.check.recordings import recording_findings
from mn_dataset.check.songs import song_findings
from mn_dataset.errors import TableError
from mn_dataset.records import Role
from mn_dataset.split.audit import leaks
from mn_dataset.tables import Row

_CURE = "put them in one split, or have `mn split` assign the splits anew"
_CURE_BOTH = "decide which it is, and remove the other row"
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

    Examples:
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
    roles = tables.tables_of(folder)
    paths = {role: tables.table_path(folder, role) for role in roles}
    rows: dict[Role, list[Row]] = {}
    findings: list[Finding] = []
    for role in roles:
        rows[role], faults = _read_and_judge(paths[role], role)
        findings += faults
    broken = {(finding.file, finding.row) for finding in findings if finding.column == "file"}
    files = [
        row.file
        for role in roles
        for row in rows[role]
        if (str(paths[role]), row.line) not in broken
    ]
    entries, errors, prints = measure(folder, files, workers=workers, progress=progress)
    problems = {
        file: str(error).removeprefix(f"{folder / file}: ") for file, error in errors.items()
    }
    for role in roles:
        findings += recording_findings(folder, role, rows[role], entries, problems)
    findings += song_findings(folder, rows.get("stem", ()), entries)
    by_id = {
        row.id: entries[row.file] for role in roles for row in rows[role] if row.file in entries
    }
    pairs = corpus_pairs(folder, by_id, workers=workers, progress=progress, fingerprints=prints)
    findings += _split_findings(paths, rows, entries, pairs)
    if all(finding.kind != "table" for finding in findings):
        findings += _strays(folder, {row.file for role in roles for row in rows[role]})
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


def _read_and_judge(path: Path, role: Role) -> tuple[list[Row], list[Finding]]:
    """Read a table and judge its cells; one that is no table has no rows, and one finding.

    Raises:
        InputError: if there is no such file.
    """
    try:
        rows = tables.parse_table(path)
    except TableError as error:
        text, _, cure = str(error).removeprefix(f"{path}:").strip().partition("; ")
        return [], [Finding("error", "table", str(path), None, None, text, cure)]
    return rows, list(_findings(path, role, rows))


def _split_findings(
    paths: Mapping[Role, Path],
    rows: Mapping[Role, Sequence[Row]],
    entries: Mapping[str, Entry],
    pairs: Sequence[Pair],
) -> Iterator[Finding]:
    """Yield every leak between the splits or the tables, and identical samples within a split.

    Args:
        paths: Of the tables.
        rows: Of the tables.
        entries: Figures of the recordings that could be measured, by file.
        pairs: Near-duplicates by id.
    """
    every = [row for role in rows for row in rows[role]]
    table = {row.id: str(paths[role]) for role in rows for row in rows[role]}
    heard = [row for row in every if row.file in entries and entries[row.file].peak]
    pcm = {row.id: entries[row.file].pcm_sha256 for row in heard}
    for leak in leaks(every, pcm, pairs):
        last = leak.rows[-1]
        yield Finding(
            "error" if leak.severe else "warning",
            "near-duplicate" if leak.near else "leak",
            table[last.id],
            last.line,
            "split",
            f"{'leaks' if leak.severe else 'may leak'}: {leak}",
            _CURE_BOTH if leak.both_roles else _CURE,
        )
    yield from _duplicates(table, every, pcm)


def _findings(path: Path, role: Role, rows: Sequence[Row]) -> Iterator[Finding]:
    """Yield what is wrong with the cells of a table, whatever the audio says."""
    for problem in tables.problems(rows, role):
        yield Finding(
            "error",
            "cell",
            str(path),
            problem.line,
            problem.column,
            problem.text,
            "correct the cell",
        )
    if not rows:
        text = f"has no rows, and mixtures need {'stems' if role == 'stem' else 'clips and noises'}"
        yield Finding("warning", "empty", str(path), None, None, text, "add recordings to mix")
    yield from _unknown_licences(path, rows)


def _unknown_licences(path: Path, rows: Sequence[Row]) -> Iterator[Finding]:
    lines = [row.line for row in rows if not row.license]
    if lines:
        text = f"is unknown in {len(lines)} of {len(rows)} rows ({_spans(lines)})"
        cure = "they can be built but not published: fill in what is known"
        yield Finding("warning", "license", str(path), lines[0], "license", text, cure)


def _spans(lines: Sequence[int]) -> str:
    """Write line numbers shortly.

    >>> _spans([2, 3, 4, 9])
    'lines 2-4, 9'
    """
    spans: list[list[int]] = []
    for line in lines:
        if spans and line == spans[-1][-1] + 1:
            spans[-1] = [spans[-1][0], line]
        else:
            spans.append([line])
    return "lines " + ", ".join("-".join(map(str, span)) for span in spans)


def _duplicates(
    table: Mapping[str, str], rows: Sequence[Row], pcm: Mapping[str, str]
) -> Iterator[Finding]:
    first: dict[tuple[str, str, str], Row] = {}
    for row in rows:
        if row.id not in pcm:
            continue
        original = first.setdefault((table[row.id], pcm[row.id], row.split), row)
        if original is not row:
            text = f"names the same samples as {original.id} on line {original.line}"
            cure = "remove one of the rows"
            yield Finding("warning", "duplicate", table[row.id], row.line, "file", text, cure)
