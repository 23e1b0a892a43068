"""The published corpus, from a stand-in of its archives: every row is accounted for."""

from __future__ import annotations

import csv
import dataclasses
import shutil
import tarfile
import zipfile
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import soundfile

from mn_dataset import tables
from mn_dataset.audio.corpus import open_corpus
from mn_dataset.audio.io import read_pcm
from mn_dataset.catalogue.registry import find
from mn_dataset.errors import FetchError, InputError, OutputError
from mn_dataset.fetch.published.locate import FAIR_PLAY_ARCHIVE
from mn_dataset.fetch.report import FetchReport, write_report
from mn_dataset.records import SAMPLING_RATE

BINAURAL, CLEAN, NOISE = "FAIR-Play", "M&N clean recordings", "M&N noise recordings"
ALL = {"present": 40, "missing": 0, "different": 0, "left out": 0}


def fate(account: FetchReport, row_id: str) -> tuple[str, str]:
    return next((item.status, item.detail) for item in account.rows if item.id == row_id)


@pytest.fixture
def copy(standin, tmp_path) -> Path:
    """A stand-in that may be damaged."""
    return shutil.copytree(standin, tmp_path / "copy", copy_function=link_or_copy)


def link_or_copy(source: str, target: str) -> str:
    """Link, for speed: a test that damages a file replaces it."""
    Path(target).hardlink_to(source)
    return target


def replace(path: Path, content: bytes) -> None:
    path.unlink()
    path.write_bytes(content)


def test_folders_give_every_row_and_a_corpus_that_opens(take, standin, tmp_path):
    """FAIR-Play's files are proven, the others pinned, and no row beside the 40 comes along."""
    account = take(standin)
    corpus = open_corpus(tmp_path / "root" / "mn")

    assert account.counts() == ALL
    assert account.complete
    assert len(corpus.sources) == 40
    assert Counter("proven" in item.detail for item in account.rows) == {True: 14, False: 26}
    assert all("pinned at first use" in item.detail for item in account.rows)


def test_every_recording_is_its_file_of_the_stand_in(take, standin, tmp_path):
    """Clips and noises that share a name are not confused; mono files keep their samples."""
    take(standin)
    own = [*(standin / CLEAN).rglob("*.wav"), *(standin / NOISE).rglob("*.wav")]

    for path in own:
        role = "clean" if path.is_relative_to(standin / CLEAN) else "noise"
        ours = read_pcm(tmp_path / "root" / "mn" / role / path.name, sampling_rate=SAMPLING_RATE)
        assert np.array_equal(ours, soundfile.read(path, dtype="int16")[0])
    for path in (standin / BINAURAL).rglob("*.wav"):
        target = tmp_path / "root" / "mn" / "clean" / path.name
        if target.exists():
            ours = soundfile.read(target)[0]
            theirs = soundfile.read(path)[0].mean(axis=1)
            # Each 160th sample at 48 kHz is a 147th at 44.1 kHz, but for what is over 22 kHz.
            pairs = ours[14_700:-14_700:147], theirs[16_000::160]
            count = min(map(len, pairs))
            assert np.corrcoef(pairs[0][:count], pairs[1][:count])[0, 1] > 0.999


def test_zips_tars_and_folders_end_in_the_same_bytes(take, standin, tmp_path, pack, ends):
    """In any mixture, and whatever the number of workers."""
    mixtures = {"folders": standin, "zips": tmp_path / "zips", "mixed": tmp_path / "mixed"}
    for name in (BINAURAL, CLEAN, NOISE):
        for mixture in ("zips", "mixed"):
            mixtures[mixture].mkdir(exist_ok=True)
        pack(standin / name, tmp_path / "zips" / f"{name}.zip")
    with tarfile.open(tmp_path / "mixed" / FAIR_PLAY_ARCHIVE, "w") as plain:  # not packed: quick
        plain.add(standin / BINAURAL, BINAURAL)
    shutil.copytree(standin / CLEAN, tmp_path / "mixed" / "a" / CLEAN)
    shutil.copy(tmp_path / "zips" / f"{NOISE}.zip", tmp_path / "mixed" / "a" / "noise.ZIP")
    results = []
    for mixture, origin in mixtures.items():
        account = take(origin, workers=2 if mixture == "mixed" else 1)
        assert account.counts() == ALL
        results.append(ends())
        shutil.rmtree(tmp_path / "root")

    assert results[0] == results[1] == results[2]


def test_one_archive_after_another_completes_the_corpus(take, standin, tmp_path, pack):
    """Tables are written when nothing is missing; what is there is not made again."""
    counts = []
    for name in (NOISE, CLEAN, BINAURAL):
        account = take(pack(standin / name, tmp_path / f"{name}.zip"))
        counts.append((account.num_made, account.counts()["missing"], account.has_tables))

    assert counts == [(10, 30, False), (16, 14, False), (14, 0, True)]


