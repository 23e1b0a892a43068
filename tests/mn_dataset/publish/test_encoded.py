"""Audio on its way into a publication: proven by the manifest's hashes."""

from __future__ import annotations

import shutil

import pytest

from mn_dataset.audio import io as audio_io
from mn_dataset.errors import DatasetError
from mn_dataset.publish.publish import publish


def test_changed_audio_is_not_published(built, tmp_path):
    """A file whose samples are not the manifest's stops it, by name."""
    shutil.copytree(built, tmp_path / "d")
    path = next((tmp_path / "d/audio/test").glob("*.clean.wav"))
    samples = audio_io.read_pcm(path, sampling_rate=44_100)
    audio_io.write_wav(path, samples // 2, sampling_rate=44_100)

    with pytest.raises(DatasetError, match=rf"{path.name}: cannot be published"):
        publish(tmp_path / "d", tmp_path / "out")
