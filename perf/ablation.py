"""What the runs of `make ablation` say: scores over the seeds, differences with intervals, curves.

    python perf/ablation.py RUN TRAININGS FIGURE.svg

RUN is the folder of the bench, TRAININGS holds a run folder NETWORK-SEED for each network and seed.
A difference of two networks is a mean over mixtures and seeds. It may be off because other
recordings would have been harder for one of them (two-way, as on the leaderboard, with the mean
over the seeds as one value per mixture), and because other seeds would have given other weights
(the spread over the seeds of the mean difference, paired by seed); the variances add up, and the
degrees of freedom are Satterthwaite's.
"""

from __future__ import annotations

import sys
from itertools import combinations
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
import side_by_side
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from benchmarks.leaderboard.crossed import Crossing, crossed, estimate
from benchmarks.leaderboard.inference import Estimate, detectable, holm, two_sided

NETWORKS = {
    "none": "two_stage_unet",
    "learned": "musicecan",
    "half": "musicecan",
    "redrawn": "musicecan",
}
SMOOTH = 25  # steps
DRAWN = slice(None, None, 5)
EARLY, LATE = slice(50, 100), slice(-50, None)


def main() -> None:
    """Print the tables and draw the curves."""
    run, trainings, figure = map(Path, sys.argv[1:])
    rows = pd.read_parquet(run / "scores.parquet")
    gains = gains_of(rows)
    mixtures = pd.read_parquet(run / "mixtures.parquet").set_index("mixture_id").loc[gains.index]
    crossing = crossed(mixtures["clean_cluster"].to_numpy(), mixtures["noise_cluster"].to_numpy())
    histories = {
        (network, seed): pd.read_csv(trainings / f"{network}-{seed}" / "history.csv")
        for network, seed in gains.columns
    }
    curves(histories)
    scores(gains, rows)
    differences(gains, crossing)
    draw(histories, figure)


def gains_of(rows: pd.DataFrame) -> pd.DataFrame:
    """Return SI-SDR gains in dB: a row per mixture, a column per (network, seed)."""
    values = rows[rows["metric"] == "si_sdr"].pivot(
        index="mixture_id", columns="denoiser", values="value"
    )
    trained = {
        (network, seed): values[f"{model}@{network}-{seed}"] - values["noisy"]
        for network, model in NETWORKS.items()
        for seed in seeds_of(values, f"{model}@{network}-")
    }
    return pd.DataFrame(trained)


def seeds_of(values: pd.DataFrame, prefix: str) -> list[int]:
    """Return the seeds with which a network was trained."""
    return sorted(
        int(name.removeprefix(prefix)) for name in values.columns if name.startswith(prefix)
    )


def curves(histories: dict[tuple[str, int], pd.DataFrame]) -> None:
    """Print each run's loss and gain in validation."""
    rows = []
    for (network, seed), history in histories.items():
        seen = history.dropna(subset=["gain_db"])
        told = ", ".join(f"{row.gain_db:+.2f} ({row.step})" for row in seen.itertuples())
        losses = [f"{history['loss'][part].mean():.2f}" for part in (EARLY, LATE)]
        rows.append((network, str(seed), *losses, told, f"{history['seconds'].iloc[-1] / 60:.0f}"))
    header = ("network", "seed", "loss, steps 51–100", "loss, last 50 steps")
    header += ("gain in validation, dB (step)", "minutes")
    side_by_side.table("Curves", header, rows)


def scores(gains: pd.DataFrame, rows: pd.DataFrame) -> None:
    """Print the mean gain of every run, and of every network by noise class."""
    mixtures = rows.drop_duplicates("mixture_id").set_index("mixture_id")
    classes = mixtures["noise_class"].loc[gains.index]
    names = sorted(classes.unique())
    table = []
    for network in NETWORKS:
        own = gains[network]
        by_class = own.mean(axis=1).groupby(classes).mean()
        each = " ".join(f"{own[seed].mean():+.2f}" for seed in own)
        worse = f"{100 * float((own < 0).to_numpy().mean()):.0f} %"
        whole = f"{float(own.to_numpy().mean()):+.2f}"
        table.append((network, each, whole, *(f"{by_class[name]:+.2f}" for name in names), worse))
    header = ("network", "each seed", "all", *names, "made worse")
    side_by_side.table("SI-SDR gain on the test split, dB", header, table)


def differences(gains: pd.DataFrame, crossing: Crossing | None) -> None:
    """Print every pair of networks."""
    pairs = list(combinations(NETWORKS, 2))
    by_seed = {(one, other): gains[other] - gains[one] for one, other in pairs}
    found = {pair: over_seeds(difference, crossing) for pair, difference in by_seed.items()}
    p_values = holm(np.concatenate([two_sided(one) for one in found.values()]))
    rows = []
    for ((one, other), told), p_value in zip(found.items(), p_values, strict=True):
        mean, half = told.mean[0], told.half_width[0]
        rows.append(
            (
                f"{other} − {one}",
                " ".join(f"{value:+.2f}" for value in by_seed[one, other].mean()),
                f"{mean:+.2f}",
                f"{mean - half:+.2f} … {mean + half:+.2f}",
                f"{p_value:.2f}",
                f"{detectable(told)[0]:.2f}",
            )
        )
    header = ("pair", "each seed", "difference", "95 % interval", "p (Holm)", "could be seen from")
    side_by_side.table("Differences, dB", header, rows)


def over_seeds(by_seed: pd.DataFrame, crossing: Crossing | None) -> Estimate:
    """Estimate a mean difference for other recordings and other seeds."""
    recordings = estimate(by_seed.mean(axis=1).to_numpy()[:, np.newaxis], crossing)
    count = by_seed.shape[1]
    parts = np.array([recordings.error[0] ** 2, by_seed.mean().var(ddof=1) / count])
    freedoms = np.array([recordings.freedom[0], count - 1.0])
    total = parts.sum()
    freedom = total**2 / (parts**2 / freedoms).sum()
    return Estimate(recordings.mean, np.sqrt([total]), np.array([freedom]))


def draw(histories: dict[tuple[str, int], pd.DataFrame], path: Path) -> None:
    """Draw losses, smoothed, and gains in validation; a colour per network, a line per seed."""
    figure = Figure(figsize=(9.0, 3.6), layout="constrained")
    loss, gain = figure.subplots(1, 2)
    for place, network in enumerate(NETWORKS):
        for (name, seed), history in histories.items():
            if name != network:
                continue
            label = network if seed == min(key[1] for key in histories) else None
            smooth = history["loss"].rolling(SMOOTH).mean()
            loss.plot(
                history["step"][DRAWN], smooth[DRAWN], color=f"C{place}", alpha=0.6, label=label
            )
            seen = history.dropna(subset=["gain_db"])
            gain.plot(seen["step"], seen["gain_db"], "o-", color=f"C{place}", alpha=0.6)
    loss.set(xlabel="step", ylabel=f"loss in training (mean of {SMOOTH} steps)")
    gain.set(xlabel="step", ylabel="SI-SDR gain in validation [dB]")
    loss.legend()
    with mpl.rc_context({"svg.hashsalt": "ablation"}):  # else each run names its parts anew
        FigureCanvasSVG(figure).print_svg(path, metadata={"Date": None})


if __name__ == "__main__":
    main()
