from __future__ import annotations

import numpy as np
import pyloudnorm
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from mn_dataset.audio import index, io, level, segment
from mn_dataset.audio.corpus import open_corpus
from mn_dataset.audio.resample import resample
from mn_dataset.errors import AudioError, InputError, MnError
from mn_dataset.records import SAMPLING_RATE
from mn_dataset.seeds import generator

RATE = SAMPLING_RATE


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


def test_energies_are_exact_integers():
    """Full-scale samples sum as Python's integers do."""
    samples = np.full(100_000, -32_768, np.int16)
    found = level.measure(samples)

    assert found.energy == 100_000 * 32_768**2
    assert found.total == -100_000 * 32_768
    assert found.variance_energy == 0
    assert found.peak == 32_768


@given(st.lists(st.integers(-32_768, 32_767), min_size=1, max_size=3000))
@settings(max_examples=50, deadline=None)
def test_a_level_is_what_python_counts(values):
    """Energy, sum, variance and peak by plain integer arithmetic."""
    found = level.measure(np.array(values, np.int16))
    energy, total = sum(v * v for v in values), sum(values)

    assert (found.energy, found.total) == (energy, total)
    assert found.peak == max(abs(v) for v in values)
    assert found.variance_energy == pytest.approx(energy - total**2 / len(values), abs=1e-3)


def test_active_power_leaves_silence_out():
    """Half a second of noise and nine of silence have the noise's active power."""
    loud = noise(22 * level.BLOCK)
    padded = np.concatenate([loud, np.zeros(400 * level.BLOCK, np.int16)])

    assert level.measure(padded).active_power == level.measure(loud).active_power


@pytest.mark.parametrize("num_samples", [17_640, 17_641, 30_000, 100_000, 441_000])
def test_loudness_is_pyloudnorm_s(num_samples):
    """BS.1770 against an independent implementation, to 1e-6 LU."""
    envelope = np.interp(np.arange(num_samples), [0, num_samples], [0.01, 1.0])
    samples = np.rint(noise(num_samples) * envelope).astype(np.int16)
    expected = pyloudnorm.Meter(RATE).integrated_loudness(samples / 32_768)

    assert level.lufs(samples, sampling_rate=RATE) == pytest.approx(expected, abs=1e-6)


def test_loudness_is_undefined_below_a_block_and_below_the_gate():
    """NaN, not minus infinity and not a crash."""
    assert np.isnan(level.lufs(noise(17_000), sampling_rate=RATE))
    assert np.isnan(level.lufs(np.zeros(RATE, np.int16), sampling_rate=RATE))


def test_a_loop_keeps_the_power_across_its_seam():
    """√-weights whose squares sum to one: the seam is as loud as the rest, within 0.3 dB."""
    samples = noise(3 * segment.FADE)
    looped = segment.loop(samples, segment.FADE)
    seam = looped[: segment.FADE].astype(float)
    rest = looped[segment.FADE :].astype(float)

    assert len(looped) == 2 * segment.FADE
    assert abs(10 * np.log10(np.mean(seam**2) / np.mean(rest**2))) < 0.3  # √(2/11025) is 0.06 dB
    assert abs(int(looped[0]) - int(samples[2 * segment.FADE])) <= 1  # it goes on where it ended


def test_a_recording_too_short_for_its_fade_is_refused():
    """Two faded ends may not meet."""
    with pytest.raises(ValueError, match="cannot be looped"):
        segment.loop(noise(100), 51)


def test_a_cut_wraps_only_when_it_may():
    """A periodic cut goes round, another one is refused."""
    samples = np.arange(5, dtype=np.int16)

    assert segment.cut(samples, 4, 4, periodic=True).tolist() == [4, 0, 1, 2]
    with pytest.raises(ValueError, match="leaves"):
        segment.cut(samples, 4, 4)


def test_resampling_keeps_a_tone():
    """48 kHz to 44.1 kHz: a tone stays within 1e-4 of itself, ends left out."""
    time_48 = np.arange(48_000) / 48_000
    time_44 = np.arange(44_100) / 44_100
    found = resample(np.sin(2 * np.pi * 997 * time_48), from_rate=48_000, to_rate=44_100)

    assert len(found) == 44_100
    assert np.abs(found - np.sin(2 * np.pi * 997 * time_44))[2000:-2000].max() < 1e-4


def test_the_index_is_kept_and_refreshed(damaged):
    """An untouched file is measured once; a changed one again."""
    root = damaged()
    file = open_corpus(root).of("clean")[0].row.file
    before, _ = index.refresh(root, [file])
    kept, _ = index.refresh(root, [file])
    io.write_wav(root / file, noise(50_000), sampling_rate=RATE)
    after, _ = index.refresh(root, [file])

    assert (root / index.INDEX_NAME).is_file()
    assert kept[file].pcm_sha256 == before[file].pcm_sha256
    assert after[file].frames == 50_000
    assert after[file].pcm_sha256 == io.pcm_sha256(noise(50_000))


def test_a_damaged_index_is_made_again(damaged):
    """The index is a cache: rubbish in its place harms nobody."""
    root = damaged()
    expected = open_corpus(root).hash
    (root / index.INDEX_NAME).write_bytes(b"rubbish")

    assert open_corpus(root).hash == expected


def test_a_read_only_corpus_is_left_as_it_is(damaged):
    """Its index goes to the user's cache."""
    root = damaged()
    (root / index.INDEX_NAME).unlink(missing_ok=True)
    root.chmod(0o555)
    try:
        first = open_corpus(root).hash
        assert not (root / index.INDEX_NAME).exists()
        assert open_corpus(root).hash == first
    finally:
        root.chmod(0o755)


def test_an_energy_bound_is_below_the_energy():
    """What the index promises of a segment, the segment holds."""
    samples = noise(10_000)
    found = level.measure(samples)
    entry = index.Entry(
        "", 0, 0, len(samples), "", found.total, found.blocks, found.peak, 0, np.zeros(0), 0.0
    )
    for start, length in ((0, 10_000), (5, 3000), (1024, 2048), (7000, 900)):
        energy = int((samples[start : start + length].astype(np.int64) ** 2).sum())
        assert entry.energy_bound(start, length) <= energy


def test_a_silent_clip_and_a_noise_too_short_are_refused(damaged):
    """By table, row and column, whether or not a draw would use them."""
    root = damaged("clean", 5, file="clean/silent.wav")
    io.write_wav(root / "clean/silent.wav", np.zeros(50_000, np.int16), sampling_rate=RATE)
    with pytest.raises(InputError, match=r"clean.csv:5: column 'file'.*silent"):
        open_corpus(root)

    damaged("clean", 5, file="clean/piano_train_0.wav")
    damaged("noise", 3, file="noise/short.wav")
    io.write_wav(root / "noise/short.wav", noise(9000), sampling_rate=RATE)
    with pytest.raises(MnError, match=r"noise.csv:3: column 'file'.*cross-fade"):
        open_corpus(root)
