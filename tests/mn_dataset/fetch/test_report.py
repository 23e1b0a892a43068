"""Every row is accounted for."""

from __future__ import annotations

import csv

from mn_dataset.fetch.report import FetchReport, RowReport, write_report


def account(tmp_path, *items, **figures):
    return FetchReport(tmp_path / "open", items, **figures)


def test_an_account_counts_and_names(tmp_path):
    """What is not there by row, what the gate holds back by licence, the rest by number."""
    found = account(
        tmp_path,
        RowReport("clean/a", "clean/a.wav", "present", "equal", "MIT"),
        RowReport("clean/b", "clean/b.wav", "missing", "404", "MIT"),
        RowReport("noise/c", "noise/c.wav", "different", "", "MIT"),
        RowReport("noise/d", "noise/d.wav", "left out", "by the gate", "CC-BY-NC-3.0"),
        num_made=1,
        has_tables=False,
        notes=("look elsewhere",),
    )

    assert not found.complete
    assert found.counts() == {"present": 1, "missing": 1, "different": 1, "left out": 1}
    assert found.lines() == [
        "clean/b (clean/b.wav): missing: 404",
        "noise/c (noise/c.wav): different",
        "look elsewhere",
        "1 rows left out by licence (CC-BY-NC-3.0 1); let them in with "
        "license_allow free,CC-BY-NC-3.0",
        f"{tmp_path}/open: 1 of 3 recordings (1 made, 0 were there), 1 missing, 1 different; "
        "tables not written",
    ]


def test_what_the_gate_holds_back_is_not_missing(tmp_path):
    """An unknown licence has no name to list; only `any` lets it in."""
    found = account(tmp_path, RowReport("clean/a", "clean/a.wav", "left out"))

    assert found.complete
    assert "(unknown 1); let them in with license_allow any" in found.lines()[0]


def test_the_account_is_written_by_row_beside_the_corpus(tmp_path):
    """As CSV; commas and quotes in the details are kept."""
    items = (RowReport("clean/a", "clean/a.wav", "missing", 'said "no", twice', "MIT"),)
    path = write_report(account(tmp_path, *items))

    assert path == tmp_path / "open.account.csv"
    with path.open(newline="", encoding="utf-8") as file:
        assert [RowReport(**row) for row in csv.DictReader(file)] == list(items)


def test_an_account_is_plain_values_for_a_program(tmp_path):
    """Present rows are only counted there."""
    found = account(
        tmp_path, RowReport("clean/a", "a.wav", "present"), RowReport("clean/b", "b", "missing")
    )

    assert [item["id"] for item in found.as_dict()["faults"]] == ["clean/b"]
    assert found.as_dict()["counts"]["present"] == 1
