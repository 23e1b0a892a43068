"""A corpus is judged as a whole: tables, audio, and what lies beside it."""

from __future__ import annotations

import pytest

from mn_dataset.check.corpus import check
from mn_dataset.errors import InputError


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
