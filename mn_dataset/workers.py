"""Do pieces of work of which one may kill or hang the process that does it.

Do pieces of work in several processes as if they were done here; the one room of joblib.

A worker process may outlive the call that started it and keep that call's working folder, so every
piece is done in the caller's. Each process keeps to one thread: the pieces are what is parallel.
"""

from __future__ import annotations

import faulthandler
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from multiprocessing.process import BaseProcess
from typing import TypeVar

import joblib
from joblib.externals.loky.backend.process import LokyProcess
from joblib.externals.loky.process_executor import TerminatedWorkerError

from mn_dataset.errors import MnError

Answer = TypeVar("Answer")

_THREADS = ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "VECLIB_MAXIMUM", "NUMBA")


def cores() -> int:
    """Return the number of processes that this machine can run at a time."""
    return int(joblib.cpu_count())


def each(
    function: Callable[..., Answer],
    pieces: Iterable[tuple[object, ...]],
    *,
    workers: int | None,
    ordered: bool = True,
    together: int = 1,
    threads: bool = False,
) -> Iterator[Answer]:
    """Call a function with every piece's arguments, and yield the answers as they come.

    An array of a megabyte or more that stands in the arguments of many pieces is handed over
    once: the processes read it in shared memory.

    Args:
        function: A module's function, so that other processes find it.
        pieces: Arguments of each call; taken as they are needed.
        workers: Processes; None for one per core, 1 for none but this.
        ordered: Whether answers come in the order of the pieces.
        together: Pieces handed to a process at a time.
        threads: Use threads instead, for pieces that wait more than they work.

    Raises:
        MnError: if a process dies; or whatever the function raises.

    >>> list(each(max, [(1, 2), (4, 3)], workers=1))
    [2, 4]
    """
    count = cores() if workers is None else workers
    if count == 1:
        yield from (function(*piece) for piece in pieces)
        return
    limits = {} if threads else {"inner_max_num_threads": 1}  # threads share their limit
    with joblib.parallel_config(backend="threading" if threads else "loky", **limits):
        pool = joblib.Parallel(
            n_jobs=count,
            return_as="generator" if ordered else "generator_unordered",
            batch_size=together,
            pre_dispatch=f"{2 * count * together}",
        )
    here = os.getcwd()
    if threads:
        calls = (joblib.delayed(function)(*piece) for piece in pieces)
    else:
        calls = (joblib.delayed(_there)(here, function, piece) for piece in pieces)
    try:
        yield from pool(calls)
    except TerminatedWorkerError as error:
        raise MnError(
            "a worker process died (out of memory, or a crash inside a library); what was done "
            "is safe: run the command again, with fewer --workers if memory was short"
        ) from error


def _there(folder: str, function: Callable[..., Answer], piece: tuple[object, ...]) -> Answer:
    os.chdir(folder)
    return function(*piece)


def started(function: Callable[..., None], *arguments: object) -> BaseProcess:
    """Start a process of one thread that calls a module's function, and return it at once.

    Unlike a pool's, it is its caller's to watch and to end. The caller's main script is not run in
    it; what it was handed by ``multiprocessing.Pipe`` is open there.
    """
    one_thread = {f"{library}_NUM_THREADS": "1" for library in _THREADS}
    process: BaseProcess = LokyProcess(target=function, args=arguments, env=one_thread)
    process.start()
    return process


PATIENCE_S = 900.0
"""A worker that is busy with one piece for longer than this is taken for hung, and ended."""

Piece = TypeVar("Piece")


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
