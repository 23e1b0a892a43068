"""Estimate how loud every source is in the microphones of the others, from the recordings alone.

Where one source sounds alone, the ratio of the powers of two microphones is that of its paths to
them; where others sound too, it is larger. So in every third of an octave the bleed is a low
quantile of that ratio over frames, in two passes: the second weighs every frame by the share that
the source has in its own microphone, as the model ``power_i = Σ_j bleed_ij power_j`` tells. This is
how sparse sources are told apart since Yılmaz and Rickard, "Blind separation of speech mixtures via
time-frequency masking", IEEE Transactions on Signal Processing 52(7), 2004; the powers of the model
are found by the multiplicative updates of Févotte, Bertin and Durrieu, Neural Computation 21(3),
2009, with the matrix held fixed.

A ratio cannot tell a source that bleeds from another that always sounds with it, but coherence can:
of the bleed, a tenth at least is what a filter of the source's own microphone predicts, measured
between fifths of a second, so that what only one of them holds is no evidence.

The gain of a microphone moves its row up and its column down, and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from mn_dataset.errors import InputError

Tracks = NDArray[np.floating[Any]]
Floats = NDArray[np.float32]
Spectra = NDArray[np.complex64]

FAINTEST_DB = -60.0
"""What is fainter is told as this."""

LOWEST_HZ = 50.0
_BANDS_PER_OCTAVE = 3
_FRAME_S = 4096 / 44_100
_SEGMENT = 3  # frames that overlap by half: a fifth of a second
_QUANTILES = (0.05, 0.1)  # of the ratio, in the first pass, which knows no shares, and the second
_ACTIVE = 1e-4  # of a band's loudest frame: 40 dB
_SHARE_EXPONENT = 4
_UPDATES = 10
_DEVIATIONS = 1.0  # of what noise makes of products of segments
_LEAST_COHERENT = 0.1  # part of the bleed's power: the rest are echoes beyond a frame
_USUAL, _ABOVE_USUAL = 0.75, 10.0  # how far a band may lie above this quantile of all
_MOST_FRAMES, _FEWEST_FRAMES = 4_000, 500
_PAIRED_FRAMES = 256_000  # times the number of pairs: the time that sorting takes
_FAINT = 1e-20  # of a microphone's mean power


@dataclass(frozen=True)
class BandBleed:
    """The bleed between microphones by band.

    Attributes:
        edges_hz: Where the bands begin and end, shape (bands + 1,), rising.
        ratio: Power of source j in microphone i, of that in microphone j: shape (K, K, bands), at
            least 0, 1 on the diagonal; 0 where microphone j is silent, and between microphones of
            one source.
        power: Power of source j in its own microphone where it is told apart from the others, shape
            (K, bands), in any unit.
    """

    edges_hz: NDArray[np.float64]
    ratio: Floats
    power: Floats

    @property
    def broadband(self) -> NDArray[np.float64]:
        """The ratios over all bands, shape (K, K); NaN in the column of a silent microphone."""
        total = self.power.sum(axis=-1, dtype=np.float64)
        power = np.einsum("ijb,jb->ij", self.ratio, self.power, dtype=np.float64)
        ratio: NDArray[np.float64] = power / np.where(total > 0, total, np.nan)
        return ratio


def estimate_bleed(
    tracks: Tracks, sampling_rate: int, *, voices: Sequence[int] | None = None
) -> NDArray[np.float64]:
    """Estimate the level of every source in every microphone, over that in its own.

    Args:
        tracks: One microphone per row, each close to one source, shape (K, time).
        sampling_rate: In Hz.
        voices: The number of the source that each is close to; by default one each.

    Returns:
        Decibels, shape (K, K), at least ``FAINTEST_DB``: of microphone j's source in microphone i,
        over its level in microphone j; 0 on the diagonal. NaN in the column of a silent microphone.

    Raises:
        InputError: if the tracks are not of that shape, or hold NaN or infinity.

    >>> noise = np.random.default_rng(0).normal(size=44_100).astype(np.float32)
    >>> alone = np.zeros((2, 88_200), np.float32)  # one source, and after it the other
    >>> alone[0, :44_100] = alone[1, 44_100:] = noise
    >>> bleeding = np.array([[1, 0.1], [0.5, 1]], np.float32) @ alone
    >>> estimate_bleed(bleeding, 44_100).round().tolist()
    [[0.0, -20.0], [-6.0, 0.0]]
    """
    ratio = estimate_band_bleed(tracks, sampling_rate, voices=voices).broadband
    level_db: NDArray[np.float64] = 10 * np.log10(np.maximum(ratio, 10 ** (FAINTEST_DB / 10)))
    return level_db


def estimate_band_bleed(
    tracks: Tracks, sampling_rate: int, *, voices: Sequence[int] | None = None
) -> BandBleed:
    """Estimate the bleed between microphones in every third of an octave.

    Beside the tracks, memory holds the powers of at most 4,000 frames of 93 ms, spread evenly over
    them: fewer of more than eight microphones, and 500 at least.

    Args:
        tracks: As ``estimate_bleed`` takes them.
        sampling_rate: In Hz.
        voices: As ``estimate_bleed`` takes them.

    Raises:
        InputError: as ``estimate_bleed`` does.
    """
    frames = _Frames(_checked(tracks), sampling_rate)
    power = frames.band_powers()
    mean = power.mean(axis=(0, 2))
    level = np.where(mean > 0, mean, 1)
    power /= level[:, np.newaxis]
    pairs = pair_weights(len(tracks), voices)
    is_active = power > _ACTIVE * power.max(axis=-1, keepdims=True)
    active = np.sqrt(np.where(is_active, power, 0))
    ratio = _low_ratios(power, active, quantile=_QUANTILES[0])
    shares = _own_shares(power, ratio * pairs)[1]
    ratio = _low_ratios(power, active * shares ** (_SHARE_EXPONENT / 2), quantile=_QUANTILES[1])
    shares = _own_shares(power, ratio * pairs)[1] ** _SHARE_EXPONENT
    coherent = frames.coherent_ratios(power, np.where(is_active, shares, 0), np.sqrt(level))
    ratio = np.minimum(ratio, coherent / _LEAST_COHERENT)
    weight = _distinct_powers(power, ratio, pairs)
    usual = _weighted_quantile(ratio, weight[:, np.newaxis], _USUAL)
    ratio = np.minimum(ratio, _ABOVE_USUAL * usual) * (pairs > 0)
    return BandBleed(
        edges_hz=frames.edges_hz,
        ratio=_with_ones(ratio * np.divide.outer(mean, level)).transpose(1, 2, 0),
        power=(weight * mean).T,
    )


def _checked(tracks: Tracks) -> Tracks:
    if tracks.ndim != 2 or tracks.size == 0:
        raise InputError(f"the tracks have shape {tracks.shape}; expected (microphones, time)")
    if not np.isfinite(tracks).all():
        raise InputError("the tracks hold NaN or infinity; expected finite samples")
    return tracks


class _Frames:
    """Frames of tracks, spread over their length, and the bands of their spectra."""

    def __init__(self, tracks: Tracks, sampling_rate: int) -> None:
        self._window = 2 ** max(4, round(np.log2(_FRAME_S * sampling_rate)))
        missing = max(0, self._window - tracks.shape[-1])
        self._tracks = np.pad(tracks, [(0, 0), (0, missing)]) if missing else tracks
        most = max(_FEWEST_FRAMES, min(_MOST_FRAMES, _PAIRED_FRAMES // len(tracks) ** 2))
        last = self._tracks.shape[-1] - self._window
        self.count = min(most, 1 + last // (self._window // 2))
        self._starts = np.linspace(0, last, self.count).astype(np.intp)
        frequencies = scipy.fft.rfftfreq(self._window, 1 / sampling_rate)
        octaves = np.log2(max(sampling_rate / 2 / LOWEST_HZ, 2))
        edges = LOWEST_HZ * 2 ** (np.arange(octaves * _BANDS_PER_OCTAVE) / _BANDS_PER_OCTAVE)
        firsts = np.unique([0, *np.searchsorted(frequencies, edges)])
        self._firsts = firsts[firsts < len(frequencies)]
        self._sizes = np.diff(np.append(self._firsts, len(frequencies)))
        self.edges_hz = np.append(frequencies[self._firsts], sampling_rate / 2)

    def _segments(self) -> Iterator[tuple[slice, Spectra]]:
        """Yield which frames, and their spectra (bins, K, frames)."""
        taper = np.hanning(self._window).astype(np.float32)
        for first in range(0, self.count, _SEGMENT):
            where = slice(first, min(first + _SEGMENT, self.count))
            samples = self._starts[where, np.newaxis] + np.arange(self._window)
            framed = self._tracks[:, samples].astype(np.float32)
            yield where, scipy.fft.rfft(framed * taper, axis=-1).transpose(2, 0, 1)

    def band_powers(self) -> Floats:
        """Return the powers of all frames by band, shape (bands, K, frames)."""
        power = np.empty((len(self._firsts), len(self._tracks), self.count), np.float32)
        for where, spectrum in self._segments():
            squared = np.square(spectrum.real) + np.square(spectrum.imag)
            power[..., where] = np.add.reduceat(squared, self._firsts)
        return power

    def coherent_ratios(self, power: Floats, shares: Floats, level: Floats) -> Floats:
        """Return what of power_i a filter of microphone j predicts, of power_j, (bands, K, K).

        Every frame weighs as the source's share in j and, as noise does in a regression, inversely
        to power_i. Products of one segment with itself, which noise alone makes positive, are
        left out, and of the rest one standard deviation of what noise would make of it.
        """
        quiet = 1e-6 * power.max(axis=-1, keepdims=True) + np.float32(1e-10)
        size = (int(self._sizes.sum()), len(self._tracks), len(self._tracks))
        cross, own = np.zeros(size, np.complex64), np.zeros(size, np.float32)
        cross_alone, own_alone = np.zeros((2, *size), np.float32)
        for where, spectrum in self._segments():
            scaled = spectrum / level[:, np.newaxis].astype(np.float32)
            heard = np.repeat(1 / (power[..., where] + quiet), self._sizes, axis=0)
            source = np.repeat(shares[..., where], self._sizes, axis=0) * scaled.conj()
            products: Spectra = np.matmul(heard * scaled, source.swapaxes(1, 2))
            cross += products
            cross_alone += np.square(np.abs(products))
            energies: Floats = np.matmul(heard, (source * scaled).real.swapaxes(1, 2))
            own += energies
            own_alone += np.square(energies)
        above = np.add.reduceat(np.square(np.abs(cross)) - cross_alone, self._firsts)
        above -= _DEVIATIONS * np.sqrt(np.add.reduceat(np.square(cross_alone), self._firsts))
        whole = np.add.reduceat(np.square(own), self._firsts)
        below = whole - np.add.reduceat(own_alone, self._firsts)
        # Where nearly all lies in one segment there is no other to compare it with.
        is_known = below > 0.05 * whole
        none = np.zeros_like(above)
        return _with_ones(np.divide(np.maximum(above, 0), below, out=none, where=is_known))


def _with_ones(ratios: Floats) -> Floats:
    """Return ratios (bands, K, K) with ones on the diagonal."""
    own = np.eye(ratios.shape[-1], dtype=bool)
    ones: Floats = np.where(own, np.float32(1), ratios)
    return ones


def pair_weights(count: int, voices: Sequence[int] | None) -> Floats:
    """Return the weight of microphone j in the bleed into i, shape (K, K).

    It is 0 between microphones of one source, and where a source has several, they share it.
    """
    numbers = np.arange(count) if voices is None else np.asarray(voices)
    alike = numbers[:, np.newaxis] == numbers
    weights: Floats = (~alike / alike.sum(axis=0)).astype(np.float32)
    np.fill_diagonal(weights, 1)
    return weights


def _weighted_quantile(values: Floats, weights: Floats, quantile: float) -> Floats:
    """Return a quantile over the first axis; where nothing weighs anything, the largest value."""
    order = np.argsort(values, axis=0)
    sums = np.cumsum(np.take_along_axis(np.broadcast_to(weights, values.shape), order, 0), axis=0)
    at = np.minimum((sums < quantile * sums[-1:]).sum(axis=0), len(values) - 1)
    chosen = np.take_along_axis(order, at[np.newaxis], 0)
    found: Floats = np.take_along_axis(values, chosen, 0)[0]
    return found


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


def _distinct_powers(power: Floats, ratio: Floats, pairs: Floats) -> Floats:
    """Return the power of every source, where it is told apart from all others, (bands, K)."""
    own, shares = _own_shares(power, ratio * pairs)
    # Two microphones whose powers keep one ratio hear but one source in that band.
    others = (pairs > 0) & ~np.eye(len(pairs), dtype=bool)
    alike = np.sqrt(ratio * ratio.transpose(0, 2, 1)) * others
    apart = np.maximum(1 - alike.max(axis=1), 1e-6) ** 2
    powers: Floats = (own * shares**_SHARE_EXPONENT).sum(axis=-1) * apart
    return powers
