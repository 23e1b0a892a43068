"""Turn one recipe into one mixture: samples and measured facts, the same bytes everywhere."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from mn_dataset.audio.io import Pcm
from mn_dataset.audio.level import (
    BLOCK,
    FULL_SCALE,
    Level,
    block_energies,
    dbfs,
    hop_energies,
    measure,
    peak,
    round_gain,
)
from mn_dataset.errors import RecipeError
from mn_dataset.mix import gains
from mn_dataset.mix.augment.chain import Chain
from mn_dataset.mix.augment.draw import AUGMENTED_SPLIT, Step, choose
from mn_dataset.mix.augment.layer import vary
from mn_dataset.mix.gains import Loudness, Measured, all_snrs_db, snr_db, solve_gain
from mn_dataset.mix.source_cache import Cut, Responded, SourceCache
from mn_dataset.records import SAMPLING_RATE, Recipe
from mn_dataset.tasks import registry
from mn_dataset.tasks.feasibility import MIN_MIXED_RMS
from mn_dataset.tasks.spec import Ratios, TaskSpec

SNR_TOLERANCE_DB = 0.01
"""How far the achieved SNR may be from the one asked."""

_REFINED_DB = 0.001
_REFINEMENTS = 8
_ROUGH_RMS = 128.0  # LSB, K-weighted; below it the loudness is measured on the rounded samples
_STRETCH = 16 * BLOCK  # samples scaled at a time: 128 kB of float64 stay in a core's cache


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


@dataclass(frozen=True)
class Sums:
    """Which layers are added up to what, by their numbers in the recipe.

    Attributes:
        inputs: Of every input.
        targets: Of every target.
        kept: Of every role that is kept.
        groups: Of every role in every input; the first of an input is its reference.
    """

    inputs: Mapping[str, tuple[int, ...]]
    targets: Mapping[str, tuple[int, ...]]
    kept: Mapping[str, tuple[int, ...]]
    groups: Mapping[tuple[str, str], tuple[int, ...]]

    @property
    def references(self) -> dict[str, tuple[int, ...]]:
        """The reference of every input: the layers of the role that comes first."""
        first: dict[str, tuple[int, ...]] = {}
        for (name, _), numbers in self.groups.items():
            first.setdefault(name, numbers)
        return first

    @property
    def parts(self) -> dict[str, tuple[int, ...]]:
        """The layers of every file."""
        return {**self.inputs, **self.targets, **self.kept}


def sums_of(recipe: Recipe, task: TaskSpec) -> Sums:
    """Return which layers of a recipe are added up to what."""
    layers = tuple(enumerate(recipe.layers))
    groups: dict[tuple[str, str], list[int]] = {}
    roles = {layer.role for layer in recipe.layers}
    for number, layer in layers:
        if layer.input is not None:
            groups.setdefault((layer.input, layer.role), []).append(number)
    return Sums(
        {name: tuple(n for n, one in layers if one.input == name) for name in recipe.inputs},
        {name: tuple(n for n, one in layers if one.target == name) for name in recipe.targets},
        {
            role: tuple(n for n, one in layers if one.role == role)
            for role in task.kept
            if role in roles
        },
        {key: tuple(numbers) for key, numbers in groups.items()},
    )


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
    cuts = [sources.cut(layer, recipe.num_samples) for layer in recipe.layers]
    if chain is None or recipe.split != AUGMENTED_SPLIT:
        return _mixed(recipe, task, sources, cuts)
    varied: list[Cut] = []
    done: tuple[Step, ...] = ()
    for layer, cut in zip(recipe.layers, cuts, strict=True):
        role = task.layer_role(layer.role)
        kind = None if role is None else role.varied_as
        steps = () if kind is None else choose(recipe, layer.role, chain, kind=kind, epoch=epoch)
        other, steps = vary(cut, steps)
        varied.append(other)
        done += steps
    if done:
        try:
            mixture = _mixed(recipe, task, sources, varied)
        except RecipeError:
            mixture = None
        if mixture is not None and _is_heard(mixture):
            return replace(mixture, augmentation=done)
    # Drawing promised the SNR for the layers as they were recorded, and for nothing else.
    return replace(_mixed(recipe, task, sources, cuts), augmentation=())


def _is_heard(mixture: Mixture) -> bool:
    """Tell whether all layers stand where 16 bits still carry them."""
    return all(
        float(np.square(layer, dtype=np.float64).mean()) >= MIN_MIXED_RMS**2
        for layer in mixture.layers
    )


@dataclass(frozen=True)
class _Ratio:
    """A ratio that is asked.

    Attributes:
        reference: The numbers of the layers above the line.
        group: Those of the layers below it, whose common gain it decides.
        asked_db: What it is to be.
    """

    reference: tuple[int, ...]
    group: tuple[int, ...]
    asked_db: float


@dataclass(frozen=True)
class _Scaled:
    """All layers at some gains.

    Attributes:
        layers: As they stand in the mixture.
        gains: Before ``mix_gain``.
        mix_gain: What the clipping guard multiplied all of them by.
    """

    layers: list[Cut]
    gains: tuple[float, ...]
    mix_gain: float


def _mixed(recipe: Recipe, task: TaskSpec, sources: SourceCache, cuts: Sequence[Cut]) -> Mixture:
    pairs = zip(cuts, recipe.layers, strict=True)
    sums, scaled = sums_of(recipe, task), [sources.passed(cut, layer) for cut, layer in pairs]
    return _mixture(recipe, sums, _solved(recipe, scaled, sums))


def _solved(recipe: Recipe, cuts: Sequence[Cut | Responded], sums: Sums) -> _Scaled:
    """Scale layers by the gains that are given, and by those that meet the ratios asked."""
    definition = recipe.snr_definition
    levels = [round_gain(1.0 if layer.gain is None else layer.gain) for layer in recipe.layers]
    ratios = [
        _Ratio(sums.references[name], group, asked_db)
        for (name, _), group in sums.groups.items()
        if (asked_db := recipe.layers[group[0]].snr_db) is not None
    ]
    factors = []
    for ratio in ratios:
        reference, gain = _before(cuts, ratio.reference, levels)
        group, _ = _before(cuts, ratio.group, levels)
        factors.append(solve_gain(reference, group, ratio.asked_db, definition) * gain)
    errors_db = [math.nan] * len(ratios)
    for _ in range(_REFINEMENTS):
        if not all(0.0 < factor < math.inf for factor in factors):
            break
        for ratio, factor in zip(ratios, factors, strict=True):
            for number in ratio.group:
                levels[number] = round_gain(factor)
        scaled = _guarded(cuts, levels, sums)
        pairs = [
            (_after(scaled.layers, ratio.reference), _after(scaled.layers, ratio.group))
            for ratio in ratios
        ]
        asked = [ratio.asked_db for ratio in ratios]
        errors_db = [
            snr_db(*pair, definition) - one for pair, one in zip(pairs, asked, strict=True)
        ]
        if all(abs(error) <= _REFINED_DB for error in errors_db):
            return scaled
        factors = [
            levels[ratio.group[0]] * solve_gain(*pair, ratio.asked_db, definition)
            for ratio, pair in zip(ratios, pairs, strict=True)
        ]
    else:
        if all(abs(error) <= SNR_TOLERANCE_DB for error in errors_db):
            return scaled
    unmet = [abs(error) <= SNR_TOLERANCE_DB for error in errors_db].index(False)
    raise _refusal(recipe, ratios[unmet])


def _before(
    cuts: Sequence[Cut | Responded], numbers: Sequence[int], levels: Sequence[float]
) -> tuple[Measured, float]:
    """Measure layers before their gains, and return the gain that is still to come.

    One layer was measured when it was cut; several are added at their gains.
    """
    if len(numbers) == 1:
        return cuts[numbers[0]].measured, levels[numbers[0]]
    total = np.zeros(len(cuts[numbers[0]].samples))
    for number in numbers:
        total += levels[number] * cuts[number].samples
    whole = np.rint(total).astype(np.int32)
    loudness = Loudness(hop_energies(total, sampling_rate=SAMPLING_RATE), SAMPLING_RATE)
    return Measured(measure(whole), loudness), 1.0


def _after(layers: Sequence[Cut], numbers: Sequence[int]) -> Measured:
    """Measure layers together as they stand in the mixture."""
    if len(numbers) == 1:
        return layers[numbers[0]].measured
    together = gains.total(*(layers[number].samples for number in numbers))
    loudness = Loudness(hop_energies(together, sampling_rate=SAMPLING_RATE), SAMPLING_RATE)
    return Measured(measure(together), loudness)


def _guarded(cuts: Sequence[Cut | Responded], levels: Sequence[float], sums: Sums) -> _Scaled:
    """Scale layers by their gains, and by one more where something would clip."""
    alone = max(gain * cut.peak for cut, gain in zip(cuts, levels, strict=True))
    mix_gain = 1.0 if alone <= FULL_SCALE - 1 else gains.needed(alone)
    while True:
        layers = [scale(cut, gain * mix_gain) for cut, gain in zip(cuts, levels, strict=True)]
        tops = (
            gains.top(*(layers[number].samples for number in numbers))
            for numbers in set(sums.parts.values())
        )
        over = gains.needed(max(tops))
        if over == 1.0:
            return _Scaled(layers, tuple(levels), mix_gain)
        mix_gain = round_gain(mix_gain * over)


def _mixture(recipe: Recipe, sums: Sums, scaled: _Scaled) -> Mixture:
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
            achieved = all_snrs_db(_after(layers, reference), _after(layers, group))
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
        sha256={name: known for name, known in hashes.items() if known is not None},
    )


def _added(layers: Sequence[Pcm]) -> Pcm:
    """Add layers whose sum fits in 16 bits; where a part of it does not, it wraps and is right."""
    if len(layers) == 1:
        return layers[0]
    together = layers[0] + layers[1]
    for layer in layers[2:]:
        together += layer
    return together


def _refusal(recipe: Recipe, ratio: _Ratio) -> RecipeError:
    above, below = (
        " + ".join(recipe.layers[number].source_id for number in numbers)
        for numbers in (ratio.reference, ratio.group)
    )
    return RecipeError(
        f"recipe {recipe.id}: {ratio.asked_db:g} dB ({recipe.snr_definition}) cannot be met with "
        f"{above} and {below} in 16 bits; draw it again"
    )


def scale(cut: Cut | Responded, gain: float) -> Cut:
    """Scale a segment, round it to 16 bits, and measure the result in the same pass.

    Raises:
        OverflowError: if the result leaves 16 bits; the guard has to come first.
    """
    if gain == 1.0 and isinstance(cut, Cut):
        return cut
    samples = cut.samples
    if gain * cut.peak > FULL_SCALE - 0.5:
        raise OverflowError(f"a peak of {cut.peak} times {gain} leaves 16 bits")
    scaled = np.empty(len(samples), np.int16)
    blocks, total = [], 0
    buffer = np.empty(_STRETCH)
    for first in range(0, len(samples), _STRETCH):
        part = buffer[: len(samples) - first]
        part[:] = samples[first : first + _STRETCH]
        part *= gain
        np.rint(part, out=part)
        scaled[first : first + _STRETCH] = part
        total += int(part.sum())
        blocks.append(block_energies(part))
    level = Level(len(samples), total, np.concatenate(blocks), peak(scaled))
    loudness = cut.measured.loudness
    if gain * FULL_SCALE * loudness.rms < _ROUGH_RMS:
        hops = hop_energies(scaled, sampling_rate=loudness.sampling_rate)
        return Cut(scaled, Measured(level, replace(loudness, hops=hops)))
    return Cut(scaled, Measured(level, loudness, gain))
