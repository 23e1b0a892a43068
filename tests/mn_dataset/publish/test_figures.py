"""The pictures of a card: which mixtures they show, and what stands in them."""

from __future__ import annotations

import numpy as np
import pytest

from mn_dataset.errors import OutputError
from mn_dataset.publish.figures import draw_distribution, draw_spectrograms, examples
from mn_dataset.tasks.registry import find

DENOISE = find("denoise")

image = pytest.importorskip("matplotlib.image", reason="the extra `publish` is not installed")


def mixture(number, category, noise_class, snr_db):
    return {
        "id": f"test/{number}",
        "music_category": category,
        "noise_class": noise_class,
        "snr_db": snr_db,
    }


def test_examples_differ_in_music_and_noise_and_are_the_noisiest():
    """At most three; where kinds repeat, other mixtures fill up."""
    rows = [
        mixture(0, "piano", "crowd", 10.0),
        mixture(1, "piano", "crowd", -5.0),
        mixture(2, "piano", "traffic", 0.0),
        mixture(3, "cello", "traffic", 5.0),
        mixture(4, "song", "weather", 5.0),
        mixture(5, "harp", "weather", 10.0),
    ]

    assert [row["id"] for row in examples(rows, DENOISE)] == ["test/1", "test/3", "test/4"]
    assert [row["id"] for row in examples(rows[:2], DENOISE)] == ["test/1", "test/0"]
    assert examples([], DENOISE) == []


def test_a_tone_is_bright_where_it_sounds(tmp_path):
    """Low frequencies are below; each signal has a panel, in one scale."""
    time_s = np.arange(44_100) / 44_100
    tone = np.rint(20_000 * np.sin(2 * np.pi * 2756.25 * time_s)).astype(np.int16)
    path = tmp_path / "picture.png"
    draw_spectrograms(path, {"tone": tone, "half": tone // 256}, title="", sampling_rate=44_100)

    brightness = image.imread(path)[..., :3].sum(axis=2)
    height, width = brightness.shape
    top, bottom = round(0.18 * height), round(0.82 * height)  # of the panels, from above
    expected = bottom - (bottom - top) * 2756.25 / 22_050
    for panel in (slice(round(0.1 * width), round(0.45 * width)), slice(round(0.6 * width), -30)):
        inside = brightness[top + 3 : bottom - 3, panel].mean(axis=1)
        assert abs(top + 3 + int(inside.argmax()) - expected) <= 2  # pixels
    left = brightness[top:bottom, round(0.1 * width) : round(0.45 * width)].max()
    right = brightness[top:bottom, round(0.6 * width) : -30].max()
    assert left > right


def test_a_picture_that_cannot_be_written_is_told(tmp_path):
    """And nothing is left of it."""
    (tmp_path / "file").write_text("no folder")

    row = mixture(0, "piano", "crowd", 0.0) | {"split": "test"}
    with pytest.raises(OutputError, match=r"distribution\.png: cannot be written"):
        draw_distribution(tmp_path / "file/distribution.png", [row], DENOISE)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
