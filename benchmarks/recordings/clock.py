"""Tell how many seconds of audio are done."""

from __future__ import annotations

import math
from collections.abc import Callable

Progress = Callable[[int, int], None]
"""Called with the seconds that are done, and all of them."""


class AudioClock:
    """Seconds of audio that are done, and all of them as far as their headers tell."""

    def __init__(self, total_s: float, progress: Progress | None) -> None:
        self._progress = progress
        self._done, self._total = 0.0, total_s

    def show(self, seconds: float) -> None:
        """Show how far the present recording is."""
        if self._progress:
            done = self._done + seconds
            self._progress(math.floor(done), math.ceil(max(done, self._total)))

    def finish(self, seconds: float) -> None:
        """Count the present recording as done."""
        self.show(seconds)
        self._done += seconds
