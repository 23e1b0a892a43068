from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mn_dataset import seeds
from mn_dataset.audio.fingerprint.extract import Fingerprint
from mn_dataset.audio.fingerprint.screen import (
    FRAMES,
    HOP,
    Candidate,
    Piece,
    band_edges,
    candidates,
    cut,
    describe,
    peak_thresholds,
)

LENGTH = HOP * FRAMES


def noise(name: str, length: int = LENGTH) -> np.ndarray:
    samples = 24 * seeds.generator(0, "screen", name).normals(length)
    return np.clip(np.rint(samples), -127, 127).astype(np.int8)


def screened(*waves: np.ndarray) -> list[Candidate]:
    pieces = [Piece(number, 0, wave) for number, wave in enumerate(waves)]
    described = np.stack([describe(piece) for piece in pieces], axis=1)
    thresholds = peak_thresholds(pieces, pieces)
    return candidates(described, described, thresholds, first=0, second=0)


@given(st.integers(0, 5 * LENGTH))
@settings(max_examples=50, deadline=None)
def test_pieces_cover_a_recording_and_every_half_piece_lies_whole_in_one(length):
    """So that five seconds in common are never torn apart, nor judged by a short rest."""
    pieces = cut(0, Fingerprint(np.ones(length, np.int8)))

    for start in range(0, max(0, length - LENGTH // 2), 1000):
        assert any(
            piece.start <= start and start + LENGTH // 2 <= piece.start + len(piece.wave)
            for piece in pieces
        )
    assert all(len(piece.wave) == min(length, LENGTH) for piece in pieces)
    assert sum(len(piece.wave) for piece in pieces) >= length


@pytest.mark.parametrize("shift", [0, 17, 5555, -27_000])
def test_a_common_part_stands_out_at_its_lag(shift):
    """To within two frames of 20 ms, and up to a turn of the circle."""
    take = noise("take", 2 * LENGTH)
    start = LENGTH // 2
    found = screened(take[start : start + LENGTH], take[start + shift : start + shift + LENGTH])

    assert [(one.first, one.second) for one in found] == [(0, 1)]
    off = (found[0].lag - shift + LENGTH // 2) % LENGTH - LENGTH // 2
    assert abs(off) <= 2 * HOP


def test_a_peak_is_highest_for_copies_and_lower_the_less_is_in_common():
    """The root of all frames for copies; chance is below 6."""
    take, other = noise("take"), noise("other")
    heights = []
    for share in (1.0, 0.5, 0.2):
        end = int(share * LENGTH)
        heights.append(screened(take, np.concatenate([take[:end], other[end:]]))[0].height)

    assert heights[0] == pytest.approx(FRAMES**0.5, rel=0.02)  # but for the constant term
    assert heights == sorted(heights, reverse=True)
    assert heights[-1] > 6.0


def test_strangers_rarely_stand_out():
    """60 noises, 1770 pairs; a normal peak of 512 lags is over 5 in one of 7000."""
    assert len(screened(*[noise(str(number)) for number in range(60)])) <= 2


def test_blocks_name_pieces_by_their_number_and_each_pair_once():
    """What lies below the diagonal is the same pair again."""
    waves = [noise("a"), noise("b"), noise("b"), noise("a")]
    described = np.stack([describe(Piece(0, 0, wave)) for wave in waves], axis=1)
    thresholds = np.full((2, 2), 5.5)
    found = candidates(described[:, :2], described[:, 2:], thresholds, first=10, second=12)

    assert [(one.first, one.second, one.lag) for one in found] == [(10, 13, 0), (11, 12, 0)]
    assert {(one.first, one.second) for one in screened(*waves)} == {(0, 3), (1, 2)}


def test_a_short_piece_has_to_stand_out_less():
    """A second of it gives a lower peak, and is found all the same."""
    take = noise("take")
    short = take[20_000:25_500]

    assert [one.lag for one in screened(take, short)] == [pytest.approx(20_000, abs=2 * HOP)]


def test_two_short_pieces_have_to_stand_out_more_than_one():
    """They meet at few lags; two long ones, and a short and a long one, at all."""
    short, long = Piece(0, 0, noise("take")[:5500]), Piece(0, 0, noise("take"))
    thresholds = peak_thresholds([short, long], [short, long])

    assert thresholds == pytest.approx(np.array([[10.2, 4.5], [4.5, 5.0]]), abs=0.1)


def test_a_silent_piece_is_left_out_and_a_silent_part_moves_nothing():
    """A recording that pauses for fifteen seconds has no piece there."""
    wave = np.concatenate([noise("a"), np.zeros(2 * LENGTH, np.int8), noise("b")])
    starts = [piece.start for piece in cut(0, Fingerprint(wave))]

    assert starts == [0, LENGTH // 2, 5 * LENGTH // 2, 3 * LENGTH]


def test_bands_are_distinct_and_cover_what_is_heard():
    """From 65 Hz to the top of the fingerprint."""
    edges = band_edges()

    assert (np.diff(edges) > 0).all()
    assert edges[0] == 3
    assert edges[-1] == 129
