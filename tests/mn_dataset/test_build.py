from __future__ import annotations

import pytest

from mn_dataset.audio import io
from mn_dataset.audio.corpus import open_corpus
from mn_dataset.audio.fingerprint.store import PRINTS_NAME
from mn_dataset.build import build, with_splits
from mn_dataset.errors import InputError
from mn_dataset.mix.draw import draw
from mn_dataset.mix.manifest import read_manifest
from mn_dataset.mix.render import render
from mn_dataset.records import SAMPLING_RATE


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

    with pytest.raises(InputError, match="`allow_leak`"):
        build(corpus, tmp_path / "out", split="test")
    assert not (tmp_path / "out").exists()
    out = build(corpus, tmp_path / "out", split="test", count=2, allow_leak=True)
    assert "**leak**: group take is in more than one split" in (out / "README.md").read_text()


def test_a_take_in_two_splits_is_refused_unless_allowed_or_assigned_anew(damaged, tmp_path):
    """By what is heard; the refusal and the card say how near, and the second build is quick."""
    root = damaged()
    samples = io.read_pcm(root / "clean/piano_train_1.wav", sampling_rate=SAMPLING_RATE)
    copy = samples[10_000:] // 2
    io.write_wav(root / "clean/piano_test_0.wav", copy, sampling_rate=SAMPLING_RATE)
    corpus = open_corpus(root)

    with pytest.raises(InputError, match=r"near-duplicate \(shift 0\.2 s.*`reassign`"):
        build(corpus, tmp_path / "out", split="test")
    assert (root / PRINTS_NAME).is_file()
    out = build(corpus, tmp_path / "out", split="test", count=2, allow_leak=True)
    assert "**leak**: near-duplicate (shift 0.2 s" in (out / "README.md").read_text()
    other = build(corpus, tmp_path / "anew", split="train", count=2, reassign=True)
    assert "No take, and no group within a category" in (other / "README.md").read_text()


def test_stated_splits_stay_unless_they_are_to_be_forgotten(tiny):
    """The official split is the default."""
    kept = with_splits(tiny, seed=1)
    anew = with_splits(tiny, seed=1, reassign=True)

    assert kept.sources == tiny.sources
    assert [s.row.split for s in anew.sources.values()] != [
        s.row.split for s in tiny.sources.values()
    ]


def test_what_a_split_lacks_is_told_on_the_card(damaged, tmp_path):
    """A category or class of other splits only is not dropped in silence."""
    for line in (24, 25):  # both test noises of the class crowd
        root = damaged("noise", line, split="train")
    assert "crowd" not in {s.row.category for s in open_corpus(root).of("noise", "test")}
    out = build(open_corpus(root), tmp_path / "out", split="test", count=4)

    assert "**test has no noises of crowd**" in (out / "README.md").read_text()


def test_ratios_have_to_make_sense_even_when_nothing_is_empty(tiny, tmp_path):
    """What is asked is judged, needed or not."""
    with pytest.raises(InputError, match="expected three shares"):
        build(tiny, tmp_path / "out", ratios=(1, 1))
