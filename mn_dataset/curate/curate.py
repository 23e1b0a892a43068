"""Curate a folder of recordings: gather them, convert what is not done, write the tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mn_dataset import tables
from mn_dataset.audio.scan import Rejection
from mn_dataset.curate.convert import ConversionResult, ConversionTask, convert
from mn_dataset.curate.cuts import CutOptions
from mn_dataset.curate.gather import Recording, gather
from mn_dataset.curate.outcomes import (
    JOURNAL_NAME,
    REJECTED_NAME,
    OutcomeJournal,
    RecordingOutcome,
    rows_of,
    write_rejections,
)
from mn_dataset.curate.songs import SongsReport, curate_songs
from mn_dataset.errors import InputError
from mn_dataset.files.atomic import remove_folder, sweep, writing
from mn_dataset.files.lock import contents, locked
from mn_dataset.records import ROLES, SAMPLING_RATE
from mn_dataset.supervision import survivors
from mn_dataset.tables import Row

_KILLED = "the process that read it died or hung; it is damaged in a way that no library withstands"


@dataclass(frozen=True)
class CurateReport:
    """What `curate` did.

    Attributes:
        corpus: The corpus.
        clips: Clean clips in it.
        noises: Noise recordings in it.
        converted: Recordings that were converted in this run.
        finished: Recordings that an earlier run had finished.
        rejected: What is not in the corpus, and why.
        tails_s: Length of all ends that were left out because they are shorter than a clip.
        limited: Cuts whose peak forbade the loudness asked for.
    """

    corpus: Path
    clips: int
    noises: int
    converted: int
    finished: int
    rejected: tuple[Rejection, ...]
    tails_s: float
    limited: int

    def __str__(self) -> str:
        """Write one line per thing to know."""
        done = f"{self.converted} recordings done, {self.finished} were finished"
        if not self.converted:
            done = f"nothing to do: {self.finished} recordings were finished"
        lines = [f"{self.clips} clips and {self.noises} noises in {self.corpus} ({done})"]
        if self.rejected:
            path = self.corpus / REJECTED_NAME
            lines.append(f"{len(self.rejected)} recordings or cuts rejected; {path} says why")
        if self.tails_s:
            lines.append(f"{self.tails_s:.1f} s left out: ends shorter than a clip")
        if self.limited:
            lines.append(f"{self.limited} cuts are quieter than asked: their peaks are at −1 dBFS")
        lines += [
            f"no {name}: `mn check` expects some"
            for name, count in (("clips", self.clips), ("noises", self.noises))
            if not count
        ]
        return "\n".join(lines)


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
    layout: str | None = None,
    workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> CurateReport | SongsReport:
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
        layout: "mir1k", "ikala", "musdb18" or "stems" for songs in stems, "drumgizmo" for hits of a
            drum kit, which are kept whole and as loud as they are: see `mn_dataset.curate.songs`.
        workers: Processes; 1 for none but this.
        progress: Called with (done, all) recordings.

    Raises:
        InputError: if the source, a parameter or the folder is at fault, nothing can be used, or
            another process curates into the folder.
        OutputError: if the corpus cannot be written.

    Examples:
        >>> curate("recordings", "corpus").clips  # doctest: +SKIP
        1
    """
    options = CutOptions(clip_s, noise_s, min_s, loudness_lufs, max_clipped)
    options.check()
    if layout is not None:
        if replace(options, clip_s=CutOptions.clip_s if clip_s is None else clip_s) != CutOptions():
            raise InputError(
                f"layout is {layout!r}: songs are kept whole and as they are; give no clip_s, "
                "noise_s, min_s, loudness_lufs and max_clipped"
            )
        return curate_songs(
            recordings,
            out,
            layout=layout,
            license=license,
            attribution=attribution,
            source=source,
            workers=workers,
            progress=progress,
        )
    source_folder, corpus = Path(recordings), Path(out)
    _check_location(source_folder, corpus)
    defaults = {"license": license, "attribution": attribution, "source": source}
    gathered, rejected = gather(source_folder)
    with locked(corpus, command="mn curate"):
        _refuse_foreign(corpus)
        sweep(corpus)
        journal = OutcomeJournal(corpus, options)
        journal.open()
        results = _convert_all(journal, gathered, corpus, workers, progress)
        rejected += [
            Rejection(recording.original, recording.where, reason, where)
            for recording in gathered
            for where, reason in results[recording.id].outcome.rejected
        ]
        rows = {
            recording.id: list(rows_of(recording, results[recording.id].outcome, defaults))
            for recording in gathered
        }
        if not any(rows.values()):
            _refuse_empty(source_folder, corpus, rejected)
        _write_tables(corpus, gathered, rows)
        write_rejections(corpus, rejected)
        _finish(journal, corpus, [results[recording.id] for recording in gathered])
    return _report(corpus, list(results.values()), rejected)


