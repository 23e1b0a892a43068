"""Run ffmpeg's filter afftdn at the level of the estimated noise.

Left to itself it takes a floor of -50 dBFS for the noise and does nothing to a louder one. So the
noise is estimated from the quiet moments of every frequency, and the clip handed over at the level
at which that noise has -50 dBFS.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from benchmarks.contract import Batch, DenoiserSpec, Side
from benchmarks.external import program
from benchmarks.signal.stft import power_of, stft_at

_RATE = 44_100
_FLOOR_DB = -50.0
_REDUCTION_DB = 20.0
_QUIET = 0.1  # share of the time that shows the noise alone
_FAINTEST = 1e-8  # of a clip's power: below it there is no noise to estimate


class FfmpegAfftdn:
    """Spectral subtraction of white noise by 20 dB at most, from the floor up."""

    spec = DenoiserSpec(
        name="ffmpeg_afftdn",
        sampling_rate=_RATE,
        channels=1,
        latency=1102,
        program="ffmpeg",
        license="LGPL-2.1-or-later",
        citation="FFmpeg, af_afftdn.c, https://ffmpeg.org/ffmpeg-filters.html#afftdn",
    )

    @property
    def revision(self) -> str:
        """The program's version."""
        return f"ffmpeg-{program.version('ffmpeg', '-version')}"

    def __call__(self, batch: Batch, sampling_rate: int, *, side: Side | None = None) -> Batch:
        """Return the denoised batch, shape (batch, 1, time).

        Raises:
            RuntimeError: if ffmpeg fails.
        """
        del side
        return np.stack([_denoised(clip, sampling_rate) for clip in batch[:, 0]])[:, np.newaxis]


def _denoised(clip: NDArray[np.float32], sampling_rate: int) -> NDArray[np.float32]:
    noise = _noise_power(clip, sampling_rate)
    if noise == 0.0:
        return np.zeros_like(clip)
    scale = np.float32(10.0 ** (_FLOOR_DB / 20.0) / math.sqrt(noise))
    with program.scratch({"in": clip * scale}, sampling_rate) as folder:
        words = ["ffmpeg", "-nostdin", "-v", "error", "-i", "in.wav", "-af"]
        words += [f"afftdn=nr={_REDUCTION_DB:g}:nf={_FLOOR_DB:g}", "-c:a", "pcm_f32le", "out.wav"]
        program.run(words, folder, timeout_s=600.0)
        return program.read(folder / "out.wav", len(clip), sampling_rate) / scale


def _noise_power(clip: NDArray[np.float32], sampling_rate: int) -> float:
    """Return the noise's mean square; that of exponential powers follows from their quantile."""
    stft = stft_at(sampling_rate)
    density = power_of(stft.forward(clip)) / np.square(stft.window).sum()
    quiet = float(np.quantile(density, _QUIET, axis=0).mean()) / -math.log1p(-_QUIET)
    return max(quiet, _FAINTEST * float(density.mean()))
