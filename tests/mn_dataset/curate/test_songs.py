"""Published sets of songs in stems become corpora, each from a stand-in of its real layout."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from mn_dataset import tables
from mn_dataset.audio import io
from mn_dataset.audio.corpus import open_corpus
from mn_dataset.check.corpus import check
from mn_dataset.curate.curate import curate
from mn_dataset.curate.layouts import LAYOUTS
from mn_dataset.errors import InputError, UnknownName
from mn_dataset.mix.draw import draw
from mn_dataset.records import SAMPLING_RATE
from mn_dataset.seeds import generator
from mn_dataset.tables import Row

LEVEL = 0.1


def sound(name: str, num_samples: int, level: float = LEVEL) -> np.ndarray:
    """Noise whose energy is below 4 kHz at any rate used here, so that resampling keeps it."""
    white = generator(0, "song", name).uniforms(num_samples + 15) - 0.5
    return level * np.convolve(white, np.hanning(16) / 8, mode="valid")


def write(path: Path, *channels: np.ndarray, rate: int = SAMPLING_RATE) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.stack(channels, axis=1), rate, subtype="PCM_16")


def rows_of(corpus: Path) -> dict[str, Row]:
    return {row.id: row for row in tables.read_table(corpus / "stems.csv", "stem")}


def pcm(corpus: Path, row: Row) -> np.ndarray:
    return io.read_pcm(corpus / row.file, sampling_rate=SAMPLING_RATE)


def rms(samples: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(samples, dtype=float))))


@pytest.fixture
def mir1k(tmp_path: Path) -> Path:
    """Clips at 16 kHz: left the accompaniment, right the voice, three times as soft."""
    root = tmp_path / "MIR-1K"
    for clip in ("abjones_5_07", "abjones_5_08", "amy_1_01", "Ani_1_01"):
        music, voice = sound(f"{clip} music", 16_000), sound(f"{clip} voice", 16_000) / 3
        write(root / "Wavfile" / f"{clip}.wav", music, voice, rate=16_000)
    write(root / "UndividedWavfile" / "Ani_1.wav", *[sound("all", 16_000)] * 2, rate=16_000)
    (root / "PitchLabel").mkdir()
    (root / "PitchLabel" / "amy_1_01.pv").write_text("0\n")
    return root


def test_mir1k_has_the_paper_s_split_and_its_sides(mir1k, tmp_path):
    """Left is the accompaniment; four clips of training songs are for validation."""
    report = curate(mir1k, tmp_path / "corpus", layout="mir1k")

    rows = rows_of(tmp_path / "corpus")
    assert (report.songs, report.stems, report.rejected) == (4, 8, ())
    splits = {row.song: row.split for row in rows.values()}
    assert splits == {
        "abjones_5_07": "train",
        "abjones_5_08": "validation",
        "amy_1_01": "train",
        "ani_1_01": "test",
    }
    assert {row.license for row in rows.values()} == {""}
    voice, other = rows["stem/amy_1_01/vocals"], rows["stem/amy_1_01/other"]
    assert (voice.group, voice.source) == ("mir1k:amy_1", "mir1k: amy_1_01")
    samples = pcm(tmp_path / "corpus", voice), pcm(tmp_path / "corpus", other)
    assert len(samples[0]) == len(samples[1]) == SAMPLING_RATE
    # Resampling keeps the energy of what is below both bands, but for its filter's ends.
    assert rms(samples[0]) / rms(samples[1]) == pytest.approx(1 / 3, rel=0.05)
    expected = 32_768 * rms(sound("amy_1_01 music", 16_000))
    assert rms(samples[1]) == pytest.approx(expected, rel=0.02)


def test_mir1k_s_validation_clips_leak_and_it_is_said(mir1k, tmp_path):
    """They are of songs that are trained on: the published split is kept, and its leak told."""
    curate(mir1k, tmp_path / "corpus", layout="mir1k")

    (finding,) = [one for one in check(tmp_path / "corpus") if one.severity == "error"]

    assert "group mir1k:abjones_5 is in more than one split" in finding.text


def test_ikala_states_no_split(tmp_path):
    """No list of one is published; verse and chorus of one song are one group."""
    root = tmp_path / "iKala"
    for clip in ("10161_chorus", "10161_verse", "21025_chorus"):
        write(root / "Wavfile" / f"{clip}.wav", sound(f"{clip} m", 4410), sound(f"{clip} v", 4410))

    curate(root, tmp_path / "corpus", layout="ikala", license="LicenseRef-iKala")

    rows = rows_of(tmp_path / "corpus").values()
    assert {row.split for row in rows} == {""}
    assert {row.license for row in rows} == {"LicenseRef-iKala"}
    assert {row.group for row in rows} == {"ikala:10161", "ikala:21025"}


def test_musdb18_is_averaged_to_mono_and_its_mixture_left_out(tmp_path):
    """Train without the fourteen validation songs that musdb names; the folders' names are kept."""
    root = tmp_path / "musdb18hq"
    songs = {
        "train/A Band - A Song": "train",
        "train/Meaxic - Take A Step": "validation",
        "test/Another Band - Another Song": "test",
    }
    for song in songs:
        stems = ["vocals", "bass", "drums", "other"]
        sides = {stem: (sound(f"{song} {stem} l", 4410), sound(stem, 4410)) for stem in stems}
        for stem, (left, right) in sides.items():
            write(root / song / f"{stem}.wav", left, right)
        write(root / song / "mixture.wav", *np.sum(list(sides.values()), axis=0))

    report = curate(root, tmp_path / "corpus", layout="musdb18")

    rows = rows_of(tmp_path / "corpus").values()
    assert (report.songs, report.stems) == (3, 12)
    titles = {row.source.removeprefix("musdb18: "): row.split for row in rows}
    assert titles == {Path(song).name: split for song, split in songs.items()}
    row = next(row for row in rows if "A Song" in row.source and row.category == "bass")
    mean = (sound("train/A Band - A Song bass l", 4410) + sound("bass", 4410)) / 2
    # soundfile cuts off what is below an LSB of each channel, and their mean is rounded again.
    np.testing.assert_allclose(pcm(tmp_path / "corpus", row), 32_768 * mean, atol=1.51)


