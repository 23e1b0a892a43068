"""What the library says of its parameters, a person reads in the words of the command line."""

from __future__ import annotations

import pytest

from benchmarks.cli import app
from mn_dataset.commands import terminal


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("origin is a: no such folder", "--from is a: no such folder"),
        ("take it from elsewhere with `origin`", "take it from elsewhere with --from"),
        ("let it in with license_allow any", "let it in with --license-allow any"),
        ("leave it out (allow_missing).", "leave it out (--allow-missing)."),
        ("the origin is open, and so is its lock", "the origin is open, and so is its lock"),
        ("a/license_allow.csv: no such table", "a/license_allow.csv: no such table"),
        ("/license_allow: no such folder", "/license_allow: no such folder"),
        ("column 'license_allow' is empty", "column 'license_allow' is empty"),
        ("snr_db is 400", "snr_db is 400"),
        ("run `mn check`", "run `mn check`"),
    ],
)
def test_parameters_become_options(text, expected):
    """Those of the command that is run, where the library names them; nothing else is changed."""
    assert terminal.with_options(text, app, ["fetch", "open"]) == expected


def test_an_error_names_options(mn, tmp_path):
    """On stderr, as the report does on stdout."""
    code, _, message = mn("fetch", "open", "--root", tmp_path, "--from", tmp_path / "nowhere")
    assert code == 1
    assert message.startswith(f"mn: --from is {tmp_path / 'nowhere'}: no such folder")

    text = mn("fetch", "open", "--root", tmp_path, "--from", tmp_path)[1]
    assert "take what is missing from elsewhere with --from, or leave it out with --allow-" in text
    assert "let them in with --license-allow free,CC-BY-NC-3.0" in text
