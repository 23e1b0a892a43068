"""Do pieces of work of which one may kill or hang the process that does it."""

from __future__ import annotations

import faulthandler
import os
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import TypeVar

from mn_dataset.errors import MnError
from mn_dataset.parallel import each

PATIENCE_S = 900.0
"""A worker that is busy with one piece for longer than this is taken for hung, and ended."""

Piece = TypeVar("Piece")
Answer = TypeVar("Answer")


def survivors(
    function: Callable[[Piece], Answer],
    pieces: Mapping[str, Piece],
    *,
    workers: int,
    suspects: Collection[str] = (),
    begin: Callable[[str], None] = lambda _: None,
    patience_s: float = PATIENCE_S,
) -> Iterator[tuple[str, Answer | None]]:
    """Yield every piece's name and answer, as they come; None where its process died.

    When a process dies, the pieces that were under way are tried one by one, apart from all
    others, so that only the one that is to blame is lost.

    Args:
        function: A module's function, so that other processes find it; what it raises is raised.
        pieces: Its argument by name.
        workers: Processes; 1 for none but this one, which dies with a piece that kills.
        suspects: Names of pieces to try apart at once.
        begin: Called with a piece's name before it is done in this process.
        patience_s: How long one piece may keep a process of its own busy.

    >>> dict(survivors(abs, {"a": -1, "b": 2}, workers=1))
    {'a': 1, 'b': 2}
    """
    waiting = dict(pieces)
    for name in suspects:
        if name in waiting:
            yield name, _alone(function, name, waiting.pop(name), patience_s)
    while waiting:
        under_way: list[str] = []

        def taken(under_way: list[str] = under_way) -> Iterator[tuple[object, ...]]:
            for name in list(waiting):
                under_way.append(name)
                if workers == 1:
                    begin(name)
                yield function, name, waiting[name], patience_s if workers > 1 else None

        answers = each(_watched, taken(), workers=workers, ordered=False)
        while (found := _next(answers)) is not None:
            del waiting[found[0]]
            yield found[0], _answer(found)
        for name in under_way:
            if name in waiting:
                yield name, _alone(function, name, waiting.pop(name), patience_s)


_Found = tuple[str, Answer | None, MnError | None]


def _next(answers: Iterator[_Found[Answer]]) -> _Found[Answer] | None:
    """Return what comes next, None when nothing does or a worker died."""
    try:
        return next(answers, None)
    except MnError:  # what a piece raises comes as an answer, so this is the pool's own
        return None


def _alone(
    function: Callable[[Piece], Answer], name: str, piece: Piece, patience_s: float
) -> Answer | None:
    found = _next(each(_watched, [(function, name, piece, patience_s)], workers=2))
    return None if found is None else _answer(found)


def _answer(found: _Found[Answer]) -> Answer | None:
    if found[2] is not None:
        raise found[2]
    return found[1]


def _watched(
    function: Callable[[Piece], Answer], name: str, piece: Piece, patience_s: float | None
) -> _Found[Answer]:
    """Do one piece; a process of its own ends itself when that takes too long."""
    with open(os.devnull, "w") as nowhere:
        if patience_s is not None:
            faulthandler.dump_traceback_later(patience_s, exit=True, file=nowhere)
        try:
            return name, function(piece), None
        except MnError as error:
            return name, None, error
        finally:
            if patience_s is not None:
                faulthandler.cancel_dump_traceback_later()
