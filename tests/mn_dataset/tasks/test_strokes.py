from __future__ import annotations

import pytest

from mn_dataset.records import SAMPLING_RATE
from mn_dataset.seeds import generator
from mn_dataset.tasks.strokes import TEMPI_BPM, groove

DRUMS = {
    "kick": ["kick"],
    "snare": ["snare"],
    "open hi-hat": ["open"],
    "hi-hat": ["closed"],
    "tom": ["tom1", "tom2"],
    "ride": [],
    "crash": ["crash"],
}
NEEDED = [("kick",), ("snare",), ("open", "closed"), ("tom1",), ("tom2",), ("crash",)]


def played(seed, seconds, *, drums=DRUMS, needed=NEEDED):
    return groove(drums, needed, round(seconds * SAMPLING_RATE), generator(seed, "strokes"))


@pytest.mark.parametrize("seconds", [0.1, 1.0, 3.0, 10.0])
def test_whatever_is_needed_sounds_while_there_is_time_to_hear_it(seconds):
    """In the first three quarters, give or take what a drummer is late by."""
    for seed in range(40):
        strokes = played(seed, seconds).strokes
        early = {one.drum for one in strokes if one.onset <= 0.75 * seconds * SAMPLING_RATE + 500}
        assert all(early & {*drums} for drums in NEEDED), seed


def test_strokes_are_in_order_within_the_groove():
    """No velocity above one, no onset outside, none twice."""
    for seed in range(40):
        tempo_bpm, strokes = played(seed, 4.0).tempo_bpm, played(seed, 4.0).strokes
        assert TEMPI_BPM[0] <= tempo_bpm <= TEMPI_BPM[1]
        assert list(strokes) == sorted(strokes)
        assert all(0 <= one.onset < 4 * SAMPLING_RATE for one in strokes)
        assert all(0.1 < one.velocity <= 1.0 for one in strokes)
        assert len({(one.drum, one.onset) for one in strokes}) == len(strokes)


def test_the_snare_answers_the_kick():
    """In a bar of four beats: the first beat is the kick's, the second the snare's."""
    for seed in range(20):
        one = played(seed, 10.0)
        beat = SAMPLING_RATE * 60 / one.tempo_bpm
        first = {stroke.drum for stroke in one.strokes if abs(stroke.onset) < 0.05 * beat}
        second = {stroke.drum for stroke in one.strokes if abs(stroke.onset - beat) < 0.05 * beat}
        assert "kick" in first
        assert "snare" in second


def test_a_kit_may_lack_anything_but_what_is_needed():
    """Who has one drum plays one."""
    drums = {part: [] for part in DRUMS} | {"snare": ["snare"]}

    assert {one.drum for one in played(0, 8.0, drums=drums, needed=[("snare",)]).strokes} == {
        "snare"
    }


def test_a_seed_is_a_groove():
    """The same one again, and another for another seed."""
    assert played(3, 5.0) == played(3, 5.0) != played(4, 5.0)
