"""Offer the dataset's half of the `mn` command: corpora, recipes, mixtures."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import cyclopts
from cyclopts import Parameter

from mn_dataset import terminal
from mn_dataset.errors import UnknownName
from mn_dataset.options import DrawOptions, Many, RenderOptions, cores

if TYPE_CHECKING:
    from mn_dataset.audio.corpus import Corpus

app = cyclopts.App(
    name="mn",
    version=version("mn-dataset"),
    help="Music denoising data and benchmarks: metadata → recipe → mixture → estimate → score → "
    "leaderboard. Start with `mn demo`.",
    help_format="plaintext",
)

Flag = Parameter(negative=())
Json = Annotated[bool, Parameter(name="--json", negative=())]


def opened(corpus: str, workers: int | None = None) -> Corpus:
    """Open a corpus by name or folder, with a progress bar."""
    from mn_dataset.catalogue.sources import load_corpus

    with terminal.bar("opening the corpus") as progress:
        return load_corpus(corpus, workers=cores(workers), progress=progress)


def _report_dataset(folder: Path, json: bool) -> None:
    from mn_dataset.mix.manifest import read_manifest

    count = len(read_manifest(folder))
    if json:
        terminal.answer({"dataset": str(folder), "mixtures": count})
    else:
        terminal.say(f"{count} mixtures in {folder}")


@app.command
def fetch(corpus: str, /, *, root: Path = Path("corpora"), json: Json = False) -> None:
    """Write a known corpus into ROOT/CORPUS: the embedded `synthetic`, which needs no network.

    Args:
        corpus: Name of the corpus.
        root: Folder of the corpora.
        json: Print one JSON object.
    """
    from mn_dataset.catalogue.sources import EMBEDDED
    from mn_dataset.catalogue.synthetic import write_corpus

    if corpus != EMBEDDED:
        raise UnknownName("corpus", corpus, [EMBEDDED])
    with terminal.bar("making the corpus") as progress:
        folder = write_corpus(root / corpus, workers=cores(None), progress=progress)
    terminal.answer({"corpus": str(folder)}) if json else terminal.say(f"{corpus} in {folder}")


@app.command
def curate(source: Path, /, *, out: Path, workers: int | None = None, json: Json = False) -> None:
    """Convert raw recordings with their tables into the M&N form: mono, 44.1 kHz, 16-bit.

    Args:
        source: Folder with clean.csv, noise.csv and recordings of any rate, width and channels.
        out: The new corpus.
        workers: Processes; all cores by default.
        json: Print one JSON object.
    """
    from mn_dataset.catalogue.curate import curate as curate_folder

    with terminal.bar("converting") as progress:
        folder = curate_folder(source, out, workers=cores(workers), progress=progress)
    terminal.answer({"corpus": str(folder)}) if json else terminal.say(f"corpus in {folder}")


@app.command
def check(corpus_dir: Path, /, *, workers: int | None = None, json: Json = False) -> int:
    """Judge a corpus: tables, audio, leaks between splits. Errors exit 1, warnings do not.

    Args:
        corpus_dir: Folder with clean.csv and noise.csv.
        workers: Processes; all cores by default.
        json: Print one JSON object.
    """
    from mn_dataset.catalogue.check import check as check_folder

    with terminal.bar("measuring the corpus") as progress:
        found = check_folder(corpus_dir, workers=cores(workers), progress=progress)
    errors = sum(finding.severity == "error" for finding in found)
    if json:
        count = {"errors": errors, "warnings": len(found) - errors}
        terminal.answer(count | {"findings": [vars(finding) for finding in found]})
    else:
        lines = [*map(str, found), f"{errors} errors, {len(found) - errors} warnings"]
        terminal.say("\n".join(lines))
    return terminal.INPUT_AT_FAULT if errors else terminal.DONE


@app.command
def split(
    corpus_dir: Path,
    /,
    *,
    ratios: Annotated[list[float] | None, Many] = None,
    seed: int = 0,
    out: Path | None = None,
    in_place: Annotated[bool, Flag] = False,
    reassign: Annotated[bool, Flag] = False,
    json: Json = False,
) -> None:
    """Fill empty splits, groups whole and categories stratified; prints, and writes when told to.

    Args:
        corpus_dir: Folder with clean.csv and noise.csv.
        ratios: Shares of train, validation and test; 0.8 0.1 0.1 by default.
        seed: Of the order in which groups are dealt.
        out: Folder for the tables with their splits.
        in_place: Write the corpus's own tables.
        reassign: Forget the splits that the tables state.
        json: Print one JSON object.
    """
    from mn_dataset.split.assign import DEFAULT_RATIOS
    from mn_dataset.split.folder import split_folder

    found = split_folder(corpus_dir, ratios=ratios or DEFAULT_RATIOS, seed=seed, reassign=reassign)
    target = corpus_dir if in_place else out
    if target is not None:
        found.write(target)
    counts, told = found.counts(), [str(leak) for leak in found.leaks]
    if json:
        terminal.answer({"counts": counts, "leaks": told})
    else:
        lines = [
            f"{name}: " + ", ".join(f"{n} {s}" for s, n in row.items())
            for name, row in counts.items()
        ]
        terminal.say("\n".join([*lines, *told, f"{len(told)} leaks"]))


@app.command
def draw(
    corpus_dir: str, /, *, out: Path, options: DrawOptions | None = None, json: Json = False
) -> None:
    """Draw recipes: what is to be mixed, as a table. No audio is opened.

    Args:
        corpus_dir: A corpus folder, or `synthetic`.
        out: The table, recipes.parquet.
        options: What to draw.
        json: Print one JSON object.
    """
    from mn_dataset.mix import draw as room
    from mn_dataset.mix.recipes import write_recipes

    recipes = room.draw(opened(corpus_dir), **(options or DrawOptions()).arguments())
    write_recipes(out, recipes)
    found = {"recipes": str(out), "count": len(recipes)}
    terminal.answer(found) if json else terminal.say(f"{len(recipes)} recipes in {out}")


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
    from mn_dataset.mix.write import render as render_recipes

    table, chosen = read_recipes(recipes), options or RenderOptions()
    with terminal.bar("mixing") as progress:
        source = opened(corpus, chosen.workers)
        folder = render_recipes(table, source, out, progress=progress, **chosen.arguments())
    _report_dataset(folder, json)


@app.command
def build(
    corpus_dir: str,
    /,
    *,
    out: Path,
    ratios: Annotated[list[float] | None, Many] = None,
    allow_leak: Annotated[bool, Flag] = False,
    drawing: DrawOptions | None = None,
    rendering: RenderOptions | None = None,
    json: Json = False,
) -> None:
    """Build a dataset: check, split where the tables leave it empty, draw, render.

    Args:
        corpus_dir: A corpus folder, or `synthetic`.
        out: The dataset folder; an unfinished one is resumed.
        ratios: Shares of train, validation and test; 0.8 0.1 0.1 by default.
        allow_leak: Build even if one group stands in two splits.
        drawing: What to draw.
        rendering: How to render.
        json: Print one JSON object.
    """
    from mn_dataset.build import build as build_dataset
    from mn_dataset.split.assign import DEFAULT_RATIOS

    how = rendering or RenderOptions()
    options = (drawing or DrawOptions()).arguments() | how.arguments()
    options |= {"ratios": ratios or DEFAULT_RATIOS, "allow_leak": allow_leak}
    corpus = opened(corpus_dir, how.workers)
    with terminal.bar("mixing") as progress:
        folder = build_dataset(corpus, out, progress=progress, **options)
    _report_dataset(folder, json)


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
