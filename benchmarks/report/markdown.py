"""Write the leaderboard as Markdown: what is measured, section by section."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from benchmarks.leaderboard.inference import POWER, smallest
from benchmarks.leaderboard.ranking import RANKED_GROUPS
from benchmarks.leaderboard.score_matrix import ALL, TARGET
from benchmarks.metrics.suite import reasons
from benchmarks.metrics.undefined import LIMIT_DB
from benchmarks.report import microphones, verdicts
from benchmarks.report.summary import Board
from benchmarks.report.text import chance, heading, marked, number, ranks, table
from mn_dataset.markdown import code, escaped

GLOBAL = {"nsdr": "GNSDR", "sir": "GSIR", "sar": "GSAR"}
"""What the mean of a metric, weighted by length, is called."""

LACKING, CARRIED, ASSUMING = "†", "‡", "§"
"""What marks a denoiser that lacks values, one whose gain hangs on one recording, and one that
assumes something of the mixtures."""


def markdown(board: Board) -> str:
    """Return the whole leaderboard in Markdown, the main table first."""
    headline = next(iter(board.metrics))
    facet = board.first_facet
    sections = [
        f"# {escaped(board.title)}",
        code(board.command) if board.command else "",
        f"## {heading(board.metrics[headline])}: all mixtures, and the mean by {facet.title}",
        table(*_main(board, headline)),
        "\n".join(_notes(board, headline)),
        "\n".join(_by_target(board, headline)),
        _how_to_read(board),
        *(
            f"## {part.title}\n\n{table(part.header, part.rows)}\n\n{part.note}"
            for part in microphones.sections(board)
        ),
        "\n".join(verdicts.against_classical(board, headline)),
        "" if board.task.input_axis else "\n".join(verdicts.how_often(board, headline)),
        "## Every metric: mean over all mixtures",
        table(*_every_metric(board)),
        _held(board),
        "\n".join(_every_metric_by_target(board)),
        "\n".join(verdicts.disagreements(board)),
        "\n".join(verdicts.surely_better(board, headline)),
        "\n".join(_smallest(board)),
        "\n".join(_weighted(board)),
        "\n".join(_cost(board)),
        "\n".join(_coverage(board)),
        "\n".join(_not_installed(board)),
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


def _main(board: Board, metric: str) -> tuple[list[str], list[list[str]]]:
    column = board.first_facet.column
    means = board.by(column, metric).pivot(index="denoiser", columns=column, values="mean")
    labels, digits = board.scores.axis(column), board.digits(metric)
    header = ["rank", "denoiser", "n", "mean", "95 % interval", "Δ noisy", "p"]
    header += map(escaped, board.axis_texts(column))
    body = []
    for row in board.over_all(metric).to_dict("records"):
        low, high = (number(row[end], digits=digits) for end in ("ci_low", "ci_high"))
        body.append(
            [
                _rank(board, row),
                f"{marked(board, row['denoiser'])} {_marks(board, row)}".rstrip(),
                str(row["n"]),
                number(row["mean"], digits=digits),
                f"{low} … {high}" if math.isfinite(row["ci_low"]) else "–",
                number(row["delta"], digits=digits, sign=True),
                chance(row["p_value"]),
                *(number(means.loc[row["denoiser"], name], digits=digits) for name in labels),
            ]
        )
    return header, body


def _rank(board: Board, row: dict[Any, Any]) -> str:
    is_ranked = board.groups[row["denoiser"]] in RANKED_GROUPS and row["n"]
    if is_ranked and not row["resolved"]:
        return "not resolved"
    return ranks(row["rank"], row["rank_high"])


def _marks(board: Board, row: dict[Any, Any]) -> str:
    lacking = board.lacking(row["metric"])[row["denoiser"]]
    assumes = board.assumptions[row["denoiser"]]
    return (
        (LACKING if lacking else "")
        + (CARRIED if row["carried_by"] else "")
        + (ASSUMING if assumes else "")
    )


def _notes(board: Board, metric: str) -> Iterator[str]:
    """Say which denoisers lack values, and which gain by one recording alone."""
    unit, total = board.unit(metric), board.measured(metric)
    rows = board.over_all(metric).to_dict("records")
    for row in rows:
        lacking = board.lacking(metric)[row["denoiser"]]
        if lacking:
            yield (
                f"- {LACKING} {code(row['denoiser'])} has no value on {lacking} of {total} "
                "mixtures. Where these count as the lowest that any ranked denoiser or the mixture "
                f"itself has there, its mean is {number(row['worst_case'])}{unit}; its rank and "
                "its tests rest on that."
            )
    for row in rows:
        if row["carried_by"]:
            rest = row["without_low"] if row["delta"] > 0 else row["without_high"]
            yield (
                f"- {CARRIED} One recording holds most of what {code(row['denoiser'])} differs "
                f"from `noisy` by: without {code(row['carried_by'])} the difference is "
                f"{number(rest, sign=True)} instead of {number(row['delta'], sign=True)}{unit}."
            )
    for name, assumes in board.assumptions.items():
        if assumes:
            yield f"- {ASSUMING} `{name}` assumes {assumes}; on other mixtures it may do harm."
    if not all(row["resolved"] for row in rows):
        yield (
            "- Not resolved: these mixtures are of too few recordings to rank anybody by, or are "
            "too few themselves."
        )


def _by_target(board: Board, metric: str) -> Iterator[str]:
    targets = list(board.scores.by_target)
    if not targets:
        return
    means = board.by(TARGET, metric).pivot(index="denoiser", columns=TARGET, values="mean")
    yield f"## {heading(board.metrics[metric])}: the mean by target\n"
    yield table(
        ["denoiser", *map(escaped, targets)],
        [
            [marked(board, name), *(number(means.loc[name, target]) for target in targets)]
            for name in board.over_all(metric)["denoiser"]
        ],
    )
    yield "\nIn tables that name no target a mixture's score is the mean over its targets."


def _every_metric(board: Board) -> tuple[list[str], list[list[str]]]:
    means = {
        name: board.over_all(name).set_index("denoiser")["mean"].to_dict() for name in board.metrics
    }
    order = board.over_all(next(iter(board.metrics)))["denoiser"]
    header = ["denoiser", *map(heading, board.metrics.values())]
    return header, [
        [
            marked(board, name),
            *(number(mean[name], digits=board.digits(metric)) for metric, mean in means.items()),
        ]
        for name in order
    ]


def _held(board: Board) -> str:
    """Say what a mean at the limit is, where there is one."""
    means = [board.over_all(name)["mean"].abs().max() for name in board.metrics]
    if LIMIT_DB not in means:
        return ""
    return f"Ratios are held within ±{LIMIT_DB:g} dB, where nothing is left to tell apart."


def _every_metric_by_target(board: Board) -> Iterator[str]:
    if len(board.scores.by_target) < 2:
        return
    yield "## Every metric: the mean by target\n"
    means = {
        name: board.by(TARGET, name).set_index([TARGET, "denoiser"])["mean"]
        for name in board.metrics
    }
    yield table(
        [TARGET, "denoiser", *map(heading, board.metrics.values())],
        [
            [
                target,
                marked(board, name),
                *(number(mean[target, name], digits=board.digits(m)) for m, mean in means.items()),
            ]
            for target in board.scores.by_target
            for name in board.over_all(next(iter(board.metrics)))["denoiser"]
        ],
    )


def _how_to_read(board: Board) -> str:
    return (
        "Means are over the n mixtures on which all compared denoisers have a value; one that "
        "lacks over a tenth of the values has no mean. The 95 % intervals are for other recordings "
        f"{board.fixed}: mixtures that share one are "
        f"not independent, and the {board.recordings()} (or their groups) are what is counted. "
        f"Δ is the mean paired difference to `noisy`, {board.task.baseline}; p tests Δ = 0 with "
        "Holm's correction over the denoisers. "
        "The rank is 1 + the number of denoisers that are surely better (pairwise tests at 5 %, "
        "with Holm's correction over the pairs), so ties share one; 1–3 says that the third place "
        "is possible too. "
        "Reference and oracle rows have none, and informed ones are ranked among themselves. "
        "Δ, p and ranks are over all mixtures: a value that a denoiser lacks counts as the lowest "
        "that any ranked denoiser or the mixture itself has there."
    )


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
        ["metric", ALL, *map(escaped, board.axis_texts(column, labels[1:]))],
        [
            [
                heading(spec),
                *(
                    number(float(cell), digits=board.digits(name))
                    for cell in differences.loc[name].to_numpy()
                ),
            ]
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
    if "nsdr" not in names:  # with which the two others are reported by that name
        return
    targets = list(board.scores.by_target)
    means = {
        name: board.by(TARGET if targets else None, name).set_index(
            [*([TARGET] if targets else []), "denoiser"]
        )["weighted_mean"]
        for name in names
    }
    yield f"## {', '.join(GLOBAL[name] for name in names)}: means weighted by length\n"
    yield table(
        [*([TARGET] if targets else []), "denoiser", *(f"{GLOBAL[name]} [dB] ↑" for name in names)],
        [
            [
                *target,
                marked(board, name),
                *(number(mean[(*target, name) if target else name]) for mean in means.values()),
            ]
            for target in ([[target] for target in targets] or [[]])
            for name in board.over_all(names[0])["denoiser"]
        ],
    )


def _cost(board: Board) -> Iterator[str]:
    machine = board.run["environment"]
    yield "## What it costs\n"
    yield table(
        [
            "denoiser",
            "real-time factor",
            "of the slowest 5 %",
            "parameters",
            "memory [MB]",
            "device",
        ],
        [
            [marked(board, name), *_costs(board.timing.get(name, {}))]
            for name in board.over_all(next(iter(board.metrics)))["denoiser"]
        ],
    )
    yield (
        "\nThe real-time factor is processor seconds per second of audio, the median over the "
        f"mixtures, on {escaped(machine['cpu'])} ({machine['cores']} cores, "
        f"{escaped(machine['platform'])}). Memory "
        "is the most that Python and numpy held during one call; parameters are numbers that were "
        "learned."
    )


def _costs(timing: dict[str, Any]) -> list[str]:
    parameters, memory = timing.get("parameters"), timing.get("peak_memory_mb")
    factors = (timing.get(name) for name in ("real_time_factor", "real_time_factor_p95"))
    return [
        *("–" if factor is None else number(factor, digits=4) for factor in factors),
        "–" if parameters is None else f"{parameters:,}",
        "–" if memory is None else number(memory, digits=1),
        escaped(timing.get("device", "–")),
    ]


def _coverage(board: Board) -> Iterator[str]:
    gaps = list(board.gaps())
    if not gaps:
        return
    yield "## Coverage: scores that are not defined\n"
    yield table(
        ["denoiser", "metric", "defined", "why not"],
        [
            [
                escaped(gap.denoiser),
                escaped(gap.metric),
                f"{100 * gap.defined:.1f} %",
                "; ".join(
                    f"{count} × {escaped(reasons().get(reason, reason))}"
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
        yield f"- {escaped(item['name'])}: {code(item['install'])}, then the same command again"
