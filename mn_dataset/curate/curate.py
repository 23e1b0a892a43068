"""Curate a folder: gather, convert what is not done, write the tables."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from mn_dataset import tables
from mn_dataset.audio.scan import Rejection
from mn_dataset.curate.convert import Done, Task, convert
from mn_dataset.curate.gather import Recording, gather
from mn_dataset.curate.options import Options
from mn_dataset.curate.outcomes import JOURNAL_NAME, Journal, Outcome, rows_of
from mn_dataset.curate.report import Report, write_rejections
from mn_dataset.errors import InputError, OutputError
from mn_dataset.records import ROLES, SAMPLING_RATE
from mn_dataset.tables import Row
from mn_dataset.workers import survivors

_KILLED = "the process that read it died or hung; it is damaged in a way that no library withstands"


def curate(
    recordings: str | Path,
    out: str | Path,
    *,
    clip_s: float | None = 10.0,
    noise_s: float | None = None,
    min_s: float = 1.0,
    loudness_lufs: float | None = None,
    max_clipped: float = 0.001,
    license: str = "",  # noqa: A002 - the column's name
    attribution: str = "",
    source: str = "",
    workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> Report:
    """Turn recordings of any form into a corpus: mono, 44.1 kHz, 16-bit WAV, in clips.

    Channels are averaged, rates converted by soxr, peaks over −1 dBFS lowered to it. The source
    is a folder with ``clean.csv`` and ``noise.csv``, with ``metadata.csv`` or ``metadata.jsonl``,
    or with folders named after categories, below folders named after splits if there are any.
    What cannot be used is left out, and ``rejected.csv`` says why. Run again, only what is
    missing or changed is done; clips of recordings that are gone go as well.

    Args:
        recordings: The folder of recordings.
        out: Folder of the corpus: new, empty, or curated before with the same options.
        clip_s: Length of a clip in seconds; a shorter recording is kept whole, the end after the
            last whole clip is left out. None keeps recordings whole.
        noise_s: The same of a noise.
        min_s: The shortest recording that is kept.
        loudness_lufs: Integrated loudness of every cut, as far as −1 dBFS of peak allows; None
            leaves levels alone.
        max_clipped: Share of samples in runs of three or more at full scale that is allowed.
        license: SPDX id for every row that states none.
        attribution: Line of attribution for every row that states none.
        source: Source for every row that states none.
        workers: Processes; 1 for none but this.
        progress: Called with (done, all) recordings.

    Raises:
        InputError: if the source, an option or the folder is at fault, or nothing can be used.
        OutputError: if the corpus cannot be written.
    """
    options = Options(clip_s, noise_s, min_s, loudness_lufs, max_clipped)
    options.check()
    raw, corpus = Path(recordings), Path(out)
    _refuse_place(raw, corpus)
    found, rejected = gather(raw)
    defaults = {"license": license, "attribution": attribution, "source": source}
    journal = _open(corpus, options)
    try:
        done = _convert_all(journal, found, corpus, workers, progress)
    finally:
        journal.abandon()
    rejected += [
        Rejection(item.original, item.where, reason, where)
        for item in found
        for where, reason in done[_id(item)].outcome.rejected
    ]
    made = [(item, list(rows_of(item, done[_id(item)].outcome, defaults))) for item in found]
    if not any(rows for _, rows in made):
        _refuse_empty(raw, corpus, rejected)
    for role in ROLES:
        path = tables.table_path(corpus, role)
        _write_table(path, [row for item, rows in made if item.role == role for row in rows])
    write_rejections(corpus, rejected)
    _finish(journal, corpus, [done[_id(item)] for item in found])
    return _report(corpus, list(done.values()), rejected)


def _id(recording: Recording) -> str:
    return f"{recording.role}/{recording.name}"


def _refuse_place(raw: Path, corpus: Path) -> None:
    source, target = raw.resolve(), corpus.resolve()
    if target == source or source in target.parents or target in source.parents:
        raise InputError(
            f"{corpus}: --out must lie neither in {raw} nor around it; choose another place"
        )
    if corpus.exists() and not corpus.is_dir():
        raise InputError(f"{corpus}: is a file; choose another place")
    if corpus.is_dir() and any(corpus.iterdir()) and not (corpus / JOURNAL_NAME).is_file():
        raise InputError(
            f"{corpus}: exists, and `mn curate` did not make it; choose another place or remove it"
        )


def _open(corpus: Path, options: Options) -> Journal:
    """Open the journal; what a killed run left half-written is removed."""
    try:
        corpus.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{corpus}: cannot be made ({error.strerror})") from error
    journal = Journal(corpus, options)
    journal.open()
    for role in ROLES:
        for stale in (corpus / role).rglob(".*.tmp"):
            stale.unlink(missing_ok=True)
    return journal


def _convert_all(
    journal: Journal,
    found: list[Recording],
    corpus: Path,
    workers: int,
    progress: Callable[[int, int], None] | None,
) -> dict[str, Done]:
    # The largest first, so that no worker begins an hour of audio when the others are done.
    by_size = sorted(found, key=lambda item: item.path.stat().st_size, reverse=True)
    tasks = {
        _id(item): Task(item, corpus, journal.options, journal.outcomes.get(_id(item)))
        for item in by_size
    }
    # Starting processes costs more than looking at a few recordings that are finished.
    finished = all(task.known is not None for task in tasks.values())
    answers = survivors(
        convert,
        tasks,
        workers=1 if finished and len(tasks) < 64 else workers,
        suspects=[] if journal.begun is None else [journal.begun],
        begin=journal.begin,
    )
    done: dict[str, Done] = {}
    for name, answer in answers:
        done[name] = answer or _killed(tasks[name].recording)
        if done[name].lasting:
            journal.note(done[name].outcome)
        if progress:
            progress(len(done), len(tasks))
    return done


def _killed(recording: Recording) -> Done:
    found = recording.path.stat()
    return Done(
        Outcome(
            role=recording.role,
            name=recording.name,
            size=found.st_size,
            mtime_ns=found.st_mtime_ns,
            rejected=(("", _KILLED),),
        )
    )


def _write_table(path: Path, rows: list[Row]) -> None:
    """Write a table, unless it says the same already; splits that were assigned to it stay."""
    try:
        written = tables.parse_table(path)
    except InputError:  # it is not there, or somebody has spoiled it
        written = []
    assigned = {row.id: row.split for row in written}
    stated = [row if row.split else row.with_split(assigned.get(row.id, "")) for row in rows]
    if stated != written or not written:
        tables.write_table(path, stated)


def _refuse_empty(raw: Path, corpus: Path, rejected: list[Rejection]) -> None:
    """Refuse a source of which nothing is left; a corpus that was finished once stays."""
    if not any(tables.table_path(corpus, role).exists() for role in ROLES):
        shutil.rmtree(corpus, ignore_errors=True)
    first = rejected[0]
    where = ", ".join(text for text in (first.row, first.file, first.where) if text)
    raise InputError(
        f"{raw}: nothing in it can be used: {len(rejected)} rejected, the first being {where}: "
        f"{first.reason}"
    )


def _finish(journal: Journal, corpus: Path, done: list[Done]) -> None:
    """Remove clips that no row names any more, and leave the journal as a fresh run would."""
    named = {clip.file for item in done for clip in item.outcome.clips}
    for file in journal.files - named:
        (corpus / file).unlink(missing_ok=True)
    journal.close(item.outcome for item in done if item.lasting)


def _report(corpus: Path, done: list[Done], rejected: list[Rejection]) -> Report:
    clips = [clip for item in done for clip in item.outcome.clips]
    clean = sum(clip.file.startswith("clean/") for clip in clips)
    return Report(
        corpus=corpus,
        clips=clean,
        noises=len(clips) - clean,
        converted=sum(item.converted for item in done),
        finished=sum(not item.converted for item in done),
        rejected=tuple(rejected),
        tails_s=sum(item.outcome.tail for item in done) / SAMPLING_RATE,
        limited=sum(clip.limited for clip in clips),
    )
