from __future__ import annotations

import math

import numpy as np
import pyloudnorm
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mn_dataset.audio import level, segment
from mn_dataset.audio.level import CEILING, round_gain
from mn_dataset.mix import gains
from mn_dataset.mix.draw import draw
from mn_dataset.mix.gains import power_ratio
from mn_dataset.mix.mixture import mix
from mn_dataset.mix.source_cache import SourceCache
from mn_dataset.records import SNR_DEFINITIONS, Layer


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


def test_loudness_of_a_segment_forgets_what_came_before(real_corpus, sources):
    """Cut from a long recording, or from a loop, it is the loudness of the cut alone."""
    for recipe in draw(real_corpus, split="train", seconds=7.3, count=10, seed=1):
        layer = recipe.layer("noise")
        cut = sources.cut(layer, recipe.num_samples)
        expected = level.lufs(cut.samples, sampling_rate=44_100)

        assert cut.measured.lufs == pytest.approx(expected, abs=1e-6)


@given(st.floats(-60, 60))
@settings(max_examples=200, deadline=None)
def test_powers_of_ten_are_right(decibels):
    """Decimal arithmetic agrees with the platform's pow, whose exponent is itself rounded."""
    assert power_ratio(decibels) == pytest.approx(10 ** (decibels / 10), rel=4e-15)


@given(st.floats(1e-4, 1e4))
def test_a_gain_times_a_sample_is_exact(gain):
    """24 significant bits times 16 fit in float64: the product has no rounding to differ by."""
    rounded = round_gain(gain)

    assert abs(rounded / gain - 1) <= 2**-24
    assert (rounded * 32_767) / 32_767 == rounded
    assert math.frexp(rounded)[0] * 2**24 % 1 == 0


def test_the_guard_acts_only_when_needed_and_then_to_the_ceiling():
    """At 32 000 nothing changes; above, the loudest sample comes down to just under it."""
    assert gains.needed(32_000) == 1.0
    for top in (32_001, 40_000, 65_535):
        assert CEILING - 3 <= top * gains.needed(top) <= CEILING - 1


def test_a_layer_louder_than_the_sum_is_guarded_too():
    """Two layers that cancel may each exceed the ceiling."""
    clean = np.array([32_767, 0], np.int16)

    assert gains.top([clean, -clean], [32_767, 32_767]) == 32_767


def test_a_sum_beyond_16_bits_is_seen():
    """The magnitude of the sum is not wrapped."""
    loud = np.array([-32_768], np.int16)

    assert gains.top([loud, loud], [32_768, 32_768]) == 65_536


def test_a_segment_off_the_grid_is_as_loud(real_corpus, sources):
    """Recipes may begin anywhere; the loudness is that of the cut, filtered alone."""
    noise = max(real_corpus.of("noise"), key=lambda source: source.entry.frames)
    plain = [(0, 0, 441_000), (441, 0, 441_000), (1000, 0, 300_001)]
    looped = [(882, segment.FADE, 900_000), (7, segment.FADE + 5, 900_000)]
    for start, fade, length in plain + looped:
        cut = sources.cut(Layer("noise", noise.id, start, fade), length)
        expected = pyloudnorm.Meter(44_100).integrated_loudness(cut.samples / 32_768)

        assert cut.measured.lufs == pytest.approx(expected, abs=1e-6)
