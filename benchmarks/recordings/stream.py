"""Bring a recording and its estimates to whoever writes them, in bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.harness.apply import AppliedDenoiser
from benchmarks.recordings.jobs import Job
from benchmarks.signal.chunks import BlockBuffer
from mn_dataset.audio import io
from mn_dataset.audio.tracks import finite_blocks
from mn_dataset.audio.writer import Form, sink

Samples = NDArray[np.float64]
"""Shape (time, channels), full scale 1; estimates of several targets (targets, time, channels)."""

Sink = Callable[[NDArray[Any]], None]
"""Takes samples (time, channels) in the type of the form."""

_BLOCK = 2**16  # samples that are worked on at a time


def estimated(job: Job, denoiser: AppliedDenoiser) -> Iterator[tuple[Samples, Samples]]:
    """Yield a recording and its estimate, a second or so at a time.

    Raises:
        AudioError: if the recording is damaged, or holds NaN or infinity.
        DenoiserFailed: if the denoiser raises, exits, or breaks its contract.
    """
    with io.stream(job.path) as audio:
        buffer = BlockBuffer(block.T for block in audio.blocks)
        mixture = finite_blocks(job.path, buffer, audio.scale, audio.sampling_rate)
        for block in denoiser.stream(mixture, audio.sampling_rate, channels=audio.channels):
            for first in range(0, block.shape[-1], _BLOCK):
                part = block[..., first : first + _BLOCK]
                kept = buffer.take(part.shape[-1]).T
                noisy = np.multiply(kept, audio.scale, dtype=np.float64, order="C")
                yield noisy, np.swapaxes(part, -1, -2).astype(np.float64)


@contextmanager
def sinks(
    job: Job, outputs: Mapping[str, PurePosixPath], temporaries: Mapping[PurePosixPath, Path]
) -> Iterator[dict[str, Sink]]:
    """Open files of samples in the job's form; yield what writes to each.

    Args:
        job: The recording.
        outputs: Those that hold samples.
        temporaries: The files that outputs are written to for now.

    Raises:
        OutputError: if one cannot be written.
    """
    with ExitStack() as stack:
        yield {
            part: stack.enter_context(
                sink(
                    temporaries[name],
                    job.form,
                    sampling_rate=job.sampling_rate,
                    channels=job.channels,
                    meant_for=job.out / name,
                )
            )
            for part, name in outputs.items()
        }


def clipped(samples: Samples, scale: float) -> tuple[Samples, int]:
    """Hold whole samples at full scale, and count those that were beyond it."""
    held = np.clip(samples, -scale, scale - 1)
    return held, int(np.count_nonzero(held != samples))


def in_upper_bits(samples: Samples, form: Form) -> NDArray[np.int32]:
    """Return whole samples as a sink of integers takes them."""
    return (samples * 2.0 ** (32 - (form.bits or 32))).astype(np.int32)
