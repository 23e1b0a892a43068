from __future__ import annotations

import numpy as np
import pytest

from mn_dataset.audio import io
from mn_dataset.audio.corpus import open_corpus
from mn_dataset.catalogue.check import check
from mn_dataset.errors import InputError


def errors(root):
    return [finding for finding in check(root) if finding.severity == "error"]


def warnings(root):
    return [finding for finding in check(root) if finding.severity == "warning"]


def test_a_sound_corpus_has_no_finding(tiny_folder):
    """Nothing to say about recordings in the form, with licences and clean splits."""
    assert check(tiny_folder) == []


def test_the_real_corpus_has_no_error(real_corpus):
    """Two tunes played on two instruments each are told, not refused."""
    found = check(real_corpus.root)

    assert [finding.severity for finding in found] == ["warning", "warning"]
    assert all("sequenced:vsco" in finding.text for finding in found)


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


def test_every_damaged_recording_is_named(damaged):
    """All of them in one go, each with its row."""
    root = damaged()
    names = [source.row.file for source in open_corpus(root).of("clean")[:4]]
    (root / names[0]).write_bytes((root / names[0]).read_bytes()[:-5000])
    (root / names[1]).write_text("<html>quota</html>")
    io.write_wav(root / names[2], np.zeros(50_000, np.int16), sampling_rate=44_100)
    io.write_wav(root / names[3], np.ones(50_000, np.int16), sampling_rate=48_000)

    found = errors(root)

    assert [finding.row for finding in found] == [2, 3, 4, 5]
    for finding, word in zip(found, ("truncated", "HTML", "silent", "48000 Hz"), strict=True):
        assert word in finding.text


def test_a_leak_is_an_error(damaged):
    """A group within one category on both sides of a split."""
    root = damaged("clean", 2, group="take 1", split="train")
    damaged("clean", 4, group="take 1", category="piano", split="test")

    assert "leaks" in errors(root)[0].text
    assert errors(root)[0].column == "split"


def test_oddities_are_warnings(damaged):
    """A stray file, an unknown licence and a wrong duration stop nothing."""
    root = damaged("noise", 3, license="", duration_s="99")
    (root / "clean/stray.wav").write_bytes(b"")

    assert errors(root) == []
    assert {(finding.column, finding.row) for finding in warnings(root)} == {
        ("license", 3),
        ("duration_s", 3),
        (None, None),
    }


def test_a_folder_without_tables_is_refused(tmp_path):
    """There is nothing to judge."""
    with pytest.raises(InputError, match=r"clean\.csv: no such table"):
        check(tmp_path)
