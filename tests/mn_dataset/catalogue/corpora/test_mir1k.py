"""MIR-1K is fetched by hash where its lack of a licence is accepted, and becomes songs in stems."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pytest
import soundfile

from mn_dataset import tables
from mn_dataset.audio.corpus import open_corpus
from mn_dataset.audio.io import file_sha256, pcm_sha256, read_pcm
from mn_dataset.build import build
from mn_dataset.catalogue.corpora import mir1k
from mn_dataset.check.corpus import check
from mn_dataset.curate.songs import curate_songs
from mn_dataset.errors import InputError
from mn_dataset.fetch.originals import Original, mirror_path
from mn_dataset.fetch.session import FetchRequest
from mn_dataset.files.lock import contents
from mn_dataset.publish.selection import select
from mn_dataset.records import SAMPLING_RATE
from mn_dataset.seeds import generator

FACTS = Path(__file__).parents[5] / "shared" / "upstream-metadata" / "mir1k.csv"
NAMES = ("abjones_5_07", "abjones_5_08", "amy_1_01", "Ani_1_01", "Ani_2_03")


def test_the_list_is_that_of_the_facts():
    """1000 clips, their hashes, and the paper's split, of which dev is validation."""
    if not FACTS.is_file():
        pytest.skip("the facts do not lie beside the project")
    with FACTS.open(encoding="utf-8") as file:
        facts = {row["clip"]: row for row in csv.DictReader(file)}

    stems = mir1k.rows()["stem"]

    assert len(facts) == 1000
    assert len(stems) == 2 * len(facts)
    for row in stems:
        fact = facts[Path(row.url).name]
        assert unquote(row.url).endswith(f"/{fact['andabi_path']}")
        assert row.sha256 == fact["sha256"]
        assert row.split == {"dev": "validation"}.get(fact["split"], fact["split"])
        assert row.duration_s == fact["seconds"]
        assert not row.license


@pytest.fixture
def wavfile(tmp_path, monkeypatch):
    """Five clips as they lie in the public repository, and a list of them in the place of ours."""
    folder = tmp_path / "mirror" / "andabi/music-source-separation/dataset/mir-1k/Wavfile"
    folder.mkdir(parents=True)
    listed = []
    for name in NAMES:
        draws = generator(0, "mir1k", name).uniforms(2 * 8_000).reshape(-1, 2) - 0.5
        soundfile.write(folder / f"{name}.wav", 0.3 * draws, 16_000, subtype="PCM_16")
        original = Original(f"{mir1k.ADDRESS}/{name}.wav", file_sha256(folder / f"{name}.wav"))
        assert (tmp_path / "mirror" / mirror_path(original.url)).is_file()
        listed.append(mir1k.Clip(f"{name}.wav", original, "0.500"))
    monkeypatch.setattr(mir1k, "clips", lambda: listed)
    return folder


@pytest.fixture
def fetch_request(tmp_path, hasty):
    return FetchRequest(tmp_path / "corpora" / "mir1k", license_allow=("any",), patience=hasty)


def rows_of(corpus):
    return tables.read_table(corpus / "stems.csv", "stem")


def read(path):
    return read_pcm(path, sampling_rate=SAMPLING_RATE)


@pytest.mark.parametrize("allowed", [None, ("free",), ("MIT", "CC-BY-4.0")])
def test_nothing_is_fetched_unless_its_lack_of_a_licence_is_accepted(
    wavfile, serve, fetch_request, tmp_path, allowed
):
    """The one word for that is `any`; the server is not even asked."""
    mirror = serve(tmp_path / "mirror")
    asked = replace(fetch_request, origin=mirror.url, license_allow=allowed)

    with pytest.raises(InputError, match=r"no licence covers .* give license_allow any"):
        mir1k.fetch(asked)
    assert not mirror.asked
    assert not fetch_request.folder.exists()


