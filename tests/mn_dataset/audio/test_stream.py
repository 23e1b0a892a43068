from __future__ import annotations

import os

import numpy as np
import pytest
import soundfile

from mn_dataset.audio import header, io
from mn_dataset.audio.convert import resample, resample_blocks
from mn_dataset.audio.decode import silent_stderr
from mn_dataset.errors import AudioError
from mn_dataset.seeds import generator

SUBTYPES = ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "ALAW"]


def noise(seconds: float = 5.0, channels: int = 2, rate: int = 44_100) -> np.ndarray:
    count = round(seconds * rate)
    numbers = generator(0, "stream", str(channels)).uniforms(count * channels)
    return 1.8 * (numbers.reshape(count, channels) - 0.5)


@pytest.mark.parametrize("channels", [1, 2, 6])
@pytest.mark.parametrize("subtype", SUBTYPES)
def test_reading_in_blocks_is_reading_at_once(tmp_path, subtype, channels):
    """Every sample is what soundfile reads as float64, whatever narrow type carried it."""
    path = tmp_path / "a.wav"
    soundfile.write(path, noise(channels=channels), 44_100, subtype=subtype)
    found, rate = io.read_any(path)
    expected, _ = soundfile.read(path, always_2d=True)

    assert rate == 44_100
    assert found.dtype == np.float64
    assert np.array_equal(found, expected)


@pytest.mark.parametrize("name", ["a.flac", "a.ogg", "a.mp3", "a.aiff", "a.au", "a.w64", "a.caf"])
def test_formats_too(tmp_path, name):
    """Compressed ones are decoded without a seam between blocks."""
    path = tmp_path / name
    samples = noise(3.0)
    with soundfile.SoundFile(path, "w", 44_100, 2) as file:
        for start in range(0, len(samples), 8192):  # Vorbis takes little at a time
            file.write(samples[start : start + 8192])
    found, _ = io.read_any(path)

    assert np.array_equal(found, soundfile.read(path, dtype="float32")[0].astype(np.float64))


@pytest.mark.parametrize(("subtype", "top"), [("PCM_U8", 32_512), ("ULAW", 32_124), ("PCM_16", 0)])
def test_full_scale_is_what_the_encoding_reaches(tmp_path, subtype, top):
    """The loudest sample that fits is at the top, and the next one is not."""
    path = tmp_path / "a.wav"
    soundfile.write(path, np.array([1.0, 0.9, -1.0]), 44_100, subtype=subtype)
    with io.stream(path) as audio:
        assert audio.top == (top or 32_767)
        block = next(iter(audio.blocks))
        assert block.dtype == np.int16
        assert (block >= audio.top).ravel().tolist() == [True, False, False]
        assert (block <= -audio.top).ravel().tolist() == [False, False, True]


@pytest.mark.parametrize("rate", [0, 999, 1_000_001])
def test_rates_that_nobody_records_at_are_refused(tmp_path, rate):
    """A damaged header would ask for gigabytes of resampling."""
    path = tmp_path / "a.wav"
    soundfile.write(path, noise(0.1), 44_100)
    content = bytearray(path.read_bytes())
    content[24:28] = rate.to_bytes(4, "little")
    path.write_bytes(content)

    with pytest.raises(AudioError, match=r"Hz|not readable"):
        io.read_any(path)


def test_a_wav_that_was_streamed_states_no_size(tmp_path):
    """Programs that write to a pipe leave the sizes at their largest; that is no truncation."""
    path = tmp_path / "a.wav"
    soundfile.write(path, noise(0.1), 44_100)
    content = bytearray(path.read_bytes())
    content[4:8] = content[40:44] = b"\xff" * 4
    path.write_bytes(content)

    assert not header.is_truncated(path)
    assert len(io.read_any(path)[0]) == 4410


def test_a_data_chunk_that_promises_more_is_truncated(tmp_path):
    """Though the size of the whole file is right."""
    path = tmp_path / "a.wav"
    soundfile.write(path, noise(0.1), 44_100, subtype="PCM_16")
    content = bytearray(path.read_bytes())
    content[40:44] = (10**6).to_bytes(4, "little")
    path.write_bytes(content)

    assert header.is_truncated(path)


def test_resampling_in_blocks_is_resampling_at_once():
    """To the last bit, for blocks of any size and in both directions."""
    samples = noise(2.0, channels=1)[:, 0]
    for rate in (8_000, 44_056, 48_000, 192_000):
        for size in (1_000, 7_777, len(samples)):
            blocks = (samples[start : start + size] for start in range(0, len(samples), size))
            parts = list(resample_blocks(blocks, from_rate=rate, to_rate=44_100))
            expected = resample(samples, from_rate=rate, to_rate=44_100)

            assert np.array_equal(np.concatenate(parts), expected)


def test_a_silenced_library_is_heard_by_nobody(capfd):
    """What C code writes to stderr is gone, what comes afterwards is not."""
    with silent_stderr():
        os.write(2, b"[src/libmpg123/parse.c] error")
    os.write(2, b"ours")

    assert capfd.readouterr().err == "ours"
