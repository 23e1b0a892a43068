"""What is written is what an independent reader finds, and what is no audio is named."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile

from mn_dataset.audio import io
from mn_dataset.errors import AudioError, OutputError
from mn_dataset.files.atomic import replacement
from mn_dataset.records import SAMPLING_RATE as RATE
from mn_dataset.seeds import generator


def noise(num_samples: int, peak: int = 20_000, name: str = "") -> io.Pcm:
    numbers = generator(0, "test audio", name).uniforms(num_samples)
    return np.rint((2 * numbers - 1) * peak).astype(np.int16)


def test_a_wav_is_what_an_independent_reader_finds(tmp_path):
    """Header and samples are read back by soundfile; the size is canonical."""
    samples = noise(1001)
    io.write_wav(tmp_path / "a.wav", samples, sampling_rate=RATE)
    found, rate = soundfile.read(tmp_path / "a.wav", dtype="int16")

    assert rate == RATE
    assert np.array_equal(found, samples)
    assert (tmp_path / "a.wav").stat().st_size == 44 + 2 * 1001
    assert np.array_equal(io.read_pcm(tmp_path / "a.wav", sampling_rate=RATE), samples)


def test_flac_keeps_every_sample(tmp_path):
    """16-bit FLAC is exact."""
    samples = noise(5000)
    io.write_flac(tmp_path / "a.flac", samples, sampling_rate=RATE)

    assert np.array_equal(io.read_pcm(tmp_path / "a.flac", sampling_rate=RATE), samples)


@pytest.mark.parametrize(
    ("rate", "channels", "subtype", "found"),
    [
        (48_000, 1, "PCM_16", "48000 Hz"),
        (44_100, 2, "PCM_16", "2 channel"),
        (44_100, 1, "FLOAT", "FLOAT"),
        (44_100, 1, "PCM_24", "PCM_24"),
    ],
)
def test_another_form_is_refused_by_name(tmp_path, rate, channels, subtype, found):
    """The message says what was found, and which command converts it."""
    path = tmp_path / "a.wav"
    soundfile.write(path, np.zeros((100, channels)), rate, subtype=subtype)

    with pytest.raises(AudioError, match=found) as caught:
        io.read_pcm(path, sampling_rate=RATE)
    assert str(path) in str(caught.value)
    assert "mn curate" in str(caught.value)


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (b"<!DOCTYPE html><html>quota exceeded</html>", "HTML page"),
        (b"", "empty"),
        (b"not audio at all", "not readable"),
    ],
)
def test_what_is_no_audio_is_named(tmp_path, content, named):
    """A page, an empty file and rubbish are told apart."""
    path = tmp_path / "a.wav"
    path.write_bytes(content)

    with pytest.raises(AudioError, match=named):
        io.read_pcm(path, sampling_rate=RATE)


@pytest.mark.parametrize("writer", [io.write_wav, io.write_flac])
def test_a_truncated_file_is_found(tmp_path, writer):
    """A file cut in the middle is not taken for a short one."""
    path = tmp_path / "a.wav"
    writer(path, noise(20_000), sampling_rate=RATE)
    path.write_bytes(path.read_bytes()[:-9000])

    with pytest.raises(AudioError):
        io.read_pcm(path, sampling_rate=RATE)


@pytest.mark.parametrize("writer", [io.write_wav, io.write_flac])
def test_a_file_that_cannot_be_written_is_a_fault_of_the_system(tmp_path, writer):
    """It becomes an error that names the file where it is written to be put in its place."""
    with pytest.raises(OSError, match=r"a\.wav"):
        writer(tmp_path / "no" / "a.wav", noise(10), sampling_rate=RATE)

    taken = tmp_path / "taken.wav"
    taken.mkdir()
    with (
        pytest.raises(OutputError, match=r"taken\.wav: cannot be written"),
        replacement(taken) as temporary,
    ):
        writer(temporary, noise(10), sampling_rate=RATE)


def test_a_damaged_mp3_in_the_place_of_a_corpus_recording_is_refused_in_silence(tmp_path, capfd):
    """libmpg123 comments on it; what the user reads is one line."""
    path = tmp_path / "take.wav"
    soundfile.write(path, np.zeros(4_410), 44_100, format="MP3")
    path.write_bytes(path.read_bytes()[:-200])

    with pytest.raises(AudioError, match=r"MPEG_LAYER_III; expected 44100 Hz"):
        io.read_pcm(path, sampling_rate=44_100)

    assert capfd.readouterr() == ("", "")
