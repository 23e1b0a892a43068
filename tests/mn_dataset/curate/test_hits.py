"""Hits of a drum kit that many microphones heard become a corpus: of a stand-in, of a real one."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
import soundfile

from mn_dataset import tables
from mn_dataset.audio import io
from mn_dataset.audio.corpus import open_corpus
from mn_dataset.check.corpus import check
from mn_dataset.curate.curate import curate
from mn_dataset.errors import InputError, TableError
from mn_dataset.records import SAMPLING_RATE
from mn_dataset.tables import Row


def rows_of(corpus: Path) -> dict[str, Row]:
    return {row.id: row for row in tables.read_table(corpus / "stems.csv", "stem")}


def write_hits(folder: Path, **changes: str) -> Path:
    """Write a table of two hits of a kit, and their files; changes are of its second line."""
    rows = []
    for hit, drum in (("Snare_1", "Snare"), ("Kick_1", "Kick")):
        for microphone in ("Top", "Front"):
            file = f"{hit}/{microphone}.wav"
            rows.append({"file": file, "hit": hit, "drum": drum, "microphone": microphone})
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            level = 0.5 if (drum, microphone) in {("Snare", "Top"), ("Kick", "Front")} else 0.1
            soundfile.write(folder / file, np.full(900, level), 44_100, subtype="PCM_16")
    for row in rows:
        row |= {"license": "CC-BY-4.0", "attribution": "by Anna", "commit": "f00"}
    rows[1] |= changes
    names = list(dict.fromkeys(name for row in rows for name in row))
    with (folder / "hits.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, names, restval="")
        writer.writeheader()
        writer.writerows(rows)
    return folder


def test_a_hit_is_a_song_and_a_microphone_its_stem(write_kit, tmp_path):
    """By the names of files; a kit is one group, for testing; samples stay as they are."""
    folder = write_kit(tmp_path / "source")

    report = curate(folder, tmp_path / "kit", layout="drumgizmo", license="CC0-1.0")

    assert str(report).startswith("8 hits in 48 recordings")
    row = rows_of(tmp_path / "kit")["stem/snare_43/snare_top"]
    assert (row.song, row.category, row.split, row.group) == (
        "snare_43",
        "snare_top",
        "test",
        "kit",
    )
    assert dict(row.further)["drum"] == "snare"
    assert dict(row.further)["microphone"] == "snare_top"
    assert row.license == "CC0-1.0"
    samples = io.read_pcm(tmp_path / "kit" / row.file, sampling_rate=SAMPLING_RATE)
    original, _ = soundfile.read(
        folder / "Samples" / "Snare" / "43-Snare-Snare_top.wav", dtype="int16"
    )
    assert np.array_equal(samples, original)
    assert check(tmp_path / "kit") == []


def test_kits_lie_in_folders_of_their_own_below_splits_or_not(write_kit, tmp_path):
    """Each is a group of its own."""
    write_kit(tmp_path / "source" / "train" / "BigKit")
    write_kit(tmp_path / "source" / "Small")

    curate(tmp_path / "source", tmp_path / "kits", layout="drumgizmo")

    rows = rows_of(tmp_path / "kits")
    assert rows["stem/small/tom1_7/ohl"].split == "test"
    groups = {row.group: row.split for row in rows.values()}
    assert groups == {"bigkit": "train", "small": "test"}


def test_a_table_says_what_is_a_hit_and_whose(tmp_path):
    """Licence, attribution and further columns are carried; what it states is not overruled."""
    folder = write_hits(tmp_path / "source")

    curate(folder, tmp_path / "kit", layout="drumgizmo", license="MIT", attribution="by Bert")

    row = rows_of(tmp_path / "kit")["stem/kick_1/front"]
    assert (row.license, row.attribution) == ("CC-BY-4.0", "by Anna")
    assert dict(row.further)["commit"] == "f00"
    assert (row.song, row.group, row.split) == ("kick_1", "kit", "test")


def test_hits_keep_their_levels_to_each_other(tmp_path):
    """Their sum is nobody's to hear; what would clip by itself is lowered, and it is said."""
    folder = write_hits(tmp_path / "source")
    for name in ("Top", "Front"):
        loud = np.full(900, 2.0 if name == "Top" else 0.5)
        soundfile.write(folder / "Snare_1" / f"{name}.wav", loud, 44_100, subtype="FLOAT")

    curate(folder, tmp_path / "kit", layout="drumgizmo")

    gains = {row.song: dict(row.further)["gain_db"] for row in rows_of(tmp_path / "kit").values()}
    assert float(gains["snare_1"]) == pytest.approx(-6.02, abs=0.01)
    assert float(gains["kick_1"]) == 0.0
    peaks = {
        name: source.entry.peak for name, source in open_corpus(tmp_path / "kit").sources.items()
    }
    assert peaks["stem/snare_1/top"] == 32_767
    assert peaks["stem/snare_1/front"] == pytest.approx(32_767 / 4, abs=1)


