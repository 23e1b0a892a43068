from __future__ import annotations

import math
import os
import signal
import threading
import time

import numpy as np
import pytest

from mn_dataset.errors import MnError, OutputError
from mn_dataset.workers import each


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


class Heavy:
    """What cannot be received: memory is short."""

    def __reduce__(self) -> tuple[object, ...]:
        return _short_of_memory, ()


def _short_of_memory() -> None:
    raise MemoryError


def test_a_process_that_cannot_receive_a_piece_is_the_same_message():
    """Memory was short while it took it over, or while it imported what the piece is for."""
    with pytest.raises(MnError, match=r"a worker process died .* with fewer workers if memory"):
        list(each(repr, [(Heavy(),), (Heavy(),)], workers=2))


def refused(number: int) -> int:
    """Return the number, once 0 was refused."""
    if not number:
        raise OutputError("full")
    time.sleep(0.5)
    return number


@pytest.mark.parametrize("ordered", [False, True])
def test_what_was_begun_is_done_when_a_piece_is_refused(ordered):
    """Then the error comes, and most pieces were never begun; out of order there is no answer."""
    answers: list[int] = []

    with pytest.raises(OutputError, match="full"):
        answers.extend(each(refused, [(n,) for n in range(40)], workers=2, ordered=ordered))

    assert answers == [] if ordered else 1 in answers
    assert len(answers) < 12


def test_threads_wait_together():
    """For pieces that wait; they share this process, its memory and its folder."""
    meeting = threading.Barrier(4, timeout=10)

    places = each(meeting.wait, [()] * 4, workers=4, ordered=False, threads=True)

    assert sorted(places) == [0, 1, 2, 3]


ABANDONED = """
import threading
import time
from mn_dataset.supervision import Stage, supervised
from mn_dataset.workers import each

def stages(number):
    yield Stage(number)
    Path(sys.argv[2], str(number)).touch()
    time.sleep(60.0)

def piece(number):
    list(stages(number))

if sys.argv[1] == "each":
    answers = each(piece, [(1,), (2,)], workers=3)
else:
    answers = supervised(stages, [1, 2], workers=2, timeout_s=60.0)
threading.Thread(target=list, args=(answers,), daemon=True).start()
while len(list(Path(sys.argv[2]).iterdir())) < 2:
    time.sleep(0.01)
halt()
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
@pytest.mark.parametrize("way", ["each", "supervised"])
def test_no_worker_outlives_its_parent(halted, outliving, tmp_path, way, number):
    """Busy or idle, and however the parent ends: all are gone within seconds."""
    assert outliving(halted(ABANDONED, way, tmp_path), number, least=3) == []
