"""Mix on the fly for training: a torch dataset of the same samples as the rendered files.

The one room of the package that knows torch.
"""

from __future__ import annotations

from typing import Any

import torch
from torch.utils.data import Dataset

from mn_dataset.audio.corpus import Corpus
from mn_dataset.audio.io import to_float
from mn_dataset.mix.recipes import Recipes
from mn_dataset.mix.render import mix
from mn_dataset.mix.source import SourceCache


class MixtureDataset(Dataset[dict[str, Any]]):
    """Map-style dataset of mixtures, rendered when asked for.

    Items are dicts: ``noisy``, ``clean`` and ``noise`` are float32 tensors (1, time) in [-1, 1]
    whose values times 32768 are the rendered files' 16-bit samples; ``snr_db`` is a float, and
    ``id``, ``music_category`` and ``noise_class`` are strings. Works in any number of loader
    processes.
    """

    def __init__(self, corpus: Corpus, recipes: Recipes) -> None:
        self.corpus = corpus
        self.recipes = recipes
        self._sources: SourceCache | None = None

    def __len__(self) -> int:
        return len(self.recipes)

    def __getitem__(self, index: int) -> dict[str, Any]:
        if self._sources is None:
            self._sources = SourceCache(self.corpus)
        mixture = mix(self.recipes[index], self._sources)
        parts = {"noisy": mixture.noisy, "clean": mixture.clean, "noise": mixture.noise}
        return {
            **{name: torch.from_numpy(to_float(samples)) for name, samples in parts.items()},
            "id": mixture.recipe.id,
            "snr_db": mixture.recipe.snr_db,
            "music_category": mixture.recipe.music_category,
            "noise_class": mixture.recipe.noise_class,
        }

    def __getstate__(self) -> dict[str, Any]:
        """Leave the cache behind when a loader process is started."""
        return self.__dict__ | {"_sources": None}
