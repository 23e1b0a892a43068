"""Offer the dataset's half of the `mn` command: corpora, recipes, mixtures."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import cyclopts
from cyclopts import Parameter

from mn_dataset import terminal
from mn_dataset.options import CurateOptions, DrawOptions, Many, RenderOptions, cores

if TYPE_CHECKING:
    from mn_dataset.audio.corpus import Corpus

app = cyclopts.App(
    name="mn",
    version=version("mn-dataset"),
    help="Music denoising data and benchmarks: metadata → recipe → mixture → estimate → score → "
    "leaderboard. Start with `mn demo`.",
    help_format="plaintext",
    suppress_keyboard_interrupt=False,
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
def corpora(*, root: Path = Path("corpora"), json: Json = False) -> None:
    """Tell what each known corpus holds, what it does not cover, and whether it is here.

    Args:
        root: Folder of the corpora.
        json: Print one JSON object.
    """
    from mn_dataset.catalogue.overview import survey

    found = survey(root)
    if json:
        terminal.answer({"corpora": [overview.as_dict() for overview in found]})
    else:
        terminal.say("\n\n".join("\n".join(overview.lines()) for overview in found))


@app.command
def fetch(
    corpus: str,
    /,
    *,
    root: Path = Path("corpora"),
    origin: Annotated[str | None, Parameter(name="--from")] = None,
    license_allow: str | None = None,
    allow_missing: Annotated[bool, Flag] = False,
    fill: str | None = None,
    lock: Path | None = None,
    workers: int | None = None,
    json: Json = False,
) -> int:
    """Download a known corpus into ROOT/CORPUS, or take it from a folder, an archive or a mirror.

    Every recording is proven by its hash, or pinned in a lock file at first use where none is
    published. Stop it at any moment; the same command resumes. `mn corpora` tells what there is.

    Args:
        corpus: open, mn or synthetic.
        root: Folder of the corpora.
        origin: Folder, archive or mirror (URL) to take everything from, and only from there; a
            mirror holds OWNER/REPOSITORY/PATH, and for mn clean.zip, noise.zip and, if need be,
            audios.tar.gz.
        license_allow: Licences to take, by SPDX id, separated by commas; `free` is all that let
            the dataset be passed on, `any` is all. By default free for open, any for mn.
        allow_missing: Leave recordings that cannot be had, or differ from what was pinned, out of
            the tables, instead of exit 1.
        fill: `synthetic` fills categories and splits without a recording from the embedded corpus.
        lock: The lock file; ROOT/CORPUS.lock.csv by default.
        workers: Processes; all cores by default.
        json: Print one JSON object.
    """
    from mn_dataset.catalogue.sources import fetch as fetch_corpus

    with terminal.bar(f"fetching {corpus}") as progress:
        account = fetch_corpus(
            corpus,
            root=root,
            origin=origin,
            license_allow=None if license_allow is None else license_allow.split(","),
            allow_missing=allow_missing,
            fill=fill,
            lock=lock,
            workers=cores(workers),
            progress=progress,
        )
    terminal.answer(account.as_dict()) if json else terminal.say("\n".join(account.lines()))
    return terminal.DONE if account.has_tables else terminal.INPUT_AT_FAULT


@app.command
def curate(
    source: Path,
    /,
    *,
    out: Path,
    options: CurateOptions | None = None,
    workers: int | None = None,
    json: Json = False,
) -> None:
    """Turn your own recordings into a corpus in the M&N form: mono, 44.1 kHz, 16-bit clips.

    SOURCE holds folders named after music categories and noise classes, below train, validation
    and test if you like; or clean.csv and noise.csv; or metadata.csv. Any format that soundfile
    reads will do, and sound tracks of videos where ffmpeg is installed. rejected.csv in the
    corpus says what was left out and why. Run it again, and only what is new is done.

    Args:
        source: Folder of recordings.
        out: The corpus.
        options: How to cut and judge.
        workers: Processes; all cores by default.
        json: Print one JSON object.
    """
    from mn_dataset.catalogue.curate import curate as curate_folder

    chosen = options or CurateOptions()
    with terminal.bar("converting") as progress:
        report = curate_folder(
            source, out, workers=cores(workers), progress=progress, **chosen.arguments()
        )
    if json:
        terminal.answer(vars(report) | {"rejected": [vars(item) for item in report.rejected]})
    else:
        terminal.say("\n".join([*map(str, report.rejected), str(report)]))


@app.command
def check(corpus: str, /, *, workers: int | None = None, json: Json = False) -> int:
    """Judge a corpus: tables, audio, duplicates, leaks between splits.

    Every finding has a place, a kind and a cure. Errors exit 1, warnings do not.

    Args:
        corpus: A corpus folder, or the name of a known corpus.
        workers: Processes; all cores by default.
        json: Print one JSON object.
    """
    from mn_dataset.catalogue.check import check as check_folder
    from mn_dataset.catalogue.sources import locate

    processes = cores(workers)
    with terminal.bar("measuring the corpus") as progress:
        folder = locate(corpus, workers=processes, progress=progress)
        found = check_folder(folder, workers=processes, progress=progress)
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
    workers: int | None = None,
    json: Json = False,
) -> None:
    """Fill empty splits, groups and near-duplicates whole; prints, and writes when told to.

    Categories are stratified. The audit of the splits that the tables state stands beside the
    audit of the result.

    Args:
        corpus_dir: Folder with clean.csv and noise.csv.
        ratios: Shares of train, validation and test; 0.8 0.1 0.1 by default.
        seed: Of the order in which groups are dealt.
        out: Folder for the tables with their splits.
        in_place: Write the corpus's own tables.
        reassign: Forget the splits that the tables state.
        workers: Processes; all cores by default.
        json: Print one JSON object.
    """
    from mn_dataset.split.assign import DEFAULT_RATIOS
    from mn_dataset.split.folder import split_folder

    with terminal.bar("comparing the recordings") as progress:
        found = split_folder(
            corpus_dir,
            ratios=ratios or DEFAULT_RATIOS,
            seed=seed,
            reassign=reassign,
            workers=cores(workers),
            progress=progress,
        )
    target = corpus_dir if in_place else out
    if target is not None:
        found.write(target)
    if json:
        audits = {"leaks": list(map(str, found.leaks)), "stated": list(map(str, found.stated))}
        terminal.answer({"counts": found.counts()} | audits)
    else:
        terminal.say("\n".join(found.lines()))


@app.command
def draw(
    corpus_dir: str, /, *, out: Path, options: DrawOptions | None = None, json: Json = False
) -> None:
    """Draw recipes: what is to be mixed, as a table. No audio is opened.

    Args:
        corpus_dir: A corpus folder, or the name of a known corpus.
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
    options = (drawing or DrawOptions()).arguments() | how.arguments()
    options |= {"ratios": ratios or DEFAULT_RATIOS, "allow_leak": allow_leak}
    options |= {"reassign": reassign}
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
