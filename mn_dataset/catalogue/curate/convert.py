"""Turn one recording into clips on disk, all of them or none."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path

from mn_dataset.audio import io
from mn_dataset.catalogue.curate.cut import Cut, cuts
from mn_dataset.catalogue.curate.finish import finish
from mn_dataset.catalogue.curate.gather import Recording
from mn_dataset.catalogue.curate.journal import Clip, Outcome
from mn_dataset.catalogue.curate.options import Options
from mn_dataset.errors import AudioError, OutputError
from mn_dataset.records import SAMPLING_RATE


@dataclass(frozen=True)
class Task:
    """A recording to convert.

    Attributes:
        recording: What is known of it.
        corpus: Where its clips go.
        options: How it is cut and judged.
        known: What it became in an earlier run.
    """

    recording: Recording
    corpus: Path
    options: Options
    known: Outcome | None


@dataclass(frozen=True)
class Done:
    """What a task led to.

    Attributes:
        outcome: What became of the recording.
        converted: Whether that was found out in this run.
        lasting: Whether it would come out the same tomorrow; a file without read permission
            or a missing package would not.
    """

    outcome: Outcome
    converted: bool = True
    lasting: bool = True


def convert(task: Task) -> Done:
    """Convert a recording, unless an earlier run has and everything is still as it was.

    Raises:
        OutputError: if a clip cannot be written.
    """
    recording, known = task.recording, task.known
    blank = Outcome(role=recording.role, name=recording.name, size=0, mtime_ns=0)
    try:
        found = recording.path.stat()
        blank = replace(blank, size=found.st_size, mtime_ns=found.st_mtime_ns)
        if known is not None and _is_true(task, known, blank):
            return Done(replace(known, mtime_ns=blank.mtime_ns), converted=False)
        blank = replace(blank, sha256=io.file_sha256(recording.path))
        return Done(_cut(task, blank))
    except OSError as error:
        reason = f"cannot be read ({error.strerror}); change its permissions"
        return Done(replace(blank, rejected=(("", reason),)), lasting=False)
    except AudioError as error:
        reason = str(error).removeprefix(f"{recording.path}: ")
        lasting = not isinstance(error.__cause__, OSError | ImportError)
        return Done(replace(blank, rejected=(("", reason),)), lasting=lasting)
    except MemoryError:
        reason = "needs more memory than there is; cut it into pieces"
        return Done(replace(blank, rejected=(("", reason),)), lasting=False)


def _is_true(task: Task, known: Outcome, now: Outcome) -> bool:
    """Tell whether the original is the one that was converted, and the clips are what they were."""
    if (known.size, known.mtime_ns) != (now.size, now.mtime_ns) and (
        known.size != now.size or known.sha256 != io.file_sha256(task.recording.path)
    ):
        return False
    return all(io.is_wav_of(task.corpus / clip.file, clip.pcm_sha256) for clip in known.clips)


def _cut(task: Task, blank: Outcome) -> Outcome:
    """Write every good cut under a temporary name, and rename them when the end was reached.

    Raises:
        AudioError: if the recording cannot be used.
        OutputError: if a clip cannot be written.
    """
    length = task.options.cut_length(task.recording.role)
    clips: list[Clip] = []
    rejected: list[tuple[str, str]] = []
    frames = tail = 0
    try:
        with cuts(task.recording.path, length) as pieces:
            for number, cut in enumerate(pieces):
                frames = cut.start + len(cut.samples)
                if length is not None and len(cut.samples) < length and cut.start:
                    tail = len(cut.samples)
                    break
                _refuse_short(task, cut)
                made = _write(task, cut, number)
                if isinstance(made, Clip):
                    clips.append(made)
                else:
                    rejected.append(("" if length is None else cut.where, made))
        if not frames:
            raise AudioError("lasts less than one sample at 44.1 kHz; remove it")
        return replace(
            blank,
            frames=frames,
            clips=_named(task, clips, frames),
            rejected=tuple(rejected),
            tail=tail,
        )
    finally:
        for clip in clips:
            _temporary(task.corpus / clip.file).unlink(missing_ok=True)


def _refuse_short(task: Task, cut: Cut) -> None:
    shortest = task.options.shortest(task.recording.role)
    if len(cut.samples) < shortest:
        raise AudioError(
            f"lasts {len(cut.samples) / SAMPLING_RATE:.3f} s; a {task.recording.role} recording "
            f"needs {shortest / SAMPLING_RATE:.3g} s or more (min_s, and a noise's loop)"
        )


def _write(task: Task, cut: Cut, number: int) -> Clip | str:
    finished = finish(cut, task.options)
    if isinstance(finished, str):
        return finished
    file = f"{task.recording.role}/{task.recording.name}-{number:04d}.wav"
    path = _temporary(task.corpus / file)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        io.write_wav(path, finished.samples, sampling_rate=SAMPLING_RATE)
    except OSError as error:
        raise OutputError(f"{path.parent}: cannot be made ({error.strerror})") from error
    except OutputError:
        path.unlink(missing_ok=True)
        raise
    loudness = finished.loudness_lufs
    return Clip(
        file=file,
        pcm_sha256=io.pcm_sha256(finished.samples),
        start=cut.start,
        frames=len(finished.samples),
        gain_db=round(finished.gain_db, 6),
        loudness_lufs=round(loudness, 4) if math.isfinite(loudness) else None,
        dc_offset=round(finished.dc_offset, 8),
        limited=finished.limited,
    )


def _named(task: Task, clips: list[Clip], frames: int) -> tuple[Clip, ...]:
    """Give the clips their names; one that is the whole recording has the recording's."""
    whole = f"{task.recording.role}/{task.recording.name}.wav"
    named = []
    for clip in clips:
        final = replace(clip, file=whole) if clip.frames == frames else clip
        try:
            _temporary(task.corpus / clip.file).replace(task.corpus / final.file)
        except OSError as error:
            raise OutputError(
                f"{task.corpus / final.file}: cannot be written ({error.strerror})"
            ) from error
        named.append(final)
    return tuple(named)


def _temporary(path: Path) -> Path:
    return path.with_name(f".{path.name}.tmp")
