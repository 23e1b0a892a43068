"""Turn one recipe into one mixture: samples and measured facts, the same bytes everywhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from mn_dataset.audio.io import Pcm
from mn_dataset.audio.level import (
    dbfs,
    peak,
)
from mn_dataset.errors import RecipeError
from mn_dataset.mix.augment.apply import vary
from mn_dataset.mix.augment.chain import Chain
from mn_dataset.mix.augment.draw import AUGMENTED_SPLIT, Step, choose
from mn_dataset.mix.gains import all_snrs_db
from mn_dataset.mix.scaling import Scaled, Sums, measured_together, solve, sums_of
from mn_dataset.mix.source_cache import Cut, SourceCache
from mn_dataset.records import Recipe
from mn_dataset.tasks import registry
from mn_dataset.tasks.columns import Ratios
from mn_dataset.tasks.feasibility import MIN_MIXED_RMS
from mn_dataset.tasks.spec import TaskSpec


@dataclass(frozen=True)
class Mixture:
    """One rendered recipe; all samples are int16 (time,), and the layers of a sum add up to it.

    Attributes:
        recipe: What was asked.
        inputs: What is handed to a denoiser, by name.
        targets: What it is to return, by name.
        kept: Further sums that the task keeps, by name.
        layers: Every layer as it stands in the mixture.
        gains: Linear gain of every layer, before ``mix_gain``.
        mix_gain: Linear gain of all layers; 1.0 unless the guard had to act.
        ratios_db: Of every layer, the achieved ratios of its input's reference to its role; None
            for a layer of the reference, or of no input.
        sha256: Hash of the samples of sums where it is known without hashing, by name.
        augmentation: What was done to the layers before they were mixed; None where no chain
            applies.
    """

    recipe: Recipe
    inputs: Mapping[str, Pcm]
    targets: Mapping[str, Pcm]
    kept: Mapping[str, Pcm]
    layers: tuple[Pcm, ...]
    gains: tuple[float, ...]
    mix_gain: float
    ratios_db: tuple[Ratios | None, ...]
    sha256: Mapping[str, str]
    augmentation: tuple[Step, ...] | None = None

    @property
    def files(self) -> dict[str, Pcm]:
        """All that is written, in the order of writing."""
        return {**self.inputs, **self.targets, **self.kept}

    @property
    def peak_dbfs(self) -> float:
        """Peak of the inputs."""
        return dbfs(max(map(peak, self.inputs.values())))


def mix(
    recipe: Recipe,
    sources: SourceCache,
    *,
    task: TaskSpec | None = None,
    chain: Chain | None = None,
    epoch: int = 0,
) -> Mixture:
    """Render one recipe.

    Gains that a ratio decides are solved on the segments that are mixed, and refined on their
    quantised samples until the ratio is met.

    Args:
        recipe: What to mix; of the split ``train`` its layers are varied first.
        sources: Where its recordings and responses are.
        task: What it is for; None finds it by its name.
        chain: How layers are varied; None leaves them as they are.
        epoch: Of training: each varies them anew; rendered files are of epoch 0.

    Raises:
        RecipeError: if a ratio cannot be met within ``SNR_TOLERANCE_DB``.
    """
    task = task or registry.find(recipe.task)
    cuts = [
        sources.cut(layer, recipe.num_samples, silent=task.beyond(layer.role) == "silence")
        for layer in recipe.layers
    ]
    if chain is None or recipe.split != AUGMENTED_SPLIT:
        return _mixed(recipe, task, sources, cuts)
    varied: list[Cut] = []
    done: tuple[Step, ...] = ()
    for layer, cut in zip(recipe.layers, cuts, strict=True):
        role = task.layer_role(layer.role)
        # What was done is told by role: of two noises one is varied.
        is_first = layer is recipe.layer(layer.role)
        kind = role.varied_as if role is not None and is_first else None
        steps = () if kind is None else choose(recipe, layer.role, chain, kind=kind, epoch=epoch)
        other, steps = vary(cut, steps)
        varied.append(other)
        done += steps
    if done:
        try:
            mixture = _mixed(recipe, task, sources, varied)
        except RecipeError:
            mixture = None
        if mixture is not None and _is_audible(mixture):
            return replace(mixture, augmentation=done)
    # Drawing promised the SNR for the layers as they were recorded, and for nothing else.
    return replace(_mixed(recipe, task, sources, cuts), augmentation=())


def _is_audible(mixture: Mixture) -> bool:
    """Tell whether all layers stand where 16 bits still carry them."""
    return all(
        float(np.square(layer, dtype=np.float64).mean()) >= MIN_MIXED_RMS**2
        for layer in mixture.layers
    )


def _mixed(recipe: Recipe, task: TaskSpec, sources: SourceCache, cuts: Sequence[Cut]) -> Mixture:
    pairs = zip(cuts, recipe.layers, strict=True)
    sums, scaled = sums_of(recipe, task), [sources.passed(cut, layer) for cut, layer in pairs]
    return _mixture(recipe, sums, solve(recipe, scaled, sums))


def _mixture(recipe: Recipe, sums: Sums, scaled: Scaled) -> Mixture:
    """Add up layers, and say what was measured of them."""
    layers = scaled.layers

    def added(parts: Mapping[str, tuple[int, ...]]) -> dict[str, Pcm]:
        return {
            name: _added([layers[number].samples for number in numbers])
            for name, numbers in parts.items()
        }

    ratios: list[Ratios | None] = [None] * len(layers)
    for (name, _), group in sums.groups.items():
        reference = sums.references[name]
        if group != reference:
            achieved = all_snrs_db(
                measured_together(layers, reference), measured_together(layers, group)
            )
            for number in group:
                ratios[number] = achieved
    hashes = {
        name: layers[numbers[0]].sha256 for name, numbers in sums.parts.items() if len(numbers) == 1
    }
    return Mixture(
        recipe=recipe,
        inputs=added(sums.inputs),
        targets=added(sums.targets),
        kept=added(sums.kept),
        layers=tuple(layer.samples for layer in layers),
        gains=scaled.gains,
        mix_gain=scaled.mix_gain,
        ratios_db=tuple(ratios),
        sha256={name: sha256 for name, sha256 in hashes.items() if sha256 is not None},
    )


def _added(layers: Sequence[Pcm]) -> Pcm:
    """Add layers whose sum fits in 16 bits; where a part of it does not, it wraps and is right."""
    if len(layers) == 1:
        return layers[0]
    together = layers[0] + layers[1]
    for layer in layers[2:]:
        together += layer
    return together
