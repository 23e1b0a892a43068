"""Learn from a corpus: recipes drawn anew for every epoch, mixed when they are asked for."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

from benchmarks.training.config import Data, Validation
from benchmarks.training.data.base import (
    TEST,
    TRAIN,
    VALIDATION,
    Example,
    Origin,
    apart,
    split_sha256,
    tell_left_out,
)
from mn_dataset import seeds
from mn_dataset.audio.corpus import Corpus
from mn_dataset.audio.fingerprint.pairs import Pair
from mn_dataset.audio.fingerprint.store import corpus_pairs
from mn_dataset.audio.io import to_float
from mn_dataset.errors import InputError, RecipeError, suggestion
from mn_dataset.mix.augment.apply import require
from mn_dataset.mix.augment.chain import load_chain
from mn_dataset.mix.draw import draw
from mn_dataset.mix.mixture import Mixture, mix
from mn_dataset.mix.recipes import Recipes
from mn_dataset.mix.source_cache import SourceCache
from mn_dataset.records import SAMPLING_RATE, SPLITS, Recipe

logger = logging.getLogger(__name__)

_BYTES_PER_SAMPLE = 2
_EPOCHS_KEPT = 2  # what is mixed ahead may cross into the next epoch


class CorpusMaterial:
    """A corpus, as training sees it; mixtures are those that ``MixtureDataset`` would give.

    Args:
        corpus: An opened corpus whose tables name the splits.
        data: What is drawn.
        validation: What is held out.
        seed: Of every choice.
        workers: Processes that compare recordings which nobody has compared yet.
        progress: Called with (done, all) recordings that are compared.

    Raises:
        InputError: if a split is empty, if one take stands in both, by samples, group or what is
            heard, or if all clips of a split are too short.
        MissingExtra: if there is augmentation, and its package is not installed.
    """

    def __init__(
        self,
        corpus: Corpus,
        data: Data,
        validation: Validation,
        *,
        seed: int,
        workers: int = 1,
        progress: Callable[[int, int], None] | None = None,
    ) -> None:
        self.data, self._validation, self.seed = data, validation, seed
        self.num_items = data.items_per_epoch
        for split in (TRAIN, VALIDATION):
            _refuse_empty(corpus, split)
        pairs = _pairs(corpus, workers=workers, progress=progress)
        self.left_out = _left_out(corpus, pairs, data, validation)
        tell_left_out(self.left_out, where=str(corpus.root))
        absent = {name for names in self.left_out.values() for name in names}
        self.origins: Sequence[Origin] = [
            origin for origin in _of(corpus, TRAIN, VALIDATION) if origin.row.id not in absent
        ]
        self._corpus = corpus.only([one.row.id for one in self.origins])
        for split in (TRAIN, VALIDATION):
            _refuse_left_empty(self._corpus, split)
        self._hash = corpus.hash
        self._chain = None if data.augment is None else load_chain(data.augment)
        if self._chain is not None:
            require(self._chain)
        self._drawn: dict[int, Recipes] = {}

    @property
    def identity(self) -> dict[str, str]:
        """Name, hash of the whole corpus, and hash of all that drawing from it depends on."""
        return {
            "kind": "corpus",
            "name": self._corpus.name,
            "corpus_hash": self._hash,
            "splits_sha256": split_sha256(self.origins),
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
    noisy, clean = to_float(mixture.inputs["noisy"])[0], to_float(mixture.targets["clean"])[0]
    return Example(mixture.recipe.id, noisy, clean)


def _refuse_empty(corpus: Corpus, split: str) -> None:
    full = all(source.row.split for source in corpus.sources.values())
    anew = "--reassign " if full else ""  # only empty fields are filled without it
    for role in ("clean", "noise"):
        if not corpus.of(role, split):
            raise InputError(
                f"{corpus.root / role}.csv: no row is in the split {split!r}; training needs clips "
                f"and noises in {TRAIN!r} and in {VALIDATION!r}: fill the column 'split', for "
                f"example with `mn split {corpus.root} {anew}--in-place`"
            )


def _of(corpus: Corpus, *splits: str) -> list[Origin]:
    return [
        Origin(source.row, source.entry.pcm_sha256)
        for source in corpus.sources.values()
        if source.row.split in splits
    ]


def _pairs(
    corpus: Corpus, *, workers: int, progress: Callable[[int, int], None] | None
) -> list[Pair]:
    """Return the near-duplicates of a whole corpus, as ``mn build`` and ``mn check`` find them."""
    entries = {name: source.entry for name, source in corpus.sources.items()}
    return corpus_pairs(corpus.root, entries, workers=workers, progress=progress)


def _left_out(
    corpus: Corpus, pairs: Sequence[Pair], data: Data, validation: Validation
) -> dict[str, list[str]]:
    """Return the recordings that cannot be used, by the reason.

    Raises:
        InputError: if what is learned from shares a take with what is held out, or if all clips of
            a split are too short.
    """
    found = _unwanted(corpus, data)
    gone = {name for names in found.values() for name in names}
    # One without a split may link two that have one.
    judged = [one for one in _of(corpus, *SPLITS, "") if one.row.id not in gone]
    place = {origin.row.id: origin.row.split for origin in judged}
    # A pair within one split parts nothing, and would hide in messages what does.
    across = [pair for pair in pairs if _parts(place.get(pair.first), place.get(pair.second))]
    tested, _ = apart(judged, TEST, where=str(corpus.root), pairs=across)
    found["their group is tested in another category"] = sorted(tested)
    judged = [one for one in judged if one.row.id not in tested]
    _, heard = apart(judged, VALIDATION, where=str(corpus.root), pairs=across)
    found["their group is learned from in another category"] = sorted(heard)
    for split, field, seconds in (
        (TRAIN, "segment_s in [data]", data.segment_s),
        (VALIDATION, "seconds in [validation]", validation.seconds),
    ):
        reason = f"clips of {split} shorter than {seconds:g} s ({field})"
        found[reason] = _too_short(corpus, split, field, seconds)
    return {reason: names for reason, names in found.items() if names}


def _unwanted(corpus: Corpus, data: Data) -> dict[str, list[str]]:
    """Return the recordings of train that the configuration leaves out, by the reason."""
    for name in data.exclude:
        if name not in corpus.sources:  # a configuration may serve several corpora
            told = suggestion(name, corpus.sources)
            logger.warning("%s: exclude in [data] names %s, no id there%s", corpus.root, name, told)
    own = [source.row for source in corpus.sources.values() if source.row.split == TRAIN]
    excluded = [row.id for row in own if row.id in data.exclude]
    return {
        "named by exclude in [data]": excluded,
        "of a license that is not among licenses in [data]": [
            row.id for row in own if not data.permits(row.license) and row.id not in excluded
        ],
    }


def _parts(first: str | None, second: str | None) -> bool:
    return first != second or not first


def _too_short(corpus: Corpus, split: str, field: str, seconds: float) -> list[str]:
    """Return the clips of a split that carry no segment; noises are looped.

    Raises:
        InputError: if there is no other one.
    """
    clips = corpus.of("clean", split)
    length = round(seconds * SAMPLING_RATE)
    names = [clip.id for clip in clips if clip.entry.frames < length]
    if len(names) == len(clips):
        longest = max(clip.entry.frames for clip in clips) / SAMPLING_RATE
        raise InputError(
            f"{corpus.root}: no clip of the split {split!r} lasts {seconds:g} s, the longest "
            f"{longest:g} s, and a clip is never looped; lower {field}"
        )
    return names


def _refuse_left_empty(corpus: Corpus, split: str) -> None:
    """Refuse a split of which everything had to be left out."""
    for role in ("clean", "noise"):
        if not corpus.of(role, split):
            raise InputError(
                f"{corpus.root / role}.csv: no row of the split {split!r} is left: its groups are "
                "learned from in other categories, its licenses not among licenses in [data], "
                "or its clips too short for segment_s and seconds; run "
                f"`mn split {corpus.root} --reassign --in-place`, or change those"
            )
