from __future__ import annotations

import os
import time
from collections.abc import Iterator

import pytest

from mn_dataset.errors import MnError, OutputError
from mn_dataset.supervision import PIECE_TIMEOUT_S, Loss, Stage, supervised, survivors

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
