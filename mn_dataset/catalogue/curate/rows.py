"""Write the rows of a recording's clips: what the source says of it, and what was found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import PurePosixPath

from mn_dataset.catalogue.curate.gather import Recording
from mn_dataset.catalogue.curate.journal import Clip, Outcome
from mn_dataset.records import SAMPLING_RATE
from mn_dataset.tables import Row


def rows_of(recording: Recording, outcome: Outcome, defaults: Mapping[str, str]) -> Iterator[Row]:
    """Yield the row of every clip; defaults fill what the source leaves empty.

    All clips of one recording are of one group, the stated one or one of its own. Where a clip
    starts is counted from where the recording itself is said to start.
    """
    declared = recording.row
    for clip in outcome.clips:
        start_s = float(declared.start_s or 0.0) + clip.start / SAMPLING_RATE
        yield replace(
            declared,
            source=declared.source or defaults.get("source", ""),
            license=declared.license or defaults.get("license", ""),
            attribution=declared.attribution or defaults.get("attribution", ""),
            id=PurePosixPath(clip.file).with_suffix("").as_posix(),
            file=clip.file,
            group=declared.group or f"recording:{outcome.sha256[:16]}",
            start_s=f"{start_s:.10g}",
            duration_s=f"{clip.frames / SAMPLING_RATE:.10g}",
            further=declared.further + _measured(recording, outcome, clip),
        )


def _measured(recording: Recording, outcome: Outcome, clip: Clip) -> tuple[tuple[str, str], ...]:
    loudness = "" if clip.loudness_lufs is None else f"{clip.loudness_lufs:.2f}"
    return (
        ("original", recording.original),
        ("original_sha256", outcome.sha256),
        ("original_duration_s", f"{outcome.frames / SAMPLING_RATE:.10g}"),
        ("gain_db", f"{clip.gain_db:.6f}"),
        ("loudness_lufs", loudness),
        ("dc_offset", f"{clip.dc_offset:.6f}"),
        ("pcm_sha256", clip.pcm_sha256),
    )
