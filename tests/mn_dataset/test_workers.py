from __future__ import annotations

import math
import os
import signal
import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest

from mn_dataset.errors import MnError, OutputError
from mn_dataset.workers import PIECE_TIMEOUT_S, Loss, Stage, each, supervised, survivors

DEATH = "__import__('os')._exit(1)"
PIECES = {str(number): str(number) for number in range(12)}


def test_a_piece_that_kills_its_process_is_lost_alone():
    """Everything else is answered once."""
    found = dict(survivors(eval, PIECES | {"5": DEATH}, workers=2))

    assert found == {name: int(name) for name in PIECES} | {"5": None}


def test_a_suspect_is_tried_apart_at_once():
    """Also with one worker, where it would be the death of all."""
    found = list(survivors(eval, PIECES | {"5": DEATH}, workers=1, suspects=["5", "gone"]))

    assert found[0] == ("5", None)
    assert dict(found[1:]) == {name: int(name) for name in PIECES if name != "5"}


def test_a_piece_that_hangs_is_given_up():
    """Its process ends itself, though nobody could interrupt it."""
    hang = "__import__('time').sleep(60)"
    found = dict(survivors(eval, {"a": "1", "b": hang}, workers=2, timeout_s=0.5))

    assert found == {"a": 1, "b": None}
    assert PIECE_TIMEOUT_S >= 600  # hours of audio on a slow disk are no hang


@pytest.mark.parametrize("workers", [1, 2])
def test_what_a_piece_raises_is_raised(workers):
    """An error of ours is no death."""
    source = "(_ for _ in ()).throw(__import__('mn_dataset.errors').errors.OutputError('full'))"
    with pytest.raises(OutputError, match="full"):
        dict(survivors(eval, {"a": source}, workers=workers))


def test_a_piece_is_announced_before_it_is_begun_in_this_process():
    """So that a crash of this very process leaves a trace; workers leave none."""
    begun: list[str] = []
    for name, _ in survivors(eval, {"a": "1", "b": "2"}, workers=1, begin=begun.append):
        assert begun[-1] == name
    assert begun == ["a", "b"]


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


def counting(text: str) -> Iterator[int | Stage]:
    """Yield the numbers of a text, each after a stage of its name; 0 ends the process."""
    for word in text.split():
        yield Stage(word)
        if word == "hang":
            time.sleep(60)
        if word == "0":
            os._exit(7)
        yield int(word)


def rest_of(text: str, word: str) -> str | None:
    return text.partition(f"{word} ")[2] or None


def test_a_stage_that_kills_or_hangs_is_lost_and_the_rest_is_done():
    """The answers before it are kept, and what is lost names the stage and how it ended."""
    pieces = ["1 0 2", "3 hang 4", "5"]

    found = list(supervised(counting, pieces, workers=2, timeout_s=2.0, rest=rest_of))

    answers = sorted(answer for _, answer in found if not isinstance(answer, Loss))
    assert answers == [1, 2, 3, 4, 5]
    losses = {loss.stage: loss for _, loss in found if isinstance(loss, Loss)}
    assert losses == {
        "0": Loss("0", "ended its process with 7", timed_out=False),
        "hang": Loss("hang", "took longer than 2 s", timed_out=True),
    }


def test_a_process_that_dies_at_no_stage_is_an_error():
    """Nothing that the work was about to do is to blame."""
    with pytest.raises(MnError, match=r"ended its process with 3; what was done is safe"):
        list(supervised(os._exit, [3], workers=1, timeout_s=60.0))


ABANDONED = """
import threading
import time
from mn_dataset.workers import Stage, each, supervised

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
