"""Cells, licences, splits and duplicates of the tables are judged, and named by row and column."""

from __future__ import annotations

import shutil
from dataclasses import replace

import numpy as np
import pytest

from mn_dataset import tables
from mn_dataset.audio import io
from mn_dataset.check.corpus import check
from mn_dataset.errors import InputError
from mn_dataset.seeds import generator


def errors(root):
    return [finding for finding in check(root) if finding.severity == "error"]


def warnings(root):
    return [finding for finding in check(root) if finding.severity == "warning"]


def test_a_sound_corpus_has_no_finding(tiny_folder):
    """Nothing to say about recordings in the form, with licences and clean splits."""
    assert check(tiny_folder) == []


def test_the_real_corpus_has_no_error(real_corpus):
    """Two tunes played on two instruments each, and two thunders in one rain, are only told."""
    found = check(real_corpus.root)

    assert [finding.severity for finding in found] == ["warning"] * 3
    assert sum("sequenced:vsco" in finding.text for finding in found) == 2
    thunder = next(finding.text for finding in found if "a common background" in finding.text)
    assert "olpc_thunder1" in thunder
    assert "olpc_thunder2" in thunder


def test_oddities_are_warnings(damaged):
    """A stray file, an unknown licence and a wrong duration (alone and in the sum) stop nothing."""
    root = damaged("noise", 3, license="", duration_s="99")
    (root / "clean/stray.wav").write_bytes(b"")

    assert errors(root) == []
    assert {(finding.column, finding.row) for finding in warnings(root)} == {
        ("license", 3),
        ("duration_s", 3),
        ("duration_s", None),
        (None, None),
    }


def test_a_folder_without_tables_is_refused(tmp_path):
    """There is nothing to judge."""
    with pytest.raises(InputError, match=r"clean\.csv: no such table"):
        check(tmp_path)


@pytest.mark.parametrize(
    ("cells", "column", "text"),
    [
        ({"category": "Cello "}, "category", "did you mean 'cello'?"),
        ({"file": "clean/nowhere.wav"}, "file", "no such file"),
        ({"file": "../secret.wav"}, "file", "stays inside the corpus"),
        ({"split": "val"}, "split", "did you mean 'validation'?"),
        ({"id": "clean/cello_train_0"}, "id", "ids are unique"),
    ],
)
def test_a_bad_cell_is_an_error_with_file_row_and_column(damaged, cells, column, text):
    """Whatever row a draw would use."""
    root = damaged("clean", 2, **cells)
    finding = next(finding for finding in errors(root) if finding.column == column)

    assert finding.file == str(root / "clean.csv")
    assert text in finding.text


def test_one_take_in_two_splits_is_an_error(damaged):
    """Later, quieter and polarity-turned, it is found by what is heard."""
    root = damaged()
    rows = tables.parse_table(root / "clean.csv")
    other = next(row for row in rows if row.split != rows[0].split)
    take = 8_000 * generator(0, "take").normals(132_300)
    for row, cut, gain in ((rows[0], take[:88_200], 1.0), (other, take[22_050:], -0.4)):
        samples = np.clip(np.rint(gain * cut), -32_768, 32_767).astype(np.int16)
        io.write_wav(root / row.file, samples, sampling_rate=44_100)

    (finding,) = errors(root)
    assert (finding.kind, finding.row, finding.column) == ("near-duplicate", other.line, "split")
    assert rows[0].id in finding.text


def test_a_leak_is_an_error(damaged):
    """A group within one category on both sides of a split."""
    root = damaged("clean", 2, group="take 1", split="train")
    damaged("clean", 4, group="take 1", category="piano", split="test")

    assert "leaks" in errors(root)[0].text
    assert errors(root)[0].column == "split"


def test_the_same_samples_twice_are_told(damaged):
    """Within one split they are a warning, across splits a leak."""
    root = damaged()
    rows = tables.parse_table(root / "clean.csv")
    twin = next(row for row in rows[1:] if row.split == rows[0].split)
    other = next(row for row in rows if row.split != rows[0].split)

    shutil.copy(root / rows[0].file, root / twin.file)
    assert [(f.kind, f.row) for f in check(root)] == [("duplicate", twin.line)]

    shutil.copy(root / rows[0].file, root / other.file)
    assert {finding.kind for finding in errors(root)} == {"leak"}


def test_an_empty_table_is_a_warning(tiny_folder, tmp_path):
    """Music alone is a corpus that mixes with somebody else's noise."""
    root = shutil.copytree(tiny_folder, tmp_path / "music")
    tables.write_table(root / "noise.csv", [])
    shutil.rmtree(root / "noise")

    assert [(finding.severity, finding.kind) for finding in check(root)] == [("warning", "empty")]


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", "the header lacks id"),
        (b"\xff\xfe", "not UTF-8"),
        (b"id;file;category\n", "the header lacks"),
    ],
)
def test_a_file_that_is_no_table_is_a_finding(tiny_folder, tmp_path, content, text):
    """The other table is judged all the same, and nothing is called stray."""
    root = shutil.copytree(tiny_folder, tmp_path / "corpus")
    (root / "noise.csv").write_bytes(content)
    tables.write_table(
        root / "clean.csv",
        [replace(row, license="") for row in tables.parse_table(root / "clean.csv")],
    )

    found = check(root)
    assert [finding.kind for finding in found] == ["table", "license"]
    assert text in found[0].text
