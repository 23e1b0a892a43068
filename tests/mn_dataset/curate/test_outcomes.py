"""The journal of a corpus tells what is done, whatever stopped the run."""

from __future__ import annotations

import json

import pytest

from mn_dataset.curate.curate import curate
from mn_dataset.curate.outcomes import JOURNAL_NAME
from mn_dataset.errors import InputError


def test_other_options_want_another_folder(raw, tmp_path, contents):
    """Clips of two kinds in one corpus would be nobody's wish."""
    curate(raw, tmp_path / "out", clip_s=2)
    before = contents(tmp_path / "out")

    with pytest.raises(InputError, match=r'was curated with .*"clip_s": 2.*"clip_s": 3'):
        curate(raw, tmp_path / "out", clip_s=3)
    assert contents(tmp_path / "out") == before


def test_a_journal_that_is_cut_off_is_read_to_its_last_line(raw, tmp_path, contents, caplog):
    """What a damaged line in the middle stood for is done again, and the log names the line."""
    out = tmp_path / "out"
    curate(raw, out, clip_s=2)
    before = contents(out)
    text = before[JOURNAL_NAME]
    (out / JOURNAL_NAME).write_bytes(text[:-40])
    report = curate(raw, out, clip_s=2)

    assert (report.converted, contents(out)) == (1, before)
    (out / JOURNAL_NAME).write_bytes(text.replace(b'"frames"', b'"flames"'))
    again = curate(raw, out, clip_s=2)
    assert (again.converted, contents(out)) == (13, before)
    assert f"{JOURNAL_NAME}:2: damaged" in caplog.text


def test_a_recording_during_which_the_process_died_is_tried_apart(raw, tmp_path, contents):
    """Its beginning stands in the journal; a harmless one is simply done."""
    curate(raw, tmp_path / "straight", clip_s=2)
    header, first = contents(tmp_path / "straight")[JOURNAL_NAME].split(b"\n")[:2]
    found = json.loads(first)
    (tmp_path / "out").mkdir()
    begun = json.dumps({"begun": f"{found['role']}/{found['name']}"}).encode()
    (tmp_path / "out" / JOURNAL_NAME).write_bytes(header + b"\n" + begun + b"\n")
    curate(raw, tmp_path / "out", clip_s=2)

    assert contents(tmp_path / "out") == contents(tmp_path / "straight")
