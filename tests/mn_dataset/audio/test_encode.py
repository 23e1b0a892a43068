"""Recordings in memory are what they would be in a file."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
import soundfile

from mn_dataset.audio import encode
from mn_dataset.audio.io import Pcm, write_flac, write_wav
from mn_dataset.errors import AudioError
from mn_dataset.seeds import generator

RATE = 44_100


def noise(num_samples: int = 5000) -> Pcm:
    numbers = generator(0, "encode").uniforms(num_samples)
    return np.rint((2 * numbers - 1) * 32_767).astype(np.int16)


@pytest.mark.parametrize("audio_format", encode.FORMATS)
def test_what_is_encoded_is_decoded(audio_format):
    """Every sample, and the rate."""
    content = encode.encode(noise(), sampling_rate=32_000, audio_format=audio_format)
    samples, rate = encode.decode(content)

    assert rate == 32_000
    assert np.array_equal(samples, noise())


@pytest.mark.parametrize(("audio_format", "write"), [("wav", write_wav), ("flac", write_flac)])
def test_the_bytes_are_those_of_a_file(tmp_path, audio_format, write):
    """Of one version of the encoder."""
    write(tmp_path / "a", noise(), sampling_rate=RATE)
    content = encode.encode(noise(), sampling_rate=RATE, audio_format=audio_format)

    assert content == (tmp_path / "a").read_bytes()


def test_only_header_and_samples_are_canonical():
    """A chunk more, another rate or a cut is not; nor is FLAC."""
    content = encode.encode(noise(), sampling_rate=RATE, audio_format="wav")
    flac = encode.encode(noise(), sampling_rate=RATE, audio_format="flac")

    assert encode.is_canonical_wav(content, sampling_rate=RATE)
    assert not encode.is_canonical_wav(content, sampling_rate=48_000)
    assert not encode.is_canonical_wav(content[:-2], sampling_rate=RATE)
    assert not encode.is_canonical_wav(flac, sampling_rate=RATE)


@pytest.mark.parametrize(("channels", "subtype"), [(2, "PCM_16"), (1, "PCM_24"), (1, "FLOAT")])
def test_another_form_is_refused_by_name(channels, subtype):
    """Only mono 16-bit audio is what a publication holds."""
    file = BytesIO()
    soundfile.write(file, np.zeros((10, channels)), RATE, subtype=subtype, format="WAV")

    with pytest.raises(AudioError, match=rf"{channels} channel\(s\), {subtype}; expected mono"):
        encode.decode(file.getvalue())


def test_what_is_no_audio_is_refused():
    """With what is expected."""
    with pytest.raises(AudioError, match=r"not audio .* expected WAV or FLAC"):
        encode.decode(b"<!DOCTYPE html>")
