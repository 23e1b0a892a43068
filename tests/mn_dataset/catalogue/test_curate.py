from __future__ import annotations

import pytest
import soundfile

from mn_dataset import tables
from mn_dataset.audio.corpus import open_corpus
from mn_dataset.catalogue.check import check
from mn_dataset.catalogue.curate import curate
from mn_dataset.errors import AudioError, InputError
from mn_dataset.seeds import generator
from mn_dataset.tables import Row


@pytest.fixture
def raw(tmp_path):
    """Recordings in five forms, none of them M&N's."""
    root = tmp_path / "raw"
    forms = [
        ("clean", "piano", "a.wav", 48_000, 2, "PCM_24"),
        ("clean", "song", "b é.flac", 96_000, 1, "PCM_16"),
        ("noise", "crowd", "c.wav", 22_050, 1, "FLOAT"),
        ("noise", "traffic", "d.ogg", 44_100, 2, None),
        ("noise", "weather", "e.wav", 44_100, 6, "PCM_16"),
    ]
    rows = {"clean": [], "noise": []}
    for role, category, name, rate, channels, subtype in forms:
        samples = generator(0, "raw", name).uniforms(rate * channels).reshape(rate, channels) - 0.5
        (root / role).mkdir(parents=True, exist_ok=True)
        soundfile.write(root / role / name, samples, rate, subtype=subtype)
        rows[role].append(
            Row(id=f"{role}/{name}", file=f"{role}/{name}", category=category, license="CC0-1.0")
        )
    for role, found in rows.items():
        tables.write_table(root / f"{role}.csv", found)
    return root


def test_any_form_becomes_the_corpus_s(raw, tmp_path):
    """Rates, widths, channels and formats are converted; the judge has nothing to say."""
    out = curate(raw, tmp_path / "out")
    corpus = open_corpus(out)

    assert check(out) == []
    assert {source.row.file for source in corpus.sources.values()} >= {"clean/b é.wav"}
    assert all(abs(s.entry.frames - 44_100) <= 1 for s in corpus.sources.values())


def test_one_bad_recording_leaves_nothing_behind(raw, tmp_path):
    """The corpus appears whole or not at all, and the row is named."""
    (raw / "noise/c.wav").write_text("<html>")

    with pytest.raises(AudioError, match=r"noise\.csv:2: column 'file': .*c\.wav: an HTML page"):
        curate(raw, tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["raw"]


def test_an_existing_corpus_is_not_written_over(raw, tmp_path):
    """Choose another place."""
    (tmp_path / "out").mkdir()
    with pytest.raises(InputError, match="exists already"):
        curate(raw, tmp_path / "out")


def test_two_recordings_that_would_be_one_file_are_refused(raw, tmp_path):
    """Nobody's audio is written over by another's."""
    (raw / "noise/c.flac").write_bytes((raw / "clean/b é.flac").read_bytes())
    rows = tables.read_table(raw / "noise.csv", "noise")
    rows.append(Row(id="noise/c.flac", file="noise/c.flac", category="crowd"))
    tables.write_table(raw / "noise.csv", rows)

    with pytest.raises(InputError, match=r"noise\.csv:5: .* becomes the same WAV"):
        curate(raw, tmp_path / "out")
    assert not (tmp_path / "out").exists()
