"""The tracks of a session are read together, whatever their files are."""

import numpy as np
import pytest
import soundfile

from mn_dataset.audio import tracks as module
from mn_dataset.audio.tracks import (
    microphones,
    read_microphones,
    read_together,
    read_track,
    session_files,
    track_numbers,
)
from mn_dataset.errors import AudioError, InputError


@pytest.fixture
def write(tmp_path):
    def written(name, samples, rate=8_000, **form):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, samples, rate, **form)
        return path

    return written


def noise(*shape):
    return np.random.default_rng(0).uniform(-0.5, 0.5, shape)


def test_files_come_as_they_are_named_and_folders_by_name(write, tmp_path):
    """Once each, and not what lies in folders below."""
    for name in ("b.wav", "a.wav", "below/c.wav"):
        write(name, noise(9))

    assert [path.name for path in session_files([tmp_path])] == ["a.wav", "b.wav"]
    chosen = session_files([tmp_path / "b.wav", tmp_path / "below", tmp_path])
    assert [path.name for path in chosen] == ["b.wav", "c.wav", "a.wav"]


def test_a_place_without_recordings_is_an_error(write, tmp_path):
    """Saying where some are, if there are any."""
    write("session/take/a.wav", noise(9))
    (tmp_path / "empty").mkdir()

    with pytest.raises(InputError, match="but those in folders below it; name the one of the"):
        session_files([tmp_path / "session"])
    with pytest.raises(InputError, match="empty: a folder without recordings; expected tracks"):
        session_files([tmp_path / "empty"])
    with pytest.raises(InputError, match=r"none\.wav: no such file or folder"):
        session_files([tmp_path / "none.wav"])


def test_a_track_is_what_its_file_states(write):
    """The names of its channels are told apart."""
    mono = read_track(write("a.wav", noise(123)))
    stereo = read_track(write("b.flac", noise(99, 2), rate=48_000))

    assert (mono.channels, mono.num_samples, mono.sampling_rate) == (1, 123, 8_000)
    assert (stereo.channels, stereo.num_samples, stereo.sampling_rate) == (2, 99, 48_000)
    assert microphones([mono, stereo]) == ["a.wav", "b.flac:1", "b.flac:2"]
    assert track_numbers([mono, stereo]) == [0, 1, 1]
    with pytest.raises(AudioError, match="holds no samples"):
        read_track(write("empty.wav", np.zeros(0)))


def test_the_length_of_a_lossy_track_is_counted(write):
    """Of OGG, whose header may say anything."""
    track = read_track(write("a.ogg", noise(12_345), format="OGG"))

    assert track.num_samples == sum(part.shape[-1] for (part,) in read_together([track]))


@pytest.mark.parametrize("block", [100, 4_096, 2**16])
def test_samples_of_all_tracks_come_together(write, monkeypatch, block):
    """Of 16 bits, 24 and floating point, in any blocks; a track that ended is silent."""
    monkeypatch.setattr(module, "BLOCK", block)
    first, second, third = noise(20_001), noise(20_001, 2), noise(15_000)
    tracks = [
        read_track(write("a.wav", first, subtype="FLOAT")),
        read_track(write("b.flac", second, subtype="PCM_24")),
        read_track(write("c.aiff", third)),
    ]

    together = np.concatenate(list(read_microphones(tracks)), axis=-1)

    assert together.dtype == np.float32
    np.testing.assert_allclose(together[0], first, atol=1e-7)
    np.testing.assert_allclose(together[1:3], second.T, atol=2.0**-23)
    np.testing.assert_allclose(together[3, :15_000], third, atol=2.0**-15)
    assert not together[3, 15_000:].any()


def test_infinity_is_told_with_its_place(write):
    """After the blocks before it."""
    broken = noise(90_000)
    broken[80_000] = np.inf
    tracks = [read_track(write(f"{name}.wav", x, subtype="FLOAT"))
              for name, x in (("a", noise(90_000)), ("b", broken))]  # fmt: skip

    with pytest.raises(AudioError, match=r"b.wav: holds NaN or infinity at 10.000 s"):
        list(read_together(tracks))
