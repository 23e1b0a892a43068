"""The Wiener filter of the true sources and of how loud each is in every microphone.

A bound for every debleeder that weighs the spectrum of a microphone: what kernel additive modelling
(Prätzlich, Bittner, Liutkus and Müller, ICASSP 2015) would do if it knew the spectra of the voices,
and so how loud each is in every microphone by frequency. That matrix is the one that explains the
microphones best by the Kullback-Leibler divergence: the Itakura-Saito divergence, which counts
quiet frames as much as loud ones, takes rooms for bleed and loses up to 6 dB on clean microphones.

It does not bound who subtracts one microphone from another, by which mixtures without delays can be
undone entirely.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from benchmarks.contract import Batch, DenoiserSpec
from benchmarks.signal.stft import Power, power_of, stft_at

_UPDATES = 30
_FAINT = np.float32(1e-10)


class OracleBleedWiener:
    """The Wiener filter with the matrix that the true sources explain the microphones best by."""

    spec = DenoiserSpec(
        name="oracle_bleed_wiener",
        task="debleed",
        channels=1,
        needs=frozenset({"clean"}),
        citation="Prätzlich, Bittner, Liutkus and Müller, ICASSP 2015, "
        "doi:10.1109/ICASSP.2015.7178036",
    )

    def __call__(self, batch: Batch, sampling_rate: int, *, side: Mapping[str, Batch]) -> Batch:
        """Return the estimates (batch, microphones, channels, time) that true sources tell."""
        stft = stft_at(sampling_rate)
        estimates = np.empty_like(batch)
        for item in np.ndindex(batch.shape[0], batch.shape[2]):
            where = item[0], slice(None), item[1]
            spectrum = stft.forward(batch[where])
            powers = [power_of(part) for part in (spectrum, stft.forward(side["clean"][where]))]
            spectrum *= _gains(*powers)
            estimates[where] = stft.inverse(spectrum, num_samples=batch.shape[-1])
        return estimates


def _gains(microphones: Power, sources: Power) -> Power:
    """Return the gains (microphones, frames, bins) of powers of that shape."""
    scale = np.float32(microphones.mean() + sources.mean() + np.finfo(np.float32).tiny)
    heard, own = (np.moveaxis(power / scale, -1, 0) for power in (microphones, sources))
    turned = own.swapaxes(1, 2)
    total = own.sum(axis=-1)[:, np.newaxis] + _FAINT
    matrix = np.full((len(own), own.shape[1], own.shape[1]), 0.1, np.float32)
    matrix += np.float32(0.9) * np.eye(own.shape[1], dtype=np.float32)
    for _ in range(_UPDATES):
        matrix = matrix * ((heard / (matrix @ own + _FAINT)) @ turned) / total
    image = np.diagonal(matrix, axis1=1, axis2=2)[..., np.newaxis] * own
    gains: Power = np.moveaxis(image / (np.matmul(matrix, own) + _FAINT), 0, -1)
    return gains
