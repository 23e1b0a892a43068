"""Run sox's noisered with a profile of the noise alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmarks.contract import Batch, DenoiserSpec, Side
from benchmarks.external import program

_PEAK = 0.5  # sox clips at full scale
_AMOUNT = 0.2  # of 0 … 1; its default of 0.5 takes the music too
_SHORTEST = 4096  # samples: two of its windows


class SoxNoisered:
    """Spectral gating by the noise's own profile."""

    spec = DenoiserSpec(
        name="sox_noisered",
        channels=1,
        min_samples=_SHORTEST,
        needs=frozenset({"noise_profile"}),
        program="sox",
        license="GPL-2.0-or-later",
        citation="SoX 14.4.2, noisered.c, https://sourceforge.net/projects/sox",
    )

    @property
    def revision(self) -> str:
        """The program's version."""
        return f"sox-{program.version('sox', '--version')}"

    def __call__(self, batch: Batch, sampling_rate: int, *, side: Side | None = None) -> Batch:
        """Return the denoised batch, shape (batch, 1, time).

        Raises:
            RuntimeError: if sox fails.
        """
        profiles = (side or {})["noise_profile"]
        clips = zip(batch[:, 0], profiles[:, 0], strict=True)
        estimates = [_denoised(clip, noise, sampling_rate) for clip, noise in clips]
        return np.stack(estimates)[:, np.newaxis]


def _denoised(
    clip: NDArray[np.float32], noise: NDArray[np.float32], sampling_rate: int
) -> NDArray[np.float32]:
    peak = max(float(np.abs(clip).max()), float(np.abs(noise).max()))
    if not clip.any() or not noise.any():
        return clip
    scale = np.float32(_PEAK / peak)
    profile = np.resize(noise, max(len(noise), _SHORTEST)) * scale
    longer = np.pad(clip * scale, (0, _SHORTEST))  # it swallows the end of what it hears
    with program.scratch({"in": longer, "noise": profile}, sampling_rate) as folder:
        program.run(["sox", "noise.wav", "-n", "noiseprof", "profile"], folder, timeout_s=600.0)
        words = ["sox", "-D", "-R", "in.wav", "-e", "floating-point", "-b", "32", "out.wav"]
        program.run([*words, "noisered", "profile", f"{_AMOUNT:g}"], folder, timeout_s=600.0)
        return program.read(folder / "out.wav", len(longer), sampling_rate)[: len(clip)] / scale
