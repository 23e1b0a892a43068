"""Offer what is done to corpora: know, fetch, curate, check, split."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from mn_dataset import terminal
from mn_dataset.commands.app import Flag, Json, app
from mn_dataset.options import CurateOptions, Many, cores


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
    and test if you like; or clean.csv and noise.csv; or metadata.csv. Any audio
    format will do; M4A, WMA and videos with pip install 'mn-dataset[decode]'. rejected.csv in the
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
