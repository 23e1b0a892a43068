from __future__ import annotations

import pytest

from mn_dataset.audio.corpus import open_corpus
from mn_dataset.build import build, with_splits
from mn_dataset.errors import InputError
from mn_dataset.mix.draw import draw
from mn_dataset.mix.manifest import read_manifest
from mn_dataset.mix.write import render


def test_a_build_is_draw_and_render(tiny, tmp_path):
    """One command, the same dataset."""
    one = build(tiny, tmp_path / "one", split="test", snr_db=(5,), count=5, seed=2)
    two = render(draw(tiny, split="test", snr_db=(5,), count=5, seed=2), tiny, tmp_path / "two")

    assert read_manifest(one) == read_manifest(two)


def test_empty_splits_are_assigned(damaged):
    """Rows without a split get one; the others keep theirs."""
    corpus = open_corpus(damaged("clean", 2, split=""))
    placed = with_splits(corpus)

    assert all(source.row.split for source in placed.sources.values())
    changed = [key for key in corpus.sources if placed.sources[key] != corpus.sources[key]]
    assert len(changed) == 1


def test_a_leaking_split_is_refused_and_may_be_allowed(damaged, tmp_path):
    """The refusal names the option, and the card then says so."""
    damaged("clean", 2, group="take", category="piano", split="train")
    corpus = open_corpus(damaged("clean", 4, group="take", category="piano", split="test"))

    with pytest.raises(InputError, match="--allow-leak"):
        build(corpus, tmp_path / "out", split="test")
    assert not (tmp_path / "out").exists()
    out = build(corpus, tmp_path / "out", split="test", count=2, allow_leak=True)
    assert "**leak**: group take is in more than one split" in (out / "README.md").read_text()
