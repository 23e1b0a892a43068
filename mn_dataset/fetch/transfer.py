"""Transfer one file from a server that nobody vouches for; the only module that knows pooch.

A transfer has bounds that the server cannot move: bytes, counted as they are written and so after
any compression of the answer; a least speed, the answer's headers included; and a time for all
tries together. A thread of its own transfers, and is left alone when it is waited for in vain: what
it still receives, it does not write.
"""

from __future__ import annotations

import http.client
import logging
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, BinaryIO

from mn_dataset.errors import FetchError, MissingExtra
from mn_dataset.fetch.addresses import shown

_TRANSIENT_STATUSES = (408, 425, 429)
_LONGEST_REASON = 160  # characters of what a server or a library says


@dataclass(frozen=True)
class Patience:
    """How long a server is waited for.

    Attributes:
        retries: How often a fault that may pass is tried again.
        timeout_s: Seconds without a byte after which the server counts as silent.
        pause_s: Seconds before the first retry; doubles with each.
        least_bytes_per_s: Speed below which a transfer is given up, as a fault that may pass.
        window_s: Seconds over which that speed is measured.
        longest_s: Seconds after which a file is given up, all tries together.
    """

    retries: int = 3
    timeout_s: float = 30.0
    pause_s: float = 0.5
    least_bytes_per_s: float = 1000.0
    window_s: float = 60.0
    longest_s: float = 86_400.0


DEFAULT_PATIENCE = Patience()


class OtherBytes(FetchError):
    """A file is not the one that is expected."""


class TransientFault(Exception):
    """A fault that may pass."""


class NoAnswer(TransientFault):
    """Nobody answers, or too slowly; not only this file's fault."""


class Meter:
    """Count what arrives, and end a transfer that brings too much or that nobody waits for.

    Attributes:
        where: The address that a person knows the file by.
        most_bytes: How many bytes the file can have.
        count: Bytes so far.
        is_abandoned: Whether nobody waits for them any more.
    """

    def __init__(self, where: str, most_bytes: int) -> None:
        self.where, self.most_bytes = where, most_bytes
        self.count = 0
        self.is_abandoned = False

    def reach(self, count: int) -> None:
        """Note how many bytes have arrived.

        Raises:
            OtherBytes: if they are more than the file can have.
            TransientFault: if nobody waits for them; nobody catches it either.
        """
        if self.is_abandoned:
            raise TransientFault
        self.count = count
        self.check(count)

    def check(self, size: int) -> None:
        """Refuse a size that the file cannot have.

        Raises:
            OtherBytes: naming both.
        """
        if size > self.most_bytes:
            raise OtherBytes(
                f"{self.where}: {size} bytes or more; expected a file of at most "
                f"{self.most_bytes}; it is not that file: take it from elsewhere"
            )


def watched(work: Callable[[], None], meter: Meter, *, patience: Patience, deadline: float) -> None:
    """Do a transfer, as long as it is fast enough.

    Args:
        work: The transfer; it tells the meter of each block.
        meter: Counts its bytes.
        patience: What is fast enough.
        deadline: When to give up at the latest, by ``time.monotonic``.

    Raises:
        NoAnswer: if it is too slow.
        Exception: what the transfer raises.
    """
    outcome: SimpleQueue[Exception | None] = SimpleQueue()

    def run() -> None:
        try:
            work()
        except Exception as error:  # raised again where it is waited for
            outcome.put(error)
        else:
            outcome.put(None)

    Thread(target=run, daemon=True).start()
    try:
        error = _outcome(outcome, meter, patience, deadline)
    finally:
        meter.is_abandoned = True
    if error is not None:
        raise error


def _outcome(
    outcome: SimpleQueue[Exception | None], meter: Meter, patience: Patience, deadline: float
) -> Exception | None:
    least = patience.least_bytes_per_s * patience.window_s
    while True:
        before, left_s = meter.count, max(0.0, deadline - time.monotonic())
        try:
            return outcome.get(timeout=min(patience.window_s, left_s))
        except Empty:
            if left_s <= patience.window_s:
                raise NoAnswer(
                    f"{meter.count} bytes until the time was up ({patience.longest_s:g} s)"
                ) from None
            if meter.count - before < least:
                raise NoAnswer(
                    f"too slow: {meter.count - before} bytes within {patience.window_s:g} s, not "
                    f"{patience.least_bytes_per_s:g} a second"
                ) from None


