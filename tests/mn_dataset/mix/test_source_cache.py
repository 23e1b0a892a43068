from __future__ import annotations

import numpy as np
import pyloudnorm
import pytest

from mn_dataset.audio import level, segment
from mn_dataset.audio.response import quantise
from mn_dataset.errors import UnknownName
from mn_dataset.mix.draw import draw
from mn_dataset.mix.source_cache import SourceCache
from mn_dataset.records import Layer


@pytest.fixture(scope="module")
def sources(real_corpus):
    return SourceCache(real_corpus)


def test_loudness_of_a_segment_forgets_what_came_before(real_corpus, sources):
    """Cut from a long recording, or from a loop, it is the loudness of the cut alone."""
    for recipe in draw(real_corpus, split="train", seconds=7.3, count=10, seed=1):
        layer = recipe.layer("noise")
        cut = sources.cut(layer, recipe.num_samples)
        expected = level.lufs(cut.samples, sampling_rate=44_100)

        assert cut.measured.lufs == pytest.approx(expected, abs=1e-6)


def test_a_segment_off_the_grid_is_as_loud(real_corpus, sources):
    """Recipes may begin anywhere; the loudness is that of the cut, filtered alone."""
    noise = max(real_corpus.of("noise"), key=lambda source: source.entry.frames)
    plain = [(0, 0, 441_000), (441, 0, 441_000), (1000, 0, 300_001)]
    looped = [(882, segment.FADE, 900_000), (7, segment.FADE + 5, 900_000)]
    for start, fade, length in plain + looped:
        cut = sources.cut(Layer("noise", noise.id, start, fade), length)
        expected = pyloudnorm.Meter(44_100).integrated_loudness(cut.samples / 32_768)

        assert cut.measured.lufs == pytest.approx(expected, abs=1e-6)


def test_a_circular_layer_goes_on_from_its_beginning(tiny):
    """It is the recording turned round, with level and loudness of its own."""
    clip = tiny.of("clean", "test")[0]
    frames = clip.entry.frames
    recording = tiny.read(clip.id)

    for start, length in ((44_100, frames), (1_000, frames), (50_000, 30_000)):
        cut = SourceCache(tiny).cut(Layer("clean", clip.id, start), length)
        turned = np.roll(recording, -start)[:length]

        assert np.array_equal(cut.samples, turned)
        assert cut.sha256 is None
        assert cut.measured.level.energy == int(np.square(turned.astype(np.int64)).sum())
        expected = level.lufs(turned, sampling_rate=44_100)
        assert cut.measured.lufs == pytest.approx(expected, abs=1e-6)


def test_silence_may_follow_a_recording(tiny):
    """From the sample at which it ends; loudness is that of the whole."""
    clip = tiny.of("clean", "test")[0]
    frames, recording = clip.entry.frames, tiny.read(clip.id)

    for start, length in ((0, 3 * frames), (1_000, frames), (frames - 1, 9_000), (500, 1_000)):
        cut = SourceCache(tiny).cut(Layer("clean", clip.id, start), length, silent=True)
        followed = np.zeros(length, np.int16)
        followed[: frames - start] = recording[start : start + length]

        assert np.array_equal(cut.samples, followed)
        assert cut.measured.level.energy == int(np.square(followed.astype(np.int64)).sum())
        expected = level.lufs(followed, sampling_rate=44_100)
        assert cut.measured.lufs == pytest.approx(expected, abs=1e-6, nan_ok=True)


def test_a_layer_that_is_dry_and_in_time_is_left_as_it_is(tiny):
    """Not even measured again."""
    sources, layer = SourceCache(tiny), Layer("clean", tiny.of("clean")[0].id, 0)
    cut = sources.cut(layer, 44_100)

    assert sources.passed(cut, layer) is cut


def test_a_delayed_layer_begins_with_silence(tiny):
    """It stays in whole numbers, and is measured as it sounds."""
    sources, layer = SourceCache(tiny), Layer("clean", tiny.of("clean")[0].id, 0, delay=100)
    cut = sources.cut(layer, 44_100)

    late = sources.passed(cut, layer)

    assert late.samples.dtype == np.int16
    assert not late.samples[:100].any()
    assert np.array_equal(late.samples[100:], cut.samples[:-100])
    assert late.measured.level.energy == int(np.square(late.samples.astype(np.int64)).sum())


def test_a_response_that_nobody_has_is_named(tiny):
    """With the nearest one."""
    hall = quantise([1.0, 0.5], name="hall", provenance="by hand")
    layer = Layer("clean", tiny.of("clean")[0].id, 0, response="hal")
    sources = SourceCache(tiny, [hall])

    with pytest.raises(UnknownName, match="unknown response 'hal'; did you mean 'hall'"):
        sources.passed(sources.cut(layer, 44_100), layer)
