"""Release trained weights: light ones, with their sources, their scores and a card."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import cast

import jinja2
import numpy as np
import pandas as pd

from benchmarks import registry
from benchmarks.contract import DenoiserSpec, Model
from benchmarks.harness.load import construct
from benchmarks.layers.weights_file import WEIGHTS_NAME, read_card, save
from benchmarks.layers.weights_file import load as load_weights
from benchmarks.leaderboard.inference import Floats
from benchmarks.leaderboard.ranking import BASELINE, Flags
from benchmarks.leaderboard.score_matrix import ALL, TARGET, Scores
from benchmarks.report.summary import HEADLINE, Board, read_board
from benchmarks.report.text import number, table
from benchmarks.training.data.base import SOURCES, TRAIN, attributions, read_sources
from benchmarks.training.history import HEADER, HISTORY, read_history
from mn_dataset.audio.io import file_sha256
from mn_dataset.errors import DatasetError
from mn_dataset.files.atomic import write_text
from mn_dataset.files.lock import locked
from mn_dataset.tasks.facets import numeric
from mn_dataset.tasks.spec import TaskSpec

LICENSE = "CC-BY-4.0"

_TEMPLATE = "model_card.md.j2"
_POINTS = 12  # of the curve
_USAGE = {
    "denoise": "mn denoise tape.wav --denoiser {name} --out clean",
    "separate": "mn separate song.wav --separator {name} --out parts",
    "debleed": "mn debleed vocals.wav drums.wav other.wav --debleeder {name} --out clean",
}


@dataclass(frozen=True)
class Scored:
    """What one run of ``mn bench`` says of the weights.

    Attributes:
        title: Corpus, split, mixtures.
        command: What made it.
        cells: What the means are by, such as "noise class and SNR".
        by_cell: Markdown: mean SI-SDR by these, of the weights and of the others.
        worse: Markdown: share of mixtures that each denoiser makes worse than they were.
        csv: One line per mixture: SI-SDR of the mixture and of the estimate.
    """

    title: str
    command: str
    cells: str
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
    scores = board.scores
    names = [item["name"] for item in board.run["denoisers"] if item["revision"] == revision]
    if not names or BASELINE not in board.names or HEADLINE not in scores.values:
        raise DatasetError(
            f"{run}: has no scores in {HEADLINE} of {BASELINE} and of the weights with SHA-256 "
            f"{revision}; run `mn bench` with `noisy` and the packed file"
        )
    name = min(names)
    index = pd.Index(scores.ids, name="mixture_id")
    values = pd.DataFrame(scores.values[HEADLINE], index=index, columns=board.names)
    cells = pd.DataFrame({**scores.labels, **scores.numbers}, index=index)
    others = [
        other
        for other, group in board.groups.items()
        if group == "blind" and other not in names and values[other].notna().any()
    ]
    shown = [name, *sorted(others, key=lambda other: -values[other].mean()), BASELINE]
    labels = {name: "**these weights**"}
    kept = cells.join(values[[BASELINE, name]].set_axis(["noisy_db", "estimate_db"], axis=1))
    columns = [*sorted(scores.labels), "noisy_db", "estimate_db"]
    lines = kept.assign(corpus=board.run["dataset"]["corpus"])[["corpus", *columns]]
    return Scored(
        title=board.title.partition(": ")[2],
        command=board.command,
        cells=" and ".join(_sides(board.task)),
        by_cell=_by_cell(board, shown, labels),
        worse=_worse(board, shown, labels),
        csv=lines.to_csv(float_format="%.6f", lineterminator="\n"),
    )


def model_card(
    weights: Path,
    *,
    history: Path,
    scores: Sequence[Scored],
    notes: str,
    spec: DenoiserSpec,
) -> str:
    """Write the card.

    Args:
        weights: The file, with its ``.sources.csv`` beside it.
        history: The training's curve.
        scores: Of runs that hold the file.
        notes: Markdown for the end.
        spec: What the model declares.
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
        front_end=spec.front_end,
        usage=_USAGE.get(spec.task, "").format(name=card.model),
    )