def transfer(url: str, path: Path, meter: Meter, *, patience: Patience, deadline: float) -> None:
    """Write what an address answers to a file.

    Raises:
        FetchError: an answer that will not change; as ``OtherBytes`` when it is too large.
        TransientFault: one that may; as ``NoAnswer`` when there is none.
        MissingExtra: if pooch is not installed.
        OSError: if the file cannot be written.
    """
    try:
        import pooch  # noqa: PLC0415 - an extra
        import requests  # noqa: PLC0415 - pooch's own, for the names of its errors
    except ImportError as error:
        raise MissingExtra("pooch", extra="fetch") from error

    pooch.get_logger().setLevel(logging.WARNING)

    def work() -> None:
        with path.open("wb") as file, ExitStack() as answers:

            def look(answer: Any, **_: object) -> None:
                answers.callback(answer.close)
                _check_headers(answer, meter)

            downloader = pooch.HTTPDownloader(
                timeout=patience.timeout_s, chunk_size=2**16, hooks={"response": look}
            )
            downloader(url, _MeteredFile(file, meter), None)

    try:
        watched(work, meter, patience=patience, deadline=deadline)
    except requests.HTTPError as error:
        answer = error.response
        raise _status_fault(meter.where, answer.status_code if answer is not None else 0) from error
    except requests.Timeout as error:
        raise NoAnswer(f"no answer within {patience.timeout_s:g} s") from error
    except requests.exceptions.ChunkedEncodingError as error:
        raise TransientFault(f"the transfer broke off ({_innermost(error)})") from error
    except requests.ConnectionError as error:
        is_silent = "timed out" in str(error)
        reason = (
            f"no byte within {patience.timeout_s:g} s"
            if is_silent
            else f"no connection ({_innermost(error)})"
        )
        raise NoAnswer(reason) from error
    except (requests.RequestException, ValueError) as error:  # their texts may hold the address
        raise FetchError(
            f"{meter.where}: an address or an answer that cannot be read ({type(error).__name__}); "
            "expected the file; take it from elsewhere"
        ) from error


class _MeteredFile:
    """A file for pooch to write to; what is written is counted first."""

    def __init__(self, file: BinaryIO, meter: Meter) -> None:
        self._file, self._meter = file, meter

    def write(self, block: bytes) -> None:
        self._meter.reach(self._meter.count + len(block))
        self._file.write(block)

    def flush(self) -> None:
        """Do nothing: the file is closed at its end."""


def _check_headers(answer: Any, meter: Meter) -> None:
    """Refuse an answer by its headers, and the body of one that only leads to another address.

    Args:
        answer: Of requests; it would read that body whole.
        meter: Knows what the file can have.
    """
    if answer.is_redirect:
        answer.close()
        return
    length = answer.headers.get("Content-Length", "0")
    if not (length.isascii() and length.isdigit()):
        raise FetchError(
            f"{meter.where}: the server answers with Content-Length "
            f"{length[:_LONGEST_REASON]!r}; expected a number of bytes; take it from elsewhere"
        )
    if answer.ok:
        meter.check(int(length))


def _status_fault(where: str, status: int) -> Exception:
    answer = f"the server answers {status} {http.client.responses.get(status, '')}".rstrip()
    if status >= 500 or status in _TRANSIENT_STATUSES:
        return TransientFault(answer)
    cure = "it is not at this address" if status in (404, 410) else "the server holds it back"
    return FetchError(f"{where}: {answer}; expected the file; {cure}: take it from elsewhere")


def _innermost(error: Exception) -> str:
    """Return the innermost reason of requests' nested errors."""
    inner: object = error
    while isinstance(inner, BaseException) and inner.args:
        inner = getattr(inner, "reason", None) or inner.args[-1]
    return shown(str(inner))[:_LONGEST_REASON]
