"""Tell what the folder is that a network is to learn from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.training.config import Config
from benchmarks.training.data.base import TRAIN, Material
from benchmarks.training.data.corpus import CorpusMaterial
from benchmarks.training.data.dataset import DatasetMaterial
from mn_dataset.audio.corpus import Corpus, joined
from mn_dataset.catalogue.load import load_corpus
from mn_dataset.errors import InputError
from mn_dataset.mix.manifest import MANIFEST, RECIPES
from mn_dataset.records import ROLES


def open_material(
    named: Sequence[str | Path],
    config: Config,
    *,
    seed: int,
    workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> Material:
    """Open corpora, by name or folder, or a built dataset.

    Args:
        named: Names of known corpora, or folders. What is validated with stands in the first;
            the others are learned from only.
        config: What is drawn from it.
        seed: Of every choice.
        workers: Processes that measure recordings which the corpus's index does not know yet.
        progress: Called with (done, all) recordings.

    Raises:
        InputError: if one is neither, or is not fit to be learned from.
    """
    for folder in map(Path, named):
        if any((folder / name).is_file() for name in (MANIFEST, RECIPES)):
            if len(named) > 1:
                raise InputError(
                    f"{folder}: a built dataset is learned from alone; name it alone, or corpora"
                )
            return DatasetMaterial(folder, config.data, config.validation, seed=seed)
    first, *others = (load_corpus(one, workers=workers, progress=progress) for one in named)
    corpus = joined([first, *map(_learned_from, others)]) if others else first
    return CorpusMaterial(
        corpus, config.data, config.validation, seed=seed, workers=workers, progress=progress
    )


def _learned_from(corpus: Corpus) -> Corpus:
    """Return what a corpus gives to others: its train split."""
    return corpus.only([source.id for role in ROLES for source in corpus.of(role, TRAIN)])
