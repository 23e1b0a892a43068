"""Two-stage separation of harmonic and percussive sounds: the voice lies between them.

In a long frame a voice, which glides and trembles, is spread like a drum, and a held chord is not;
in a short one it is as steady as a chord, and a drum is not. FitzGerald and Gainza, "Single channel
vocal separation using median filtering and factorisation techniques", ISAST Transactions on
Electronic and Signal Processing 4(1), 2010; Tachibana, Ono and Sagayama, "Singing voice enhancement
in monaural music signals based on two-stage harmonic/percussive sound separation on multiple
resolution spectrograms", IEEE/ACM TASLP 22(1), 2014. The medians are librosa's.
"""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from benchmarks.contract import Batch, DenoiserSpec, Side
from benchmarks.signal.stft import Gain, Power, Stft, stft_at
from benchmarks.signal.voice import voice_of, with_accompaniment
from mn_dataset.errors import MissingExtra

_LONGER = 8  # times the usual frame: 372 ms
_MEDIAN = 17  # frames, and bins


class HpssVoice:
    """Percussive in frames of 372 ms, then harmonic in frames of 46 ms."""

    spec = DenoiserSpec(
        name="hpss_voice",
        task="separate",
        chunk=30 * 44_100,
        overlap=44_100,
        package="librosa",
        extra="baselines",
        license="ISC",
        citation="FitzGerald and Gainza, ISAST Trans. 4(1) 2010; Tachibana, Ono and Sagayama, "
        "IEEE/ACM TASLP 22(1) 2014, doi:10.1109/TASLP.2013.2287052; McFee et al., librosa, SciPy "
        "2015",
    )

    def __call__(self, batch: Batch, sampling_rate: int, *, side: Side | None = None) -> Batch:
        """Return voice and accompaniment, shape (batch, 2, channels, time).

        Raises:
            MissingExtra: if the library is not installed.
        """
        del side
        decompose = _library()
        stft = Stft(_LONGER * stft_at(sampling_rate).hop)
        spectrum = stft.forward(batch)
        for channel in np.ndindex(batch.shape[:2]):
            _, percussive = decompose.hpss(spectrum[channel].T, kernel_size=_MEDIAN)
            spectrum[channel] = percussive.T
        unsteady = stft.inverse(spectrum, num_samples=batch.shape[-1])

        def harmonic(power: Power) -> Gain:
            gain, _ = decompose.hpss(np.sqrt(power).T, kernel_size=_MEDIAN, mask=True)
            transposed: Gain = gain.T
            return transposed

        return with_accompaniment(voice_of(unsteady, sampling_rate, harmonic), batch)


def _library() -> Any:
    try:
        return importlib.import_module("librosa.decompose")
    except ImportError as error:
        raise MissingExtra("librosa", extra="baselines") from error
