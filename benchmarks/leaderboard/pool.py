"""Do pieces of work on several cores, each on one thread, and hand back answers as they come."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from joblib import Parallel, cpu_count, delayed, parallel_config
from joblib.externals.loky.process_executor import TerminatedWorkerError

from mn_dataset.errors import MnError

Piece = TypeVar("Piece")
Answer = TypeVar("Answer")


def answers(
    function: Callable[[Piece], Answer], pieces: Sequence[Piece], *, workers: int | None = None
) -> Iterator[Answer]:
    """Apply a function to every piece; answers come in any order, pieces are taken as needed.

    Args:
        function: A module's function, so that other processes find it.
        pieces: What it is applied to.
        workers: Processes; None for one per core, 1 for none but this.

    Raises:
        MnError: if a process dies.

    >>> sorted(answers(abs, [-2, 1], workers=1))
    [1, 2]
    """
    count = min(cpu_count() if workers is None else workers, len(pieces))
    if count <= 1:
        yield from map(function, pieces)
        return
    try:
        with parallel_config(backend="loky", inner_max_num_threads=1):
            pool = Parallel(n_jobs=count, return_as="generator_unordered", pre_dispatch=2 * count)
            yield from pool(delayed(function)(piece) for piece in pieces)
    except TerminatedWorkerError as error:
        raise MnError(
            "a worker process died (out of memory, or a crash inside a library); what was done "
            "is safe: run the command again, with fewer --workers if memory was short"
        ) from error