def test_any_folder_of_songs_is_taken_below_splits_or_not(tmp_path):
    """Stems are named after their files; what is called a mixture is none of them."""
    root = tmp_path / "songs"
    for song in ("train/Live/One", "Two"):
        for stem in ("VOX1", "BGVOX", "lead guitar", "mix"):
            write(root / song / f"{stem}.flac", sound(f"{song} {stem}", 4410))

    curate(root, tmp_path / "corpus", layout="stems")

    rows = rows_of(tmp_path / "corpus")
    assert {row.category for row in rows.values()} == {"VOX1", "BGVOX", "lead guitar"}
    assert {(row.song, row.split, row.group) for row in rows.values()} == {
        ("live/one", "train", "live"),
        ("two", "", "two"),
    }
    assert rows["stem/two/vox1"].file == "two/vox1.wav"
    assert open_corpus(tmp_path / "corpus").songs()["two"]


def test_one_gain_is_for_all_stems_of_a_song(tmp_path):
    """Where their sum would pass −1 dBFS; the balance stays."""
    root = tmp_path / "songs"
    loud = sound("loud", 4410)
    loud *= 0.9 / np.abs(loud).max()
    write(root / "song" / "vocals.wav", loud)
    write(root / "song" / "drums.wav", loud / 2)

    curate(root, tmp_path / "corpus", layout="stems")

    rows = rows_of(tmp_path / "corpus")
    vocals, drums = (pcm(tmp_path / "corpus", rows[f"stem/song/{x}"]) for x in ("vocals", "drums"))
    total = vocals.astype(int) + drums
    assert np.abs(total).max() == pytest.approx(32_768 * 10 ** (-1 / 20), abs=2)
    np.testing.assert_allclose(vocals, 2.0 * drums, atol=2)
    gains = {dict(row.further)["gain_db"] for row in rows.values()}
    assert len(gains) == 1


