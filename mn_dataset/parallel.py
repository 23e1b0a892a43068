"""Do pieces of work in several processes as if they were done here; the one room of joblib.

A worker process may outlive the call that started it and keep that call's working folder, so every
piece is done in the caller's. Each process keeps to one thread: the pieces are what is parallel.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
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
