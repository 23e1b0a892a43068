"""Write what becomes of the tracks of a session."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.contract import Batch
from benchmarks.harness.apply import AppliedDenoiser
from benchmarks.recordings.jobs import Job
from benchmarks.recordings.run import Advance, SampleCounts, Temporaries
from benchmarks.recordings.stream import Samples, clipped, in_upper_bits, sinks
from mn_dataset.audio.tracks import BLOCK, Track, read_microphones, track_numbers
from mn_dataset.audio.writer import Form

NAMES = {"estimate": "{name}"}
"""How the outputs are called: as their tracks."""


def write_outputs(
    jobs: Sequence[Job],
    temporaries: Temporaries,
    advance: Advance,
    *,
    tracks: Sequence[Track],
    debleeder: AppliedDenoiser,
) -> list[SampleCounts]:
    """Write every track of a session without its bleed.

    Args:
        jobs: The tracks, and the names of their outputs.
        temporaries: The files that the outputs are written to, by their names.
        advance: Called with the seconds that are done.
        tracks: The same tracks.
        debleeder: What estimates.

    Returns:
        Counts of samples that were clipped.

    Raises:
        AudioError: if a track is damaged, or holds NaN or infinity.
        DenoiserFailed: if the debleeder raises, exits, or breaks its contract.
        OutputError: if an output cannot be written.
    """
    over = [0] * len(jobs)
    done = 0
    with ExitStack() as stack:
        writers = [stack.enter_context(sinks(job, job.outputs, temporaries)) for job in jobs]
        for estimates in _estimates(tracks, debleeder):
            for number, (job, track) in enumerate(zip(jobs, tracks, strict=True)):
                # A track that ended early was silent from there, and is as long as it was.
                own = estimates[number][: max(0, track.num_samples - done)]
                if len(own):
                    samples, beyond = _rounded(own, job.form)
                    writers[number]["estimate"](samples)
                    over[number] += beyond
            done += len(estimates[0])
            advance(done / tracks[0].sampling_rate)
    return [
        SampleCounts(track.num_samples, {"clipped": count})
        for track, count in zip(tracks, over, strict=True)
    ]


def _estimates(tracks: Sequence[Track], debleeder: AppliedDenoiser) -> Iterator[list[Samples]]:
    """Yield what every track becomes, a second or so at a time, each (time, channels)."""
    numbers = track_numbers(tracks)
    last = [numbers.index(number) for number in range(1, len(tracks))]
    blocks: Iterator[Batch] = (block[:, np.newaxis] for block in read_microphones(tracks))
    rate, count = tracks[0].sampling_rate, len(numbers)
    for block in debleeder.stream(blocks, rate, channels=1, inputs=count):
        for first in range(0, block.shape[-1], BLOCK):
            part = block[:, 0, first : first + BLOCK].astype(np.float64)
            yield [own.T for own in np.split(part, last)]


def _rounded(estimate: Samples, form: Form) -> tuple[NDArray[Any], int]:
    """Return samples in the type that a sink takes, and how many were beyond full scale."""
    if form.bits is None:
        return estimate.astype(form.dtype), 0
    scale = 2.0 ** (form.bits - 1)
    rounded, beyond = clipped(np.rint(estimate * scale), scale)
    return in_upper_bits(rounded, form), beyond
