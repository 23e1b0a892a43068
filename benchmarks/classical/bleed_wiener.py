"""Subtract what microphones hear of each other, weigh down the rest, and leave clean ones alone.

The bleed between microphones is estimated where one source dominates
(`mn_dataset.audio.bleed`), and then:

1. The powers of all sources are refitted three times to what the Wiener filter of that bleed takes
   for them in their own microphones (Prätzlich, Bittner, Liutkus and Müller, "Kernel additive
   modeling for interference reduction", ICASSP 2015, algorithm 1, with the matrix held fixed).
2. At every frequency one complex factor per pair of microphones predicts the bleed: by a regression
   over frames, each weighed by the source's share and inversely to the noise, as in Gannot,
   Burshtein and Weinstein, "Signal enhancement using beamforming and nonstationarity", IEEE
   Transactions on Signal Processing 49(8), 2001. The factors' matrix is inverted.
3. What bleed is left, a quarter of it at least, is weighed down by the Wiener filter.
4. A microphone in which the bleed is 25 dB fainter than its source returns as it came, one of less
   than 15 dB is replaced, and between the two they are mixed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.contract import Batch, DenoiserSpec, Side
from benchmarks.signal.interference import CloseMicrophones
from benchmarks.signal.stft import Power, Spectrum, Stft, power_of, stft_at
from mn_dataset.audio.bleed import estimate_band_bleed, pair_weights

Matrix = NDArray[np.float32]
"""Shape (bins, microphones, microphones)."""

_REFITS = 3
_SHARE_EXPONENT = 4
_LARGEST_FACTOR = 1.5  # of what the power of the bleed allows
_RIDGE = 1e-3  # keeps the inverse of microphones that hear the same within 24 dB
_LEFT = 0.25
_BINS_AT_ONCE = 32
_FAINT = np.float32(1e-10)


@dataclass
class BleedWiener(CloseMicrophones):
    """The debleeder that is recommended where nothing is known but the microphones.

    Attributes:
        clean_db: Level of a source over the bleed, in its own microphone, from which on the
            microphone is left alone; 10 dB lower it is replaced.
    """

    clean_db: float = 25.0

    spec = DenoiserSpec(
        name="bleed_wiener",
        task="debleed",
        channels=1,
        chunk=30 * 44_100,
        overlap=44_100,
        citation="Prätzlich, Bittner, Liutkus and Müller, ICASSP 2015, "
        "doi:10.1109/ICASSP.2015.7178036; Gannot, Burshtein and Weinstein, IEEE TSP 49(8) 2001, "
        "doi:10.1109/78.934132",
    )

    def __call__(self, batch: Batch, sampling_rate: int, *, side: Side | None = None) -> Batch:
        """Return every microphone's own source.

        Args:
            batch: float32, shape (batch, microphones, channels, time).
            sampling_rate: In Hz.
            side: Nothing is taken of it.

        Raises:
            InputError: if there are not as many microphones as were assigned.
        """
        del side
        voices = self.voices_of(batch.shape[1])
        estimates = np.empty_like(batch)
        for item in np.ndindex(batch.shape[0], batch.shape[2]):
            where = item[0], slice(None), item[1]
            estimates[where] = self._estimate(batch[where], sampling_rate, voices)
        return estimates

    def _estimate(self, tracks: Batch, sampling_rate: int, voices: tuple[int, ...]) -> Batch:
        """Return the sources of tracks (microphones, time)."""
        energy = np.square(tracks, dtype=np.float64).mean(axis=-1, keepdims=True)
        level = np.sqrt(np.where(energy > 0, energy, 1)).astype(np.float32)
        scaled = tracks / level
        stft = Stft(hop=2 * stft_at(sampling_rate).hop)
        spectrum = stft.forward(scaled)
        matrix = _matrix_of(scaled, sampling_rate, voices, bins=spectrum.shape[-1])
        kept, removed = np.zeros((2, len(tracks)))
        for first in range(0, spectrum.shape[-1], _BINS_AT_ONCE):
            block = spectrum[..., first : first + _BINS_AT_ONCE]
            heard = np.moveaxis(block, -1, 0).copy()
            sources = _sources(heard, matrix[first : first + _BINS_AT_ONCE])
            kept += power_of(sources).sum(axis=(0, 2), dtype=np.float64)
            removed += power_of(heard - sources).sum(axis=(0, 2), dtype=np.float64)
            block[:] = np.moveaxis(sources, 0, -1)
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio_db = 10 * np.log10(kept / removed)
        part = np.clip((self.clean_db - np.nan_to_num(ratio_db, nan=np.inf)) / 10, 0, 1)
        replaced = stft.inverse(spectrum, num_samples=tracks.shape[-1]) * level - tracks
        estimate: Batch = tracks + part[:, np.newaxis].astype(np.float32) * replaced
        return estimate


def _matrix_of(tracks: Batch, sampling_rate: int, voices: tuple[int, ...], *, bins: int) -> Matrix:
    """Return the estimated ratios of powers at every frequency of a spectrum."""
    bands = estimate_band_bleed(tracks, sampling_rate, voices=voices)
    frequencies = np.linspace(0, sampling_rate / 2, bins)
    band = np.searchsorted(bands.edges_hz[1:-1], frequencies, side="right")
    ratio = np.moveaxis(bands.ratio * pair_weights(len(tracks), voices)[..., np.newaxis], -1, 0)
    matrix: Matrix = ratio[band].astype(np.float32)
    return matrix


def _sources(heard: Spectrum, matrix: Matrix) -> Spectrum:
    """Return the sources of spectra (bins, microphones, frames), of the same shape."""
    power = power_of(heard)
    own = _own_powers(power, matrix)
    model = matrix @ own + _FAINT
    factors = _factors(heard, power, model, own / model)
    largest = _LARGEST_FACTOR * np.sqrt(matrix)
    factors *= np.minimum(1, largest / np.maximum(np.abs(factors), _FAINT))
    eye = np.eye(matrix.shape[-1], dtype=np.float32)
    factors = np.where(eye > 0, np.complex64(1), factors)
    adjoint = factors.conj().swapaxes(1, 2)
    inverse = np.linalg.solve(adjoint @ factors + np.float32(_RIDGE) * eye, adjoint)
    filtered: Spectrum = np.matmul(inverse, heard)
    left = np.maximum(matrix - power_of(factors), np.float32(_LEFT) * matrix)
    left = np.where(eye > 0, np.float32(1), left)
    own = _own_powers(power_of(filtered), left)
    filtered *= own / (left @ own + _FAINT)
    return filtered


def _own_powers(power: Power, matrix: Matrix) -> Power:
    """Return the powers of sources that the Wiener filter finds in their own microphones."""
    own = power
    for _ in range(_REFITS):
        share = own / (matrix @ own + _FAINT)
        own = share * share * power
    return own


def _factors(heard: Spectrum, power: Power, model: Power, shares: Power) -> Spectrum:
    """Return the factors that predict microphone i of j, shape (bins, i, j)."""
    weight = shares**_SHARE_EXPONENT
    quiet = np.float32(1e-6) * power.max(axis=-1, keepdims=True) + _FAINT
    precision = 1 / (model + quiet)
    cross = (precision * heard) @ (weight * heard.conj()).swapaxes(1, 2)
    energy = precision @ (weight * power).swapaxes(1, 2)
    factors: Spectrum = cross / (energy + _FAINT)
    return factors
