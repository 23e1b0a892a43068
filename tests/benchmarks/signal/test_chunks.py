"""Pieces cover a signal, and their weights sum to one."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.signal.chunks import BlockBuffer, Piece, cut, joined, rise


@st.composite
def layouts(draw):
    """Any length, chunk and overlap of at most half a chunk."""
    chunk = draw(st.integers(1, 60))
    overlap = draw(st.integers(0, chunk // 2))
    return draw(st.integers(1, 6 * chunk)), chunk, overlap


def starts(num_samples, chunk, overlap):
    """Every hop while a piece fits, and one that ends with the signal."""
    regular = list(range(0, num_samples - chunk + 1, chunk - overlap))
    return (
        regular
        if regular and regular[-1] == num_samples - chunk
        else [
            *regular,
            max(0, num_samples - chunk),
        ]
    )


@settings(deadline=None, max_examples=50)
@given(layouts())
def test_pieces_stand_every_hop_and_the_last_ends_with_the_signal(layout):
    """All of one length; a short signal is one piece."""
    num_samples, chunk, overlap = layout
    signal = np.arange(num_samples, dtype=np.float32)
    pieces = list(cut([signal], chunk=chunk, overlap=overlap))

    assert [piece.start for piece in pieces] == starts(num_samples, chunk, overlap)
    assert {len(piece.samples) for piece in pieces} == {min(chunk, num_samples)}
    assert pieces[-1].stop == num_samples
    for piece in pieces:
        np.testing.assert_array_equal(piece.samples, signal[piece.start : piece.stop])


@settings(deadline=None, max_examples=50)
@given(layouts(), st.lists(st.integers(0, 90), max_size=12))
def test_blocks_of_any_lengths_give_the_pieces_of_the_whole(layout, lengths):
    """Empty blocks too."""
    num_samples, chunk, overlap = layout
    signal = np.arange(2 * num_samples, dtype=np.float32).reshape(2, -1)
    blocks = np.split(signal, np.minimum(np.cumsum(lengths, dtype=int), num_samples), axis=-1)
    whole = list(cut([signal], chunk=chunk, overlap=overlap))

    parts = list(cut(iter(blocks), chunk=chunk, overlap=overlap))

    assert [piece.start for piece in parts] == [piece.start for piece in whole]
    for part, piece in zip(parts, whole, strict=True):
        np.testing.assert_array_equal(part.samples, piece.samples)


@settings(deadline=None, max_examples=50)
@given(layouts())
def test_pieces_that_nobody_changed_join_to_the_signal(layout):
    """Bit for bit, from the first sample to the last."""
    num_samples, chunk, overlap = layout
    signal = np.sin(np.arange(num_samples, dtype=np.float32))

    blocks = joined(cut([signal], chunk=chunk, overlap=overlap), overlap=overlap)

    np.testing.assert_array_equal(np.concatenate(list(blocks)), signal)


@settings(deadline=None, max_examples=50)
@given(layouts())
def test_the_weights_sum_to_exactly_one_at_every_sample(layout):
    """A weight is what a piece of ones leaves among pieces of zeros; the ends have weight one."""
    num_samples, chunk, overlap = layout
    pieces = list(cut([np.zeros(num_samples, np.float32)], chunk=chunk, overlap=overlap))

    windows = []
    for chosen in pieces:
        lit = [Piece(piece.start, np.full_like(piece.samples, piece is chosen)) for piece in pieces]
        windows.append(np.concatenate(list(joined(lit, overlap=overlap))))

    # float64 adds multiples of 2⁻²⁴ exactly: no rounding hides a gap.
    np.testing.assert_array_equal(np.sum(windows, axis=0, dtype=float), 1.0)
    assert windows[0][0] == windows[-1][-1] == 1.0
    assert np.min(windows) >= 0.0


@pytest.mark.parametrize("overlap", [0, 1, 2, 101, 22_050])
def test_the_later_piece_rises_as_the_earlier_one_falls(overlap):
    """The two are each other's mirror image, on the grid that float32 holds exactly."""
    weights = rise(overlap).astype(float)

    # A squared sine rounded to 2⁻²⁴ may be off by one step from its mirror image.
    np.testing.assert_allclose(weights + weights[::-1], 1.0, atol=2.0**-24)
    assert (np.diff(weights) >= 0).all()
    np.testing.assert_array_equal(weights * 2**24 % 1, 0.0)


def test_an_empty_signal_has_no_pieces():
    """There is nothing to join either."""
    assert list(cut([], chunk=10, overlap=2)) == []
    assert list(cut([np.zeros(0, np.float32)], chunk=10, overlap=2)) == []
    assert list(joined([], overlap=2)) == []


def test_an_overlap_that_leaves_no_way_forward_is_refused():
    """It would hand out the same piece for ever."""
    with pytest.raises(ValueError, match="overlap is 10"):
        next(cut([np.zeros(50, np.float32)], chunk=10, overlap=10))


def test_memory_holds_a_piece_and_a_block():
    """A piece comes as soon as its samples have: the source is not read ahead."""
    read = []

    def blocks():
        for number in range(100):
            read.append(number)
            yield np.zeros(7, np.float32)

    for piece in cut(blocks(), chunk=20, overlap=5):
        assert 7 * len(read) < piece.stop + 7


def test_what_passed_can_be_asked_for_in_other_lengths():
    """Though the source overwrites its block with the next."""
    buffer = np.empty((2, 5))

    def source():
        for number in range(4):
            buffer[:] = number
            yield buffer

    buffered = BlockBuffer(source())
    for _ in buffered:
        pass
    taken = [buffered.take(count)[0] for count in (3, 4, 13)]

    assert [len(part) for part in taken] == [3, 4, 13]
    np.testing.assert_array_equal(np.concatenate(taken), np.repeat(range(4), 5))


def test_a_block_is_forgotten_once_it_was_taken():
    """Memory holds what is still to be asked for."""
    buffered = BlockBuffer(np.ones((1, 10)) for _ in range(1000))
    for block in buffered:
        buffered.take(block.shape[-1])

        assert len(buffered._kept) == 0
