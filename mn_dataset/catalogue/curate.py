"""Convert recordings of any rate, width and channel count into the M&N form."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path, PurePosixPath

from mn_dataset import tables
from mn_dataset.audio import io
from mn_dataset.audio.form import to_mono, to_pcm
from mn_dataset.errors import AudioError, InputError, OutputError
from mn_dataset.parallel import each
from mn_dataset.records import ROLES, SAMPLING_RATE, Role
from mn_dataset.tables import Row


def curate(
    source: str | Path,
    out: str | Path,
    *,
    workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Convert raw recordings with their tables into a corpus: mono, 44.1 kHz, 16-bit WAV.

    Channels are averaged, rates converted by soxr, peaks over −1 dBFS lowered to it. The corpus
    appears whole or not at all.

    Args:
        source: Folder with ``clean.csv``, ``noise.csv`` and recordings that soundfile reads.
        out: Folder of the new corpus; must not exist.
        workers: Processes.
        progress: Called with (done, all) recordings.

    Returns:
        The new corpus.

    Raises:
        InputError: naming the table's row and file of the first recording that is unusable.
        OutputError: if the corpus cannot be written.
    """
    raw, target = Path(source), Path(out)
    if target.exists():
        raise InputError(f"{target}: exists already; choose another place or remove it")
    rows = {role: tables.read_table(tables.table_path(raw, role), role) for role in ROLES}
    _refuse_collisions(raw, rows)
    for stale in target.parent.glob(f".{target.name}.*.tmp"):
        shutil.rmtree(stale, ignore_errors=True)
    staging = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        staging.mkdir(parents=True)
        pieces = [(raw, staging, role, row) for role in ROLES for row in rows[role]]
        made: list[tuple[Role, Row]] = []
        for role, row in each(_convert, pieces, workers=workers):
            made.append((role, row))
            if progress:
                progress(len(made), len(pieces))
        for role in ROLES:
            table = tables.table_path(staging, role)
            tables.write_table(table, [row for found, row in made if found == role])
        staging.replace(target)
    except OSError as error:
        raise OutputError(f"{target}: cannot be written ({error.strerror})") from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return target


def _refuse_collisions(raw: Path, rows: dict[Role, list[Row]]) -> None:
    """Refuse two recordings that would become one file."""
    taken: dict[str, Row] = {}
    for role in ROLES:
        for row in rows[role]:
            first = taken.setdefault(_wav(row.file), row)
            if first is not row:
                raise InputError(
                    f"{tables.table_path(raw, role)}:{row.line}: column 'file' is {row.file!r}, "
                    f"which becomes the same WAV as {first.file!r} of {first.id}; rename one"
                )


def _wav(file: str) -> str:
    return PurePosixPath(file).with_suffix(".wav").as_posix()


def _convert(raw: Path, target: Path, role: Role, row: Row) -> tuple[Role, Row]:
    try:
        samples, _ = to_pcm(to_mono(*io.read_any(raw / row.file)))
    except AudioError as error:
        where = f"{tables.table_path(raw, role)}:{row.line}: column 'file'"
        raise AudioError(
            f"{where}: {raw / row.file}: {str(error).removeprefix(f'{raw / row.file}: ')}"
        ) from error
    file = _wav(row.file)
    (target / file).parent.mkdir(parents=True, exist_ok=True)
    io.write_wav(target / file, samples, sampling_rate=SAMPLING_RATE)
    return role, replace(row, file=file, duration_s=f"{len(samples) / SAMPLING_RATE:g}")
