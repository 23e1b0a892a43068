"""Write the leaderboard as Markdown that reads well in a terminal too."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.leaderboard.inference import POWER, SIGNIFICANT, smallest
from benchmarks.leaderboard.score_matrix import ALL, TARGET
from benchmarks.metrics.suite import reasons
from benchmarks.report.summary import Board
from mn_dataset.errors import DatasetError
from mn_dataset.markdown import markdown_table

MARKDOWN = "leaderboard.md"
GLOBAL = {"nsdr": "GNSDR", "sir": "GSIR", "sar": "GSAR"}
"""What the mean of a metric, weighted by length, is called."""

_WORDS = {
    *("denoiser", "metric", "target", "why not", "role", "category", "noise"),
    "surely better than",
}
"""Headers of the columns that hold words."""


def leaderboard_text(run: Path) -> str:
    """Return the leaderboard that a person reads first, for a terminal.

    Raises:
        DatasetError: if the run has no report yet.
    """
    path = run / MARKDOWN
    if not path.is_file():
        raise DatasetError(f"{path}: no such file; make it with `mn report {run}`")
    return path.read_text(encoding="utf-8")


def markdown(board: Board) -> str:
    """Return the whole leaderboard in Markdown, the main table first."""
    headline = next(iter(board.metrics))
    facet = board.first_facet
    sections = [
        f"# {board.title}",
        f"`{board.command}`" if board.command else "",
        f"## {heading(board.metrics[headline])}: all mixtures, and the mean by {facet.title}",
        table(*_main(board, headline)),
        "\n".join(_by_target(board, headline)),
        _how_to_read(board),
        "## Every metric: mean over all mixtures",
        table(*_every_metric(board)),
        "\n".join(_surely_better(board, headline)),
        "\n".join(_smallest(board)),
        "\n".join(_weighted(board)),
        "\n".join(_coverage(board)),
        "\n".join(_not_installed(board)),
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


def heading(metric: dict[str, Any]) -> str:
    """Name a metric with its unit and direction.

    >>> heading({"name": "lsd", "unit": "dB", "higher_is_better": False})
    'lsd [dB] ↓'
    """
    unit = "" if metric["unit"] == "1" else f" [{metric['unit']}]"
    return f"{metric['name']}{unit} {'↑' if metric['higher_is_better'] else '↓'}"


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table with aligned columns, numbers to the right."""
    return markdown_table(header, rows, words=_WORDS)


def number(value: float, *, digits: int = 2, sign: bool = False) -> str:
    """Write a number; an undefined one is a dash.

    >>> number(0.125, sign=True), number(float("nan"))
    ('+0.12', '–')
    """
    return f"{value:{'+' if sign else ''}.{digits}f}" if math.isfinite(value) else "–"


def ranks(first: Any, last: Any) -> str:
    """Write the ranks that a denoiser may have; one that is not ranked has a dash.

    >>> ranks(1, 3), ranks(2, 2), ranks(None, None)
    ('1–3', '2', '–')
    """
    if pd.isna(first):
        return "–"
    return str(first) if first == last else f"{first}–{last}"


def chance(p_value: float) -> str:
    """Write a p-value.

    >>> chance(0.03251), chance(2e-9)
    ('0.0325', '<0.0001')
    """
    return "<0.0001" if p_value < 0.00005 else number(p_value, digits=4)


def _main(board: Board, metric: str) -> tuple[list[str], list[list[str]]]:
    column = board.first_facet.column
    means = board.by(column, metric).pivot(index="denoiser", columns=column, values="mean")
    labels = board.scores.axis(column)
    header = ["rank", "denoiser", "n", "mean", "95 % interval", "Δ noisy", "p"]
    header += board.axis_texts(column)
    body = []
    for row in board.over_all(metric).to_dict("records"):
        interval = f"{number(row['ci_low'])} … {number(row['ci_high'])}"
        body.append(
            [
                ranks(row["rank"], row["rank_high"]),
                _marked(board, row["denoiser"]),
                str(row["n"]),
                number(row["mean"]),
                interval if math.isfinite(row["ci_low"]) else "–",
                number(row["delta"], sign=True),
                chance(row["p_value"]),
                *(number(means.loc[row["denoiser"], name]) for name in labels),
            ]
        )
    return header, body


def _by_target(board: Board, metric: str) -> Iterator[str]:
    targets = list(board.scores.by_target)
    if not targets:
        return
    means = board.by(TARGET, metric).pivot(index="denoiser", columns=TARGET, values="mean")
    yield f"## {heading(board.metrics[metric])}: the mean by target\n"
    yield table(
        ["denoiser", *targets],
        [
            [_marked(board, name), *(number(means.loc[name, target]) for target in targets)]
            for name in board.over_all(metric)["denoiser"]
        ],
    )
    yield "\nIn all other tables a mixture's score is the mean over its targets."


