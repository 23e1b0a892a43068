"""Let Ctrl-C and a scheduler's SIGTERM end a step before they end the run."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Request:
    """Whether somebody asked for the end.

    Attributes:
        made: True from the first signal on.
    """

    def __init__(self) -> None:
        self.made = False

    def take(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 - as signals come
        """Take a signal; a second one does not wait."""
        if self.made:
            raise KeyboardInterrupt
        self.made = True


@contextmanager
def deferred() -> Iterator[Request]:
    """Collect signals while in the block; outside the main thread there are none to collect."""
    request = Request()
    if threading.current_thread() is not threading.main_thread():
        yield request
        return
    before = {number: signal.signal(number, request.take) for number in _SIGNALS}
    try:
        yield request
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
