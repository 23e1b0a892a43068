from __future__ import annotations

import json
import os

import pytest

from mn_dataset.check.corpus import check
from mn_dataset.curate.curate import curate
from mn_dataset.errors import InputError
from mn_dataset.files.names import is_safe, safe_name
from mn_dataset.tables import COLUMNS


@pytest.fixture
def raw(tmp_path):
    return tmp_path / "raw"


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


def by_original(rows, out):
    return {row["original"]: row for role in ("clean", "noise") for row in rows(out, role)}


def test_two_tables_with_nothing_but_what_is_needed(sound, rows, raw, out):
    """`file` and `category`; ids are made, further columns carried along."""
    sound(raw / "x/a.wav")
    sound(raw / "b.wav")
    (raw / "clean.csv").write_text("file,category,player\nx/a.wav,Drum Kit,Ann\n")
    (raw / "noise.csv").write_text("category,file\ncrowd,b.wav\n")
    curate(raw, out, license="CC0-1.0", attribution="me", source="my studio")
    (clip,), (noise,) = rows(out, "clean"), rows(out, "noise")

    assert (clip["category"], clip["player"], clip["split"]) == ("drum_kit", "Ann", "")
    assert clip["id"].startswith("clean/a-")
    assert noise["original"] == "b.wav"
    assert [clip[name] for name in ("license", "attribution", "source")] == [
        "CC0-1.0",
        "me",
        "my studio",
    ]
    assert check(out) == []


def test_what_a_table_says_is_kept(sound, rows, raw, out):
    """Ids, splits, groups, licences, addresses; starts are counted from the stated one."""
    sound(raw / "a.wav", seconds=5)
    sound(raw / "b.wav", seconds=2)
    digest = "0" * 64
    (raw / "clean.csv").write_text(
        f"{','.join(COLUMNS)},gain_db\n"
        f"clean/000001,a.wav,piano,val,take 1,a source,MIT,Ann,https://a.org,{digest},30.5,99,7\n"
        "Für Elise,b.wav,piano,,,,,,,,,,\n"
    )
    curate(raw, out, clip_s=2, license="CC0-1.0")
    first, second, other = rows(out, "clean")

    assert (first["id"], second["id"]) == ("clean/000001-0000", "clean/000001-0001")
    assert first["file"] == "clean/000001-0000.wav"
    assert (first["split"], first["group"], first["license"]) == ("validation", "take 1", "MIT")
    assert (second["url"], second["sha256"]) == ("https://a.org", digest)
    assert (second["start_s"], second["duration_s"]) == ("32.5", "2")
    assert (other["id"].startswith("clean/fur_elise-"), other["license"]) == (True, "CC0-1.0")
    assert first["gain_db"] == "0.000000"


def test_folders_say_split_and_category(sound, rows, raw, out):
    """As the Hugging Face library reads them, with roles and deeper folders as one likes."""
    expected = {
        "train/piano/a.wav": ("train", "piano"),
        "Valid/Chinese Zither/a.wav": ("validation", "chinese_zither"),
        "testing/song/artist/album/a.wav": ("test", "song"),
        "harp/a.wav": ("", "harp"),
        "clean/multi-instrument/a.wav": ("", "multi_instrument"),
        "noise/eval/Traffic/a.wav": ("test", "traffic"),
        "data/noise/weather/dev/a.wav": ("validation", "weather"),
    }
    for file in expected:
        sound(raw / file)
    curate(raw, out)
    found = by_original(rows, out)

    assert {file: (row["split"], row["category"]) for file, row in found.items()} == expected
    assert len({row["file"] for row in found.values()}) == len(expected)


