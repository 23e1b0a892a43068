from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
import soundfile
from scipy.signal import lfilter

from mn_dataset import seeds
from mn_dataset.audio import codec
from mn_dataset.audio.io import Pcm, write_flac, write_wav
from mn_dataset.errors import AudioError
from mn_dataset.seeds import generator

RUNGS = [(name, rung) for name, ladder in codec.LADDERS.items() for rung in ladder]

pytestmark = pytest.mark.skipif(
    set(codec.encoders()) != set(codec.LADDERS), reason="this libsndfile cannot write MP3 and Ogg"
)


@pytest.fixture(scope="module")
def sound():
    """One second of noise that falls with frequency, as music does."""
    noise = lfilter([1.0], [1.0, -0.95], seeds.generator(0, "codec test").normals(44_100))
    return (0.2 * noise / np.abs(noise).max()).astype(np.float32)


@pytest.mark.parametrize(("name", "rung"), RUNGS)
def test_every_bitrate_keeps_length_and_time(sound, name, rung):
    """What comes back is as long as what went in, at lag zero, and nearly the same sound."""
    done = codec.round_trip(sound, name, bitrate_kbps=rung, sampling_rate=44_100)
    lags = [np.dot(done[100:-100], np.roll(sound, lag)[100:-100]) for lag in range(-50, 51)]

    assert done.shape == sound.shape
    assert done.dtype == np.float32
    assert np.argmax(lags) == 50
    assert np.corrcoef(done, sound)[0, 1] > 0.95  # the lowest rung of either gives 0.97


@pytest.mark.parametrize("name", codec.LADDERS)
def test_more_bits_leave_less_error(sound, name):
    """The bitrate is meant: the highest rung is at least 10 dB nearer than the lowest."""
    ladder = codec.LADDERS[name]
    errors = [
        np.square(codec.round_trip(sound, name, bitrate_kbps=k, sampling_rate=44_100) - sound).sum()
        for k in (ladder[0], ladder[-1])
    ]

    assert errors[0] > 10 * errors[1]


@pytest.mark.parametrize("name", codec.LADDERS)
def test_samples_over_full_scale_are_not_clipped(sound, name):
    """A layer of four times full scale comes back as loud as it was."""
    loud = sound * np.float32(4 / np.abs(sound).max())
    done = codec.round_trip(loud, name, bitrate_kbps=160, sampling_rate=44_100)

    assert np.abs(done).max() > 3.5
    assert np.corrcoef(done, loud)[0, 1] > 0.99


@pytest.mark.parametrize("count", [1, 100, 40_000])
@pytest.mark.parametrize("name", codec.LADDERS)
def test_any_length_comes_back(name, count):
    """Less than one frame of the codec, and more than one block of ours."""
    silence = np.zeros(count, np.float32)

    assert len(codec.round_trip(silence, name, bitrate_kbps=160, sampling_rate=44_100)) == count


RATE = 44_100


def noise(num_samples: int = 5000) -> Pcm:
    numbers = generator(0, "encode").uniforms(num_samples)
    return np.rint((2 * numbers - 1) * 32_767).astype(np.int16)


@pytest.mark.parametrize("audio_format", codec.FORMATS)
def test_what_is_encoded_is_decoded(audio_format):
    """Every sample, and the rate."""
    content = codec.encode(noise(), sampling_rate=32_000, audio_format=audio_format)
    samples, rate = codec.decode(content)

    assert rate == 32_000
    assert np.array_equal(samples, noise())


@pytest.mark.parametrize(("audio_format", "write"), [("wav", write_wav), ("flac", write_flac)])
def test_the_bytes_are_those_of_a_file(tmp_path, audio_format, write):
    """Of one version of the encoder."""
    write(tmp_path / "a", noise(), sampling_rate=RATE)
    content = codec.encode(noise(), sampling_rate=RATE, audio_format=audio_format)

    assert content == (tmp_path / "a").read_bytes()


def test_only_header_and_samples_are_canonical():
    """A chunk more, another rate or a cut is not; nor is FLAC."""
    content = codec.encode(noise(), sampling_rate=RATE, audio_format="wav")
    flac = codec.encode(noise(), sampling_rate=RATE, audio_format="flac")

    assert codec.is_canonical_wav(content, sampling_rate=RATE)
    assert not codec.is_canonical_wav(content, sampling_rate=48_000)
    assert not codec.is_canonical_wav(content[:-2], sampling_rate=RATE)
    assert not codec.is_canonical_wav(flac, sampling_rate=RATE)


@pytest.mark.parametrize(("channels", "subtype"), [(2, "PCM_16"), (1, "PCM_24"), (1, "FLOAT")])
def test_another_form_is_refused_by_name(channels, subtype):
    """Only mono 16-bit audio is what a publication holds."""
    file = BytesIO()
    soundfile.write(file, np.zeros((10, channels)), RATE, subtype=subtype, format="WAV")

    with pytest.raises(AudioError, match=rf"{channels} channel\(s\), {subtype}; expected mono"):
        codec.decode(file.getvalue())


def test_what_is_no_audio_is_refused():
    """With what is expected."""
    with pytest.raises(AudioError, match=r"not audio .* expected WAV or FLAC"):
        codec.decode(b"<!DOCTYPE html>")
