"""Take bleed out of the tracks of a person's own session: any length, any rate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.debleed.comparison import Comparison, compare
from benchmarks.debleed.outputs import NAMES, write_outputs
from benchmarks.debleed.voices import voices_of
from benchmarks.harness.backend import check_device
from benchmarks.recordings.clock import Progress
from benchmarks.recordings.run import Request, run_session
from benchmarks.recordings.summary import Summary
from benchmarks.recordings.work import Work, check_places
from mn_dataset.audio.tracks import Track, read_track, session_files
from mn_dataset.check.tracks import track_findings
from mn_dataset.errors import InputError

DEBLEEDING = Work(
    task_name="debleed",
    verb="freed of bleed",
    version=1,
    remarks={
        "clipped": "clipped: {recording}: {count} samples of the estimate are beyond full scale "
        "and held at it; lower the recording, or write it in floating point"
    },
)


@dataclass(frozen=True)
class SessionSummary:
    """What became of a session.

    Attributes:
        summary: Of every track.
        comparison: Of before and after.
    """

    summary: Summary
    comparison: Comparison

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, for JSON."""
        return self.summary.as_dict() | {"comparison": self.comparison.as_dict()}

    def __str__(self) -> str:
        """Write one line per thing to know, and one per microphone."""
        return "\n".join([str(self.summary), *self.comparison.lines()])


def debleed(
    inputs: Sequence[Path],
    *,
    debleeder: str,
    out: Path,
    close: Sequence[Sequence[str]] = (),
    pad: bool = False,
    overwrite: bool = False,
    device: str = "cpu",
    precision: str = "float32",
    batch_size: int | None = None,
    progress: Progress | None = None,
) -> SessionSummary:
    """Write every track of a session without what bled into it, and compare before and after.

    A session is one file per microphone, or per stereo pair, whose channels are two microphones of
    one source; all begin at one moment, at one rate, and are equally long. An output has its
    track's name, rate, channels, length in samples, and, where that is a lossless one, container
    and width; all else becomes WAV. In integers, samples beyond full scale are held at it, and
    counted. Memory does not grow with the length. All outputs are made or none; those that the same
    debleeder, options and tracks left in the folder are not made again.

    Args:
        inputs: Files, and folders, of which the recordings directly in them count, by name.
        debleeder: NAME, NAME@WEIGHTS or FILE.py:CLASS; one that needs only the microphones.
        out: Folder of the outputs.
        close: Tracks that are close to one source, by name or number; every other track has a
            source of its own.
        pad: Take tracks that end before the longest for silent from there, instead of refusing
            them.
        overwrite: Replace outputs of other options, and files of unknown origin.
        device: "cpu", "cuda" or "cuda:N".
        precision: "float32", "bfloat16" (faster on some devices), or "auto" for the faster one.
        batch_size: Pieces that are handed to the debleeder in one call.
        progress: Called with the seconds of the session that are done, and all of them: once
            through for the estimates, once for the measures before, and once for those after.

    Returns:
        What became of each track.

    Raises:
        InputError: if nothing is named, if tracks cannot be read or do not fit each other, if there
            are fewer than two sources, if the debleeder is of another task or works with one
            microphone per source and a source has several, if an option makes no sense, if an
            output is in the way, or if another command writes into the folder.
        MissingExtra: if an optional package is not installed.
        DenoiserFailed: if the debleeder cannot be loaded, raises, or breaks its contract.
        OutputError: if the folder cannot be written, or the disk is full.
    """
    check_places(inputs, out)
    check_device(device)
    tracks = [read_track(path) for path in session_files(inputs)]
    _refuse_oddities(tracks, pad=pad)
    voices = voices_of(tracks, close)
    applied = DEBLEEDING.denoiser(
        debleeder, device=device, precision=precision, batch_size=batch_size
    )
    applied.assign(voices)
    request = Request(
        DEBLEEDING,
        applied,
        out,
        NAMES,
        partial(write_outputs, tracks=tracks, debleeder=applied),
        {"voices": " ".join(map(str, voices))},
        overwrite,
    )
    summary = run_session(request, [track.path for track in tracks], progress=progress)
    outputs = [read_track(Path(outcome.outputs[0])) for outcome in summary.outcomes]
    return SessionSummary(summary, compare(tracks, outputs, voices, progress=progress))


def _refuse_oddities(tracks: Sequence[Track], *, pad: bool) -> None:
    findings = [one for one in track_findings(tracks) if not (pad and one.kind == "length")]
    if findings:
        first, *others = findings
        more = f" ({len(others)} more: run `mn check` on them)" if others else ""
        raise InputError(f"{first.file}: {first.text}; {first.cure}{more}")
