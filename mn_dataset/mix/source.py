"""Hold recordings ready to be mixed: samples, loops, and what is measured of them once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from mn_dataset.audio import level, segment
from mn_dataset.audio.corpus import Corpus
from mn_dataset.audio.io import Pcm
from mn_dataset.mix.snr import Loudness, Measured
from mn_dataset.records import SAMPLING_RATE, Layer


@dataclass(frozen=True)
class Prepared:
    """A recording, or one period of its loop.

    Attributes:
        samples: int16 (time,).
        periodic: Whether it repeats for ever.
    """

    samples: Pcm
    periodic: bool

    @cached_property
    def _weighted_energy(self) -> NDArray[np.float64]:
        """Running energy of the K-weighted samples; a loop is measured once it has settled."""
        if self.periodic:
            twice = np.concatenate([self.samples, self.samples])
            weighted = level.k_weight(twice, sampling_rate=SAMPLING_RATE)[len(self.samples) :]
        else:
            weighted = level.k_weight(self.samples, sampling_rate=SAMPLING_RATE)
        return np.concatenate([[0.0], np.cumsum(np.square(weighted))])

    def loudness(self, start: int, cut: Pcm) -> Loudness:
        """Return the K-weighted energies per 100 ms of a segment.

        They equal those of filtering the segment from rest: only its first 200 ms remember
        that the recording had begun before, and these are filtered again.
        """
        bounds = level.hop_bounds(len(cut), sampling_rate=SAMPLING_RATE)
        if len(bounds) < 5:
            return Loudness(np.zeros(0), SAMPLING_RATE)
        running = self._weighted_energy
        period = len(self.samples)
        turns, place = np.divmod(start + bounds, period) if self.periodic else (0, start + bounds)
        hops = np.diff(turns * running[-1] + running[place])
        settled = round(level.SETTLING_S / level.LOUDNESS_HOP_S)
        head = level.k_weight(cut[: bounds[settled]], sampling_rate=SAMPLING_RATE)
        hops[:settled] = np.add.reduceat(np.square(head), bounds[:settled])
        return Loudness(hops, SAMPLING_RATE)


@dataclass(frozen=True)
class Cut:
    """A segment of a source before its gain.

    Attributes:
        samples: int16 (time,).
        measured: Its level and loudness at gain one.
    """

    samples: Pcm
    measured: Measured


class SourceCache:
    """Reads recordings of a corpus, and keeps the latest ones in memory.

    Attributes:
        corpus: The corpus.
        recordings: How many recordings, loops and cuts are kept (about 5 MB per 10 s).
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
        return Prepared(segment.loop(samples, fade) if fade else samples, bool(fade))

    def _cut(self, source_id: str, start: int, fade: int, num_samples: int) -> Cut:
        prepared = self._prepared(source_id, fade)
        samples = segment.cut(prepared.samples, start, num_samples, periodic=prepared.periodic)
        measured = Measured(level.measure(samples), prepared.loudness(start, samples))
        return Cut(samples, measured)