def test_a_second_run_makes_nothing_and_says_so(take, standin, tmp_path, ends):
    """It needs no source for what is there."""
    take(standin)
    before = ends()

    account = take(None)

    assert account.lines()[-1].endswith("(0 made, 40 were there), 0 missing, 0 different")
    assert ends() == before


def test_a_changed_or_truncated_recording_is_repaired(take, standin, tmp_path, ends):
    """One flipped bit is seen by the hash of the samples."""
    take(standin)
    before = ends()
    flipped, cut = (tmp_path / "root" / "mn" / "noise" / f"{n}.wav" for n in ("000001", "000005"))
    content = bytearray(flipped.read_bytes())
    content[5000] ^= 1
    flipped.write_bytes(content)
    cut.write_bytes(cut.read_bytes()[:-100])

    account = take(standin)

    assert (account.num_made, account.complete) == (2, True)
    assert ends() == before


def test_rows_that_are_missing_are_named_and_can_be_left_out(take, copy, tmp_path):
    """Unless they may be missing there are no tables; with it they hold what is there."""
    for path in (copy / NOISE / "Electrical noise" / "000001.wav", copy / CLEAN / "Cello "):
        shutil.rmtree(path) if path.is_dir() else path.unlink()

    refused = take(copy)
    allowed = take(copy, allow_missing=True)

    missing = ["clean/001991", "clean/001992", "clean/001993", "noise/000001"]
    assert [item.id for item in refused.faults] == missing
    assert all(f"not found in {copy}" in item.detail for item in refused.faults)
    assert (refused.has_tables, allowed.has_tables) == (False, True)
    assert len(open_corpus(tmp_path / "root" / "mn").sources) == 36


def test_errata_are_told_row_by_row(take, copy, tmp_path):
    """Stereo at 16 bit, a 48 kHz stray, a page, a pointer, and a damaged binaural original."""
    noise, clean = copy / NOISE / "Electrical noise", copy / CLEAN / "Cello "
    samples = soundfile.read(noise / "000001.wav", dtype="int16")[0]
    for path, rate in ((noise / "000001.wav", 44_100), (clean / "001991.wav", 48_000)):
        path.unlink()
        shape = np.stack([samples, samples], axis=1) if rate == 44_100 else samples[:480_000]
        soundfile.write(path, shape, rate, subtype="PCM_16")
    replace(noise / "000005.wav", b"<html>quota</html>")
    replace(clean / "001992.wav", b"version https://git-lfs.github.com/spec/v1\n")
    original = copy / BINAURAL / "binaural_audios" / "000001.wav"
    content = bytearray(original.read_bytes())
    content[9000] ^= 1
    replace(original, bytes(content))

    account = take(copy)

    assert fate(account, "noise/000001")[1].startswith("44.1 kHz stereo, converted")
    assert fate(account, "clean/001991")[1].startswith("48 kHz mono, converted")
    assert account.counts() == {**ALL, "present": 37, "different": 3}
    assert "HTML page" in fate(account, "noise/000005")[1]
    assert "git lfs pull" in fate(account, "clean/001992")[1]
    assert "SHA-256" in fate(account, "clean/000001")[1]


