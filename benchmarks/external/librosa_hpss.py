"""Keep the harmonic and the percussive part of librosa's separation, and leave away the rest.

FitzGerald, "Harmonic/percussive separation using median filtering", DAFx 2010; Driedger, Müller and
Disch, "Extending harmonic-percussive separation of audio", ISMIR 2014 (margin and residual).
"""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from benchmarks.contract import Batch, DenoiserSpec, Side
from benchmarks.signal.stft import stft_at
from mn_dataset.errors import MissingExtra

_MARGIN = 2.0


class LibrosaHpss:
    """Harmonic plus percussive part at a margin of 2, over our own transform."""

    spec = DenoiserSpec(
        name="librosa_hpss",
        package="librosa",
        extra="baselines",
        license="ISC",
        citation="Driedger, Müller and Disch, ISMIR 2014; McFee et al., librosa, SciPy 2015",
    )

    def __call__(self, batch: Batch, sampling_rate: int, *, side: Side | None = None) -> Batch:
        """Return the denoised batch, shape (batch, channels, time).

        Raises:
            MissingExtra: if the library is not installed.
        """
        del side
        decompose = _library()
        stft = stft_at(sampling_rate)
        spectrum = stft.forward(batch)
        for channel in np.ndindex(batch.shape[:2]):
            harmonic, percussive = decompose.hpss(spectrum[channel].T, margin=_MARGIN)
            spectrum[channel] = (harmonic + percussive).T
        return stft.inverse(spectrum, num_samples=batch.shape[-1])


def _library() -> Any:
    try:
        return importlib.import_module("librosa.decompose")
    except ImportError as error:
        raise MissingExtra("librosa", extra="baselines") from error