def test_metadata_beside_folders_has_the_last_word(sound, rows, raw, out):
    """CSV or JSON lines, in any folder; what they leave empty the folders say."""
    sound(raw / "train/piano/a.wav")
    sound(raw / "train/piano/b.wav")
    sound(raw / "train/c.wav")
    sound(raw / "test/crowd/d.wav")
    (raw / "train/metadata.csv").write_text(
        "file_name,label,licence\npiano/a.wav,song,MIT\nc.wav,Drum-Kit,\n"
    )
    line = {"file_name": "crowd/d.wav", "group": 7, "split": "dev", "mood": ["a", "b"]}
    (raw / "test/metadata.jsonl").write_text(json.dumps(line) + "\n\n")
    curate(raw, out)
    found = by_original(rows, out)

    assert {file: (row["split"], row["category"]) for file, row in found.items()} == {
        "train/piano/a.wav": ("train", "song"),
        "train/piano/b.wav": ("train", "piano"),
        "train/c.wav": ("train", "drum_kit"),
        "test/crowd/d.wav": ("validation", "crowd"),
    }
    assert found["train/piano/a.wav"]["license"] == "MIT"
    assert (found["test/crowd/d.wav"]["group"], found["test/crowd/d.wav"]["mood"]) == (
        "7",
        '["a", "b"]',
    )


def test_one_table_may_name_both_roles(sound, rows, raw, out):
    """The role follows from the category."""
    sound(raw / "a.wav")
    sound(raw / "b.wav")
    (raw / "metadata.csv").write_text("file,category\na.wav,cello\nb.wav,Electrical\n")
    curate(raw, out)

    assert [row["category"] for row in rows(out, "clean")] == ["cello"]
    assert [row["category"] for row in rows(out, "noise")] == ["electrical"]


def test_beside_one_table_folders_speak_for_the_other_role(sound, rows, raw, out):
    """`clean.csv` and noise/; clips that the table does not name are left alone."""
    for file in ("a.wav", "piano/b.wav", "noise/crowd/c.wav"):
        sound(raw / file)
    (raw / "clean.csv").write_text("file,category\na.wav,cello\n")
    report = curate(raw, out)

    assert set(by_original(rows, out)) == {"a.wav", "noise/crowd/c.wav"}
    assert report.rejected == ()


def test_what_a_table_says_wrongly_is_named_by_row(sound, raw, out):
    """Every row by itself, with the cure; the good ones are taken."""
    sound(raw / "good.wav")
    sound(raw / "b.wav")
    (raw / "folder.wav").mkdir()
    (raw / "clean.csv").write_text(
        "file,category,split,start_s\n"
        "good.wav,piano,train,\n"
        "gone.wav,piano,train,\n"
        "b.wav,celo,train,\n"
        "b.wav,traffic,train,\n"
        "b.wav,piano,tset,\n"
        "b.wav,piano,,soon\n"
        "b.wav,piano\n"
        "/etc/b.wav,piano,,\n"
        "../b.wav,piano,,\n"
        "folder.wav,piano,,\n"
        "good.wav,song,,\n"
        ",song,,\n"
        "a\0b.wav,song,,\n"
    )
    (raw / "noise.csv").write_text("file,category\n")
    found = {item.row: item.reason for item in curate(raw, out).rejected}

    for line, text in {
        3: "no such file",
        4: "is 'celo'; did you mean 'cello'?",
        5: "'traffic' is noise, and it stands under clean",
        6: "column 'split' is 'tset'; did you mean 'test'?",
        7: "column 'start_s' is 'soon'",
        8: "2 cells, expected 4",
        9: "expected a path below the table's folder",
        10: "expected a path below the table's folder",
        11: "a folder, not a recording",
        12: "says what clean.csv:2 says already",
        13: "expected a path below the table's folder",
        14: "no such file",
    }.items():
        assert text in found[f"clean.csv:{line}"]
    assert len(found) == 12


def test_an_unknown_folder_is_named_file_by_file(sound, raw, out):
    """With the nearest category; a folder that contradicts its parent likewise."""
    for file in ("piano/a.wav", "Trumpets/b.wav", "clean/crowd/c.wav", "d.wav"):
        sound(raw / file)
    found = {item.file: item.reason for item in curate(raw, out).rejected}

    assert "its folder is 'Trumpets'; did you mean 'trumpet'?" in found["Trumpets/b.wav"]
    assert "'crowd' is noise, and it stands under clean" in found["clean/crowd/c.wav"]
    assert "lies in no folder named after a category" in found["d.wav"]


