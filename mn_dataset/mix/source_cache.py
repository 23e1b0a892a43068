"""Hold recordings ready to be mixed: samples, loops, and what is known of their segments."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from mn_dataset.audio import level, segment
from mn_dataset.audio.corpus import Corpus
from mn_dataset.audio.io import Pcm
from mn_dataset.mix.gains import Loudness, Measured
from mn_dataset.records import SAMPLING_RATE, Layer

_SETTLED_HOPS = round(level.SETTLING_S / level.LOUDNESS_HOP_S)


@dataclass(frozen=True)
class Prepared:
    """A recording, or one period of its loop.

    Attributes:
        samples: int16 (time,).
        weighted: K-weighted energy per 441 samples; a loop is measured once it has settled.
        periodic: Whether it repeats for ever.
    """

    samples: Pcm
    weighted: NDArray[np.float64]
    periodic: bool

    def loudness(self, start: int, cut: Pcm) -> Loudness:
        """Return the K-weighted energies per 100 ms of a segment, as if filtered from rest.

        On the grid they are sums of known energies, but for the first 200 ms, which remember
        that the recording had begun before and are filtered again.
        """
        bounds = level.hop_bounds(len(cut), sampling_rate=SAMPLING_RATE)
        steps = np.append(bounds, [start, len(self.samples) * self.periodic])
        on_grid = not np.any(steps % level.GRID)
        if len(bounds) <= _SETTLED_HOPS or not on_grid:
            return Loudness(level.hop_energies(cut, sampling_rate=SAMPLING_RATE), SAMPLING_RATE)
        cells = np.arange(start, start + bounds[-1], level.GRID) // level.GRID
        energies = np.take(self.weighted, cells, mode="wrap")
        hops = np.add.reduceat(energies, bounds[:-1] // level.GRID)
        if start:
            head = level.k_weight(cut[: bounds[_SETTLED_HOPS]], sampling_rate=SAMPLING_RATE)
            hops[:_SETTLED_HOPS] = np.add.reduceat(np.square(head), bounds[:_SETTLED_HOPS])
        return Loudness(hops, SAMPLING_RATE)


@dataclass(frozen=True)
class Cut:
    """A segment of a source, as it is or scaled.

    Attributes:
        samples: int16 (time,).
        measured: Its level and loudness.
        sha256: Of the samples, where it is known without hashing.
    """

    samples: Pcm
    measured: Measured
    sha256: str | None = None


class SourceCache:
    """Reads recordings of a corpus, and keeps the latest ones in memory.

    Attributes:
        corpus: The corpus.
        recordings: How many recordings, loops and clean cuts are kept (1 MB per 10 s each).
    """

    def __init__(self, corpus: Corpus, *, recordings: int = 48) -> None:
        self.corpus = corpus
        self._prepared = lru_cache(recordings)(self._prepare)
        self._clean_cut = lru_cache(recordings)(self._cut)

    def cut(self, layer: Layer, num_samples: int) -> Cut:
        """Return a layer's segment; clean ones are shared by many mixtures and kept."""
        make = self._clean_cut if layer.role == "clean" else self._cut
        return make(layer.source_id, layer.start, layer.fade, num_samples)

    def _prepare(self, source_id: str, fade: int) -> Prepared:
        samples = self.corpus.read(source_id)
        if not fade:
            return Prepared(samples, self.corpus.sources[source_id].entry.weighted, periodic=False)
        period = segment.loop(samples, fade)
        twice = level.k_weight(np.concatenate([period, period]), sampling_rate=SAMPLING_RATE)
        settled = level.grid_energies(twice[len(period) :])
        return Prepared(period, settled, periodic=True)

    def _cut(self, source_id: str, start: int, fade: int, num_samples: int) -> Cut:
        prepared, entry = self._prepared(source_id, fade), self.corpus.sources[source_id].entry
        samples = segment.cut(prepared.samples, start, num_samples, periodic=prepared.periodic)
        loudness = prepared.loudness(start, samples)
        if num_samples == entry.frames:
            return Cut(samples, Measured(entry.level, loudness), entry.pcm_sha256)
        return Cut(samples, Measured(level.measure(samples), loudness))
