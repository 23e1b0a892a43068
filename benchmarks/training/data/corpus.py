"""Training data of a corpus: recipes drawn anew for every epoch, mixed on the fly."""

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
    SourceRow,
    example,
    log_left_out,
    refuse_leaks,
    splits_sha256,
)
from mn_dataset import seeds
from mn_dataset.audio.corpus import Corpus
from mn_dataset.audio.fingerprint.pairs import Pair
from mn_dataset.audio.fingerprint.store import corpus_pairs
from mn_dataset.errors import InputError, RecipeError, suggestion
from mn_dataset.mix.augment.apply import require
from mn_dataset.mix.augment.chain import load_chain
from mn_dataset.mix.draw import draw, drawing_options
from mn_dataset.mix.mixture import Mixture, mix
from mn_dataset.mix.recipes import Recipes
from mn_dataset.mix.source_cache import SourceCache
from mn_dataset.records import SAMPLING_RATE, SPLITS, Recipe, Role
from mn_dataset.synthetic.generated import kind_rows
from mn_dataset.tables import table_path
from mn_dataset.tasks.drawing import SnrLevel, part_for, tables_for
from mn_dataset.tasks.spec import TaskSpec

logger = logging.getLogger(__name__)

_BYTES_PER_SAMPLE = 2
_PLURALS: dict[Role, str] = {"clean": "clips", "noise": "noises", "stem": "stems"}
_CACHED_EPOCHS = 2  # what is mixed ahead may cross into the next epoch


