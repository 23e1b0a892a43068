from __future__ import annotations

import re

import pytest

from mn_dataset import tables
from mn_dataset.audio.corpus import open_corpus
from mn_dataset.errors import RecipeError
from mn_dataset.tables import Row
from mn_dataset.tasks.kits import kits_of, part_of


def change(folder, name, **cells):
    """Change cells of a row, among them those beyond the schema; None removes the row."""
    path = folder / "stems.csv"
    rows = []
    for row in tables.parse_table(path):
        if row.id == name and cells.get("song", "") is None:
            continue
        if row.id == name:
            columns = {key: text for key, text in cells.items() if hasattr(row, key)}
            further = dict(row.further) | {key: cells[key] for key in cells.keys() - columns.keys()}
            row = Row(**vars(row) | columns | {"further": tuple(further.items())})  # noqa: PLW2901
        rows.append(row)
    tables.write_table(path, rows)
    return open_corpus(folder)


@pytest.mark.parametrize(
    ("drum", "part"),
    [
        ("KdrumL", "kick"),
        ("Bass drum", "kick"),
        ("snarerest", "snare"),
        ("hihatClosed", "hi-hat"),
        ("Hi-Hat_open", "open hi-hat"),
        ("tom4", "tom"),
        ("RideRBell", "ride"),
        ("ChinaL", "crash"),
    ],
)
def test_a_drum_plays_what_its_name_says(drum, part):
    """In DrumGizmo's words and in others."""
    assert part_of(drum) == part


def test_every_microphone_is_close_to_what_it_hears_best(kit_folder):
    """The room, which hears all as loudly, is close to nothing; two drums may be one voice."""
    (kit,) = kits_of(open_corpus(kit_folder), "test")

    assert [(voice.name, voice.microphone, voice.drums) for voice in kit.voices] == [
        ("kdrumr", "kdrumr", ("kdrumr",)),
        ("snare", "snare_top", ("snare",)),
        ("hihat", "hihat", ("hihatopen", "hihatclosed")),
        ("tom1", "tom1", ("tom1",)),
        ("crashr", "ohl", ("crashr",)),
    ]
    assert kit.hits["snare"] == ("snare_43", "snare_50")


def test_a_table_may_say_what_is_close(kit_folder):
    """In one row of a drum; a voice of several drums without common letters is its microphone's."""
    corpus = change(kit_folder, "stem/tom1_7/ohl", close="ohl")

    (kit,) = kits_of(corpus, "test")

    assert {voice.name: voice.drums for voice in kit.voices}["ohl"] == ("tom1", "crashr")


def test_a_hit_that_was_lowered_is_raised_again(kit_folder):
    """By what its row says."""
    corpus = open_corpus(kit_folder)
    for source in corpus.of("stem"):
        if source.row.song == "snare_43":
            corpus = change(kit_folder, source.id, gain_db="-6.0206")

    (kit,) = kits_of(corpus, "test")

    assert kit.level("snare_43") == pytest.approx(2.0, rel=1e-6)
    assert kit.level("snare_50") == 1.0


@pytest.mark.parametrize(
    ("cells", "text"),
    [
        ({"song": None}, "the hit 'snare_43' has no recording by the microphone 'ohl'"),
        ({"drum": "tom1"}, "drum is 'tom1' where another row of the hit 'snare_43' has 'snare'"),
        ({"close": "ohr"}, "close of snare is 'ohr'; expected one of ambl, hihat, kdrumr, ohl"),
    ],
)
def test_a_table_that_makes_no_kit_is_refused(kit_folder, cells, text):
    """By hit and cell."""
    corpus = change(kit_folder, "stem/snare_43/ohl", **cells)

    with pytest.raises(RecipeError, match=re.escape(text)):
        kits_of(corpus, "test")


def test_songs_are_no_kit(songs):
    """They have neither drums nor microphones."""
    with pytest.raises(RecipeError, match="no stem of the split 'test' has a drum and a microph"):
        kits_of(songs, "test")
