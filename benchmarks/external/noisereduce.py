"""Run the library noisereduce, as it ships and with settings that leave more of the music.

Sainburg, Thielk and Gentner, "Finding, visualizing, and quantifying latent structure across
diverse animal vocal repertoires", PLOS Computational Biology 16(10), 2020.

As it ships it takes most of a piece of music for noise. Stationary gating that removes seven tenths
of what it gates was the best of what was tried on three clips that are in none of our corpora.
"""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from benchmarks.contract import Batch, DenoiserSpec, Side
from mn_dataset.errors import MissingExtra


class NoiseReduce:
    """Non-stationary spectral gating with the library's own defaults.

    The library divides 0 by 0 in a silent clip (or in a silent chunk of 600 000 samples) and
    answers NaN there: silence is what we hand back instead.
    """

    spec = DenoiserSpec(
        name="noisereduce",
        channels=1,
        package="noisereduce",
        extra="baselines",
        citation="Sainburg, Thielk and Gentner 2020, doi:10.1371/journal.pcbi.1008228",
    )

    def __call__(self, batch: Batch, sampling_rate: int, *, side: Side | None = None) -> Batch:
        """Return the denoised batch, shape (batch, 1, time).

        Raises:
            MissingExtra: if the library is not installed.
        """
        del side
        noisereduce = _library()
        with np.errstate(invalid="ignore"):
            gated = [noisereduce.reduce_noise(y=clip, sr=sampling_rate) for clip in batch[:, 0]]
        estimate: Batch = np.stack(gated)[:, np.newaxis]
        estimate[np.isnan(estimate) & (batch == 0)] = 0.0
        return estimate


class NoiseReduceTuned:
    """Stationary spectral gating with ``prop_decrease=0.7``."""

    spec = DenoiserSpec(
        name="noisereduce_tuned",
        channels=1,
        min_samples=2048,  # twice its window
        package="noisereduce",
        extra="baselines",
        citation="Sainburg, Thielk and Gentner 2020, doi:10.1371/journal.pcbi.1008228",
    )

    def __call__(self, batch: Batch, sampling_rate: int, *, side: Side | None = None) -> Batch:
        """Return the denoised batch, shape (batch, 1, time).

        Raises:
            MissingExtra: if the library is not installed.
        """
        del side
        noisereduce = _library()
        estimate = np.zeros_like(batch)
        for clip, out in zip(batch[:, 0], estimate[:, 0], strict=True):
            if clip.any():  # of silence it has no statistics
                out[:] = noisereduce.reduce_noise(
                    y=clip, sr=sampling_rate, stationary=True, prop_decrease=0.7
                )
        return estimate


def _library() -> Any:
    """Import the library.

    Raises:
        MissingExtra: if it is not installed.
    """
    try:
        return importlib.import_module("noisereduce")
    except ImportError as error:
        raise MissingExtra("noisereduce", extra="baselines") from error
