"""Say what trained weights are: of what, how, how good, under which licence.

Make of a training run what can be passed on: light weights, their sources, scores and a card.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import jinja2
import pandas as pd

from benchmarks import registry
from benchmarks.contract import Model
from benchmarks.harness.load import construct
from benchmarks.layers.weights_file import WEIGHTS_NAME, read_card, save
from benchmarks.layers.weights_file import load as load_weights
from benchmarks.leaderboard.ranking import BASELINE
from benchmarks.leaderboard.run_folder import read_table
from benchmarks.report.summary import HEADLINE, read_board
from benchmarks.report.text import number, table
from benchmarks.training.data.base import SOURCES, TRAIN, attributions, read_sources
from mn_dataset.audio.io import file_sha256
from mn_dataset.errors import DatasetError
from mn_dataset.files.atomic import write_text

_TEMPLATE = "model_card.md.j2"
_POINTS = 12  # of the curve


@dataclass(frozen=True)
class Scored:
    """What one run of ``mn bench`` says of the weights.

    Attributes:
        title: Corpus, split, mixtures.
        command: What made it.
        by_cell: Markdown: mean SI-SDR by noise class and SNR, of the weights and of the others.
        worse: Markdown: share of mixtures that each denoiser makes worse than they were.
        csv: One line per mixture: SI-SDR of the mixture and of the estimate.
    """

    title: str
    command: str
    by_cell: str
    worse: str
    csv: str


def scored(run: Path, *, revision: str) -> Scored:
    """Read the scores of some weights from a run.

    Args:
        run: A finished run folder of ``mn bench`` with `noisy` in it.
        revision: SHA-256 of the weights.

    Raises:
        DatasetError: if the run is not finished, or these weights or `noisy` are not in it.
    """
    board = read_board(run)
    rows = read_table(run, "scores.parquet").to_pandas()
    rows = rows[rows["metric"] == HEADLINE]
    own = sorted({*rows.loc[rows["revision"] == revision, "denoiser"]})
    values = rows.pivot(index="mixture_id", columns="denoiser", values="value")
    if not own or BASELINE not in values:
        raise DatasetError(
            f"{run}: has no scores in {HEADLINE} of {BASELINE} and of the weights with SHA-256 "
            f"{revision}; run `mn bench` with `noisy` and the packed file"
        )
    name = own[0]
    cells = rows.drop_duplicates("mixture_id").set_index("mixture_id")
    others = [
        other
        for other, group in board.groups.items()
        if group == "blind" and other not in own and other in values
    ]
    shown = [name, *sorted(others, key=lambda other: -values[other].mean()), BASELINE]
    labels = {name: "**these weights**"}
    kept = cells.join(values[[BASELINE, name]].set_axis(["noisy_db", "estimate_db"], axis=1))
    columns = ["music_category", "noise_class", "snr_db", "noisy_db", "estimate_db"]
    data = board.run["dataset"]
    lines = kept.assign(corpus=data["corpus"])[["corpus", *columns]].sort_index()
    return Scored(
        title=board.title.removeprefix("Denoising leaderboard: "),
        command=board.command,
        by_cell=_by_cell(values, cells, shown, labels),
        worse=_worse(values, cells, shown, labels),
        csv=lines.to_csv(float_format="%.6f", lineterminator="\n"),
    )


def model_card(
    weights: Path,
    *,
    history: Path,
    scores: Sequence[Scored],
    notes: str,
    front_end: str | None = None,
) -> str:
    """Write the card.

    Args:
        weights: The file, with its ``.sources.csv`` beside it.
        history: The training's curve.
        scores: Of runs that hold the file.
        notes: Markdown for the end.
        front_end: What goes before the network where the model is used.
    """
    card = read_card(weights)
    rows = read_sources(weights.with_suffix(".sources.csv"))
    learned = [row for row in rows if row["split"] == TRAIN]
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=False,  # noqa: S701 - Markdown
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template(_TEMPLATE).render(
        card=card,
        facts=card.facts,
        name=card.model,
        parameters=f"{card.parameters:,}",
        megabytes=f"{weights.stat().st_size / 1e6:.1f}",
        sha256=file_sha256(weights),
        recordings=_recordings(learned),
        attributions=attributions(learned),
        curve=_curve(history),
        scores=scores,
        notes=notes.strip(),
        front_end=front_end,
    )


def _recordings(rows: Sequence[dict[str, str]]) -> str:
    """Count recordings and minutes by role and category."""
    frame = pd.DataFrame(rows)
    frame["role"] = frame["id"].str.partition("/")[0]
    frame["minutes"] = pd.to_numeric(frame["duration_s"], errors="coerce") / 60.0
    groups = frame.groupby(["role", "category"], as_index=False)["minutes"].agg(["size", "sum"])
    body = [
        [row["role"], row["category"], str(row["size"]), number(row["sum"], digits=1)]
        for row in groups.to_dict("records")
    ]
    return table(["role", "category", "recordings", "minutes"], body)


def _curve(history: Path) -> str:
    points = pd.read_csv(history).dropna(subset=["gain_db"])
    every = max(1, -(-len(points) // _POINTS))
    chosen = points.iloc[::-1].iloc[::every].iloc[::-1]  # the last one always
    return table(
        ["steps", "minutes", "SI-SDR gain in validation [dB]"],
        [
            [
                str(int(row["step"])),
                number(row["seconds"] / 60, digits=0),
                number(row["gain_db"], sign=True),
            ]
            for row in chosen.to_dict("records")
        ],
    )


def _by_cell(
    values: pd.DataFrame, cells: pd.DataFrame, shown: Sequence[str], labels: dict[str, str]
) -> str:
    snrs = sorted(cells["snr_db"].unique())
    body = []
    for noise_class in [*sorted(cells["noise_class"].unique()), "all"]:
        inside = cells["noise_class"].isin([noise_class]) | (noise_class == "all")
        for name in shown:
            own = values.loc[cells.index[inside], name]
            snr_db = cells.loc[inside, "snr_db"]
            means = [number(own[snr_db == snr].mean()) for snr in snrs]
            body.append([noise_class, labels.get(name, name), *means, number(own.mean())])
    return table(["noise", "denoiser", *(f"{snr:g} dB" for snr in snrs), "mean"], body)


def _worse(
    values: pd.DataFrame, cells: pd.DataFrame, shown: Sequence[str], labels: dict[str, str]
) -> str:
    classes = sorted(cells["noise_class"].unique())
    body = []
    for name in shown[:-1]:
        worse = values[name] < values[BASELINE]
        shares = [worse[cells.index[cells["noise_class"] == one]].mean() for one in classes]
        body.append(
            [
                labels.get(name, name),
                *(f"{100 * share:.0f} %" for share in (*shares, worse.mean())),
            ]
        )
    return table(["denoiser", *classes, "all"], body)


LICENSE = "CC-BY-4.0"
_HISTORY = "history.csv"


def pack(
    run: Path,
    out: Path,
    *,
    scores: Sequence[Path] = (),
    notes: Path | None = None,
    license_id: str = LICENSE,
    model: str | None = None,
) -> Path:
    """Write MODEL.safetensors, MODEL.sources.csv, MODEL.scores.csv and the card MODEL.md.

    The weights are stored in bfloat16 and computed in float32, in half the space. Pack first, run
    ``mn bench`` with the packed file, and pack again with those runs for a card with scores: the
    same run gives the same bytes of weights.

    Args:
        run: A run folder of ``mn train``.
        out: The folder to write to; what an earlier packing left there is replaced.
        scores: Run folders of ``mn bench`` that hold the packed weights.
        notes: A Markdown file that the card ends with: limits, and what else is to be known.
        license_id: SPDX id of the weights' licence.
        model: What was trained, where it is not registered: ``FILE.py:CLASS``.

    Returns:
        The packed weights.

    Raises:
        DatasetError: if a run is not there or not finished, or has no row of these weights.
        InputError: if the run's weights are damaged.
        MissingExtra: if torch is not installed.
        OutputError: if something cannot be written.
    """
    for name in (WEIGHTS_NAME, SOURCES, _HISTORY):
        if not (run / name).is_file():
            raise DatasetError(f"{run / name}: no such file; expected a run folder of `mn train`")
    trained = run / WEIGHTS_NAME
    learned = cast(Model, construct(registry.denoiser(model or read_card(trained).model)))
    weights = _light(trained, out, license_id=license_id, model=learned)
    shutil.copyfile(run / SOURCES, weights.with_suffix(".sources.csv"))
    revision = file_sha256(weights)
    tables: list[Scored] = [scored(folder, revision=revision) for folder in scores]
    if tables:
        lines = "".join(
            table.csv if number == 0 else table.csv.partition("\n")[2]
            for number, table in enumerate(tables)
        )
        write_text(weights.with_suffix(".scores.csv"), lines)
    told = "" if notes is None else notes.read_text(encoding="utf-8")
    text = model_card(
        weights,
        history=run / _HISTORY,
        scores=tables,
        notes=told,
        front_end=learned.spec.front_end,
    )
    write_text(weights.with_suffix(".md"), text)
    return weights


def _light(path: Path, out: Path, *, license_id: str, model: Model) -> Path:
    """Write weights again in bfloat16, with their licence."""
    card = read_card(path)
    network = load_weights(path, model.build, model=card.model)
    import torch  # noqa: PLC0415 - an extra, which loading asked for

    out.mkdir(parents=True, exist_ok=True)
    light = out / f"{card.model}.safetensors"
    facts = {**card.facts, "license": license_id}
    save(light, network, model=card.model, facts=facts, kind=torch.bfloat16)
    return light
