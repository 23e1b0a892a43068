"""Write the table of pilots: what each cost and gained on the validation set.

    python perf/pilots.py table RUN NOTES.toml PAGE.md
    python perf/pilots.py requests TRAININGS
    python perf/pilots.py best RUN MODEL

RUN holds a run folder of `mn bench` for each set of `metadata/validation`. Whatever learned is a
row; what was asked for as MODEL@TRAINING tells its cost from the folder of the training, and the
trainings PILOT-SEED of one pilot are one row. NOTES has a line of text per PILOT. The tables
replace what stands in PAGE between `<!-- pilots -->` and `<!-- end of pilots -->`. `requests`
prints MODEL@TRAINING for every training of a folder, as `mn bench` takes them; `best` prints the
folder of that training of a model which gained most over the five classes.

Gains are in SI-SDR over the mixture; of near-clean music, the SI-SDR itself. The best classical
rule is chosen for each column after the fact.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

import pandas as pd

from benchmarks.leaderboard.provenance import request_from
from benchmarks.leaderboard.run_folder import read_run
from benchmarks.registry import split_checkpoint
from mn_dataset.files.atomic import write_text
from mn_dataset.files.toml import read_toml
from mn_dataset.markdown import markdown_table
from mn_dataset.records import NOISE_CLASSES

BEGIN, END = "<!-- pilots -->", "<!-- end of pilots -->"
SETS = ("classes", "clicks", "hum", "near_clean", "plucked")
CLASSES = tuple(sorted(NOISE_CLASSES))
COLUMNS = (*CLASSES, "mean", "clicks", "hum", "near-clean, kept", "plucked")
COSTS = (
    "pilot",
    "recipe",
    "data",
    "parameters",
    "steps (best)",
    "seeds",
    "processor s of training",
    "audio heard, h",
    "processor s per s of audio",
)
GAINS = ("pilot", *COLUMNS, "made worse", "cells under noisy", "mean of each seed")


@dataclass(frozen=True)
class Training:
    """What a run folder of `mn train` says of its cost.

    Attributes:
        model: What was trained.
        pilot: Its folder's name without the seed.
        seed: Of the training.
        data: Names of the corpora.
        steps: Done, and after how many the weights were best.
        processor_s: Seconds of work times threads, validation included: an upper bound where
            others used the processors, too. "GPU" where it was one.
        audio_h: Hours of audio in all batches.
    """

    model: str
    pilot: str
    seed: int
    data: str
    steps: tuple[int, int]
    processor_s: float | str
    audio_h: float


def main() -> None:
    """Do what is asked for."""
    match sys.argv[1:]:
        case "table", run, notes, page:
            text = tables(Path(run), read_toml(Path(notes)))
            write_text(Path(page), replaced(Path(page).read_text(encoding="utf-8"), text))
            print(text)
        case "requests", trainings:
            print(",".join(requests(Path(trainings))))
        case "best", run, model:
            print(best(Path(run), model))
        case _:
            sys.exit(__doc__)


def requests(trainings: Path) -> list[str]:
    """Return what `mn bench` takes for every training that has weights."""
    folders = sorted(path.parent for path in trainings.glob("*/weights.safetensors"))
    return [f"{training(folder).model}@{folder}" for folder in folders]


def best(run: Path, model: str) -> Path:
    """Return the folder of the training of a model that gained most in the mean of the classes."""
    classes = run / SETS[0]
    folders = {
        name: checkpoint_of(classes, entrant["request"])
        for name, entrant in described(run).items()
        if split_checkpoint(entrant["request"])[0] == model
    }
    trainings = {name: folder for name, folder in folders.items() if folder is not None}
    if not trainings:
        sys.exit(f"{classes}: no training of {model} was benched; bench it as {model}@TRAINING")
    return trainings[max(trainings, key=lambda name: gains_of(run, name)[0]["mean"])]


def training(folder: Path) -> Training:
    """Read the folder of a training."""
    record = json.loads((folder / "train.json").read_text(encoding="utf-8"))
    settings, history = record["settings"], pd.read_csv(folder / "history.csv")
    data, seconds = settings["config"]["data"], history.set_index("step")["seconds"]
    gains = history.dropna(subset=["gain_db"]).set_index("step")["gain_db"]
    steps = int(history["step"].iloc[-1])
    return Training(
        model=settings["model"],
        pilot=re.sub(r"-\d+$", "", folder.name),
        seed=settings["seed"],
        data=settings["data"]["name"],
        steps=(steps, int(gains.idxmax()) if len(gains) else steps),
        processor_s=processor_seconds(record["starts"], seconds),
        audio_h=steps * data["batch"] * data["segment_s"] / 3600.0,
    )


def processor_seconds(starts: Sequence[dict[str, Any]], seconds: pd.Series) -> float | str:
    """Add up seconds of work times threads, start by start; name the device if it is no CPU."""
    devices = {start["device"] for start in starts} - {"cpu"}
    if devices:
        return f"{seconds.iloc[-1]:.0f} s of {', '.join(sorted(devices))}"
    reached = [0.0 if start["step"] == 0 else float(seconds[start["step"]]) for start in starts]
    ends = [*reached[1:], float(seconds.iloc[-1])]
    work = zip(starts, reached, ends, strict=True)
    return sum((end - begun) * start["threads"] for start, begun, end in work)


def tables(run: Path, notes: dict[str, str]) -> str:
    """Return both tables: costs, and gains with the best classical rule above them."""
    entrants = described(run)
    gains = {name: gains_of(run, name) for name in entrants}
    pilots: dict[str, list[str]] = {}
    learned: dict[str, Training | None] = {}
    for name, entrant in entrants.items():
        if entrant["learned"]:
            folder = checkpoint_of(run / SETS[0], entrant["request"])
            one = learned[name] = None if folder is None else training(folder)
            pilots.setdefault(one.pilot if one else name, []).append(name)
    timing = pd.read_parquet(run / SETS[0] / "timing.parquet").set_index("denoiser")
    order = sorted(
        pilots, key=lambda pilot: -fmean(gains[name][0]["mean"] for name in pilots[pilot])
    )
    costs = [
        cost_row(pilot, [learned[name] for name in pilots[pilot]], timing.loc[pilots[pilot]], notes)
        for pilot in order
    ]
    rules = {
        name: gains[name][0]
        for name, entrant in entrants.items()
        if not (entrant["learned"] or entrant["reference"]) and entrant["rank_group"] == "blind"
    }
    rows = [
        best_rule_row(rules),
        *(gain_row(pilot, [gains[n] for n in pilots[pilot]]) for pilot in order),
    ]
    words = ("pilot", "recipe", "data", "mean of each seed")
    return "\n\n".join(
        markdown_table(header, body, words=words)
        for header, body in ((COSTS, costs), (GAINS, rows))
    )


def described(run: Path) -> dict[str, dict[str, Any]]:
    """Return what every set's run says of the denoisers that all of them have."""
    runs = [read_run(run / name) for name in SETS]
    first, *others = [{one["name"]: one for one in record["denoisers"]} for record in runs]
    return {
        name: one
        for name, one in sorted(first.items())
        if all(name in other and other[name]["revision"] == one["revision"] for other in others)
    }


