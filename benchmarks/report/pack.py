"""Make of a training run what can be passed on: light weights, their sources, scores and a card."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import cast

from benchmarks import registry
from benchmarks.contract import Model
from benchmarks.harness.construct import constructed
from benchmarks.layers.stored import WEIGHTS_NAME, read_card, save
from benchmarks.layers.stored import load as load_weights
from benchmarks.leaderboard.store import write_whole
from benchmarks.report.model_card import Scored, model_card, scored
from benchmarks.training.sources import SOURCES
from mn_dataset.audio.io import file_sha256
from mn_dataset.errors import DatasetError

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
    learned = cast(Model, constructed(registry.denoiser(model or read_card(trained).model)))
    weights = _light(trained, out, license_id=license_id, model=learned)
    shutil.copyfile(run / SOURCES, weights.with_suffix(".sources.csv"))
    revision = file_sha256(weights)
    tables: list[Scored] = [scored(folder, revision=revision) for folder in scores]
    if tables:
        lines = "".join(
            table.csv if number == 0 else table.csv.partition("\n")[2]
            for number, table in enumerate(tables)
        )
        write_whole(weights.with_suffix(".scores.csv"), lines.encode())
    told = "" if notes is None else notes.read_text(encoding="utf-8")
    text = model_card(
        weights,
        history=run / _HISTORY,
        scores=tables,
        notes=told,
        front_end=learned.spec.front_end,
    )
    write_whole(weights.with_suffix(".md"), text.encode())
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
