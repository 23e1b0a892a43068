"""The recordings of train and validation are apart, named, and written down."""

import pytest

from benchmarks.training.config import Data, Validation
from benchmarks.training.data.base import (
    SOURCES,
    SourceRow,
    data_facts,
    log_left_out,
    read_sources,
    refuse_leaks,
    splits_sha256,
    warn_of_unlicensed,
    write_sources,
)
from benchmarks.training.data.corpus import CorpusTrainingData
from mn_dataset.errors import InputError
from mn_dataset.tables import Row
from mn_dataset.tasks.denoise import SPEC as DENOISE


def source(name, split, **cells):
    columns = {"file": f"{name}.wav", "category": "piano", **cells}
    return SourceRow(Row(id=name, split=split, **columns), pcm_sha256=f"samples of {name}")


def test_the_facts_count_recordings_groups_and_licences(tiny):
    """Of both splits."""
    facts = data_facts(
        CorpusTrainingData(tiny, Data(segment_s=0.5), Validation(seconds=0.5), task=DENOISE, seed=0)
    )

    ids = facts["train"].pop("ids")
    assert ids == sorted(row.id for row in tiny_rows(tiny, "train"))
    assert facts["train"] == {"recordings": 16, "groups": 16, "licenses": {"CC0-1.0": 16}}
    assert facts["validation"]["recordings"] == 16


def test_what_no_licence_covers_is_named_before_it_is_learned_from(caplog):
    """Not what is only validated with."""
    sources = [source("stem/a", "train"), source("stem/b", "validation")]
    sources.append(source("stem/c", "train", license="CC0-1.0"))

    warn_of_unlicensed(sources, where="mir1k")

    assert "mir1k: 1 recordings that are learned from have no known licence (stem/a)" in caplog.text


def tiny_rows(corpus, split):
    return [source.row for source in corpus.sources.values() if source.row.split == split]


def test_a_recording_that_is_mixed_in_both_splits_is_refused():
    """By its id, with how many there are."""
    sources = [source("clean/a", "train"), source("clean/a", "validation")]

    with pytest.raises(InputError, match=r"here: clean/a is mixed in train and in validation \(1 "):
        refuse_leaks(sources, "validation", where="here")


def test_a_group_that_spans_categories_is_named_on_both_sides():
    """It is no leak; the caller leaves one side out."""
    sources = [
        source("clean/a", "train", group="tune"),
        source("clean/b", "validation", group="tune", category="cello"),
        source("clean/c", "train", group="other"),
    ]

    assert refuse_leaks(sources, "validation", where="here") == ({"clean/a"}, {"clean/b"})


def test_sources_are_written_sorted_and_read_back(tmp_path):
    """By split and id, with what former weights had learned from, and without paths."""
    former = [{**dict.fromkeys(read_columns(tmp_path), ""), "id": "clean/0", "split": "train"}]
    sources = [source("clean/b", "validation"), source("clean/c", "train", license="MIT")]

    write_sources(tmp_path, sources, former)

    rows = read_sources(tmp_path / SOURCES)
    assert [row["id"] for row in rows] == ["clean/0", "clean/c", "clean/b"]
    assert rows[1]["license"] == "MIT"
    assert rows[1]["pcm_sha256"] == "samples of clean/c"
    assert "file" not in rows[1]


def read_columns(folder):
    write_sources(folder, [])
    return (folder / SOURCES).read_text(encoding="utf-8").strip().split(",")


def test_the_hash_of_the_splits_changes_with_split_category_and_group():
    """And not with the order of the recordings, nor with a licence."""
    one, other = source("clean/a", "train"), source("clean/b", "validation")
    expected = splits_sha256([one, other])

    assert splits_sha256([other, one]) == expected
    assert splits_sha256([source("clean/a", "train", license="MIT"), other]) == expected
    for changed in ({"category": "cello"}, {"group": "take"}):
        assert splits_sha256([source("clean/a", "train", **changed), other]) != expected
    assert splits_sha256([source("clean/a", "test"), other]) != expected


def test_a_log_names_the_first_of_many_that_are_left_out(caplog):
    """And says that there are more."""
    log_left_out({"too short": [f"clean/{number}" for number in range(7)]}, where="corpus")

    assert "corpus: 7 left out, too short: clean/0, clean/1" in caplog.text
    assert "clean/4, …" in caplog.text
    assert "clean/5" not in caplog.text
