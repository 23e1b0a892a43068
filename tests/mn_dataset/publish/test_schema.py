"""The columns of a publication: audio and classes, with numbers that never change."""

from __future__ import annotations

import pytest

from mn_dataset.records import MUSIC_CATEGORIES, NOISE_CLASSES

TRIPLE = ("noisy", "clean", "noise")

datasets = pytest.importorskip("datasets", reason="the extra `publish` is not installed")
Audio, ClassLabel, load_dataset = datasets.Audio, datasets.ClassLabel, datasets.load_dataset


def test_columns_are_audio_and_classes_in_a_fixed_order(published):
    """A published number means the same for ever."""
    features = load_dataset(str(published), split="test", streaming=True).features

    assert all(features[part] == Audio(sampling_rate=44_100) for part in TRIPLE)
    assert features["music_category"] == ClassLabel(names=list(MUSIC_CATEGORIES))
    assert features["noise_class"] == ClassLabel(names=list(NOISE_CLASSES))
