"""Write what becomes of a recording: its estimate, what was removed, and a picture of both."""

from __future__ import annotations

from collections.abc import Mapping
from math import log10
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.denoise.blend import blend
from benchmarks.harness.apply import AppliedDenoiser
from benchmarks.recordings.jobs import Job, Names
from benchmarks.recordings.run import Advance, SampleCounts
from benchmarks.recordings.stream import estimated, sinks
from benchmarks.signal.spectrogram import Spectrogram, draw_before_and_after
from mn_dataset.files.atomic import writing

_NEARLY_CLEAN_DB = 12.0


def output_names(*, residual: bool, spectrogram: bool) -> Names:
    """Return how the outputs are called.

    Args:
        residual: Whether there is a file of what was removed.
        spectrogram: Whether there is a picture of before and after.
    """
    names = {"estimate": "{name}"}
    names |= {"residual": "{stem}.residual{suffix}"} if residual else {}
    return names | ({"spectrogram": "{stem}.spectrogram.png"} if spectrogram else {})


def write_outputs(
    job: Job,
    temporaries: Mapping[PurePosixPath, Path],
    advance: Advance,
    *,
    denoiser: AppliedDenoiser,
    strength: float,
) -> SampleCounts:
    """Write a recording's outputs.

    Args:
        job: The recording, and the names of its outputs.
        temporaries: The files that the outputs are written to, by their names.
        advance: Called with the seconds that are done.
        denoiser: What estimates.
        strength: 0 leaves the recording as it is, 1 takes the estimate.

    Returns:
        Counts of samples of estimate and residual that were clipped; and of a recording that is
        nearly clean, by how many dB the estimate is above what was removed.

    Raises:
        AudioError: if the recording is damaged, or holds NaN or infinity.
        DenoiserFailed: if the denoiser raises, exits, or breaks its contract.
        OutputError: if an output cannot be written.
    """
    audible = {name: path for name, path in job.outputs.items() if name != "spectrogram"}
    picture = job.outputs.get("spectrogram")
    before, after = Spectrogram(job.sampling_rate), Spectrogram(job.sampling_rate)
    frames = clipped = residual_clipped = 0
    left = taken = 0.0
    with sinks(job, audible, temporaries) as write:
        for noisy, estimate in estimated(job, denoiser):
            blended = blend(noisy, estimate, strength=strength, form=job.form)
            write["estimate"](blended.estimate)
            if "residual" in write:
                write["residual"](blended.residual)
                residual_clipped += blended.residual_clipped
            if picture is not None:
                before.add(noisy)
                after.add(_floats(blended.estimate))
            left += float(np.square(estimate).sum())
            taken += float(np.square(noisy - estimate).sum())
            frames += len(noisy)
            clipped += blended.clipped
            advance(frames / job.sampling_rate)
    if picture is not None:
        with writing(job.out / picture):
            draw_before_and_after(
                temporaries[picture],
                before.power(),
                after.power(),
                duration_s=frames / job.sampling_rate,
                sampling_rate=job.sampling_rate,
            )
    counts = {"clipped": clipped, "residual_clipped": residual_clipped}
    if left and taken and (above_db := 10 * log10(left / taken)) >= _NEARLY_CLEAN_DB:
        counts["nearly_clean"] = round(above_db)
    return SampleCounts(frames, counts)


def _floats(samples: NDArray[Any]) -> NDArray[np.float64]:
    scale = 2.0**-31 if samples.dtype == np.int32 else 1.0
    floats: NDArray[np.float64] = np.multiply(samples, scale, dtype=np.float64)
    return floats