def test_songs_that_cannot_be_used_are_left_out_and_listed(mir1k, tmp_path):
    """By what was found; the others are there."""
    write(mir1k / "Wavfile" / "amy_2_01.wav", sound("mono", 4410))
    songs = tmp_path / "songs"
    for stem, seconds in (("vocals", 0.1), ("drums", 0.2)):
        write(songs / "uneven" / f"{stem}.wav", sound(stem, int(seconds * SAMPLING_RATE)))
        write(songs / "even" / f"{stem}.wav", sound(stem, 4410))
    (songs / "even" / "bass.wav").write_bytes((songs / "even" / "drums.wav").read_bytes()[:999])
    write(songs / "sound" / "vocals.wav", sound("vocals", 4410))

    one = curate(mir1k, tmp_path / "one", layout="mir1k")
    other = curate(songs, tmp_path / "other", layout="stems")

    assert [item.file for item in one.rejected] == ["amy_2_01"]
    assert "has 1 channels; expected two, accompaniment and voice" in one.rejected[0].reason
    reasons = {item.file: item.reason for item in other.rejected}
    assert "truncated" in reasons["even"]
    assert "vocals.wav lasts 0.1000 s where" in reasons["uneven"]
    listed = (tmp_path / "other" / "rejected.csv").read_text(encoding="utf-8").splitlines()
    assert len(listed) == 3
    assert {row.song for row in rows_of(tmp_path / "other").values()} == {"sound"}


def test_a_second_run_does_only_what_is_new(mir1k, tmp_path):
    """A stem that is gone or changed is made again, a clip that is gone goes; splits stay."""
    corpus = tmp_path / "corpus"
    curate(mir1k, corpus, layout="mir1k")
    before = {path: path.read_bytes() for path in corpus.rglob("*") if path.is_file()}
    stamp = (corpus / "amy_1_01" / "other.wav").stat().st_mtime_ns

    assert curate(mir1k, corpus, layout="mir1k").converted == 0
    assert {path: path.read_bytes() for path in before} == before

    (corpus / "ani_1_01" / "vocals.wav").write_bytes(b"spoiled")
    (corpus / "abjones_5_08" / "other.wav").unlink()
    again = curate(mir1k, corpus, layout="mir1k", workers=2)
    assert {path: path.read_bytes() for path in before} == before
    assert (corpus / "amy_1_01" / "other.wav").stat().st_mtime_ns == stamp
    assert str(again).startswith(f"4 songs in 8 stems in {corpus}")

    (mir1k / "Wavfile" / "amy_1_01.wav").unlink()
    curate(mir1k, corpus, layout="mir1k")
    assert not list(corpus.glob("amy_1_01/*.wav"))


def test_what_makes_no_sense_is_refused(mir1k, tmp_path):
    """An unknown layout, another one's folder or corpus, and options of clips."""
    with pytest.raises(UnknownName, match="layout 'mir-1k'; did you mean 'mir1k'"):
        curate(mir1k, tmp_path / "corpus", layout="mir-1k")
    with pytest.raises(InputError, match="no song is laid out as musdb18; expected folders of"):
        curate(mir1k, tmp_path / "corpus", layout="musdb18")
    with pytest.raises(InputError, match="songs are kept whole and as they are; give no clip_s"):
        curate(mir1k, tmp_path / "corpus", layout="mir1k", clip_s=5)
    assert not (tmp_path / "corpus").exists()
    curate(mir1k, tmp_path / "corpus", layout="mir1k")
    with pytest.raises(InputError, match="was not curated from the layout ikala"):
        curate(mir1k, tmp_path / "corpus", layout="ikala")
    assert set(LAYOUTS) == {"mir1k", "ikala", "musdb18", "stems", "drumgizmo"}


def test_what_is_curated_can_be_separated(mn, mir1k, tmp_path):
    """By the command line, from the folder to recipes."""
    code, out, err = mn("curate", mir1k, "--out", tmp_path / "corpus", "--layout", "mir1k")

    assert (code, err) == (0, "")
    assert out.startswith("4 songs in 8 stems")
    corpus = open_corpus(tmp_path / "corpus")
    assert len(draw(corpus, task="separate", split="train", snr_db=(0,))) == 2
