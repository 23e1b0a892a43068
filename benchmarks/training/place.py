"""Tell what the folder is that a network is to learn from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from benchmarks.training.config import Config
from benchmarks.training.corpus import CorpusMaterial
from benchmarks.training.dataset import DatasetMaterial
from benchmarks.training.material import Material
from mn_dataset.catalogue.sources import load_corpus
from mn_dataset.mix.manifest import MANIFEST, RECIPES


def open_material(
    named: str | Path,
    config: Config,
    *,
    seed: int,
    workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> Material:
    """Open a corpus, by name or folder, or a built dataset.

    Args:
        named: Name of a known corpus, or a folder.
        config: What is drawn from it.
        seed: Of every choice.
        workers: Processes that measure recordings which the corpus's index does not know yet.
        progress: Called with (done, all) recordings.

    Raises:
        InputError: if it is neither, or is not fit to be learned from.
    """
    folder = Path(named)
    if any((folder / name).is_file() for name in (MANIFEST, RECIPES)):
        return DatasetMaterial(folder, config.data, config.validation, seed=seed)
    corpus = load_corpus(named, workers=workers, progress=progress)
    return CorpusMaterial(
        corpus, config.data, config.validation, seed=seed, workers=workers, progress=progress
    )
