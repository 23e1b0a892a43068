"""Turn one recipe into one mixture: samples and measured facts, the same bytes everywhere."""

from __future__ import annotations

import math
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
    peak,
    round_gain,
)
from mn_dataset.errors import RecipeError
from mn_dataset.mix import gains
from mn_dataset.mix.augment.chain import Chain
from mn_dataset.mix.augment.draw import AUGMENTED_SPLIT, Step, choose
from mn_dataset.mix.augment.layer import vary
from mn_dataset.mix.gains import Measured, all_snrs_db, snr_db, solve_gain
from mn_dataset.mix.source_cache import Cut, SourceCache
from mn_dataset.records import ROLES, Recipe, SnrDefinition
from mn_dataset.tasks.feasibility import MIN_MIXED_RMS

SNR_TOLERANCE_DB = 0.01
"""How far the achieved SNR may be from the one asked."""

_REFINED_DB = 0.001
_REFINEMENTS = 8
_ROUGH_RMS = 128.0  # LSB, K-weighted; below it the loudness is measured on the rounded samples
_STRETCH = 16 * BLOCK  # samples scaled at a time: 128 kB of float64 stay in a core's cache


@dataclass(frozen=True)
class Mixture:
    """One rendered recipe; all samples are int16 (time,) and noisy − clean == noise.

    Attributes:
        recipe: What was asked.
        noisy: The mixture.
        clean: The clean layer as it stands in the mixture.
        noise: The noise layer as it stands in the mixture.
        noise_gain: Linear gain of the noise, before ``mix_gain``.
        mix_gain: Linear gain of all layers; 1.0 unless the guard had to act.
        snrs_db: Achieved SNR under each definition.
        clean_sha256: Hash of the clean layer, known when it is the clip itself.
        augmentation: What was done to the layers before they were mixed; None where no chain
            applies.
    """

    recipe: Recipe
    noisy: Pcm
    clean: Pcm
    noise: Pcm
    noise_gain: float
    mix_gain: float
    snrs_db: dict[SnrDefinition, float]
    clean_sha256: str | None = None
    augmentation: tuple[Step, ...] | None = None

    @property
    def peak_dbfs(self) -> float:
        """Peak of the mixture."""
        return dbfs(peak(self.noisy))


def mix(
    recipe: Recipe, sources: SourceCache, *, chain: Chain | None = None, epoch: int = 0
) -> Mixture:
    """Render one recipe.

    The gain of the noise is solved on the segment that is mixed and refined on its quantised
    samples until the SNR is met.

    Args:
        recipe: What to mix; of the split ``train`` its layers are varied first.
        sources: Where its recordings are.
        chain: How layers are varied; None leaves them as they are.
        epoch: Of training: each varies them anew; rendered files are of epoch 0.

    Raises:
        RecipeError: if the SNR cannot be met within ``SNR_TOLERANCE_DB``.
    """
    clean, noise = (sources.cut(recipe.layer(role), recipe.num_samples) for role in ROLES)
    if chain is None or recipe.split != AUGMENTED_SPLIT:
        return _mixed(recipe, clean, noise)
    varied_clean, done = vary(clean, choose(recipe, "clean", chain, epoch=epoch))
    varied_noise, also = vary(noise, choose(recipe, "noise", chain, epoch=epoch))
    if done or also:
        try:
            mixture = _mixed(recipe, varied_clean, varied_noise)
        except RecipeError:
            mixture = None
        if mixture is not None and _is_heard(mixture):
            return replace(mixture, augmentation=(*done, *also))
    # Drawing promised the SNR for the layers as they were recorded, and for nothing else.
    return replace(_mixed(recipe, clean, noise), augmentation=())


def _is_heard(mixture: Mixture) -> bool:
    """Tell whether both layers stand where 16 bits still carry them."""
    return all(
        float(np.square(layer, dtype=np.float64).mean()) >= MIN_MIXED_RMS**2
        for layer in (mixture.clean, mixture.noise)
    )


def _mixed(recipe: Recipe, clean: Cut, noise: Cut) -> Mixture:
    clean_layer, noise_layer = recipe.layer("clean"), recipe.layer("noise")
    definition = recipe.snr_definition
    clean_gain = round_gain(1.0 if clean_layer.gain is None else clean_layer.gain)
    if noise_layer.snr_db is None:
        noise_gain = round_gain(1.0 if noise_layer.gain is None else noise_layer.gain)
        return _at(recipe, (clean, clean_gain), (noise, noise_gain))[0]
    factor = solve_gain(clean.measured, noise.measured, noise_layer.snr_db, definition) * clean_gain
    for _ in range(_REFINEMENTS):
        if not 0.0 < factor < math.inf:
            break
        noise_gain = round_gain(factor)
        mixture, layers = _at(recipe, (clean, clean_gain), (noise, noise_gain))
        error_db = snr_db(*layers, definition) - noise_layer.snr_db
        if abs(error_db) <= _REFINED_DB:
            return mixture
        factor = noise_gain * solve_gain(*layers, noise_layer.snr_db, definition)
    else:
        if abs(error_db) <= SNR_TOLERANCE_DB:
            return mixture
    raise RecipeError(
        f"recipe {recipe.id}: {noise_layer.snr_db:g} dB ({definition}) cannot be met with "
        f"{clean_layer.source_id} and {noise_layer.source_id} in 16 bits; draw it again"
    )


def _at(
    recipe: Recipe, clean: tuple[Cut, float], noise: tuple[Cut, float]
) -> tuple[Mixture, tuple[Measured, Measured]]:
    """Mix at given gains, guarded against clipping."""
    alone = max(gain * cut.measured.level.peak for cut, gain in (clean, noise))
    mix_gain = 1.0 if alone <= FULL_SCALE - 1 else gains.needed(alone)
    while True:
        scaled = [scale(cut, gain * mix_gain) for cut, gain in (clean, noise)]
        over = gains.needed(gains.top(scaled[0].samples, scaled[1].samples))
        if over == 1.0:
            break
        mix_gain = round_gain(mix_gain * over)
    measured = scaled[0].measured, scaled[1].measured
    mixture = Mixture(
        recipe=recipe,
        noisy=scaled[0].samples + scaled[1].samples,
        clean=scaled[0].samples,
        noise=scaled[1].samples,
        noise_gain=noise[1],
        mix_gain=mix_gain,
        snrs_db=all_snrs_db(*measured),
        clean_sha256=scaled[0].sha256,
    )
    return mixture, measured


def scale(cut: Cut, gain: float) -> Cut:
    """Scale a segment, round it to 16 bits, and measure the result in the same pass.

    Raises:
        OverflowError: if the result leaves 16 bits; the guard has to come first.
    """
    if gain == 1.0:
        return cut
    samples = cut.samples
    if gain * cut.measured.level.peak > FULL_SCALE - 0.5:
        raise OverflowError(f"a peak of {cut.measured.level.peak} times {gain} leaves 16 bits")
    scaled = np.empty_like(samples)
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
