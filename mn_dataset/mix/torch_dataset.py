"""Mix on the fly for training: a torch dataset of the same samples as the rendered files.

No other module of the package imports torch.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch.utils.data import Dataset

from mn_dataset.audio.corpus import Corpus
from mn_dataset.audio.io import to_float
from mn_dataset.errors import InputError
from mn_dataset.mix.augment.apply import require
from mn_dataset.mix.augment.chain import Chain, load_chain
from mn_dataset.mix.mixture import mix
from mn_dataset.mix.recipes import Recipes
from mn_dataset.mix.source_cache import SourceCache


class MixtureDataset(Dataset[dict[str, Any]]):
    """Map-style dataset of mixtures, rendered when asked for.

    Items are dicts. Every file that the task renders is a float32 tensor (1, time) in [-1, 1], by
    the file's name, whose values times 32768 are the rendered 16-bit samples: ``noisy``, ``clean``
    and ``noise`` in the task denoise. Beside them stand ``id``, a string, and the labels of the
    recipe: there ``snr_db``, a float, and ``music_category`` and ``noise_class``, strings. Works in
    any number of loader processes.

    Args:
        corpus: The corpus that the recipes were drawn from.
        recipes: What to mix.
        augment: A chain, its name, or a TOML file: the layers of train recipes are varied before
            they are mixed. None keeps the chain that the recipes carry, if any.
        epoch: Epoch 0 gives the samples of the rendered files; each other varies layers anew.

    Raises:
        RecipeError: if there is a chain to apply, and no train recipe.
        MissingExtra: if there is a chain, and audiomentations is not installed.

    Examples:
        >>> stream = MixtureDataset(corpus, recipes)  # doctest: +SKIP
        >>> stream[0]["noisy"].shape  # doctest: +SKIP
        torch.Size([1, 44100])
    """

    def __init__(
        self,
        corpus: Corpus,
        recipes: Recipes,
        *,
        augment: str | Path | Chain | None = None,
        epoch: int = 0,
    ) -> None:
        self.corpus, self.task = corpus, recipes.spec
        self.recipes = recipes.augmented(None if augment is None else load_chain(augment))
        if self.recipes.augmentation and self.recipes.varied:
            require(self.recipes.augmentation)
        # In memory that loader processes share: those that outlive an epoch see the next one.
        self._epoch: torch.Tensor = torch.zeros((), dtype=torch.int64)
        self._epoch.share_memory_()  # type: ignore[no-untyped-call] # torch types it not
        self._sources: SourceCache | None = None
        self.set_epoch(epoch)

    @property
    def epoch(self) -> int:
        """The epoch whose variations are given."""
        return int(self._epoch)

    def set_epoch(self, epoch: int) -> None:
        """Vary the layers anew from the next loader on; call it before each epoch's loop.

        Raises:
            InputError: if the epoch is negative.
        """
        if epoch < 0:
            raise InputError(f"the epoch is {epoch}; expected 0 or more")
        self._epoch.fill_(epoch)

    def __len__(self) -> int:
        return len(self.recipes)

    def __getitem__(self, index: int) -> dict[str, Any]:
        if self._sources is None:
            self._sources = SourceCache(self.corpus, self.recipes.responses)
        recipe, chain = self.recipes[index], self.recipes.augmentation
        mixture = mix(recipe, self._sources, task=self.task, chain=chain, epoch=self.epoch)
        waves = {name: torch.from_numpy(to_float(pcm)) for name, pcm in mixture.files.items()}
        return {**waves, "id": recipe.id, **dict(recipe.labels)}

    def __getstate__(self) -> dict[str, Any]:
        """Leave the cache behind when a loader process is started."""
        return self.__dict__ | {"_sources": None}