def _sides(task: TaskSpec) -> list[str]:
    """Name what the means of a card are by.

    >>> from mn_dataset.tasks import registry
    >>> _sides(registry.find("denoise")), _sides(registry.find("separate"))
    (['noise class', 'SNR'], ['target', 'ratio'])
    """
    facet, number_facet = task.facets[0], numeric(task.facets)
    first = TARGET if facet.numeric else facet.title
    return [first, *([number_facet.title] if number_facet else [])]


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
    points = pd.DataFrame(map(asdict, read_history(history)), columns=HEADER.split(","))
    points = points.dropna(subset=["gain_db"])
    every = max(1, -(-len(points) // _POINTS))
    shown = points.iloc[::-1].iloc[::every].iloc[::-1]  # the last one always
    return table(
        ["steps", "minutes", "SI-SDR gain in validation [dB]"],
        [
            [
                str(int(row["step"])),
                number(row["seconds"] / 60, digits=0),
                number(row["gain_db"], sign=True),
            ]
            for row in shown.to_dict("records")
        ],
    )


def _parts(scores: Scores) -> list[tuple[str, Flags, Floats]]:
    """Return the parts of a run that are told apart: name, mixtures, SI-SDR of all denoisers.

    They are the labels of the first facet, or, where that is a number and has columns of its own,
    the targets; and all of it.
    """
    facet, everything = scores.task.facets[0], np.ones(len(scores.ids), dtype=bool)
    if facet.numeric:
        sides = [(target[0] if target else ALL, values) for target, values in scores.sides()]
        parts = [(name, everything, values[HEADLINE]) for name, values in sides]
        return sorted(parts, key=lambda part: part[0] == ALL)
    values = scores.values[HEADLINE]
    labels = scores.labels[facet.column]
    parts = [(label, labels == label, values) for label in sorted(set(labels))]
    return [*parts, (ALL, everything, values)]


def _by_cell(board: Board, shown: Sequence[str], labels: dict[str, str]) -> str:
    """Return means by part (rows) and by the first number (columns) of the mixtures."""
    scores, number_facet = board.scores, numeric(board.task.facets)
    grid = scores.axis(number_facet.column) if number_facet else []
    numbers = scores.labels[number_facet.column] if number_facet else np.empty(0)
    body = []
    for part, inside, values in _parts(scores):
        for name in shown:
            column = values[:, board.names.index(name)]
            means = [number(_mean(column[inside & (numbers == one)])) for one in grid]
            body.append([part, labels.get(name, name), *means, number(_mean(column[inside]))])
    facet = board.first_facet
    header = TARGET if facet.numeric else facet.title.partition(" ")[0]
    return table([header, "denoiser", *(f"{one} dB" for one in grid), "mean"], body)


def _worse(board: Board, shown: Sequence[str], labels: dict[str, str]) -> str:
    """Return the share of mixtures that each denoiser makes worse, by part."""
    parts = _parts(board.scores)
    body = []
    for name in shown[:-1]:
        shares = []
        for _, inside, values in parts:
            mine, noisy = (values[inside, board.names.index(one)] for one in (name, BASELINE))
            shares.append(f"{100 * np.mean(mine < noisy):.0f} %")
        body.append([labels.get(name, name), *shares])
    return table(["denoiser", *(part for part, _, _ in parts)], body)


def _mean(values: Floats) -> float:
    """Return the mean of the values that are defined; NaN if there is none."""
    defined = values[np.isfinite(values)]
    return float(defined.mean()) if len(defined) else math.nan


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
        InputError: if the run's weights are damaged, or another process packs into the folder.
        MissingExtra: if torch is not installed.
        OutputError: if something cannot be written.
    """
    for name in (WEIGHTS_NAME, SOURCES, HISTORY):
        if not (run / name).is_file():
            raise DatasetError(f"{run / name}: no such file; expected a run folder of `mn train`")
    trained = run / WEIGHTS_NAME
    learned = cast(Model, construct(registry.denoiser(model or read_card(trained).model)))
    with locked(out, command="mn pack"):
        weights = _light(trained, out, license_id=license_id, model=learned)
        sources = (run / SOURCES).read_text(encoding="utf-8")
        write_text(weights.with_suffix(".sources.csv"), sources)
        revision = file_sha256(weights)
        tables: list[Scored] = [scored(folder, revision=revision) for folder in scores]
        if tables:
            lines = "".join(
                table.csv if number == 0 else table.csv.partition("\n")[2]
                for number, table in enumerate(tables)
            )
            write_text(weights.with_suffix(".scores.csv"), lines)
        text = model_card(
            weights,
            history=run / HISTORY,
            scores=tables,
            notes="" if notes is None else notes.read_text(encoding="utf-8"),
            spec=learned.spec,
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
