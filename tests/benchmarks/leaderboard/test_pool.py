from __future__ import annotations

import math
import os

import pytest

from benchmarks.leaderboard.pool import answers
from mn_dataset.errors import MnError


@pytest.mark.parametrize("workers", [1, 2])
def test_every_piece_is_answered_once(workers: int) -> None:
    """Whatever the number of processes, the answers are the same, in some order."""
    assert sorted(answers(math.isqrt, [0, 1, 4, 9, 16], workers=workers)) == [0, 1, 2, 3, 4]


def test_nothing_to_do_starts_nothing() -> None:
    """No piece, no process, no answer."""
    assert list(answers(math.isqrt, [], workers=2)) == []


def test_a_process_that_dies_is_one_message() -> None:
    """A crash inside a library tells what to do, instead of a traceback."""
    with pytest.raises(MnError, match=r"a worker process died .* run the command again"):
        list(answers(os._exit, [1, 1], workers=2))
