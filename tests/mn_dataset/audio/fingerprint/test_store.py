from __future__ import annotations

import os
import stat
from pathlib import Path

import numpy as np
import pytest

from mn_dataset import seeds
from mn_dataset.audio import index, io
from mn_dataset.audio.fingerprint import store
from mn_dataset.audio.fingerprint.store import PRINTS_NAME, corpus_pairs, measure
from mn_dataset.errors import AudioError
from mn_dataset.records import SAMPLING_RATE


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three recordings of noise; the second begins a second and a half after the first."""
    take = (seeds.generator(0, "take").normals(6 * SAMPLING_RATE) * 2000).astype(np.int16)
    other = (seeds.generator(1, "take").normals(4 * SAMPLING_RATE) * 2000).astype(np.int16)
    cuts = {"a": take[: 4 * SAMPLING_RATE], "b": take[round(1.5 * SAMPLING_RATE) :], "c": other}
    for name, samples in cuts.items():
        io.write_wav(tmp_path / f"{name}.wav", samples, sampling_rate=SAMPLING_RATE)
    return tmp_path


def entries(folder: Path) -> dict[str, index.Entry]:
    found, _ = index.refresh(folder, sorted(path.name for path in folder.glob("*.wav")))
    return {name.removesuffix(".wav"): entry for name, entry in found.items()}


def test_pairs_are_found_by_id_and_kept(folder, monkeypatch):
    """The second time, no recording is opened and nothing is compared."""
    first = corpus_pairs(folder, entries(folder))
    monkeypatch.setattr(store.io, "read_pcm", lambda *_, **__: pytest.fail("opened"))
    monkeypatch.setattr(store, "near_duplicates", lambda *_, **__: pytest.fail("compared"))

    assert [(pair.first, pair.second) for pair in first] in ([("a", "b")], [("b", "a")])
    assert abs(first[0].shift_s) == pytest.approx(1.5, abs=0.001)
    assert corpus_pairs(folder, entries(folder)) == first


def test_a_renamed_recording_is_known_and_the_new_one_alone_has_its_print_taken(
    folder, monkeypatch
):
    """What is kept goes by the samples; a pair is weighed again by its two recordings."""
    corpus_pairs(folder, entries(folder))
    (folder / "a.wav").rename(folder / "z.wav")
    samples = (seeds.generator(2, "take").normals(SAMPLING_RATE) * 2000).astype(np.int16)
    io.write_wav(folder / "new.wav", samples, sampling_rate=SAMPLING_RATE)
    held = entries(folder)
    opened = []
    read = io.read_pcm
    monkeypatch.setattr(
        store.io,
        "read_pcm",
        lambda path, **how: opened.append(path.name) or read(path, **how),
    )
    found = corpus_pairs(folder, held)

    assert {frozenset((pair.first, pair.second)) for pair in found} == {frozenset("bz")}
    assert opened[0] == "new.wav"
    assert sorted(opened[1:]) == ["b.wav", "z.wav"]


def test_what_is_read_for_the_index_has_its_print_taken_on_the_way(folder, monkeypatch):
    """Each recording is opened once, and twice more if it is in a pair; the answer is the same."""
    expected = corpus_pairs(folder, entries(folder))
    for kept in folder.glob(".mn-*"):
        kept.unlink()
    (folder / "broken.wav").write_bytes(b"RIFF")
    opened = []
    read = io.read_pcm
    monkeypatch.setattr(
        io, "read_pcm", lambda path, **how: opened.append(path.name) or read(path, **how)
    )
    files = sorted(path.name for path in folder.glob("*.wav"))
    found, errors, taken = measure(folder, files)
    held = {name.removesuffix(".wav"): entry for name, entry in found.items()}

    assert list(errors) == ["broken.wav"]
    assert set(taken) == {entry.pcm_sha256 for entry in held.values()}
    assert corpus_pairs(folder, held, fingerprints=taken) == expected
    assert sorted(opened) == ["a.wav", "a.wav", "b.wav", "b.wav", "broken.wav", "c.wav"]
    assert measure(folder, files[:3])[2] == {}


def test_a_recording_under_two_names_is_in_the_pairs_of_both(folder):
    """Identical samples are no near-duplicates of each other, but of the third."""
    (folder / "copy.wav").write_bytes((folder / "a.wav").read_bytes())
    found = corpus_pairs(folder, entries(folder))

    assert {frozenset((p.first, p.second)) for p in found} == {
        frozenset(("a", "b")),
        frozenset(("copy", "b")),
    }


@pytest.mark.parametrize("damage", [b"", b"PAR1", b"no table at all"])
def test_a_damaged_file_is_made_again(folder, damage):
    """Whatever stands there, the answer is the same."""
    first = corpus_pairs(folder, entries(folder))
    whole = (folder / PRINTS_NAME).read_bytes()
    (folder / PRINTS_NAME).write_bytes(damage)

    assert corpus_pairs(folder, entries(folder)) == first
    assert (folder / PRINTS_NAME).read_bytes() == whole


def test_a_read_only_corpus_is_left_alone(folder):
    """Its fingerprints stand in the user's cache."""
    held = entries(folder)
    folder.chmod(stat.S_IRUSR | stat.S_IXUSR)
    try:
        first = corpus_pairs(folder, held)
        again = corpus_pairs(folder, held)
    finally:
        folder.chmod(stat.S_IRWXU)

    assert first == again != []
    assert not (folder / PRINTS_NAME).exists()
    assert list(Path(os.environ["XDG_CACHE_HOME"]).rglob("fingerprints/*.parquet"))


def test_a_recording_lost_since_it_was_indexed_is_named(folder):
    """Nothing is kept of a corpus that cannot be read."""
    held = entries(folder)
    (folder / "b.wav").unlink()

    with pytest.raises(AudioError, match=r"b\.wav: no such file"):
        corpus_pairs(folder, held)
    assert not (folder / PRINTS_NAME).exists()


def test_progress_is_told_of_recordings_and_of_blocks(folder):
    """Every phase ends with all of it."""
    calls: list[tuple[int, int]] = []
    corpus_pairs(folder, entries(folder), progress=lambda done, total: calls.append((done, total)))

    assert calls == [(1, 3), (2, 3), (3, 3), (1, 1)]
