from __future__ import annotations

import math

import numpy as np
import pyloudnorm
import pytest

from mn_dataset.audio.level import CEILING
from mn_dataset.mix.draw import draw
from mn_dataset.mix.mixture import mix
from mn_dataset.mix.source_cache import SourceCache
from mn_dataset.records import SNR_DEFINITIONS


@pytest.fixture(scope="module")
def sources(real_corpus):
    return SourceCache(real_corpus)


def independent_snr_db(clean, noise, definition) -> float:
    """The four definitions in plain float arithmetic, from the page that defines them."""
    clean, noise = clean.astype(float), noise.astype(float)
    if definition == "lufs":
        meter = pyloudnorm.Meter(44_100)
        return meter.integrated_loudness(clean / 32768) - meter.integrated_loudness(noise / 32768)

    def power(x):
        if definition == "variance":
            return np.var(x)
        if definition == "active":
            blocks = [x[first : first + 1024] for first in range(0, len(x), 1024)]
            powers = [np.mean(block**2) for block in blocks]
            active = [b for b, p in zip(blocks, powers, strict=True) if p >= max(powers) / 1e4]
            return np.mean(np.concatenate(active) ** 2)
        return np.mean(x**2)

    return 10 * math.log10(power(clean) / power(noise))


@pytest.mark.parametrize("definition", SNR_DEFINITIONS)
def test_the_asked_snr_is_met_and_all_four_are_true(real_corpus, sources, definition):
    """On real clips, at −5 to 25 dB, judged by an independent reading of the definitions."""
    recipes = draw(
        real_corpus, split="test", snr_db=(-5, 5, 25), snr_definition=definition, count=12, seed=3
    )
    for recipe in recipes:
        mixture = mix(recipe, sources)

        assert abs(mixture.ratios_db[1][definition] - recipe.snr_db) <= 0.01
        for name in SNR_DEFINITIONS:
            expected = independent_snr_db(mixture.files["clean"], mixture.files["noise"], name)
            # Loudness is measured before rounding: a block at the gate may fall to its other side.
            tolerance = 1e-3 if name == "lufs" else 1e-9
            assert mixture.ratios_db[1][name] == pytest.approx(expected, abs=tolerance)


def test_triples_add_up_and_never_clip(real_corpus, sources):
    """noisy − clean == noise in integers; nothing is beyond 32 000 once the guard has acted."""
    guarded = 0
    for recipe in draw(real_corpus, split="test", snr_db=(-5,), count=20):
        mixture = mix(recipe, sources)
        parts = [part.astype(np.int32) for part in mixture.files.values()]

        assert np.array_equal(parts[0] - parts[1], parts[2])
        assert max(np.abs(part).max() for part in parts) <= CEILING
        guarded += mixture.mix_gain < 1
    assert 0 < guarded < 20  # both ways were seen


def test_an_untouched_clean_layer_is_the_clip_itself(real_corpus, sources):
    """Without the guard the clean layer is bit for bit the corpus's clip."""
    recipes = draw(real_corpus, split="test", snr_db=(20,), count=10)
    mixtures = [mix(recipe, sources) for recipe in recipes]
    untouched = [mixture for mixture in mixtures if mixture.mix_gain == 1.0]

    assert untouched
    for mixture in untouched:
        clip = real_corpus.read(mixture.recipe.layer("clean").source_id)
        assert np.array_equal(mixture.files["clean"], clip)