def test_names_never_collide(sound, rows, raw, out):
    """Same stems in two folders, in two formats, in two cases, in no ASCII; all by themselves."""
    files = ["a/piano/x.wav", "b/piano/x.wav", "b/piano/x.flac", "b/piano/X.wav", "piano/钢琴.wav"]
    files += ["piano/琴.wav", f"piano/{'long ' * 45}.wav", "piano/-.wav", "piano/con.wav"]
    for file in files:
        sound(raw / file)
    curate(raw, out)
    found = rows(out, "clean")

    assert {row["original"] for row in found} == set(files)
    assert len({row["file"].casefold() for row in found}) == len({row["id"] for row in found})
    assert len(found) == len(files)


def test_a_name_stays_when_others_come(sound, rows, raw, out, tmp_path):
    """It depends on the recording's own path alone."""
    sound(raw / "piano/x.wav")
    curate(raw, out)
    sound(raw / "harp/x.wav")
    sound(raw / "a/piano/x.wav")
    curate(raw, tmp_path / "other")
    before, after = by_original(rows, out), by_original(rows, tmp_path / "other")

    assert after["piano/x.wav"] == before["piano/x.wav"]


def test_ids_that_say_the_same_are_refused(sound, rows, raw, out):
    """Twice one id, or one that a cut of another would have."""
    for name in "abcd":
        sound(raw / f"{name}.wav", seconds=3)
    (raw / "metadata.csv").write_text(
        "file,category,id\na.wav,piano,x\nb.wav,piano,clean/x\nc.wav,piano,x-0001\nd.wav,piano,y\n"
    )
    found = {item.file: item.reason for item in curate(raw, out, clip_s=1).rejected}

    assert "says what metadata.csv:2 says already" in found["b.wav"]
    assert "could be that of a cut of 'x'" in found["c.wav"]
    assert len(rows(out, "clean")) == 6


@pytest.mark.skipif(os.name != "posix", reason="names are bytes on POSIX systems alone")
def test_a_name_that_is_no_text_is_written_down_escaped(sound, rows, raw, out):
    """Bytes that are no UTF-8, and a carriage return, which CSV readers take for an end."""
    sound(raw / "piano/plain.wav")
    name = os.fsdecode(b"caf\xe9\r.wav")
    (raw / "piano/plain.wav").rename(raw / "piano" / name)
    curate(raw, out)

    assert [row["original"] for row in rows(out, "clean")] == ["piano/caf\\xe9\\r.wav"]


def test_links_are_followed_but_not_for_ever(sound, rows, raw, out):
    """A linked folder counts once, a loop ends, a link to nothing is named."""
    sound(raw / "piano/a.wav")
    sound(raw.parent / "elsewhere/b.wav")
    (raw / "song").symlink_to(raw.parent / "elsewhere")
    (raw / "again").symlink_to(raw / "piano")
    (raw / "piano/loop").symlink_to(raw)
    (raw / "piano/gone.wav").symlink_to(raw / "nowhere")
    (raw / "piano/self.wav").symlink_to(raw / "piano/self.wav")
    report = curate(raw, out)

    assert set(by_original(rows, out)) == {"piano/a.wav", "song/b.wav"}
    assert {item.file for item in report.rejected} == {"piano/gone.wav", "piano/self.wav"}


def test_hidden_files_are_passed_over(sound, raw, out):
    """Among them what macOS leaves in archives, which has a recording's name."""
    sound(raw / "piano/a.wav")
    (raw / "piano/._a.wav").write_bytes(b"\0\5\x16\7")
    (raw / "__MACOSX/piano").mkdir(parents=True)
    (raw / "__MACOSX/piano/a.wav").write_bytes(b"")
    (raw / ".cache").mkdir()

    assert curate(raw, out).rejected == ()


def test_a_folder_without_recordings_is_refused(raw, out):
    """It says what is expected; so does one that is not there."""
    with pytest.raises(InputError, match="no such folder"):
        curate(raw, out)
    (raw / "piano").mkdir(parents=True)
    (raw / "piano/notes.txt").write_text("no recording")
    with pytest.raises(InputError, match=r"no recordings; expected clean\.csv"):
        curate(raw, out)
    assert not out.exists()


@pytest.mark.parametrize("name", ["../a", "a/../b", "a.", "A", "a b", "", "a//b", "/a", "é", "a\n"])
def test_unsafe_names_are_not_used(name):
    """What is made instead is safe."""
    assert not is_safe(name)
    assert is_safe(safe_name(name, stem=name))
