"""What a FLAC file says of its own length is a claim: what counts is what it holds."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
import soundfile

from mn_dataset import tables
from mn_dataset.audio import codec, io
from mn_dataset.audio.tracks import read_track
from mn_dataset.errors import AudioError

UNKNOWN, ABSURD = 0, 2**36 - 1
SAMPLES = (np.arange(60_000) % 997 - 498).astype(np.int16)


def claim(path, num_samples):
    """Change the 36 bits of a FLAC file's header that state its length."""
    content = bytearray(path.read_bytes())
    facts = int.from_bytes(content[18:26], "big") >> 36 << 36 | num_samples
    content[18:26] = facts.to_bytes(8, "big")
    path.write_bytes(bytes(content))


@pytest.fixture
def flac(tmp_path):
    """Return a function that writes a FLAC file which claims a length."""

    def write(num_samples):
        path = tmp_path / "take.flac"
        soundfile.write(path, SAMPLES, 44_100, subtype="PCM_16")
        claim(path, num_samples)
        return path

    return write


def test_a_flac_of_unknown_length_is_read_to_its_end(flac):
    """As ffmpeg and flac write one to a pipe; by every door."""
    path = flac(UNKNOWN)

    np.testing.assert_array_equal(io.read_pcm(path, sampling_rate=44_100), SAMPLES)
    np.testing.assert_array_equal(np.ravel(io.read_any(path)[0]) * 32_768, SAMPLES)
    np.testing.assert_array_equal(codec.decode(path.read_bytes())[0], SAMPLES)
    assert read_track(path).num_samples == len(SAMPLES)


@pytest.mark.parametrize("num_samples", [ABSURD, len(SAMPLES) + 1])
def test_a_flac_that_claims_more_than_it_holds_is_truncated(flac, num_samples):
    """128 GiB of samples are not taken from memory to find out."""
    path = flac(num_samples)

    with pytest.raises(AudioError, match="truncated"):
        io.read_pcm(path, sampling_rate=44_100)
    with pytest.raises(AudioError, match="truncated"):
        io.read_any(path)
    with pytest.raises(AudioError, match="truncated"):
        codec.decode(path.read_bytes())


@pytest.fixture
def piped(tiny_folder, tmp_path):
    """The small corpus with its clips as FLAC files of unknown length."""
    corpus = shutil.copytree(tiny_folder, tmp_path / "piped")
    path = tables.table_path(corpus, "clean")
    text = path.read_text("utf-8")
    for row in tables.parse_table(path):
        samples = io.read_pcm(corpus / row.file, sampling_rate=44_100)
        name = row.file.replace(".wav", ".flac")
        io.write_flac(corpus / name, samples, sampling_rate=44_100)
        claim(corpus / name, UNKNOWN)
        text = text.replace(row.file, name)
    path.write_text(text, "utf-8")
    return corpus


def test_every_command_takes_recordings_of_unknown_length(mn, piped, tmp_path):
    """Check, build, verify, bench and denoise: a corpus and a dataset of such files."""
    dataset = tmp_path / "dataset"
    assert mn("check", piped)[0] == 0
    options = ("--split", "test", "--snr-db", "5", "--count", "2", "--format", "flac")
    assert mn("build", piped, "--out", dataset, *options)[0] == 0
    for path in dataset.rglob("*.flac"):
        claim(path, UNKNOWN)
    assert mn("verify", dataset)[0] == 0
    bench = ("--out", tmp_path / "run", "--denoisers", "noisy", "--metrics", "si_sdr")
    assert mn("bench", dataset, *bench, "--workers", 1)[0] == 0
    take = next(piped.rglob("*.flac"))
    assert mn("denoise", take, "--denoiser", "wiener", "--out", tmp_path / "out")[0] == 0


def test_every_command_refuses_an_absurd_length_in_one_line(mn, piped, tmp_path):
    """Check and denoise name the file."""
    take = next(piped.rglob("*.flac"))
    claim(take, ABSURD)

    assert "truncated" in mn("check", piped)[1]
    code, out, err = mn("denoise", take, "--denoiser", "wiener", "--out", tmp_path / "out")
    assert code == 1
    assert "truncated" in out + err