def test_a_kit_of_another_rate_is_converted(write_kit, tmp_path):
    """All microphones of a hit alike."""
    folder = write_kit(tmp_path / "source")
    for path in folder.rglob("*.wav"):
        samples, _ = soundfile.read(path)
        soundfile.write(path, samples, 48_000, subtype="PCM_24")

    report = curate(folder, tmp_path / "kit", layout="drumgizmo")

    assert report.rejected == ()
    frames = {one.entry.frames for one in open_corpus(tmp_path / "kit").sources.values()}
    assert frames == {4052}


def test_hits_that_cannot_be_used_are_left_out_and_listed(write_kit, tmp_path):
    """One lacks a microphone, one is not equally long, one is of two rates."""
    folder = write_kit(tmp_path / "source")
    samples = folder / "Samples"
    (samples / "Snare" / "43-Snare-OHL.wav").unlink()
    soundfile.write(samples / "Tom1" / "7-Tom1-OHL.wav", np.zeros(4000), 44_100)
    soundfile.write(samples / "CrashR" / "6-CrashR-OHL.wav", np.zeros(4800), 48_000)

    report = curate(folder, tmp_path / "kit", layout="drumgizmo")

    assert report.songs == 5
    reasons = {one.file: one.reason for one in report.rejected}
    assert reasons == {
        "Samples/CrashR/6": "Samples/CrashR/6-CrashR-OHL.wav is at 48000 Hz where "
        "Samples/CrashR/6-CrashR-AmbL.wav is at 44100 Hz; the microphones of a hit have one rate: "
        "export them again",
        "Samples/Snare/43": "has no recording by the microphone ohl, as 7 of 8 hits have; all "
        "microphones of a kit hear every hit: add the recording",
        "Samples/Tom1/7": "Samples/Tom1/7-Tom1-OHL.wav lasts 0.0907 s where "
        "Samples/Tom1/7-Tom1-AmbL.wav lasts 0.1000 s; the microphones of a hit have to begin and "
        "end together: export them again",
    }


def test_a_second_run_does_only_what_is_new(write_kit, tmp_path):
    """A recording that was spoiled is made again, the others are left alone."""
    folder, corpus = write_kit(tmp_path / "source"), tmp_path / "kit"
    curate(folder, corpus, layout="drumgizmo")
    before = {path: path.read_bytes() for path in corpus.rglob("*") if path.is_file()}
    (corpus / "tom1_7" / "ohl.wav").write_bytes(b"spoiled")

    again = curate(folder, corpus, layout="drumgizmo")

    assert {path: path.read_bytes() for path in before} == before
    assert (again.songs, again.converted) == (8, 0)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"drum": "Kick"}, r"hits.csv:3: column 'drum' is 'Kick' where line 2 has 'Snare'; the"),
        ({"drum": ""}, r"hits.csv:3: names no drum; a row has file, hit, drum, microphone"),
        ({"split": "train"}, r"hits.csv:3: column 'split' is 'train' where line 2 has ''"),
    ],
)
def test_a_table_that_contradicts_itself_is_refused(tmp_path, changes, text):
    """By line and column."""
    folder = write_hits(tmp_path / "source", **changes)

    with pytest.raises(TableError, match=text):
        curate(folder, tmp_path / "kit", layout="drumgizmo")


def test_a_folder_without_hits_is_refused(tmp_path):
    """With an example of what is expected."""
    soundfile.write(tmp_path / "song.wav", np.zeros(100), 44_100)

    with pytest.raises(InputError, match=r"such as Samples/Snare/43-Snare-Snare_top\.flac"):
        curate(tmp_path, tmp_path / "kit", layout="drumgizmo")


def test_a_real_kit_is_clean(real_kit):
    """Eleven hits, eleven microphones; licence and attribution in every row."""
    rows = rows_of(real_kit)

    assert len(rows) == 121
    assert {row.license for row in rows.values()} == {"CC-BY-4.0"}
    assert all("Lars Muldjord" in row.attribution for row in rows.values())
    assert check(real_kit) == []
