from __future__ import annotations

import pytest

from mn_dataset.catalogue.curate.survive import PATIENCE_S, survivors
from mn_dataset.errors import OutputError

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
    found = dict(survivors(eval, {"a": "1", "b": hang}, workers=2, patience_s=0.5))

    assert found == {"a": 1, "b": None}
    assert PATIENCE_S >= 600  # hours of audio on a slow disk are no hang


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