def _every_metric(board: Board) -> tuple[list[str], list[list[str]]]:
    means = {
        name: board.over_all(name).set_index("denoiser")["mean"].to_dict() for name in board.metrics
    }
    order = board.over_all(next(iter(board.metrics)))["denoiser"]
    header = ["denoiser", *map(heading, board.metrics.values()), "real-time factor"]
    return header, [
        [
            _marked(board, name),
            *(number(mean[name]) for mean in means.values()),
            number(_real_time_factor(board, name), digits=4),
        ]
        for name in order
    ]


def _real_time_factor(board: Board, denoiser: str) -> float:
    factor = board.timing.get(denoiser, {}).get("real_time_factor")
    return float("nan") if factor is None else float(factor)


def _marked(board: Board, denoiser: str) -> str:
    group = board.groups[denoiser]
    return denoiser if group == "blind" else f"{denoiser} ({group})"


def _how_to_read(board: Board) -> str:
    return (
        "Means are over the n mixtures on which all compared denoisers have a value. The 95 % "
        "intervals are for the mean over other recordings of the kind: mixtures that share one are "
        f"not independent, and the {board.recordings()} (or their groups) are what is counted. "
        "Δ is the mean paired difference to `noisy`, p tests Δ = 0 with Holm's correction over "
        "the denoisers. "
        "The rank is 1 + the number of denoisers that are surely better (pairwise tests at 5 %, "
        "with Holm's correction over the pairs), so ties share one; 1–3 says that the third place "
        "is possible too. "
        "Reference and oracle rows have none, and informed ones are ranked among themselves."
    )


def _surely_better(board: Board, metric: str) -> Iterator[str]:
    duels = board.duels_by(None)
    duels = duels[duels["metric"] == metric]
    if duels.empty:
        return
    sure = duels[duels["p_value"] < SIGNIFICANT]
    body = []
    for row in board.over_all(metric).dropna(subset=["rank"]).to_dict("records"):
        beaten = sure.loc[sure["better"] == row["denoiser"], "worse"]
        body.append(
            [
                ranks(row["rank"], row["rank_high"]),
                row["denoiser"],
                ", ".join(beaten) or "–",
            ]
        )
    yield f"## Who is surely better: {heading(board.metrics[metric])}, all mixtures\n"
    yield table(["rank", "denoiser", "surely better than"], body)
    yield "\nEvery pair's difference, interval and p-value stand in `leaderboard.json` (`duels`)."


def _smallest(board: Board) -> Iterator[str]:
    column = board.first_facet.column
    visible = smallest(board.duels_by(column), by=column)
    if visible.empty:
        return
    differences = visible.pivot(index="metric", columns=column, values="difference")
    labels = [ALL, *(name for name in board.scores.axis(column) if name in differences.columns)]
    differences = differences.reindex(columns=labels)
    yield "## The smallest difference that these mixtures can show\n"
    yield table(
        ["metric", ALL, *board.axis_texts(column, labels[1:])],
        [
            [heading(spec), *(number(float(cell)) for cell in differences.loc[name].to_numpy())]
            for name, spec in board.metrics.items()
            if name in differences.index
        ],
    )
    yield (
        "\nA true difference of this size between two ranked denoisers is found in "
        f"{100 * POWER:.0f} of 100 such test sets, by one test at 5 % (the median over the pairs)."
    )


def _weighted(board: Board) -> Iterator[str]:
    names = [name for name in GLOBAL if name in board.metrics]
    if not names:
        return
    rows = [board.over_all(name).set_index("denoiser")["weighted_mean"] for name in names]
    yield f"## {', '.join(GLOBAL[name] for name in names)}: means weighted by length\n"
    yield table(
        ["denoiser", *(f"{GLOBAL[name]} [dB] ↑" for name in names)],
        [
            [_marked(board, name), *(number(row[name]) for row in rows)]
            for name in board.over_all(names[0])["denoiser"]
        ],
    )


def _coverage(board: Board) -> Iterator[str]:
    gaps = list(board.gaps())
    if not gaps:
        return
    yield "## Coverage: scores that are not defined\n"
    yield table(
        ["denoiser", "metric", "defined", "why not"],
        [
            [
                gap.denoiser,
                gap.metric,
                f"{100 * gap.defined:.1f} %",
                "; ".join(
                    f"{count} × {reasons().get(reason, reason)}"
                    for reason, count in gap.reasons.items()
                ),
            ]
            for gap in gaps
        ],
    )


def _not_installed(board: Board) -> Iterator[str]:
    if not board.run["not_installed"]:
        return
    yield "## Not installed\n"
    for item in board.run["not_installed"]:
        yield f"- {item['name']}: `{item['install']}`, then the same command again"
