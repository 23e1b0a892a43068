"""Hold recordings ready to be mixed: samples, loops, and what is known of their segments."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from mn_dataset.audio import level, segment
from mn_dataset.audio.corpus import Corpus, Source
from mn_dataset.audio.io import Pcm
from mn_dataset.audio.response import Float64, Response, apply, scaled
from mn_dataset.errors import UnknownName
from mn_dataset.mix.gains import Loudness, Measured
from mn_dataset.records import SAMPLING_RATE, Layer
from mn_dataset.synthetic.generated import is_generated, named

_KEPT_NOISES = 4  # that were generated; each is in one mixture
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
        wraps = not self.periodic and start + len(cut) > len(self.samples)
        on_grid = not wraps and not np.any(steps % level.GRID)
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

    @property
    def peak(self) -> float:
        """Largest magnitude of a sample."""
        return self.measured.level.peak


@dataclass(frozen=True)
class Responded:
    """A segment as it sounds through a response, before its gain.

    Attributes:
        samples: float64 (time,) in LSB, exact and not whole.
        measured: Level of the samples rounded, and their loudness.
    """

    samples: Float64
    measured: Measured

    @cached_property
    def peak(self) -> float:
        """Largest magnitude of a sample."""
        return float(max(self.samples.max(), -self.samples.min()))


class SourceCache:
    """Reads recordings of a corpus or generates them, and keeps the latest ones in memory.

    Attributes:
        corpus: The corpus.
        responses: What layers may sound through, by name.
    """

    def __init__(
        self, corpus: Corpus, responses: Iterable[Response] = (), *, recordings: int = 48
    ) -> None:
        """Keep some recordings, loops and clean cuts in memory: 1 MB per 10 s of each.

        Args:
            corpus: The corpus.
            responses: What layers may sound through.
            recordings: How many of each kind are kept.
        """
        self.corpus = corpus
        self.responses = {response.name: response for response in responses}
        self._prepared = lru_cache(recordings)(self._prepare)
        self._clean_cut = lru_cache(recordings)(self._cut)
        self._generated = lru_cache(_KEPT_NOISES)(named)

    def cut(self, layer: Layer, num_samples: int, *, silent: bool = False) -> Cut:
        """Return a layer's segment, dry; clean ones are shared by many mixtures and kept.

        Args:
            layer: The layer.
            num_samples: Length of the segment.
            silent: Whether silence follows the recording; it begins again otherwise.
        """
        is_clean = self._source(layer.source_id).role == "clean"
        make = self._clean_cut if is_clean else self._cut
        return make(layer.source_id, layer.start, layer.fade, num_samples, silent)

    def passed(self, cut: Cut, layer: Layer) -> Cut | Responded:
        """Return a segment as the layer's response and delay let it sound, before its gain.

        Raises:
            UnknownName: if there is no such response.
            RecipeError: if the delay leaves nothing of it, or the response is too loud.
        """
        if layer.response is None and not layer.delay:
            return cut
        response = None
        if layer.response is not None:
            if layer.response not in self.responses:
                raise UnknownName("response", layer.response, self.responses)
            response = self.responses[layer.response]
        values = apply(cut.samples, response, delay=layer.delay)
        loudness = Loudness(level.hop_energies(values, sampling_rate=SAMPLING_RATE), SAMPLING_RATE)
        measured = Measured(level.measure(scaled(values, 1.0)), loudness)
        if response is None:
            return Cut(values.astype(np.int16), measured)
        return Responded(values, measured)

    def _source(self, source_id: str) -> Source:
        """Return a recording of the corpus, or one that is generated."""
        if is_generated(source_id):
            return self._generated(source_id).source
        return self.corpus.sources[source_id]

    def _prepare(self, source_id: str, fade: int) -> Prepared:
        if is_generated(source_id):
            samples = self._generated(source_id).samples
        else:
            samples = self.corpus.read(source_id)
        if not fade:
            return Prepared(samples, self._source(source_id).entry.weighted, periodic=False)
        period = segment.loop(samples, fade)
        twice = level.k_weight(np.concatenate([period, period]), sampling_rate=SAMPLING_RATE)
        settled = level.grid_energies(twice[len(period) :])
        return Prepared(period, settled, periodic=True)

    def _cut(self, source_id: str, start: int, fade: int, num_samples: int, silent: bool) -> Cut:
        prepare = self._prepare if is_generated(source_id) else self._prepared
        prepared, entry = prepare(source_id, fade), self._source(source_id).entry
        leaves = not fade and start + num_samples > entry.frames
        if leaves and silent:
            samples = np.zeros(num_samples, np.int16)
            sounding = entry.frames - start
            samples[:sounding] = prepared.samples[start:]
            return Cut(samples, Measured(level.measure(samples), _loudness(samples, sounding)))
        periodic = prepared.periodic or leaves
        samples = segment.cut(prepared.samples, start, num_samples, periodic=periodic)
        loudness = prepared.loudness(start, samples)
        if num_samples == entry.frames and not start:
            return Cut(samples, Measured(entry.level, loudness), entry.pcm_sha256)
        return Cut(samples, Measured(level.measure(samples), loudness))


def _loudness(samples: Pcm, sounding: int) -> Loudness:
    """Return the loudness of a segment that is silent after some samples, without filtering that.

    Filters of silence are slow: their state becomes too small for a processor's normal numbers.
    """
    num_hops = len(level.hop_bounds(len(samples), sampling_rate=SAMPLING_RATE)) - 1
    heard = -(-sounding // (level.GRID * 10)) + 2 * _SETTLED_HOPS
    hops = level.hop_energies(samples[: heard * level.GRID * 10], sampling_rate=SAMPLING_RATE)
    padded = np.zeros(max(num_hops, 0))
    padded[: len(hops)] = hops
    return Loudness(padded, SAMPLING_RATE)
