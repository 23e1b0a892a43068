"""Hold how recordings are cut and judged."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from mn_dataset.audio.segment import MIN_LOOP
from mn_dataset.errors import InputError
from mn_dataset.records import SAMPLING_RATE, Role

LONGEST_WHOLE_S = 1800.0
"""A recording that is not cut is held in memory, 21 MB a minute; a longer one must be cut."""


@dataclass(frozen=True)
class Options:
    """How recordings are cut and judged; other options give other audio.

    Attributes:
        clip_s: Length of a clean clip; None keeps recordings whole.
        noise_s: Length of a noise; None keeps recordings whole.
        min_s: The shortest recording that is kept whole although a cut is longer.
        loudness_lufs: Integrated loudness of every cut, as far as its peak allows; None leaves
            the level alone.
        max_clipped: Share of clipped samples from which on a cut is rejected.
    """

    clip_s: float | None = 10.0
    noise_s: float | None = None
    min_s: float = 1.0
    loudness_lufs: float | None = None
    max_clipped: float = 0.001

    def check(self) -> None:
        """Refuse numbers that make no sense.

        Raises:
            InputError: naming the option.
        """
        shortest_noise = MIN_LOOP / SAMPLING_RATE
        _within("min_s", self.min_s, 0.01, 3600.0)
        _within("clip_s", self.clip_s, max(self.min_s, 0.01), LONGEST_WHOLE_S)
        _within("noise_s", self.noise_s, max(self.min_s, shortest_noise), LONGEST_WHOLE_S)
        _within("loudness_lufs", self.loudness_lufs, -50.0, 0.0)
        _within("max_clipped", self.max_clipped, 0.0, 1.0)

    def cut_length(self, role: Role) -> int | None:
        """Return the length of a cut in samples, None for whole recordings."""
        seconds = self.clip_s if role == "clean" else self.noise_s
        return None if seconds is None else round(seconds * SAMPLING_RATE)

    def shortest(self, role: Role) -> int:
        """Return the length in samples from which on a short recording is kept whole."""
        shortest = round(self.min_s * SAMPLING_RATE)
        return max(shortest, MIN_LOOP) if role == "noise" else shortest

    def text(self) -> str:
        """Return the options as one line that only equal options give."""
        return json.dumps(asdict(self), sort_keys=True)


def _within(name: str, value: float | None, low: float, high: float) -> None:
    if value is not None and not low <= value <= high:
        raise InputError(f"{name} is {value:g}; expected {low:.4g} to {high:g}")