def checkpoint_of(run: Path, request: str) -> Path | None:
    """Return the folder of the training that was asked for, None of what is packed or ships."""
    _, checkpoint = split_checkpoint(request_from(run, request))
    if checkpoint is None:
        return None
    folder = checkpoint if checkpoint.is_dir() else checkpoint.parent
    return folder if (folder / "train.json").is_file() else None


def gains_of(run: Path, name: str) -> tuple[dict[str, float], pd.Series, int]:
    """Return a denoiser's value in every column, its gains over the classes, and cells it lost.

    The cells are noise class × SNR and music category, of the set `classes`.
    """
    values = {}
    for one in SETS:
        rows = pd.read_parquet(run / one / "scores.parquet")
        rows = rows[(rows["metric"] == "si_sdr") & rows["denoiser"].isin([name, "noisy"])]
        values[one] = rows.pivot(index="mixture_id", columns="denoiser", values="value")
        values[one]["gain"] = values[one][name] - values[one]["noisy"]
        if one == "classes":
            labels = rows.drop_duplicates("mixture_id").set_index("mixture_id")
    gain = values["classes"]["gain"]
    labels = labels.loc[gain.index]
    columns = gain.groupby(labels["noise_class"]).mean().to_dict()
    columns |= {"mean": float(gain.mean()), "near-clean, kept": values["near_clean"][name].mean()}
    columns |= {one: values[one]["gain"].mean() for one in ("clicks", "hum", "plucked")}
    by_cell = gain.groupby([labels["noise_class"], labels["snr_db"]]).mean()
    by_category = gain.groupby(labels["music_category"]).mean()
    return columns, gain, int((by_cell < 0).sum() + (by_category < 0).sum())


def cost_row(
    pilot: str, trainings: Sequence[Training | None], timing: pd.DataFrame, notes: dict[str, str]
) -> list[str]:
    """Return the line of a pilot in the table of costs."""
    found = [one for one in trainings if one is not None]
    seconds = [one.processor_s for one in found]
    numbers = [one for one in seconds if not isinstance(one, str)]
    return [
        pilot,
        notes.get(pilot, "–"),
        " ".join(sorted({one.data.replace("+", ", ") for one in found})) or "–",
        f"{int(timing['parameters'].iloc[0]):,}",
        " ".join(f"{one.steps[0]} ({one.steps[1]})" for one in found) or "–",
        " ".join(str(one.seed) for one in found) or "–",
        (f"{fmean(numbers):.0f}" if numbers else " ".join(map(str, seconds))) or "–",
        f"{fmean(one.audio_h for one in found):.1f}" if found else "–",
        f"{timing['real_time_factor'].mean():.3f}",
    ]


def gain_row(pilot: str, seeds: Sequence[tuple[dict[str, float], pd.Series, int]]) -> list[str]:
    """Return the line of a pilot in the table of gains: means over its seeds."""
    worse = fmean(float((gain < 0).mean()) for _, gain, _ in seeds)
    return [
        pilot,
        *(f"{fmean(values[column] for values, _, _ in seeds):.2f}" for column in COLUMNS),
        f"{100 * worse:.0f} %",
        " ".join(str(lost) for _, _, lost in seeds),
        " ".join(f"{values['mean']:+.2f}" for values, _, _ in seeds),
    ]


def best_rule_row(rules: dict[str, dict[str, float]]) -> list[str]:
    """Return the best classical rule of every column, by name."""
    best = {column: max(rules, key=lambda name: rules[name][column]) for column in COLUMNS}
    cells = (f"{rules[best[column]][column]:.2f} ({best[column]})" for column in COLUMNS)
    return ["best classical rule", *cells, "–", "–", "–"]


def replaced(page: str, text: str) -> str:
    """Return a page with other tables between the marks."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        sys.exit(f"the page lacks {BEGIN} or {END}; put both where the tables shall stand")
    return f"{before}{begin}\n\n{text}\n\n{end}{after}"


if __name__ == "__main__":
    main()
