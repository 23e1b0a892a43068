"""What the trainings of `make context` say: context and discriminative weight of `drnn`, as a plot.

    python perf/context.py RUN FIGURE.svg

RUN is the folder of the bench, whose separators are named drnn@CONTEXT-WEIGHT. Nothing here is
certain: one seed each, and the songs of one test split.
"""

from __future__ import annotations

import sys
from pathlib import Path

import matplotlib as mpl
import pandas as pd
import side_by_side
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

METRICS = {"nsdr": "NSDR", "sir": "SIR", "sar": "SAR"}


def main() -> None:
    """Print the means by context and weight, and draw those of the voice."""
    run, figure = map(Path, sys.argv[1:])
    means = means_of(run)
    rows = [
        (f"{context}", f"{weight:g}", *(f"{value:.2f}" for value in values))
        for (context, weight), values in zip(means.index, means.to_numpy(), strict=True)
    ]
    header = ("context", "weight", *(f"{METRICS[name]} of {target}" for name, target in means))
    side_by_side.table("Context and discriminative weight, dB", header, rows)
    draw(means, figure)


def means_of(run: Path) -> pd.DataFrame:
    """Return means over all mixtures: a row per (context, weight), a column per metric, target."""
    scores = pd.read_parquet(run / "scores.parquet")
    named = scores["denoiser"].str.extract(r"^drnn@(?P<context>\d+)-(?P<weight>[\d.]+)$")
    scores = scores.assign(context=named["context"].astype(float), weight=named["weight"])
    scores = scores[scores["context"].notna() & scores["metric"].isin(list(METRICS))]
    scores = scores.assign(
        context=scores["context"].astype(int), weight=pd.to_numeric(scores["weight"])
    )
    table = scores.pivot_table("value", ["context", "weight"], ["metric", "target"], "mean")
    return table[[(name, target) for name in METRICS for target in ("voice", "accompaniment")]]


def draw(means: pd.DataFrame, path: Path) -> None:
    """Draw the voice's figures over the weight, a line per context."""
    mpl.rcParams["svg.hashsalt"] = path.stem
    figure = Figure(figsize=(9, 3), layout="constrained")
    FigureCanvasSVG(figure)
    for axes, (name, title) in zip(figure.subplots(1, len(METRICS)), METRICS.items(), strict=True):
        for context, rows in means[(name, "voice")].groupby(level="context"):
            axes.plot(rows.index.get_level_values("weight"), rows, "o-", label=f"{context} frames")
        axes.set(title=f"{title} of the voice [dB]", xlabel="discriminative weight")
    axes.legend(title="context")
    figure.savefig(path, metadata={"Date": None})


if __name__ == "__main__":
    main()
