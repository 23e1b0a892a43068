from __future__ import annotations

import math
import os
import threading

import numpy as np
import pytest

from mn_dataset.errors import MnError
from mn_dataset.parallel import each


@pytest.mark.parametrize("workers", [1, 2])
def test_answers_come_in_the_order_of_the_pieces(workers):
    """Whatever the number of processes."""
    pieces = [(number**2,) for number in range(20)]

    assert list(each(math.isqrt, pieces, workers=workers, together=3)) == list(range(20))


def test_unordered_answers_are_the_same_in_some_order():
    """Every piece is answered once."""
    pieces = [(number**2,) for number in range(20)]

    assert sorted(each(math.isqrt, pieces, workers=2, ordered=False)) == list(range(20))


def test_nothing_to_do_is_no_answer():
    """No piece, no answer."""
    assert list(each(math.isqrt, [], workers=2)) == []


def test_pieces_are_done_in_the_caller_s_folder(tmp_path, monkeypatch):
    """Also when the processes were started from another one."""
    assert set(each(os.getcwd, [()] * 4, workers=2)) == {os.getcwd()}
    monkeypatch.chdir(tmp_path)
    assert set(each(os.getcwd, [()] * 4, workers=2)) == {str(tmp_path)}


def test_a_large_array_is_shared_and_a_small_one_is_sent():
    """Also inside of other things."""
    large, small = np.zeros(2**21, np.uint8), np.zeros(8, np.uint8)

    assert list(each(type, [(large,), (small,)], workers=2)) == [np.memmap, np.ndarray]
    assert all("memmap" in answer for answer in each(repr, [([large],)] * 2, workers=2))


def test_a_process_that_dies_is_one_message():
    """A crash inside a library tells what to do, instead of a traceback."""
    with pytest.raises(MnError, match=r"a worker process died .* run the command again"):
        list(each(os._exit, [(1,), (1,)], workers=2))


def test_threads_wait_together():
    """For pieces that wait; they share this process, its memory and its folder."""
    meeting = threading.Barrier(4, timeout=10)

    places = each(meeting.wait, [()] * 4, workers=4, ordered=False, threads=True)

    assert sorted(places) == [0, 1, 2, 3]
