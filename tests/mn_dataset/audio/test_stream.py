from __future__ import annotations

import os
import shutil
import subprocess

import numpy as np
import pytest
import soundfile

from mn_dataset.audio import ffmpeg, header, io
from mn_dataset.audio.convert import resample, resample_blocks
from mn_dataset.audio.decode import silent_stderr
from mn_dataset.errors import AudioError
from mn_dataset.seeds import generator

needs_ffmpeg = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")
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


@needs_ffmpeg
def test_ffmpeg_gives_rate_channels_and_every_sample(tmp_path):
    """A lossless sound track is the samples themselves; closing early leaves no process."""
    samples = (noise(4.0, 3, 32_000) * 32_768).astype(np.int16)
    soundfile.write(tmp_path / "a.wav", samples, 32_000, subtype="PCM_16")
    path = tmp_path / "-y it's 100%d.mkv"
    command = ["ffmpeg", "-v", "error", "-i", tmp_path / "a.wav", "-c:a", "flac", f"file:{path}"]
    subprocess.run(command, check=True)
    with ffmpeg.sound_track(path) as (rate, channels, blocks):
        found = np.concatenate(list(blocks))
    with ffmpeg.sound_track(path) as (_, _, blocks):
        next(blocks)

    assert (rate, channels) == (32_000, 3)
    assert np.array_equal(found * 32_768, samples)


@needs_ffmpeg
def test_ffmpeg_reads_no_other_file(tmp_path):
    """A playlist in a video's clothes could name any file of the machine."""
    soundfile.write(tmp_path / "secret.wav", noise(1.0), 44_100)
    (tmp_path / "a.mp4").write_text(f"#EXTM3U\n#EXTINF:1,\n{tmp_path / 'secret.wav'}\n")
    (tmp_path / "b.mp4").write_text(f"ffconcat version 1.0\nfile '{tmp_path / 'secret.wav'}'\n")

    for name in ("a.mp4", "b.mp4"):
        with pytest.raises(AudioError), ffmpeg.sound_track(tmp_path / name) as (_, _, blocks):
            list(blocks)


def test_a_decoder_that_hangs_is_stopped(tmp_path, monkeypatch):
    """It is named as such after a while."""
    program = tmp_path / "ffmpeg"
    program.write_text("#!/bin/sh\nexec sleep 60\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(ffmpeg, "PATIENCE_S", 0.2)

    with (
        pytest.raises(AudioError, match=r"no answer in 0\.2 s"),
        ffmpeg.sound_track(tmp_path / "a"),
    ):
        pass
