"""Do pieces of work in several processes, with one thread each: the pieces are what is parallel.

Where they run is chosen here: on this machine, or on the cluster of
``mn_dataset.cluster.connection``. For work that may kill or hang its process see
``mn_dataset.supervision``. No process of this machine outlives the one that started it.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import takewhile
from typing import Any, TypeVar

import joblib
from joblib.externals.loky.process_executor import BrokenProcessPool

from mn_dataset.cluster.connection import current
from mn_dataset.errors import MnError

CURE = "what was done is safe: run the command again, with fewer workers if memory was short"
"""What to do when a process died."""

Answer = TypeVar("Answer")

_WATCH_S = 0.5  # between two looks at whether the parent lives


def cores() -> int:
    """Return the number of processes that this machine, or the connected cluster, runs at a time.

    Of a cluster it is 2 at least: 1 would be none but this process.
    """
    connected = current()
    return int(joblib.cpu_count()) if connected is None else max(2, connected.workers)


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

    An array of a megabyte or more that many pieces hold is handed over once, in shared memory. When
    a piece is refused by an ``MnError``, no other is begun, and those that have been are done:
    their answers still come, unless they are to come in order, and the error after them.

    Args:
        function: A module's function, so that other processes find it.
        pieces: Arguments of each call; taken as they are needed.
        workers: Processes; None for one per core, 1 for none but this; on a cluster all of its
            workers, unless it is 1.
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
    errors: list[MnError] = []
    begun = takewhile(lambda _: not errors, pieces)
    connected = None if threads else current()
    if connected is not None:
        call = partial(_attempted, None, function)
        answers = connected.each(call, begun, ordered=ordered, together=together)
    else:
        answers = _here(
            function, begun, count=count, ordered=ordered, together=together, threads=threads
        )
    for answer in answers:
        if isinstance(answer, _Refusal):
            errors.append(answer.error)
        elif not (ordered and errors):
            yield answer
    if errors:
        raise errors[0]


def _here(
    function: Callable[..., Answer],
    pieces: Iterable[tuple[object, ...]],
    *,
    count: int,
    ordered: bool,
    together: int,
    threads: bool,
) -> Iterator[Answer | _Refusal]:
    """Yield answers and refusals of processes of this machine, or of threads of this process."""
    backend: dict[str, Any] = {"backend": "threading"}  # threads share the limit of this process
    if not threads:
        watched = {"initializer": end_with, "initargs": (os.getpid(),)}
        backend = {"backend": "loky", "inner_max_num_threads": 1} | watched
    with joblib.parallel_config(**backend):
        pool = joblib.Parallel(
            n_jobs=count,
            return_as="generator" if ordered else "generator_unordered",
            batch_size=together,
            pre_dispatch=f"{2 * count * together}",
        )
    # joblib's processes may outlive this call, and keep the working folder they began in.
    call = partial(_attempted, None if threads else os.getcwd(), function)
    try:
        yield from pool(joblib.delayed(call)(*piece) for piece in pieces)
    except BrokenProcessPool as error:
        raise MnError(
            f"a worker process died (out of memory, or a crash inside a library); {CURE}"
        ) from error


def end_with(parent: int) -> None:
    """End this process within seconds of its parent, whatever either is at; called in each worker.

    The system's own signal for that (``PR_SET_PDEATHSIG``) comes with the end of the thread that
    started the worker, and not of its process.

    Args:
        parent: The number of the process that started this one.
    """

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_WATCH_S)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


@dataclass(frozen=True)
class _Refusal:
    """Why a piece could not be done."""

    error: MnError


def _attempted(
    folder: str | None, function: Callable[..., Answer], *piece: object
) -> Answer | _Refusal:
    if folder is not None:
        os.chdir(folder)
    try:
        return function(*piece)
    except MnError as error:
        return _Refusal(error)
