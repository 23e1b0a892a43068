"""A finding is one line that compilers' readers know, and errors come first."""

from __future__ import annotations

import pytest

from mn_dataset.check.finding import Finding, rank


@pytest.mark.parametrize(
    ("row", "column", "text"),
    [
        (3, "file", "error: a.csv:3: column 'file' is silent; remove it"),
        (None, "file", "error: a.csv: column 'file' is silent; remove it"),
        (None, None, "error: a.csv: is silent; remove it"),
    ],
)
def test_a_finding_is_one_line(row, column, text):
    """With the row and the column where there is one."""
    assert str(Finding("error", "silent", "a.csv", row, column, "is silent", "remove it")) == text


def test_errors_come_before_warnings_and_then_by_file_and_row():
    """What concerns a whole file comes before its rows."""

    def finding(severity, file, row):
        return Finding(severity, "kind", file, row, None, "text", "cure")

    ordered = [
        finding("error", "a.csv", None),
        finding("error", "a.csv", 2),
        finding("error", "b.csv", 1),
        finding("warning", "a.csv", 1),
    ]

    mixed = [ordered[2], ordered[3], ordered[0], ordered[1]]
    assert sorted(mixed, key=rank) == ordered