def test_a_refused_archive_is_told_and_the_others_are_used(take, standin, tmp_path, pack):
    """A page under the name of a zip, a path that escapes, a link and a bomb: rows are missing."""
    origin = tmp_path / "archives"
    origin.mkdir()
    pack(standin / NOISE, origin / "noise.zip")
    (origin / "clean.zip").write_bytes(b"<!DOCTYPE html><html>Quota exceeded</html>")
    with zipfile.ZipFile(origin / "escape.zip", "w") as archive:
        archive.writestr("../../clean/001991.wav", b"out")
    with zipfile.ZipFile(origin / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("clean/001992.wav", bytes(40 << 20))
    with tarfile.open(origin / "link.tar.gz", "w:gz") as archive:
        info = tarfile.TarInfo("clean/001993.wav")
        info.type, info.linkname = tarfile.SYMTYPE, "/etc/hostname"
        archive.addfile(info)
    before = {path for path in tmp_path.rglob("*") if "root" not in path.parts}

    account = take(origin)
    told = "\n".join(account.lines())

    assert account.counts() == {**ALL, "present": 10, "missing": 30}
    assert all(f"{name}: holds" in told for name in ("clean.zip", "escape.zip", "bomb.zip"))
    assert "link.tar.gz: holds 'clean/001993.wav', a link or a device" in told
    assert {path for path in tmp_path.rglob("*") if "root" not in path.parts} == before


def test_a_damaged_member_is_one_different_row(take, standin, tmp_path, pack):
    """The checksum in a zip is that of one file."""
    path = pack(standin / NOISE, tmp_path / "noise.zip")
    with zipfile.ZipFile(path) as archive:
        at = next(i for i in archive.infolist() if i.filename.endswith("000009.wav")).header_offset
    content = bytearray(path.read_bytes())
    content[at + 5000] ^= 1
    path.write_bytes(content)

    account = take(path)

    assert fate(account, "noise/000009")[0] == "different"
    assert "Bad CRC-32" in fate(account, "noise/000009")[1]
    assert account.counts()["present"] == 9


def test_nothing_to_take_from_is_an_error(take, tmp_path):
    """A place that does not exist, and one archive that is refused."""
    with pytest.raises(InputError, match="no such folder or archive"):
        take(tmp_path / "nowhere")
    assert not (tmp_path / "root").exists()
    (tmp_path / "clean.zip").write_bytes(b"PK\x03\x04 cut short")
    with pytest.raises(FetchError, match="cut short or damaged"):
        take(tmp_path / "clean.zip")


def test_what_was_pinned_is_what_later_uses_must_be(take, copy, standin, tmp_path, ends):
    """The lock outlives the folder; another recording under the name is different, by row."""
    take(standin)
    before = ends()
    shutil.rmtree(tmp_path / "root" / "mn")
    swapped = copy / NOISE / "Electrical noise"
    other = (swapped / "000009.wav").read_bytes()
    replace(swapped / "000005.wav", other)

    account = take(copy)
    again = take(standin)

    assert [item.id for item in account.faults] == ["noise/000005"]
    assert "differs from the lock" in account.faults[0].detail
    assert again.complete
    assert ends() == before


def test_the_lock_can_stand_elsewhere(take, standin, tmp_path):
    """Say, beside a paper, for whoever repeats it."""
    take(standin, lock=tmp_path / "paper" / "mn.csv")

    assert (tmp_path / "paper" / "mn.csv").is_file()
    assert not (tmp_path / "root" / "mn.lock.csv").exists()


def test_licences_are_gated_only_when_asked(take, standin, tmp_path):
    """Unknown ones stop no build; the free ones leave FAIR-Play, and no noise to mix with."""
    free = take(standin, license_allow=("free",))

    assert (free.counts()["left out"], free.complete, free.has_tables) == (26, True, False)
    assert any("there is no noise recording" in line for line in free.lines())
    assert (take(standin).num_made, take(standin).counts()) == (26, ALL)
    with pytest.raises(InputError, match=r"no recording.*CC-BY-4\.0, unknown"):
        take(standin, license_allow=("MIT",))


def test_a_stricter_gate_takes_recordings_away_again(take, standin, tmp_path):
    """Tables and files agree, whatever was let in before."""
    stated = tables.read_table(standin / "tables" / "noise.csv", "noise")
    freed = [dataclasses.replace(row, license="MIT") for row in stated[:4]] + stated[4:]
    take(standin, noise=freed)

    account = take(standin, noise=freed, license_allow=("free",))

    files = {path.name for path in (tmp_path / "root" / "mn" / "noise").iterdir()}
    assert (account.num_made, account.has_tables) == (0, True)
    assert files == {Path(row.file).name for row in stated[:4]}
    assert len(open_corpus(tmp_path / "root" / "mn").sources) == 14 + 4


@pytest.mark.stress
def test_cells_without_a_recording_can_be_filled(take, standin, tmp_path):
    """From the embedded corpus, and marked so in every row; a wider gate takes them away again."""
    account = take(standin, license_allow=("free",), fill="synthetic")
    corpus = open_corpus(tmp_path / "root" / "mn")

    filled = [source.row for source in corpus.sources.values() if "synthetic" in source.id]
    assert account.complete
    assert len(filled) == len(corpus.sources) - 14
    assert {row.license for row in filled} == {"CC0-1.0"}
    assert take(standin).complete
    assert len(open_corpus(tmp_path / "root" / "mn").sources) == 40


def test_the_account_is_written_by_row(take, standin):
    """40 rows, with what each was and how it was told to be right."""
    path = write_report(take(standin))

    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 40
    assert rows[0]["detail"].startswith("48 kHz stereo, converted; proven by SHA-256")


def test_another_corpus_in_the_folder_is_refused(take, standin, tiny_folder, tmp_path):
    """Its recordings stay."""
    shutil.copytree(tiny_folder, tmp_path / "root" / "mn")

    with pytest.raises(OutputError, match="holds another"):
        take(standin)


def test_the_known_corpus_has_every_row_and_names_its_homes():
    """1235 + 42 rows; those without an address are the authors' two archives'."""
    rows = find("mn").rows()

    assert (len(rows["clean"]), len(rows["noise"])) == (1235, 42)
    assert sum(bool(row.url and row.sha256) for row in rows["clean"]) == 1033
    assert not any(row.sha256 for row in rows["noise"])
