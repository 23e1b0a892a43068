"""Say in words and shares what the tests of a leaderboard come to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from benchmarks.leaderboard.claims import BEST_CLASSICAL
from benchmarks.leaderboard.inference import SIGNIFICANT
from benchmarks.leaderboard.ranking import BASELINE
from benchmarks.leaderboard.score_matrix import ALL
from benchmarks.report.summary import Board
from benchmarks.report.text import chance, heading, marked, number, percent, ranks, table
from mn_dataset.markdown import code, escaped


def against_classical(board: Board, metric: str) -> Iterator[str]:
    """Tell how much the learned denoisers are better than the best classical one, by class."""
    facet = board.first_facet
    claims = board.claims_by(facet.column, metric, BEST_CLASSICAL)
    if claims.empty:
        return
    labels = [ALL, *board.scores.axis(facet.column)]
    body = []
    for label, shown in zip(
        labels, ["all", *map(escaped, board.axis_texts(facet.column))], strict=True
    ):
        rows = claims[claims[facet.column] == label].to_dict("records")
        body += [_against(shown, row, digits=board.digits(metric)) for row in rows]
        if not rows:
            body.append(
                [shown, "–", "–", "–", "–", "–", "not resolved: too few recordings to tell"]
            )
    yield f"## Against the best classical denoiser: {heading(board.metrics[metric])}\n"
    yield table(
        ["mixtures", "best classical", "denoiser", "better by", "95 % interval", "p", "verdict"],
        body,
    )
    yield (
        "\nClassical denoisers follow fixed rules; the others have learned from recordings. In "
        "every line the opponent is the classical denoiser that does best on just these mixtures, "
        "the hardest one there is. A denoiser is surely better if it beats every classical one at "
        "5 %, each in a test by itself, with Holm's correction over the learned denoisers; so it "
        "does not matter that the opponent was chosen afterwards. The interval is of the "
        "difference to that one opponent."
    )


def _against(shown: str, row: dict[Any, Any], *, digits: int) -> list[str]:
    if row["difference"] <= 0:
        verdict = "no better"
    elif row["p_value"] < SIGNIFICANT:
        verdict = "surely better"
    else:
        verdict = "better here, perhaps not on other recordings"
    return [
        shown,
        escaped(row["opponent"]),
        escaped(row["denoiser"]),
        number(row["difference"], digits=digits, sign=True),
        " … ".join(number(row[end], digits=digits, sign=True) for end in ("ci_low", "ci_high")),
        chance(row["p_value"]),
        verdict,
    ]


def how_often(board: Board, metric: str) -> Iterator[str]:
    """Tell on how many mixtures each denoiser helps, and how low it falls."""
    spec = board.metrics[metric]
    found = board.over_all(metric).dropna(subset=["won"])
    rows = found[found["denoiser"] != BASELINE].to_dict("records")
    if not rows:
        return
    yield f"## How often it helps, and how badly it fails: {heading(spec)}\n"
    yield table(
        ["denoiser", "won", "tied", "lost", "p10", "worst"],
        [
            [
                marked(board, row["denoiser"]),
                *(percent(row[name]) for name in ("won", "tied", "lost")),
                number(row["p10"]),
                number(row["worst"]),
            ]
            for row in rows
        ],
    )
    side = "above" if spec["higher_is_better"] else "below"
    yield (
        f"\nWon: the share of the mixtures that come out better than they were (`{BASELINE}`) by "
        f"more than {board.negligible(metric):g}{board.unit(metric)} (less hardly matters); tied: "
        "within that; lost: worse by more than that. p10: nine of ten mixtures come out "
        f"{side} it. Worst: the worst of all. A value that is lacking counts as the lowest that "
        "any ranked denoiser or the mixture itself has there."
    )


def disagreements(board: Board) -> Iterator[str]:
    """Tell by which metrics each denoiser is surely better or worse than doing nothing."""
    if len(board.metrics) < 2:
        return
    claims = pd.concat([board.claims_by(None, name, BASELINE) for name in board.metrics])
    if claims.empty:
        return
    signs = {(row["denoiser"], row["metric"]): _sign(row) for row in claims.to_dict("records")}
    names = [
        name
        for name in board.over_all(next(iter(board.metrics)))["denoiser"]
        if name in set(claims["denoiser"])
    ]
    yield f"## Where the metrics disagree: better or worse than `{BASELINE}`\n"
    yield table(
        ["denoiser", *map(heading, board.metrics.values())],
        [
            [marked(board, name), *(signs.get((name, metric), "–") for metric in board.metrics)]
            for name in names
        ],
    )
    yield (
        f"\n+ is surely better than `{BASELINE}` by that metric, - surely worse, and . neither "
        "(tests at 5 %, with Holm's correction over the denoisers of a metric)."
    )
    split = []
    for name in names:
        better, worse = (
            [metric for metric in board.metrics if signs.get((name, metric)) == sign]
            for sign in "+-"
        )
        if better and worse:
            lists = (", ".join(map(escaped, metrics)) for metrics in (better, worse))
            split.append("- {}: better by {}; worse by {}.".format(code(name), *lists))
    if split:
        yield "Metrics contradict each other on:\n"
        yield from split
    else:
        yield "No denoiser is surely better by one metric and surely worse by another."


def _sign(row: dict[Any, Any]) -> str:
    if not row["p_value"] < SIGNIFICANT:
        return "."
    return "+" if row["difference"] > 0 else "-"


def surely_better(board: Board, metric: str) -> Iterator[str]:
    """Tell whom each ranked denoiser surely beats."""
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
                escaped(row["denoiser"]),
                ", ".join(map(escaped, beaten)) or "–",
            ]
        )
    yield f"## Who is surely better: {heading(board.metrics[metric])}, all mixtures\n"
    yield table(["rank", "denoiser", "surely better than"], body)
    yield "\nEvery pair's difference, interval and p-value stand in `leaderboard.json` (`duels`)."
