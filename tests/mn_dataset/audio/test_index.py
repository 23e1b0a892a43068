"""Figures of a recording are measured once, and never wrong."""

from __future__ import annotations

import numpy as np

from mn_dataset.audio import index, io, level
from mn_dataset.audio.corpus import open_corpus
from mn_dataset.records import SAMPLING_RATE as RATE
from mn_dataset.seeds import generator


def noise(num_samples: int, peak: int = 20_000, name: str = "") -> io.Pcm:
    numbers = generator(0, "test audio", name).uniforms(num_samples)
    return np.rint((2 * numbers - 1) * peak).astype(np.int16)


def test_the_index_is_kept_and_refreshed(damaged):
    """An untouched file is measured once; a changed one again."""
    root = damaged()
    file = open_corpus(root).of("clean")[0].row.file
    before, _ = index.refresh(root, [file])
    kept, _ = index.refresh(root, [file])
    io.write_wav(root / file, noise(50_000), sampling_rate=RATE)
    after, _ = index.refresh(root, [file])

    assert (root / index.INDEX_NAME).is_file()
    assert kept[file].pcm_sha256 == before[file].pcm_sha256
    assert after[file].frames == 50_000
    assert after[file].pcm_sha256 == io.pcm_sha256(noise(50_000))


def test_a_damaged_index_is_made_again(damaged):
    """The index is a cache: rubbish in its place harms nobody."""
    root = damaged()
    expected = open_corpus(root).hash
    (root / index.INDEX_NAME).write_bytes(b"rubbish")

    assert open_corpus(root).hash == expected


def test_a_read_only_corpus_is_left_as_it_is(damaged):
    """Its index goes to the user's cache."""
    root = damaged()
    (root / index.INDEX_NAME).unlink(missing_ok=True)
    root.chmod(0o555)
    try:
        first = open_corpus(root).hash
        assert not (root / index.INDEX_NAME).exists()
        assert open_corpus(root).hash == first
    finally:
        root.chmod(0o755)


def test_an_energy_bound_is_below_the_energy():
    """What the index promises of a segment, the segment holds."""
    samples = noise(10_000)
    found = level.measure(samples)
    entry = index.Entry(
        "", 0, 0, len(samples), "", found.total, found.blocks, found.peak, 0, np.zeros(0), 0.0
    )
    for start, length in ((0, 10_000), (5, 3000), (1024, 2048), (7000, 900)):
        energy = int((samples[start : start + length].astype(np.int64) ** 2).sum())
        assert entry.energy_bound(start, length) <= energy
