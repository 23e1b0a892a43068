"""Find the mixtures that denoisers do worst on: by each denoiser, noise class and SNR."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from benchmarks.leaderboard.scores import Scores

HEADLINE = "si_sdr"
"""The metric that decides, where a run has it."""

Cell = tuple[str, str, str]
"""Denoiser, noise class, SNR."""


def headline(metrics: Sequence[str]) -> str:
    """Return the metric that decides.

    >>> headline(["snr", "si_sdr"]), headline(["pesq", "stoi"])
    ('si_sdr', 'pesq')
    """
    return HEADLINE if HEADLINE in metrics else metrics[0]


def worst_clips(
    scores: Scores, denoisers: Mapping[str, int], *, metric: str, higher_is_better: bool
) -> dict[Cell, int]:
    """Return the place of the worst mixture of each denoiser per noise class and SNR.

    Args:
        scores: The scores of a run.
        denoisers: Who is asked, and in which column of the scores.
        metric: What decides.
        higher_is_better: Its direction.

    Returns:
        Rows of ``scores``; of equal ones the first. A cell without a value is left out.
    """
    cells = list(zip(scores.noise_class.tolist(), scores.snr.tolist(), strict=True))
    found: dict[Cell, int] = {}
    for name, column in denoisers.items():
        values = scores.values[metric][:, column] * (1.0 if higher_is_better else -1.0)
        for place in np.argsort(values, kind="stable").tolist():
            if np.isfinite(values[place]):
                found.setdefault((name, *cells[place]), place)
    return found


def hardest(worst: Mapping[Cell, int], count: int) -> list[int]:
    """Choose the mixtures that are the worst clip of the most, in turn over noise classes.

    >>> worst = {("a", "crowd", "0"): 4, ("b", "crowd", "0"): 4, ("a", "crowd", "5"): 2,
    ...     ("a", "traffic", "0"): 7}
    >>> hardest(worst, 2), hardest(worst, 9)
    ([4, 7], [4, 7, 2])
    """
    times = Counter(worst.values())
    classes = {place: noise_class for (_, noise_class, _), place in worst.items()}
    uses: Counter[str] = Counter()
    picked: list[int] = []
    while times and len(picked) < count:
        best = min(times, key=lambda place: (uses[classes[place]], -times[place], place))
        del times[best]
        uses[classes[best]] += 1
        picked.append(best)
    return picked
