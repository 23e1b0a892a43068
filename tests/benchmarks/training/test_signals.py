"""The first Ctrl-C is noted, the second one stops at once."""

import os
import signal
import threading

import pytest

from benchmarks.training.signals import deferred


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_is_noted_and_the_second_stops(number):
    """And what was there before is there again afterwards."""
    before = signal.getsignal(number)

    with deferred() as request:
        os.kill(os.getpid(), number)
        assert request.made
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), number)

    assert signal.getsignal(number) is before


def test_another_thread_takes_no_signals():
    """Python hands them to the main one."""
    seen = []

    def enter():
        with deferred() as request:
            seen.append(request.made)

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()

    assert seen == [False]
