"""Estimate signals of any length in overlapping pieces, with the denoiser's latency removed.

A piece is handed over with the samples that the latency holds back, several pieces at a time; the
delay, which need not be whole samples, is taken out of the estimate.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import scipy.fft

from benchmarks.contract import Batch, DenoiserSpec
from benchmarks.signal.chunks import Piece, cut, joined

# The ideal interpolator rings on: silence this long keeps what leaves one end of the
# transform from coming back at the other.
_MARGIN = 2048

CHUNK_S = 30.0
"""Length of a piece of a stream for a denoiser that declares none; a shorter one stays whole."""
OVERLAP_S = 1.0

Estimate = Callable[[Batch, dict[str, Batch]], Batch]
"""Takes a mixture and its side information, returns an estimate, latency removed."""


@dataclass(frozen=True)
class Layout:
    """How a signal at the native rate is cut.

    A piece is handed over with as many of the samples after it as the latency holds back, so
    that its estimate is whole.

    Attributes:
        chunk: Samples that are handed over, at most.
        overlap: Samples over which the estimates of neighbours are crossfaded.
        ahead: The last samples of each piece, of which no estimate is taken.
        together: Pieces that are handed over in one call.
    """

    chunk: int
    overlap: int
    ahead: int
    together: int

    def cut(self, blocks: Iterable[Batch], *, shape: tuple[int, ...]) -> Iterator[Piece]:
        """Cut a signal of blocks (*shape, time), and the silence that brings out its end."""
        silence = np.zeros((*shape, self.ahead), np.float32)
        extended = itertools.chain(blocks, [silence])
        return cut(extended, chunk=self.chunk, overlap=self.overlap + self.ahead)


def layout(
    spec: DenoiserSpec, *, num_samples: int | None, sampling_rate: int, together: int
) -> Layout:
    """Return how to cut: by the declaration, or, if there is none, not at all or by seconds.

    Args:
        spec: The declaration.
        num_samples: Length at the native rate; None for a stream, which need not fit memory.
        sampling_rate: The native rate in Hz.
        together: Pieces that are handed over in one call.

    >>> stream = layout(DenoiserSpec("a"), num_samples=None, sampling_rate=8_000, together=1)
    >>> stream.chunk, stream.overlap
    (240000, 8000)
    """
    ahead = math.ceil(spec.latency)
    if spec.chunk is not None:
        return Layout(spec.chunk, spec.overlap, ahead, together)
    if num_samples is not None:
        return Layout(num_samples + ahead, 0, ahead, together)
    overlap = round(OVERLAP_S * sampling_rate)
    chunk = max(round(CHUNK_S * sampling_rate), 2 * overlap + ahead, spec.min_samples)
    return Layout(chunk, overlap, ahead, together)


def in_pieces(
    estimate: Estimate,
    blocks: Iterable[Batch],
    *,
    plan: Layout,
    shape: tuple[int, ...],
    layers: Mapping[str, Batch] | None = None,
) -> Iterator[Batch]:
    """Estimate a signal that comes in blocks.

    Args:
        estimate: What is called with the pieces of several places, one batch after the other.
        blocks: float32, shape (*shape, time), of any lengths.
        plan: How to cut.
        shape: (batch, channels), with the inputs between them where a task has several.
        layers: Side information of the signal's length, whole.

    Yields:
        The estimate in blocks (..., time).
    """
    whole = layers or {}
    cuts = [plan.cut(blocks, shape=shape)]
    cuts += [plan.cut([layer], shape=layer.shape[:-1]) for layer in whole.values()]
    pieces = _estimated(estimate, zip(*cuts, strict=True), plan, ["", *whole])
    yield from joined(pieces, overlap=plan.overlap)


def _estimated(
    estimate: Estimate, cuts: Iterator[tuple[Piece, ...]], plan: Layout, names: list[str]
) -> Iterator[Piece]:
    while group := list(itertools.islice(cuts, plan.together)):
        # Neighbours have one length: only a signal of one piece has a shorter one.
        stacked = {
            name: np.concatenate([pieces[number].samples for pieces in group])
            for number, name in enumerate(names)
        }
        estimates = estimate(stacked.pop(""), stacked)
        whole = estimates[..., : estimates.shape[-1] - plan.ahead]
        for (mixture, *_), part in zip(group, np.split(whole, len(group)), strict=True):
            yield Piece(mixture.start, part)


def advanced(batch: Batch, latency: float) -> Batch:
    """Move a batch forward in time by ``latency`` samples.

    The fraction is a ramp of the phase, ``exp(2πi f fraction)``, exact for band-limited audio;
    the whole part is a shift. The end is filled with silence.

    Args:
        batch: float32, shape (..., time).
        latency: Delay to remove in samples, at least 0.

    Returns:
        float32, shape as given.

    >>> advanced(np.array([0.0, 0.0, 1.0, 2.0], np.float32), 2.0)
    array([1., 2., 0., 0.], dtype=float32)
    """
    whole = math.floor(latency)
    moved = np.zeros_like(batch)
    remaining = max(0, batch.shape[-1] - whole)
    moved[..., :remaining] = _advanced_by_fraction(batch, latency - whole)[..., whole:]
    return moved


def _advanced_by_fraction(batch: Batch, fraction: float) -> Batch:
    if fraction == 0:
        return batch
    size = scipy.fft.next_fast_len(batch.shape[-1] + _MARGIN, real=True)
    ramp = np.exp(2j * np.pi * scipy.fft.rfftfreq(size) * fraction).astype(np.complex64)
    spectrum = scipy.fft.rfft(batch, size, axis=-1) * ramp
    moved: Batch = scipy.fft.irfft(spectrum, size, axis=-1)[..., : batch.shape[-1]]
    return moved
