"""Convert one recording to clips in the M&N form, all of them or none.

Each cut is judged, and brought to 16 bits at the level that is asked for.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from mn_dataset.audio import io, level
from mn_dataset.audio.convert import PEAK_CEILING, peak
from mn_dataset.audio.io import Pcm
from mn_dataset.curate.cuts import Cut, CutOptions, cuts
from mn_dataset.curate.gather import Recording
from mn_dataset.curate.outcomes import Clip, RecordingOutcome
from mn_dataset.errors import AudioError
from mn_dataset.files.atomic import temporary_beside, writing
from mn_dataset.records import SAMPLING_RATE

SILENCE_DBFS = -60.0
"""RMS of the quietest cut that is kept, re full scale."""


@dataclass(frozen=True)
class FinishedClip:
    """A cut in the M&N form, not yet written.

    Attributes:
        samples: int16 (time,).
        gain_db: What its level was changed by.
        loudness_lufs: Integrated loudness after that; NaN under 0.4 s or under the gate.
        dc_offset: Mean of the samples re full scale; left as it is.
        limited: Whether its peak forbade the loudness that was asked for.
    """

    samples: Pcm
    gain_db: float
    loudness_lufs: float
    dc_offset: float
    limited: bool


def finish(cut: Cut, options: CutOptions) -> FinishedClip | str:
    """Return the cut at its level, or the reason why it is rejected; the cut is used up."""
    reason = rejection(cut, max_clipped=options.max_clipped)
    if reason is not None:
        return reason
    hops = level.hop_energies(cut.samples, sampling_rate=SAMPLING_RATE)
    loudness = level.integrated_lufs(hops, 1.0, sampling_rate=SAMPLING_RATE)
    loudness_gain = 1.0
    if options.loudness_lufs is not None and math.isfinite(loudness):
        loudness_gain = 10.0 ** ((options.loudness_lufs - loudness) / 20.0)
    gain = min(loudness_gain, PEAK_CEILING / peak(cut.samples))
    samples = cut.samples
    if gain != 1.0:
        samples *= gain
    pcm = np.rint(samples, out=samples).astype(np.int16)
    return FinishedClip(
        samples=pcm,
        gain_db=20.0 * math.log10(gain),
        loudness_lufs=level.integrated_lufs(hops, gain, sampling_rate=SAMPLING_RATE),
        dc_offset=float(samples.mean()) / level.FULL_SCALE,
        limited=options.loudness_lufs is not None and gain < loudness_gain,
    )


def rejection(cut: Cut, *, max_clipped: float) -> str | None:
    """Return why a cut is not fit for a corpus, or None."""
    if cut.broken:
        return f"{cut.broken} samples are NaN, infinite or impossibly large; export it again"
    power = float(cut.samples @ cut.samples) / len(cut.samples)
    if not power:
        return (
            "silent: the mean over its channels is zero (each is, or they cancel each other); "
            "remove it or replace it"
        )
    rms_dbfs = level.dbfs(math.sqrt(power))
    if rms_dbfs < SILENCE_DBFS:
        return (
            f"silent: {rms_dbfs:.1f} dBFS RMS, at least {SILENCE_DBFS:g} is expected; "
            "remove it or replace it"
        )
    if cut.clipped > max_clipped:
        return (
            f"clipped: {cut.clipped:.2%} of it stands in runs at full scale, at most "
            f"{max_clipped:.2%} is allowed (max_clipped); record it again at a lower level"
        )
    return None


@dataclass(frozen=True)
class ConversionTask:
    """A recording to convert.

    Attributes:
        recording: What the source states of it.
        corpus: Where its clips go.
        options: How it is cut and judged.
        previous: What it became in an earlier run; None if no run has done it.
    """

    recording: Recording
    corpus: Path
    options: CutOptions
    previous: RecordingOutcome | None


@dataclass(frozen=True)
class ConversionResult:
    """What a task led to.

    Attributes:
        outcome: What became of the recording.
        converted: Whether that was found out in this run.
        lasting: Whether it would come out the same tomorrow; a file without read permission
            or a missing package would not.
    """

    outcome: RecordingOutcome
    converted: bool = True
    lasting: bool = True


def convert(task: ConversionTask) -> ConversionResult:
    """Convert a recording, unless an earlier run has and everything is still as it was.

    Raises:
        OutputError: if a clip cannot be written.
    """
    recording, previous = task.recording, task.previous
    blank = RecordingOutcome(role=recording.role, name=recording.name, size=0, mtime_ns=0)
    try:
        stat = recording.path.stat()
        blank = replace(blank, size=stat.st_size, mtime_ns=stat.st_mtime_ns)
        if previous is not None and _is_current(task, previous, blank):
            return ConversionResult(replace(previous, mtime_ns=blank.mtime_ns), converted=False)
        blank = replace(blank, sha256=io.file_sha256(recording.path))
        return ConversionResult(_write_clips(task, blank))
    except OSError as error:
        reason = f"cannot be read ({error.strerror}); change its permissions"
        return _rejected(blank, reason, lasting=False)
    except AudioError as error:
        reason = str(error).removeprefix(f"{recording.path}: ")
        lasting = not isinstance(error.__cause__, OSError | ImportError)
        return _rejected(blank, reason, lasting=lasting)
    except MemoryError:
        reason = "needs more memory than there is; cut it into pieces"
        return _rejected(blank, reason, lasting=False)


def _rejected(blank: RecordingOutcome, reason: str, *, lasting: bool) -> ConversionResult:
    return ConversionResult(replace(blank, rejected=(("", reason),)), lasting=lasting)


def _is_current(task: ConversionTask, previous: RecordingOutcome, now: RecordingOutcome) -> bool:
    """Tell whether the original is the one that was converted, and the clips are what they were."""
    if (previous.size, previous.mtime_ns) != (now.size, now.mtime_ns) and (
        previous.size != now.size or previous.sha256 != io.file_sha256(task.recording.path)
    ):
        return False
    return all(io.is_wav_of(task.corpus / clip.file, clip.pcm_sha256) for clip in previous.clips)


def _write_clips(task: ConversionTask, blank: RecordingOutcome) -> RecordingOutcome:
    """Write every good cut under a temporary name, and rename them when the end was reached.

    Raises:
        AudioError: if the recording cannot be used.
        OutputError: if a clip cannot be written.
    """
    length = task.options.cut_length(task.recording.role)
    clips: dict[Path, Clip] = {}  # by their temporaries
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
                finished = finish(cut, task.options)
                if isinstance(finished, str):
                    rejected.append(("" if length is None else cut.where, finished))
                    continue
                file = f"{task.recording.id}-{number:04d}.wav"
                temporary = temporary_beside(task.corpus / file)
                clips[temporary] = _clip(file, cut.start, finished)
                _write(temporary, task.corpus / file, finished)
        if not frames:
            raise AudioError("lasts less than one sample at 44.1 kHz; remove it")
        return replace(
            blank,
            frames=frames,
            clips=_put_in_place(task, clips, frames),
            rejected=tuple(rejected),
            tail=tail,
        )
    finally:
        for temporary in clips:
            temporary.unlink(missing_ok=True)


def _refuse_short(task: ConversionTask, cut: Cut) -> None:
    shortest = task.options.shortest(task.recording.role)
    if len(cut.samples) < shortest:
        raise AudioError(
            f"lasts {len(cut.samples) / SAMPLING_RATE:.3f} s; a {task.recording.role} recording "
            f"needs {shortest / SAMPLING_RATE:.3g} s or more (min_s, and a noise's loop)"
        )


def _clip(file: str, start: int, finished: FinishedClip) -> Clip:
    loudness = finished.loudness_lufs
    return Clip(
        file=file,
        pcm_sha256=io.pcm_sha256(finished.samples),
        start=start,
        frames=len(finished.samples),
        gain_db=round(finished.gain_db, 6),
        loudness_lufs=round(loudness, 4) if math.isfinite(loudness) else None,
        dc_offset=round(finished.dc_offset, 8),
        limited=finished.limited,
    )


def _write(temporary: Path, path: Path, finished: FinishedClip) -> None:
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        io.write_wav(temporary, finished.samples, sampling_rate=SAMPLING_RATE)


def _put_in_place(task: ConversionTask, clips: dict[Path, Clip], frames: int) -> tuple[Clip, ...]:
    """Give the clips their names; one that is the whole recording has the recording's."""
    named = []
    for temporary, clip in clips.items():
        is_whole = clip.frames == frames
        final = replace(clip, file=f"{task.recording.id}.wav") if is_whole else clip
        path = task.corpus / final.file
        with writing(path):
            temporary.replace(path)
        named.append(final)
    return tuple(named)
