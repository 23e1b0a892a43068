"""Offer what makes mixtures: draw, render, build, verify."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from mn_dataset.commands import terminal
from mn_dataset.commands.app import Flag, Json, app, opened, report_dataset
from mn_dataset.commands.options import DrawOptions, Many, RenderOptions, cores, on_cluster


@app.command
def draw(
    corpus_dir: str,
    /,
    *,
    out: Path,
    overwrite: Annotated[bool, Flag] = False,
    options: DrawOptions | None = None,
    json: Json = False,
) -> None:
    """Draw recipes: what is to be mixed, as a table. No audio is opened.

    Args:
        corpus_dir: A corpus folder, or the name of a known corpus.
        out: The table, recipes.parquet; one of recipes that stands there is replaced.
        overwrite: Replace any other file too.
        options: What to draw.
        json: Print one JSON object.
    """
    from mn_dataset.files.output import check_output
    from mn_dataset.mix.draw import draw_table
    from mn_dataset.mix.recipes import is_recipes, responses_path

    for path in (out, responses_path(out)):
        check_output(path, is_ours=is_recipes, overwrite=overwrite)
    chosen = (options or DrawOptions()).arguments()
    count = draw_table(opened(corpus_dir), out, **chosen)
    found = {"recipes": str(out), "count": count}
    terminal.answer(found) if json else terminal.say(f"{count} recipes in {out}")


@app.command
def render(
    recipes: Path,
    /,
    *,
    corpus: str,
    out: Path,
    options: RenderOptions | None = None,
    json: Json = False,
) -> None:
    """Render recipes into a dataset folder; resumes what a stop left unfinished.

    Args:
        recipes: A table of `mn draw`.
        corpus: The corpus that they were drawn from.
        out: The dataset folder.
        options: How to render.
        json: Print one JSON object.
    """
    from mn_dataset.mix.recipes import read_recipes
    from mn_dataset.mix.render import render as render_recipes

    chosen = options or RenderOptions()
    table = read_recipes(recipes, chosen.rows)
    on_its_cluster = on_cluster(chosen.cluster, workers=chosen.workers)
    with on_its_cluster, terminal.bar("mixing") as progress:
        source = opened(corpus, chosen.workers)
        arguments = chosen.arguments() | {"rows": None}  # they are read
        folder = render_recipes(table, source, out, progress=progress, **arguments)
    report_dataset(folder, json)


@app.command
def build(
    corpus_dir: str,
    /,
    *,
    out: Path,
    ratios: Annotated[list[float] | None, Many] = None,
    reassign: Annotated[bool, Flag] = False,
    allow_leak: Annotated[bool, Flag] = False,
    drawing: DrawOptions | None = None,
    rendering: RenderOptions | None = None,
    json: Json = False,
) -> None:
    """Build a dataset: check, split where the tables leave it empty, draw, render.

    Args:
        corpus_dir: A corpus folder, or the name of a known corpus.
        out: The dataset folder; an unfinished one is resumed.
        ratios: Shares of train, validation and test; 0.8 0.1 0.1 by default.
        reassign: Forget the splits that the tables state; by default they stay.
        allow_leak: Build even if one take or group stands in two splits; the card says so.
        drawing: What to draw.
        rendering: How to render.
        json: Print one JSON object.
    """
    from mn_dataset.build import build as build_dataset
    from mn_dataset.split.assign import DEFAULT_RATIOS

    how = rendering or RenderOptions()
    with on_cluster(how.cluster, workers=how.workers):
        options = (drawing or DrawOptions()).arguments() | how.arguments()
        options |= {"ratios": ratios or DEFAULT_RATIOS, "allow_leak": allow_leak}
        options |= {"reassign": reassign}
        corpus = opened(corpus_dir, how.workers)
        with terminal.bar("mixing") as progress:
            folder = build_dataset(corpus, out, progress=progress, **options)
    report_dataset(folder, json)


@app.command
def verify(dataset_dir: Path, /, *, workers: int | None = None, json: Json = False) -> int:
    """Prove that a dataset folder is what its recipes say: missing, changed, truncated, extra.

    Args:
        dataset_dir: The dataset folder.
        workers: Processes; all cores by default.
        json: Print one JSON object.
    """
    from mn_dataset.mix.verify import verify as verify_folder

    with terminal.bar("verifying") as progress:
        faults = verify_folder(dataset_dir, workers=cores(workers), progress=progress)
    if json:
        terminal.answer({"faults": [vars(fault) for fault in faults]})
    else:
        terminal.say("\n".join([*map(str, faults), f"{len(faults)} faults in {dataset_dir}"]))
    return terminal.INPUT_AT_FAULT if faults else terminal.DONE
