"""Connect to a Dask cluster, and refuse workers that would not give this process's bytes.

Scheduler and workers belong to whoever started them: they outlive the commands that use them. The
workers see the same folders by the same paths as this process, and do one piece at a time; all run
the same code. What Dask sends is pickled: whoever reaches the scheduler's port can run code on it.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from mn_dataset.cluster.cluster import Cluster
from mn_dataset.cluster.fitness import fault, versions
from mn_dataset.errors import InputError, MissingExtra

if TYPE_CHECKING:
    from distributed import Client

PATIENCE_S = 5.0
"""How long a scheduler may take to answer, and a cluster to have its first worker."""

_EXAMPLE = "dask worker HOST:PORT --nworkers 8 --nthreads 1"

_current: list[Cluster] = []


def current() -> Cluster | None:
    """Return the cluster that the work of several processes is sent to, or None."""
    return _current[-1] if _current else None


@contextmanager
def connected(address: str) -> Iterator[Cluster]:
    """Send the work of several processes to a cluster, for as long as the context lasts.

    Args:
        address: Of the scheduler, such as "tcp://127.0.0.1:8786".

    Raises:
        MissingExtra: if distributed is not installed.
        InputError: if nothing answers there within seconds, there is no worker, or a worker has
            other versions, several threads, or another file system.
    """
    try:
        import distributed  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        raise MissingExtra("distributed", extra="cluster") from error
    if not re.fullmatch(r"\w+://\S+:\d{1,5}", address):
        raise InputError(f"{address!r} is no address; expected one such as tcp://HOST:8786")
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what matters is raised
    try:
        client = distributed.Client(address, timeout=PATIENCE_S, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:  # a time-out is an OSError
        raise InputError(
            f"{address}: no scheduler answers there ({_reason(error)}); expected an address such "
            "as tcp://HOST:8786, which `dask scheduler` prints as it starts"
        ) from error
    try:
        _current.append(Cluster(address, client, _judged(address, client)))
        try:
            yield _current[-1]
        finally:
            _current.pop()
    finally:
        with suppress(OSError):  # the scheduler may be gone
            client.close(timeout=PATIENCE_S)


def _judged(address: str, client: Client) -> int:
    """Return the number of workers, all of which are fit.

    Raises:
        InputError: naming the first that is not.
    """
    with suppress(TimeoutError):
        client.wait_for_workers(1, timeout=PATIENCE_S)
    threads = client.nthreads()
    if not threads:
        raise InputError(f"{address}: the cluster has no worker; start some: {_EXAMPLE}")
    for worker, count in threads.items():
        if count != 1:
            raise InputError(
                f"{worker}: the worker has {count} threads; expected 1, since pieces do not share "
                f"a process: {_EXAMPLE}"
            )
    here = os.getcwd(), versions()
    try:  # the scheduler unpacks tasks, to see what they need
        found = {f"scheduler {address}": client.run_on_scheduler(fault, *here)}
        found |= client.run(fault, *here)
    except Exception as error:  # whatever it raises that has another package, or none
        raise InputError(
            f"{address}: the scheduler or a worker cannot run this package ({_reason(error)}); "
            "install there what is installed here, and start it again"
        ) from error
    for place, text in found.items():
        if text:
            raise InputError(f"{place}: {text}")
    return len(threads)


def _reason(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