def test_from_a_mirror_it_becomes_what_curating_makes(wavfile, serve, fetch_request, tmp_path):
    """The same samples and rows, and with each row the address and hash of what it was made of."""
    mirror = serve(tmp_path / "mirror")

    report = mir1k.fetch(replace(fetch_request, origin=mirror.url))

    curate_songs(wavfile, tmp_path / "curated", layout="mir1k")
    fetched, curated = rows_of(fetch_request.folder), rows_of(tmp_path / "curated")
    assert [replace(row, url="", sha256="") for row in fetched] == curated
    assert {row.sha256 for row in fetched} == {file_sha256(path) for path in wavfile.iterdir()}
    for row in fetched:
        samples = read(fetch_request.folder / row.file)
        assert pcm_sha256(samples) == dict(row.further)["pcm_sha256"]
        np.testing.assert_array_equal(samples, read(tmp_path / "curated" / row.file))
    assert {row.id: row.split for row in fetched} == {
        row.id: row.split for row in mir1k.rows()["stem"]
    }
    assert (report.complete, report.has_tables, report.num_made) == (True, True, 10)
    assert any("no licence covers these clips" in line for line in report.lines())
    # The published validation clips are of songs for training; nothing else is wrong.
    errors = [one.text for one in check(fetch_request.folder) if one.severity == "error"]
    assert len(errors) == 1
    assert "mir1k:abjones_5" in errors[0]


def test_what_is_missing_is_told_and_what_is_there_is_not_asked_for_again(
    wavfile, serve, fetch_request, tmp_path
):
    """No table is written of a part; the same call goes on where it stopped."""
    mirror = serve(tmp_path / "mirror")
    place = "andabi/music-source-separation/dataset/mir-1k/Wavfile"
    mirror.faults |= {f"{place}/amy_1_01.wav": "404", f"{place}/Ani_1_01.wav": "flipped"}
    asked = replace(fetch_request, origin=mirror.url)

    first = mir1k.fetch(asked)
    mirror.faults.clear()
    second = mir1k.fetch(asked)
    third = mir1k.fetch(asked)

    assert first.counts() == {"present": 6, "missing": 2, "different": 2, "left out": 0}
    assert not first.has_tables
    assert [fault.id for fault in first.faults] == [
        *("stem/amy_1_01/other", "stem/amy_1_01/vocals"),
        *("stem/ani_1_01/other", "stem/ani_1_01/vocals"),
    ]
    assert "404 Not Found" in first.faults[0].detail
    assert "other bytes" in first.faults[-1].detail
    assert (second.num_made, third.num_made) == (10, 0)
    assert mirror.asked[f"{place}/amy_1_01.wav"] == mirror.asked[f"{place}/Ani_1_01.wav"] == 2
    assert mirror.asked[f"{place}/Ani_2_03.wav"] == 1


def test_from_a_folder_it_is_taken_however_that_is_laid_out(wavfile, fetch_request, tmp_path):
    """MIR-1K as it is unpacked; a clip that is not there is left out only where that is allowed."""
    unpacked = tmp_path / "MIR-1K"
    unpacked.mkdir()
    wavfile.rename(unpacked / "Wavfile")
    (unpacked / "Wavfile" / "Ani_2_03.wav").unlink()
    asked = replace(fetch_request, origin=str(unpacked))

    refused = mir1k.fetch(asked)
    allowed = mir1k.fetch(replace(asked, allow_missing=True))

    assert not refused.has_tables
    assert "no Ani_2_03.wav in it or below" in refused.faults[0].detail
    assert contents(fetch_request.folder) != []
    assert (allowed.has_tables, allowed.counts()["missing"]) == (True, 2)
    assert {row.song for row in rows_of(fetch_request.folder)} == {
        *("abjones_5_07", "abjones_5_08", "amy_1_01", "ani_1_01"),
    }


@pytest.mark.parametrize("wrong", [{"fill": "synthetic"}, {"lock": Path("x.lock.csv")}])
def test_what_makes_no_sense_for_it_is_refused(wavfile, fetch_request, wrong):
    """Its clips have no categories, and their hashes are published."""
    with pytest.raises(InputError, match="leave it out"):
        mir1k.fetch(replace(fetch_request, **wrong))


def test_its_mixtures_are_not_published(wavfile, fetch_request, tmp_path):
    """Without a licence nothing says that they may be passed on."""
    mir1k.fetch(replace(fetch_request, origin=str(wavfile)))
    corpus = open_corpus(fetch_request.folder)
    build(corpus, tmp_path / "built", task="separate", split="test", count=2, allow_leak=True)

    selection = select(tmp_path / "built")

    assert len(selection.withheld) == len(selection.rows) == 2
    assert all("unknown licence" in reason for reason in selection.withheld.values())
