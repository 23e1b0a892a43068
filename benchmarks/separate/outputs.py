"""Write the two parts of a recording."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from benchmarks.harness.apply import AppliedDenoiser
from benchmarks.recordings.jobs import Job
from benchmarks.recordings.run import Advance, SampleCounts
from benchmarks.recordings.stream import estimated, sinks
from benchmarks.separate.parts import parts
from mn_dataset.tasks.separate import TARGETS

NAMES = {target: f"{{stem}}.{target}{{suffix}}" for target in TARGETS}
"""How the outputs are called."""


def write_outputs(
    job: Job,
    temporaries: Mapping[PurePosixPath, Path],
    advance: Advance,
    *,
    separator: AppliedDenoiser,
) -> SampleCounts:
    """Write a recording's voice and accompaniment.

    Args:
        job: The recording, and the names of its outputs.
        temporaries: The files that the outputs are written to, by their names.
        advance: Called with the seconds that are done.
        separator: What estimates.

    Returns:
        The counts of ``Parts``.

    Raises:
        AudioError: if the recording is damaged, or holds NaN or infinity.
        DenoiserFailed: if the separator raises, exits, or breaks its contract.
        OutputError: if an output cannot be written.
    """
    frames, counts = 0, Counter[str]()
    with sinks(job, job.outputs, temporaries) as write:
        for recording, estimates in estimated(job, separator):
            made = parts(recording, estimates[TARGETS.index("voice")], form=job.form)
            write["voice"](made.voice)
            write["accompaniment"](made.accompaniment)
            frames += len(recording)
            counts.update(moved=made.moved, beyond=made.beyond, inexact=made.inexact)
            advance(frames / job.sampling_rate)
    return SampleCounts(frames, counts)
