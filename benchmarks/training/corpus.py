"""Learn from a corpus: recipes drawn anew for every epoch, mixed when they are asked for."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

from benchmarks.training.config import Data, Validation
from benchmarks.training.material import TRAIN, VALIDATION, Example, Origin, apart
from mn_dataset import seeds
from mn_dataset.audio.corpus import Corpus
from mn_dataset.audio.io import to_float
from mn_dataset.errors import InputError, RecipeError
from mn_dataset.mix.augment.chain import load_chain
from mn_dataset.mix.augment.deeds import require
from mn_dataset.mix.draw import draw
from mn_dataset.mix.recipes import Recipes
from mn_dataset.mix.render import Mixture, mix
from mn_dataset.mix.source import SourceCache
from mn_dataset.records import Recipe

_BYTES_PER_SAMPLE = 2
_EPOCHS_KEPT = 2  # what is mixed ahead may cross into the next epoch


class CorpusMaterial:
    """A corpus, as training sees it; mixtures are those that ``MixtureDataset`` would give.

    Args:
        corpus: An opened corpus whose tables name the splits.
        data: What is drawn.
        validation: What is held out.
        seed: Of every choice.

    Raises:
        InputError: if a split is empty, or if one recording stands in both.
        MissingExtra: if there is augmentation, and its package is not installed.
    """

    def __init__(self, corpus: Corpus, data: Data, validation: Validation, *, seed: int) -> None:
        self.data, self._validation, self.seed = data, validation, seed
        self.num_items = data.items_per_epoch
        for split in (TRAIN, VALIDATION):
            _refuse_empty(corpus, split)
        whole = [
            Origin(source.row, source.entry.pcm_sha256)
            for source in corpus.sources.values()
            if source.row.split in (TRAIN, VALIDATION)
        ]
        left_out = apart(whole, where=str(corpus.root))
        self.origins: Sequence[Origin] = [one for one in whole if one.row.id not in left_out]
        self._corpus = corpus.only([one.row.id for one in self.origins])
        self._hash = corpus.hash
        self._chain = None if data.augment is None else load_chain(data.augment)
        if self._chain is not None:
            require(self._chain)
        self._drawn: dict[int, Recipes] = {}

    @property
    def identity(self) -> dict[str, str]:
        """Name, hash of the whole corpus, and hash of what stands in which split."""
        lines = sorted(f"{one.row.id} {one.row.split} {one.pcm_sha256}\n" for one in self.origins)
        splits = hashlib.sha256("".join(lines).encode()).hexdigest()
        return {
            "kind": "corpus",
            "name": self._corpus.name,
            "corpus_hash": self._hash,
            "splits_sha256": splits,
        }

    def item(self, epoch: int, index: int) -> Example:
        """Mix an item of an epoch."""
        recipe = self._epoch(epoch)[index]
        try:
            return _example(mix(self._at_level(recipe), self._sources, chain=self._chain))
        except RecipeError:  # drawing promised the SNR at the recording's own level
            return _example(mix(recipe, self._sources, chain=self._chain))

    def validation(self) -> list[Example]:
        """Mix the items that are held out."""
        held = self._validation
        recipes = draw(
            self._corpus,
            split=VALIDATION,
            snr_db=held.snr_db,
            snr_definition=self.data.snr_definition,
            count=held.mixtures,
            seconds=held.seconds,
            seed=self._seed_of(VALIDATION, 0),
        )
        return [_example(mix(recipe, self._sources)) for recipe in recipes]

    def __getstate__(self) -> dict[str, Any]:
        """Leave decoded audio and drawn recipes behind when another process is started."""
        kept = {name: value for name, value in vars(self).items() if name != "_sources"}
        return kept | {"_drawn": {}}

    @cached_property
    def _sources(self) -> SourceCache:
        frames = [source.entry.frames for source in self._corpus.sources.values()]
        mean = _BYTES_PER_SAMPLE * sum(frames) / len(frames)
        return SourceCache(self._corpus, recordings=max(2, int(self.data.cache_mb * 1e6 / mean)))

    def _epoch(self, number: int) -> Recipes:
        if number not in self._drawn:
            for old in list(self._drawn)[: 1 - _EPOCHS_KEPT]:
                del self._drawn[old]
            self._drawn[number] = draw(
                self._corpus,
                split=TRAIN,
                snr_db=[self.data.snr_db],
                snr_definition=self.data.snr_definition,
                count=self.data.items_per_epoch,
                seconds=self.data.segment_s,
                seed=self._seed_of(TRAIN, number),
            )
        return self._drawn[number]

    def _seed_of(self, purpose: str, number: int) -> int:
        """Return a seed of recipes: 63 bits, as their tables hold."""
        return int(seeds.generator(self.seed, purpose, str(number)).words(1)[0] >> 1)

    def _at_level(self, recipe: Recipe) -> Recipe:
        """Return the recipe with a gain of its clean layer; the noise follows by its SNR."""
        low, high = self.data.gain_db
        if low == high == 0.0:
            return recipe
        gain_db = seeds.generator(recipe.seed, "gain", recipe.id).uniform(low, high)
        layers = tuple(
            replace(layer, gain=10.0 ** (gain_db / 20.0)) if layer.role == "clean" else layer
            for layer in recipe.layers
        )
        return replace(recipe, layers=layers)


def _example(mixture: Mixture) -> Example:
    noisy, clean = to_float(mixture.noisy)[0], to_float(mixture.clean)[0]
    return Example(mixture.recipe.id, noisy, clean)


def _refuse_empty(corpus: Corpus, split: str) -> None:
    for role in ("clean", "noise"):
        if not corpus.of(role, split):
            raise InputError(
                f"{corpus.root / role}.csv: no row is in the split {split!r}; training needs clips "
                f"and noises in {TRAIN!r} and in {VALIDATION!r}: fill the column 'split', for "
                f"example with `mn split {corpus.root} --in-place`"
            )