class CorpusTrainingData:
    """A corpus, as training sees it; mixtures are those that ``MixtureDataset`` would give.

    Args:
        corpus: An opened corpus whose tables name the splits.
        data: What is drawn.
        validation: What is held out.
        task: What is mixed.
        sampling_rate: That the model wants, in Hz.
        seed: Of every choice.
        workers: Processes that compare recordings which have not been compared yet.
        progress: Called with (done, all) recordings that are compared.

    Raises:
        InputError: if a split is empty, if one take stands in both, by samples, group or
            fingerprint, if all clips of a split are too short, or if the task has no such choices.
        MissingExtra: if there is augmentation, and its package is not installed.
    """

    def __init__(
        self,
        corpus: Corpus,
        data: Data,
        validation: Validation,
        *,
        task: TaskSpec,
        sampling_rate: int = SAMPLING_RATE,
        seed: int,
        workers: int = 1,
        progress: Callable[[int, int], None] | None = None,
    ) -> None:
        corpus = part_for(task, corpus, data.draw)
        tables = tables_for(task, corpus, data.draw)
        self.data, self._validation, self.seed = data, validation, seed
        self.task, self.sampling_rate = task, sampling_rate
        self.num_items = data.items_per_epoch
        for split in (TRAIN, VALIDATION):
            _refuse_empty(corpus, split, tables)
        pairs = _pairs(corpus, workers=workers, progress=progress)
        self.left_out = _left_out(corpus, pairs, data, validation, tables[0])
        log_left_out(self.left_out, where=str(corpus.root))
        absent = {name for names in self.left_out.values() for name in names}
        self.sources: Sequence[SourceRow] = [
            source for source in _rows(corpus, TRAIN, VALIDATION) if source.row.id not in absent
        ]
        self._corpus = corpus.only([source.row.id for source in self.sources])
        for split in (TRAIN, VALIDATION):
            _refuse_left_empty(self._corpus, split, tables)
        if data.draw.get("generated"):
            self.sources = [*self.sources, *(SourceRow(row, "") for row in kind_rows(TRAIN))]
        self._hash = corpus.hash
        self._chain = None if data.augment is None else load_chain(data.augment)
        if self._chain is not None:
            _refuse_unvaried(task)
            require(self._chain)
        self._recipes: dict[int, Recipes] = {}

    @property
    def identity(self) -> dict[str, str]:
        """Name, hash of the whole corpus, and hash of everything that drawing depends on."""
        return {
            "kind": "corpus",
            "name": self._corpus.name,
            "corpus_hash": self._hash,
            "splits_sha256": splits_sha256(self.sources),
        }

    def item(self, epoch: int, index: int) -> Example:
        """Mix an item of an epoch."""
        recipe = self._epoch_recipes(epoch)[index]
        try:
            return self._example(mix(self._with_gain(recipe), self._cache, chain=self._chain))
        except RecipeError:  # drawing promised the SNR at the level of the recording
            return self._example(mix(recipe, self._cache, chain=self._chain))

    def validation(self) -> list[Example]:
        """Mix the items that are held out."""
        recipes = draw(
            self._corpus,
            task=self.task.name,
            split=VALIDATION,
            count=self._validation.mixtures,
            seconds=self._validation.seconds,
            seed=self._recipe_seed(VALIDATION, 0),
            **self._ratios(self._validation.snr_db),
            **self._validation.draw,
        )
        self._hear(recipes)
        return [self._example(mix(recipe, self._cache)) for recipe in recipes]

    def __getstate__(self) -> dict[str, Any]:
        """Leave decoded audio and drawn recipes behind when another process is started."""
        state = {name: value for name, value in vars(self).items() if name != "_cache"}
        return state | {"_recipes": {}}

    @cached_property
    def _cache(self) -> SourceCache:
        frames = [source.entry.frames for source in self._corpus.sources.values()]
        mean = _BYTES_PER_SAMPLE * sum(frames) / len(frames)
        return SourceCache(self._corpus, recordings=max(2, int(self.data.cache_mb * 1e6 / mean)))

    def _epoch_recipes(self, epoch: int) -> Recipes:
        if epoch not in self._recipes:
            for old in list(self._recipes)[: 1 - _CACHED_EPOCHS]:
                del self._recipes[old]
            self._recipes[epoch] = draw(
                self._corpus,
                task=self.task.name,
                split=TRAIN,
                count=self.data.items_per_epoch,
                seconds=self.data.segment_s,
                seed=self._recipe_seed(TRAIN, epoch),
                **self._ratios(self.data.snr_ranges),
                **self.data.draw,
            )
            self._hear(*self._recipes.values())
        return self._recipes[epoch]

    def _ratios(self, snr_db: Sequence[SnrLevel]) -> dict[str, Any]:
        """Return the ratios to draw, if the task has any."""
        if "snr_db" not in drawing_options(self.task):
            return {}
        return {"snr_db": snr_db, "snr_definition": self.data.snr_definition}

    def _hear(self, *tables: Recipes) -> None:
        """Let layers sound through the responses of these recipes, and of no others."""
        responses = [response for recipes in tables for response in recipes.responses]
        self._cache.responses = {response.name: response for response in responses}

    def _recipe_seed(self, purpose: str, number: int) -> int:
        """Return a seed of recipes: 63 bits, as their tables hold."""
        return int(seeds.generator(self.seed, purpose, str(number)).words(1)[0] >> 1)

    def _with_gain(self, recipe: Recipe) -> Recipe:
        """Return the recipe with a gain of its reference; what has a ratio to it follows."""
        low, high = self.data.gain_db
        if low == high == 0.0:
            return recipe
        gain_db = seeds.generator(recipe.seed, "gain", recipe.id).uniform(low, high)
        factor = 10.0 ** (gain_db / 20.0)
        layers = tuple(
            replace(layer, gain=layer.gain * factor) if layer.snr_db is None else layer
            for layer in recipe.layers
        )
        return replace(recipe, layers=layers)

    def _example(self, mixture: Mixture) -> Example:
        return example(
            mixture.recipe.id,
            self.task,
            mixture.inputs,
            mixture.targets,
            sampling_rate=self.sampling_rate,
        )


def _refuse_unvaried(task: TaskSpec) -> None:
    if all(role.varied_as is None for role in task.roles):
        raise InputError(
            f"augment in [data] varies no recording of the task {task.name!r}; leave it away"
        )


def _refuse_empty(corpus: Corpus, split: str, tables: Sequence[Role]) -> None:
    is_full = all(source.row.split for source in corpus.sources.values())
    # Only empty fields are filled without it.
    manner = "so that it reassigns them" if is_full else "so that it fills them"
    for table in tables:
        if not corpus.of(table, split):
            raise InputError(
                f"{table_path(corpus.root, table)}: no row is in the split {split!r}; training "
                f"needs {_named(tables)} in {TRAIN!r} and in {VALIDATION!r}: fill the column "
                f"'split', for example with `mn split {corpus.root}`, {manner} in place"
            )


def _named(tables: Sequence[Role]) -> str:
    """Name the recordings of tables.

    >>> _named(("clean", "noise"))
    'clips and noises'
    """
    return " and ".join(_PLURALS[table] for table in tables)


