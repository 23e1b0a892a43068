"""Estimate how loud every source is in the microphones of the others, from the recordings alone.

Where one source sounds alone, the ratio of the powers of two microphones is that of their paths
from it; where others sound too, it is larger. So in every third of an octave the bleed is a low
quantile, over frames, of that ratio, in two passes: the second weighs every frame by the share that
the source has in its own microphone, as the model ``power_i = Σ_j bleed_ij power_j`` tells. This is
how sparse sources are told apart since Yılmaz and Rickard, "Blind separation of speech mixtures via
time-frequency masking", IEEE Transactions on Signal Processing 52(7), 2004; the powers of the model
are found by the multiplicative updates of Févotte, Bertin and Durrieu, Neural Computation 21(3),
2009, eq. 10, with the matrix held fixed.

It is a ratio of powers: it knows nothing of delays, and the gain of a microphone moves its row up
and its column down. What always sounds together is not told apart: there the bleed is too high.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from mn_dataset.errors import InputError

Tracks = NDArray[np.floating]
Floats = NDArray[np.float32]

FAINTEST_DB = -60.0
"""What is fainter is told as this."""

LOWEST_HZ = 50.0
_BANDS_PER_OCTAVE = 3
_FRAME_S = 4096 / 44_100
_QUANTILES = (0.05, 0.1)  # of the ratio, in the first pass, which knows no shares, and the second
_ACTIVE = 1e-4  # of a band's loudest frame: 40 dB
_SHARE_EXPONENT = 4
_UPDATES = 10
_MOST_FRAMES, _FEWEST_FRAMES = 4_000, 1_000
_PAIRED_FRAMES = 256_000  # times the number of pairs: the time that sorting takes
_FRAMES_AT_ONCE = 64
_FAINT = 1e-20  # of a microphone's mean power


@dataclass(frozen=True)
class BandBleed:
    """The bleed between microphones by band.

    Attributes:
        edges_hz: Where the bands begin and end, shape (bands + 1,), rising.
        ratio: Power of source j in microphone i, of that in microphone j: shape (K, K, bands), at
            least 0, 1 on the diagonal; 0 where microphone j is silent.
        power: Power of source j in its own microphone where it is told apart from the others, shape
            (K, bands), in any unit.
    """

    edges_hz: NDArray[np.float64]
    ratio: Floats
    power: Floats


def estimate_bleed(tracks: Tracks, sampling_rate: int) -> NDArray[np.float64]:
    """Estimate the level of every source in every microphone, of that in its own.

    Args:
        tracks: One microphone per row, each closest to the source of its number, shape (K, time).
        sampling_rate: In Hz.

    Returns:
        Decibels, shape (K, K), at least ``FAINTEST_DB``: of source j in microphone i, over its
        level in microphone j; 0 on the diagonal. NaN in the column of a silent microphone.

    Raises:
        InputError: if the tracks are not of that shape, or hold NaN or infinity.

    >>> noise = np.random.default_rng(0).normal(size=44_100).astype(np.float32)
    >>> alone = np.zeros((2, 88_200), np.float32)  # one source, and after it the other
    >>> alone[0, :44_100] = alone[1, 44_100:] = noise
    >>> bleeding = np.array([[1, 0.1], [0.5, 1]], np.float32) @ alone
    >>> estimate_bleed(bleeding, 44_100).round().tolist()
    [[0.0, -20.0], [-6.0, 0.0]]
    """
    bands = estimate_band_bleed(tracks, sampling_rate)
    total = bands.power.sum(axis=-1, dtype=np.float64)
    power = np.einsum("ijb,jb->ij", bands.ratio, bands.power, dtype=np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        level_db: NDArray[np.float64] = 10 * np.log10(power / total)
    level_db = np.maximum(level_db, FAINTEST_DB)
    np.fill_diagonal(level_db, 0.0)
    level_db[:, total == 0] = np.nan
    return level_db


def estimate_band_bleed(tracks: Tracks, sampling_rate: int) -> BandBleed:
    """Estimate the bleed between microphones in every third of an octave.

    Beside the tracks, memory holds the powers of at most 4,000 frames of 93 ms, spread evenly over
    them: fewer of more than eight microphones, and 1,000 at least.

    Args:
        tracks: As ``estimate_bleed`` takes them.
        sampling_rate: In Hz.

    Raises:
        InputError: as ``estimate_bleed`` does.
    """
    edges, power = _band_powers(_checked(tracks), sampling_rate)
    mean = power.mean(axis=(0, 2))
    power /= np.where(mean > 0, mean, 1)[:, np.newaxis]
    loudest = power.max(axis=-1, keepdims=True)
    active = np.sqrt(np.where(power > _ACTIVE * loudest, power, 0))
    ratio = _low_ratios(power, active, quantile=_QUANTILES[0])
    shares = _own_shares(power, ratio)[1]
    ratio = _low_ratios(power, active * shares ** (_SHARE_EXPONENT / 2), quantile=_QUANTILES[1])
    own, shares = _own_shares(power, ratio)
    # Two microphones whose powers keep one ratio hear but one source in that band.
    alike = np.sqrt(ratio * ratio.transpose(0, 2, 1)) * (1 - np.eye(len(mean), dtype=np.float32))
    apart = np.maximum(1 - alike.max(axis=1), 1e-6) ** 2
    weight = (own * shares**_SHARE_EXPONENT).sum(axis=-1) * apart
    scale = np.divide.outer(mean, np.where(mean > 0, mean, 1))
    return BandBleed(
        edges_hz=edges,
        ratio=(ratio * scale).transpose(1, 2, 0),
        power=(weight * mean).T,
    )


def _checked(tracks: Tracks) -> Tracks:
    if tracks.ndim != 2 or tracks.size == 0:
        raise InputError(f"the tracks have shape {tracks.shape}; expected (microphones, time)")
    if not np.isfinite(tracks).all():
        raise InputError("the tracks hold NaN or infinity; expected finite samples")
    return tracks


def _band_powers(tracks: Tracks, sampling_rate: int) -> tuple[NDArray[np.float64], Floats]:
    """Return the edges of the bands, and the powers (bands, K, frames)."""
    window = 2 ** max(4, round(np.log2(_FRAME_S * sampling_rate)))
    missing = max(0, window - tracks.shape[-1])
    padded = np.pad(tracks, [(0, 0), (0, missing)]) if missing else tracks
    most = max(_FEWEST_FRAMES, min(_MOST_FRAMES, _PAIRED_FRAMES // len(tracks) ** 2))
    last = padded.shape[-1] - window
    count = min(most, 1 + last // (window // 2))
    starts = np.linspace(0, last, count).astype(np.intp)
    frequencies = scipy.fft.rfftfreq(window, 1 / sampling_rate)
    octaves = np.log2(max(sampling_rate / 2 / LOWEST_HZ, 2))
    edges = LOWEST_HZ * 2 ** (np.arange(octaves * _BANDS_PER_OCTAVE) / _BANDS_PER_OCTAVE)
    firsts = np.unique([0, *np.searchsorted(frequencies, edges)])
    firsts = firsts[firsts < len(frequencies)]
    taper = np.hanning(window).astype(np.float32)
    power = np.empty((len(firsts), len(tracks), count), np.float32)
    for first in range(0, count, _FRAMES_AT_ONCE):
        block = starts[first : first + _FRAMES_AT_ONCE]
        frames = padded[:, block[:, np.newaxis] + np.arange(window)].astype(np.float32)
        spectrum = scipy.fft.rfft(frames * taper, axis=-1)
        squared = np.square(spectrum.real) + np.square(spectrum.imag)
        summed = np.add.reduceat(squared, firsts, axis=-1)
        power[..., first : first + len(block)] = summed.transpose(2, 0, 1)
    return np.append(frequencies[firsts], sampling_rate / 2), power


def _low_ratios(power: Floats, weights: Floats, *, quantile: float) -> Floats:
    """Return the quantile of power_i / power_j over frames weighted for j, shape (bands, K, K)."""
    bands, count, _ = power.shape
    ratios = np.zeros((bands, count, count), np.float32)
    for j in range(count):
        total = weights[:, j].sum(axis=-1, keepdims=True)
        reciprocal = 1 / np.maximum(power[:, j], _FAINT)
        for i in range(count):
            ratio = power[:, i] * reciprocal
            order = np.argsort(ratio, axis=-1)
            reached = np.cumsum(np.take_along_axis(weights[:, j], order, -1), axis=-1)
            at = np.minimum((reached < quantile * total).sum(axis=-1), ratio.shape[-1] - 1)
            chosen = np.take_along_axis(order, at[:, np.newaxis], -1)
            found = np.take_along_axis(ratio, chosen, -1)[:, 0]
            ratios[:, i, j] = np.where(total[:, 0] > 0, found, 0)
        ratios[:, j, j] = 1
    return ratios


def _own_shares(power: Floats, ratio: Floats) -> tuple[Floats, Floats]:
    """Return the power of every source, and its share in its own microphone, (bands, K, frames)."""
    own = power.copy()
    turned = ratio.transpose(0, 2, 1)
    for _ in range(_UPDATES):
        model = ratio @ own + np.float32(_FAINT)
        own *= (turned @ (power / np.square(model))) / (turned @ (1 / model) + np.float32(_FAINT))
    return own, own / (ratio @ own + np.float32(_FAINT))
