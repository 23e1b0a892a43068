"""Recordings are judged against the form and their rows, and for what an ear would mind."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import soundfile

from mn_dataset import tables
from mn_dataset.audio import io
from mn_dataset.check.corpus import check


def errors(root):
    return [finding for finding in check(root) if finding.severity == "error"]


def warnings(root):
    return [finding for finding in check(root) if finding.severity == "warning"]


def test_every_damaged_recording_is_named_with_its_fault(damaged):
    """All of them in one go: kind, row, and a cure for each."""
    root = damaged()
    paths = [root / row.file for row in tables.parse_table(root / "clean.csv")[:8]]
    paths[0].unlink()
    paths[1].write_bytes(paths[1].read_bytes()[:-5000])
    paths[2].write_text("<html>quota</html>")
    tone = np.sin(np.arange(50_000) / 20)
    soundfile.write(paths[3], 0 * tone, 44_100, subtype="PCM_16")
    soundfile.write(paths[4], tone, 48_000, subtype="PCM_16")
    soundfile.write(paths[5], tone, 44_100, subtype="PCM_24")
    soundfile.write(paths[6], np.stack([tone, tone], axis=1), 44_100, subtype="PCM_16")
    soundfile.write(paths[7], np.append(tone, np.nan), 44_100, subtype="FLOAT")

    found = errors(root)

    kinds = ["missing", "truncated", "unreadable", "silent", "form", "form", "form", "nan"]
    assert [finding.kind for finding in found] == kinds
    assert [finding.row for finding in found] == list(range(2, 10))
    words = ("no such", "truncated", "HTML", "silent", "48000 Hz", "PCM_24", "2 channel", "NaN")
    for finding, word in zip(found, words, strict=True):
        assert word in finding.text
        assert finding.cure
        assert finding.column == "file"


def test_samples_that_changed_since_the_row_was_written_are_an_error(damaged):
    """A further column pcm_sha256 pins them."""
    root = damaged()
    path = root / "clean.csv"
    rows = tables.parse_table(path)
    pcm = io.pcm_sha256(io.read_pcm(root / rows[0].file, sampling_rate=44_100))
    tables.write_table(path, [replace(row, further=(("pcm_sha256", pcm),)) for row in rows[:2]])

    assert [(f.kind, f.row, f.column) for f in errors(root)] == [("changed", 3, "pcm_sha256")]


def test_what_an_ear_would_mind_is_a_warning(damaged):
    """Clipping, a DC offset, a length that is not the others', a level that nothing can use."""
    root = damaged()
    rows = tables.parse_table(root / "clean.csv")
    tone = 30_000 * np.sin(np.arange(66_150) / 20)
    for row, samples in (
        (rows[0], np.clip(tone, -20_000, 20_000)),
        (rows[1], tone / 8 + 2_000),
        (rows[2], tone[:-5]),
        (rows[3], tone / 1_500),
    ):
        io.write_wav(root / row.file, np.rint(samples).astype(np.int16), sampling_rate=44_100)

    assert errors(root) == []
    assert [(finding.kind, finding.row) for finding in warnings(root)] == [
        ("clipped", 2),
        ("dc-offset", 3),
        ("odd-duration", 4),
        ("quiet", 5),
    ]