def _rows(corpus: Corpus, *splits: str) -> list[SourceRow]:
    return [
        SourceRow(source.row, source.entry.pcm_sha256)
        for source in corpus.sources.values()
        if source.row.split in splits
    ]


def _pairs(
    corpus: Corpus, *, workers: int, progress: Callable[[int, int], None] | None
) -> list[Pair]:
    """Return the near-duplicates of a whole corpus, as ``mn build`` and ``mn check`` do."""
    entries = {name: source.entry for name, source in corpus.sources.items()}
    return corpus_pairs(corpus.root, entries, workers=workers, progress=progress)


def _left_out(
    corpus: Corpus, pairs: Sequence[Pair], data: Data, validation: Validation, reference: Role
) -> dict[str, list[str]]:
    """Return the recordings that cannot be used, by the reason.

    Raises:
        InputError: if what is learned from shares a take with what is held out, or if all clips of
            a split are too short.
    """
    left_out = _unwanted(corpus, data)
    unwanted = {name for names in left_out.values() for name in names}
    # One without a split may link two that have one.
    rows = [one for one in _rows(corpus, *SPLITS, "") if one.row.id not in unwanted]
    splits = {one.row.id: one.row.split for one in rows}
    # A pair within one split parts nothing, and would hide in messages what does.
    across = [pair for pair in pairs if _is_across(splits.get(pair.first), splits.get(pair.second))]
    tested, _ = refuse_leaks(rows, TEST, where=str(corpus.root), pairs=across)
    left_out["their group is tested in another category"] = sorted(tested)
    rows = [one for one in rows if one.row.id not in tested]
    _, learned = refuse_leaks(rows, VALIDATION, where=str(corpus.root), pairs=across)
    left_out["their group is learned from in another category"] = sorted(learned)
    for split, field, seconds in (
        (TRAIN, "segment_s in [data]", data.segment_s),
        (VALIDATION, "seconds in [validation]", validation.seconds),
    ):
        reason = f"{_named([reference])} of {split} shorter than {seconds:g} s ({field})"
        left_out[reason] = _too_short(corpus, split, field, seconds, reference)
    return {reason: names for reason, names in left_out.items() if names}


def _unwanted(corpus: Corpus, data: Data) -> dict[str, list[str]]:
    """Return the recordings of train that the configuration leaves out, by the reason."""
    for name in data.exclude:
        if name not in corpus.sources:  # a configuration may serve several corpora
            nearest = suggestion(name, corpus.sources)
            logger.warning(
                "%s: exclude in [data] names %s, no id there%s", corpus.root, name, nearest
            )
    rows = [source.row for source in corpus.sources.values() if source.row.split == TRAIN]
    excluded = [row.id for row in rows if row.id in data.exclude]
    return {
        "named by exclude in [data]": excluded,
        "of a license that is not among licenses in [data]": [
            row.id for row in rows if not data.permits(row.license) and row.id not in excluded
        ],
    }


def _is_across(first: str | None, second: str | None) -> bool:
    return first != second or not first


def _too_short(
    corpus: Corpus, split: str, field: str, seconds: float, reference: Role
) -> list[str]:
    """Return the clips or stems of a split that carry no segment; noises are looped.

    Raises:
        InputError: if there is no other one.
    """
    clips = corpus.of(reference, split)
    length = round(seconds * SAMPLING_RATE)
    names = [clip.id for clip in clips if clip.entry.frames < length]
    if len(names) == len(clips):
        longest = max(clip.entry.frames for clip in clips) / SAMPLING_RATE
        raise InputError(
            f"{corpus.root}: none of the {_named([reference])} of the split {split!r} lasts "
            f"{seconds:g} s, the longest {longest:g} s, and none is ever looped; lower {field}"
        )
    return names


def _refuse_left_empty(corpus: Corpus, split: str, tables: Sequence[Role]) -> None:
    """Refuse a split of which everything had to be left out."""
    for table in tables:
        if not corpus.of(table, split):
            raise InputError(
                f"{table_path(corpus.root, table)}: no row of the split {split!r} is left: its "
                "groups are learned from in other categories, its licenses not among licenses in "
                f"[data], or its {_named(tables[:1])} too short for segment_s and seconds; run "
                f"`mn split {corpus.root}` so that it reassigns splits in place, or change those"
            )
