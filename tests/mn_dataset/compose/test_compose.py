"""A font becomes a corpus: whole, licensed, for training, the same for the same seed."""

from __future__ import annotations

import json

import numpy as np
import pytest
import soundfile

from benchmarks.cli import app
from mn_dataset.audio.corpus import open_corpus
from mn_dataset.commands import terminal
from mn_dataset.compose.compose import compose
from mn_dataset.errors import InputError, UnknownName
from mn_dataset.tables import parse_table


def rows(corpus):
    return parse_table(corpus / "clean.csv")


def bytes_of(corpus):
    return {row.id: (corpus / row.file).read_bytes() for row in rows(corpus)}


def test_a_corpus_says_what_was_played_with_what(tmp_path, write_font):
    """And can be opened as any other."""
    font = write_font((0, 46), (0, 24))

    report = compose(font, tmp_path / "out", license="MIT", attribution="Somebody", count=2)

    assert (report.clips, report.made) == (4, 4)
    assert set(report.unserved) >= {"piano", "song"}
    corpus = open_corpus(tmp_path / "out")
    sources = corpus.of("clean")
    assert {source.row.category for source in sources} == {"harp", "chinese_lute"}
    for source in sources:
        row, further = source.row, dict(source.row.further)
        assert (row.split, row.license, row.attribution) == ("train", "MIT", "Somebody")
        assert "tiny.sf2" in row.source
        assert further["programmes"] in ("0:46", "0:24")
        assert further["origin"] == "rendered"
        assert further["seed"] == "0"
        assert len(further["font_sha256"]) == 64
        assert row.group == f"font:{further['font_sha256'][:16]}"
        samples, rate = soundfile.read(corpus.root / row.file)
        assert (samples.shape, rate) == ((441_000,), 44_100)
        assert 0.6 < np.abs(samples).max() < 0.9


def test_a_seed_decides_the_clips_and_a_count_changes_none(tmp_path, write_font):
    """Whatever the number of processes; what stands there is not made again."""
    font = write_font((0, 46))
    for name, seed, count, workers in (("a", 0, 2, 2), ("b", 0, 1, 1), ("c", 1, 1, 1)):
        compose(
            font, tmp_path / name, license="MIT", count={"harp": count}, seed=seed, workers=workers
        )
    more, fewer, other = (bytes_of(tmp_path / name) for name in "abc")

    assert fewer == {name: more[name] for name in fewer}
    assert not set(other.values()) & set(more.values())
    assert len(set(more.values())) == 2

    report = compose(font, tmp_path / "b", license="MIT", count={"harp": 2})
    assert (report.clips, report.made) == (2, 1)
    assert bytes_of(tmp_path / "b") == more


def test_clips_are_dealt_among_fonts(tmp_path, write_font):
    """Among those that can play the category."""
    fonts = [write_font((0, 46), name="a.sf2"), write_font((0, 46), (0, 42), name="b.sf2")]

    compose(fonts, tmp_path / "out", license="MIT", count={"harp": 4, "cello": 2})

    found = sorted((row.category, row.id.rpartition("/")[2][0]) for row in rows(tmp_path / "out"))
    assert found == [("cello", "b")] * 2 + [("harp", "a")] * 2 + [("harp", "b")] * 2


def test_programmes_that_are_left_out_do_not_play(tmp_path, write_font):
    font = write_font((0, 104), (0, 106), (128, 0))

    report = compose(font, tmp_path / "out", license="MIT", count=3, without=[106, 0])

    programmes = {dict(row.further)["programmes"] for row in rows(tmp_path / "out")}
    assert programmes == {"0:104", "128:0"}
    assert "chinese_lute" not in report.unserved


def test_what_cannot_be_composed_is_refused(tmp_path, write_font):
    font = write_font((0, 46))
    out = tmp_path / "out"

    with pytest.raises(InputError, match="license is empty"):
        compose(font, out, license=" ")
    with pytest.raises(InputError, match="no instruments for song"):
        compose(font, out, license="MIT", count={"song": 1})
    with pytest.raises(UnknownName, match="unknown music category 'harps'; did you mean 'harp'"):
        compose(font, out, license="MIT", count={"harps": 1})
    with pytest.raises(InputError, match="count of harp is -1"):
        compose(font, out, license="MIT", count={"harp": -1})
    with pytest.raises(InputError, match="count asks for no clip"):
        compose(font, out, license="MIT", count=0)
    assert not out.exists()


def test_a_folder_of_something_else_stays_as_it_is(tmp_path, write_font):
    font = write_font((0, 46))
    compose(font, tmp_path / "out", license="MIT", count={"harp": 1})
    before = bytes_of(tmp_path / "out")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "notes.txt").touch()

    for folder, seed in (("out", 1), ("other", 0)):
        with pytest.raises(InputError, match="is no part of what is asked for"):
            compose(font, tmp_path / folder, license="MIT", count={"harp": 1}, seed=seed)
    assert bytes_of(tmp_path / "out") == before


def test_the_command_composes(tmp_path, write_font, capsys):
    """As many clips as it is told, of every category and of one."""
    font = write_font((0, 46), (0, 0))
    words = ["compose", str(font), "--out", str(tmp_path / "out"), "--license", "CC0-1.0"]
    words += ["--count", "harp=2", "1", "--workers", "1", "--json"]

    assert terminal.run(app, words) == 0

    answer = json.loads(capsys.readouterr().out)
    assert (answer["clips"], answer["made"]) == (3, 3)
    assert terminal.run(app, [*words[:-4], "many"]) == 1
    assert "--count has 'many'" in capsys.readouterr().err