def _check_location(source: Path, corpus: Path) -> None:
    inner, outer = source.resolve(), corpus.resolve()
    if outer == inner or inner in outer.parents or outer in inner.parents:
        raise InputError(
            f"out is {corpus}: it must lie neither in {source} nor around it; choose another place"
        )
    if corpus.exists() and not corpus.is_dir():
        raise InputError(f"{corpus}: is a file; choose another place")


def _refuse_foreign(corpus: Path) -> None:
    """Refuse a folder that holds what curating did not make."""
    if contents(corpus) and not (corpus / JOURNAL_NAME).is_file():
        raise InputError(
            f"{corpus}: exists, and `mn curate` did not make it; choose another place or remove it"
        )


def _convert_all(
    journal: OutcomeJournal,
    gathered: list[Recording],
    corpus: Path,
    workers: int,
    progress: Callable[[int, int], None] | None,
) -> dict[str, ConversionResult]:
    """Return what became of every recording, by its id; each is noted as it comes."""
    # The largest first, so that no worker begins an hour of audio when the others are done.
    by_size = sorted(gathered, key=lambda item: item.path.stat().st_size, reverse=True)
    tasks = {
        item.id: ConversionTask(item, corpus, journal.options, journal.outcomes.get(item.id))
        for item in by_size
    }
    # Starting processes costs more than looking at a few recordings that are finished.
    finished = all(task.previous is not None for task in tasks.values())
    results: dict[str, ConversionResult] = {}
    for recording_id, result in survivors(
        convert,
        tasks,
        workers=1 if finished and len(tasks) < 64 else workers,
        suspects=[] if journal.begun is None else [journal.begun],
        begin=journal.begin,
    ):
        results[recording_id] = result or _killed(tasks[recording_id].recording)
        if results[recording_id].lasting:
            journal.note(results[recording_id].outcome)
        if progress:
            progress(len(results), len(tasks))
    return results


def _killed(recording: Recording) -> ConversionResult:
    stat = recording.path.stat()
    return ConversionResult(
        RecordingOutcome(
            role=recording.role,
            name=recording.name,
            size=stat.st_size,
            mtime_ns=stat.st_mtime_ns,
            rejected=(("", _KILLED),),
        )
    )


def _write_tables(
    corpus: Path, gathered: Sequence[Recording], rows: Mapping[str, Sequence[Row]]
) -> None:
    """Write both tables, from the rows of each recording."""
    for role in ROLES:
        of_role = [row for item in gathered if item.role == role for row in rows[item.id]]
        _write_table(tables.table_path(corpus, role), of_role)


def _write_table(path: Path, rows: Sequence[Row]) -> None:
    """Write a table, unless it says the same already; splits that were assigned to it stay."""
    try:
        old_rows = tables.parse_table(path)
    except InputError:  # it is not there, or somebody has spoiled it
        old_rows = []
    assigned = {row.id: row.split for row in old_rows}
    new_rows = [row if row.split else row.with_split(assigned.get(row.id, "")) for row in rows]
    if new_rows != old_rows or not old_rows:
        tables.write_table(path, new_rows)


def _refuse_empty(source: Path, corpus: Path, rejected: list[Rejection]) -> None:
    """Refuse a source of which nothing is left; a corpus that was finished once stays."""
    if not any(tables.table_path(corpus, role).exists() for role in ROLES):
        remove_folder(corpus)
    first = rejected[0]
    where = ", ".join(text for text in (first.row, first.file, first.where) if text)
    raise InputError(
        f"{source}: nothing in it can be used: {len(rejected)} rejected, the first being {where}: "
        f"{first.reason}"
    )


def _finish(journal: OutcomeJournal, corpus: Path, results: list[ConversionResult]) -> None:
    """Remove clips that no row names any more, and leave the journal as a fresh run would."""
    named = {clip.file for result in results for clip in result.outcome.clips}
    for file in journal.files - named:
        with writing(corpus / file):
            (corpus / file).unlink(missing_ok=True)
    sweep(corpus)  # of workers that died
    journal.close(result.outcome for result in results if result.lasting)


def _report(
    corpus: Path, results: list[ConversionResult], rejected: list[Rejection]
) -> CurateReport:
    clips = [clip for result in results for clip in result.outcome.clips]
    num_clean = sum(clip.file.startswith("clean/") for clip in clips)
    return CurateReport(
        corpus=corpus,
        clips=num_clean,
        noises=len(clips) - num_clean,
        converted=sum(result.converted for result in results),
        finished=sum(not result.converted for result in results),
        rejected=tuple(rejected),
        tails_s=sum(result.outcome.tail for result in results) / SAMPLING_RATE,
        limited=sum(clip.limited for clip in clips),
    )
