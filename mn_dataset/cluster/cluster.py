"""Do pieces of work on a cluster through joblib's backend for Dask."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeVar

import joblib

from mn_dataset.cluster.fitness import fault, versions
from mn_dataset.cluster.packing import called, packed
from mn_dataset.errors import InputError, MnError

if TYPE_CHECKING:
    from distributed import Client

Answer = TypeVar("Answer")
Piece = tuple[object, ...]

RETURN_S = 60.0
"""How long a cluster that lost its last worker may take to have another."""

_LOSSES = 3  # times that what a dead worker alone held is handed over again
_SAFE = "what was done is safe: run the command again"


@dataclass(frozen=True)
class Cluster:
    """A connection to a cluster whose workers have been judged.

    Attributes:
        address: Of the scheduler.
        client: What talks to it.
        workers: How many there were when it was opened; others may come and go.
    """

    address: str
    client: Client
    workers: int

    def each(
        self,
        function: Callable[..., Answer],
        pieces: Iterable[Piece],
        *,
        ordered: bool,
        together: int,
    ) -> Iterator[Answer]:
        """Call a function with every piece's arguments there; see ``workers.each``.

        A piece whose worker dies is done by another one.

        Raises:
            InputError: if a worker that came later is not fit.
            MnError: if a piece ends one worker after another, no worker is left, or the scheduler
                is gone; or whatever the function raises.
        """
        left: dict[int, Piece] = {}  # begun and not answered, by number
        numbered = enumerate(pieces)
        for _ in range(_LOSSES):
            begun = _noted(chain(list(left.items()), numbered), left)
            try:
                for number, answer in self._answers(function, begun, ordered, together):
                    del left[number]
                    yield answer
            except CancelledError:  # a large array was where a worker died, and nowhere else
                if self.client.status != "running":
                    break
            else:
                return
        raise MnError(
            f"{self.address}: the scheduler is gone, or dropped the work; {_SAFE} when it is back"
        )

    def _answers(
        self,
        function: Callable[..., Answer],
        pieces: Iterable[tuple[int, Piece]],
        ordered: bool,
        together: int,
    ) -> Iterator[tuple[int, Answer]]:
        from distributed import KilledWorker  # noqa: PLC0415 - an extra

        call, folder, expected = joblib.delayed(_done), os.getcwd(), versions()
        calls = (
            call(number, folder, expected, *packed(function, piece)) for number, piece in pieces
        )
        try:
            with joblib.parallel_config(backend=_backend(self.client)):
                pool = joblib.Parallel(
                    return_as="generator" if ordered else "generator_unordered",
                    batch_size=together,
                    pre_dispatch=f"{2 * self.workers * together}",
                )
            yield from pool(calls)
        except KilledWorker as error:
            raise MnError(
                f"{self.address}: a piece of work ended one worker after another (out of memory, "
                f"or a crash inside a library); {_SAFE} on this machine alone"
            ) from error
        except TimeoutError as error:
            raise MnError(
                f"{self.address}: no worker is left; {_SAFE} when there are some"
            ) from error
        except ModuleNotFoundError as error:
            raise InputError(
                f"{self.address}: a worker lacks the package {error.name!r}; install there what "
                "is installed here"
            ) from error


def _noted(numbered: Iterable[tuple[int, Piece]], left: dict[int, Piece]) -> Iterator[Any]:
    for number, piece in numbered:
        left[number] = piece
        yield number, piece


def _done(
    number: int, folder: str, expected: Mapping[str, str], content: bytes, *arrays: Any
) -> tuple[int, Any]:
    """Return a piece's number and answer; called in a worker, which may have come late."""
    if text := fault(folder, expected):
        from distributed import get_worker  # noqa: PLC0415 - an extra

        raise InputError(f"{get_worker().address}: {text}")
    os.chdir(folder)
    return number, called(content, *arrays)


def _backend(client: Client) -> Any:
    """Return joblib's backend, two of whose habits are changed.

    It waits for ever for a piece that the scheduler gave up; and with one worker joblib does all
    work in this process.
    """
    from joblib._dask import DaskDistributedBackend  # noqa: PLC0415 - of an extra

    class Backend(DaskDistributedBackend):  # type: ignore[misc]
        def effective_n_jobs(self, n_jobs: int) -> int:
            return max(2, int(super().effective_n_jobs(n_jobs)))

        def submit(self, func: Any, callback: Callable[[Any], None] | None = None) -> Future[Any]:
            future: Future[Any] = super().submit(func, callback)

            def tell(done: Future[Any]) -> None:
                error = done.exception()
                if error is not None and callback is not None:
                    callback(error)

            future.add_done_callback(tell)
            return future

    return Backend(client=client, wait_for_workers_timeout=RETURN_S)
