"""Scale the layers of a recipe by the gains that meet its ratios, and keep all sums from clipping.

Which layers are added up to what stands in ``Sums``. A ratio is that of an input's reference, the
layers of the role that comes first in it, to the layers of another role there; it is solved on the
segments that are mixed, and refined on their quantised samples until it is met. Layers of a role
whose ratio is solved keep their gains relative to each other.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from mn_dataset.audio.level import (
    BLOCK,
    FULL_SCALE,
    Level,
    block_energies,
    hop_energies,
    measure,
    peak,
    round_gain,
)
from mn_dataset.errors import RecipeError
from mn_dataset.mix import gains
from mn_dataset.mix.gains import Loudness, Measured, snr_db, solve_gain
from mn_dataset.mix.source_cache import Cut, Responded
from mn_dataset.records import SAMPLING_RATE, Recipe, SnrDefinition
from mn_dataset.tasks.spec import TaskSpec

SNR_TOLERANCE_DB = 0.01
"""How far the achieved SNR may be from the one asked."""

_REFINED_DB = 0.001
_REFINEMENTS = 8
_ROUGH_RMS = 128.0  # LSB, K-weighted; below it the loudness is measured on the rounded samples
_STRETCH = 16 * BLOCK  # samples scaled at a time: 128 kB of float64 stay in a core's cache


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
class Scaled:
    """All layers at some gains.

    Attributes:
        layers: As they stand in the mixture.
        gains: Before ``mix_gain``.
        mix_gain: What the clipping guard multiplied all of them by.
    """

    layers: list[Cut]
    gains: tuple[float, ...]
    mix_gain: float


def solve(recipe: Recipe, cuts: Sequence[Cut | Responded], sums: Sums) -> Scaled:
    """Scale layers by the gains that are given, and by those that meet the ratios asked.

    Args:
        recipe: What is asked.
        cuts: Its layers before their gains.
        sums: What they are added up to.

    Raises:
        RecipeError: if a ratio cannot be met within ``SNR_TOLERANCE_DB``.
    """
    definition = recipe.snr_definition
    shares = [round_gain(1.0 if layer.gain is None else layer.gain) for layer in recipe.layers]
    levels = list(shares)
    ratios = _ratios(recipe, sums)
    factors = [_first_factor(ratio, cuts, levels, definition) for ratio in ratios]
    errors_db = [math.nan] * len(ratios)
    for _ in range(_REFINEMENTS):
        if not all(0.0 < factor < math.inf for factor in factors):
            break
        for ratio, factor in zip(ratios, factors, strict=True):
            for number in ratio.group:
                levels[number] = round_gain(factor * shares[number])
        scaled = _guarded(cuts, levels, sums)
        factors, errors_db = [], []
        for ratio in ratios:
            above = measured_together(scaled.layers, ratio.reference)
            below = measured_together(scaled.layers, ratio.group)
            errors_db.append(snr_db(above, below, definition) - ratio.asked_db)
            further = solve_gain(above, below, ratio.asked_db, definition)
            first = ratio.group[0]
            factors.append(levels[first] / shares[first] * further)
        if all(abs(error) <= _REFINED_DB for error in errors_db):
            return scaled
    else:
        if all(abs(error) <= SNR_TOLERANCE_DB for error in errors_db):
            return scaled
    unmet = [abs(error) <= SNR_TOLERANCE_DB for error in errors_db].index(False)
    raise _refusal(recipe, ratios[unmet])


def _ratios(recipe: Recipe, sums: Sums) -> list[_Ratio]:
    """Return the ratios that are asked, in every input."""
    return [
        _Ratio(sums.references[name], group, asked_db)
        for (name, _), group in sums.groups.items()
        if (asked_db := recipe.layers[group[0]].snr_db) is not None
    ]


def _first_factor(
    ratio: _Ratio,
    cuts: Sequence[Cut | Responded],
    levels: Sequence[float],
    definition: SnrDefinition,
) -> float:
    """Return the factor on a group that meets its ratio but for rounding; NaN if undefined."""
    above, gain = _before(cuts, ratio.reference, levels)
    below, share = _before(cuts, ratio.group, levels)
    return solve_gain(above, below, ratio.asked_db, definition) * gain / share


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
    loudness = Loudness(hop_energies(total, sampling_rate=SAMPLING_RATE), SAMPLING_RATE)
    return Measured(measure(np.rint(total).astype(np.int32)), loudness), 1.0


def measured_together(layers: Sequence[Cut], numbers: Sequence[int]) -> Measured:
    """Measure layers together as they stand in the mixture."""
    if len(numbers) == 1:
        return layers[numbers[0]].measured
    together = gains.total([layers[number].samples for number in numbers])
    loudness = Loudness(hop_energies(together, sampling_rate=SAMPLING_RATE), SAMPLING_RATE)
    return Measured(measure(together), loudness)


def _guarded(cuts: Sequence[Cut | Responded], levels: Sequence[float], sums: Sums) -> Scaled:
    """Scale layers by their gains, and by one more where something would clip."""
    alone = max(gain * cut.peak for cut, gain in zip(cuts, levels, strict=True))
    mix_gain = 1.0 if alone <= FULL_SCALE - 1 else gains.needed(alone)
    while True:
        layers = [scale(cut, gain * mix_gain) for cut, gain in zip(cuts, levels, strict=True)]
        peaks = [layer.measured.level.peak for layer in layers]
        tops = (
            gains.top([layers[n].samples for n in numbers], [peaks[n] for n in numbers])
            for numbers in set(sums.parts.values())
        )
        over = gains.needed(max(tops))
        if over == 1.0:
            return Scaled(layers, tuple(levels), mix_gain)
        mix_gain = round_gain(mix_gain * over)


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


def _refusal(recipe: Recipe, ratio: _Ratio) -> RecipeError:
    above, below = (
        " + ".join(recipe.layers[number].source_id for number in numbers)
        for numbers in (ratio.reference, ratio.group)
    )
    return RecipeError(
        f"recipe {recipe.id}: {ratio.asked_db:g} dB ({recipe.snr_definition}) cannot be met with "
        f"{above} and {below} in 16 bits; draw it again"
    )
