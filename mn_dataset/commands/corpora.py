"""Define the commands on corpora: corpora, fetch, curate, compose, check, split."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from mn_dataset.commands import terminal
from mn_dataset.commands.app import Flag, Json, app
from mn_dataset.commands.options import CurateOptions, Many, clip_counts, cores, on_cluster


@app.command
def corpora(*, root: Path = Path("corpora"), json: Json = False) -> None:
    """List the known corpora: what each holds, what it does not cover, and whether it is here.

    Args:
        root: Folder of the corpora.
        json: Print one JSON object.
    """
    from mn_dataset.catalogue.overview import survey

    overviews = survey(root)
    if json:
        terminal.answer({"corpora": [overview.as_dict() for overview in overviews]})
    else:
        terminal.say("\n\n".join("\n".join(overview.lines()) for overview in overviews))


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

    Every recording is verified by its hash, or pinned in a lock file at first use where none is
    published. Stop it at any moment; the same command resumes. `mn corpora` lists what there is.

    Args:
        corpus: open, mn, mir1k or synthetic.
        root: Folder of the corpora.
        origin: Folder, archive or mirror (URL) to take everything from, and only from there; a
            mirror holds OWNER/REPOSITORY/PATH, and for mn clean.zip, noise.zip and, if need be,
            audios.tar.gz.
        license_allow: Licences to take, by SPDX id, separated by commas; `free` is all that let
            the dataset be passed on, `any` is all. By default free for open, any for mn; mir1k has
            no licence, and wants `any`.
        allow_missing: Leave recordings that cannot be had, or differ from what was pinned, out of
            the tables, instead of exit 1.
        fill: `synthetic` fills categories and splits without a recording from the embedded corpus.
        lock: The lock file; ROOT/CORPUS.lock.csv by default.
        workers: Processes; all cores by default.
        json: Print one JSON object.
    """
    from mn_dataset.catalogue.load import fetch as fetch_corpus

    with terminal.bar(f"fetching {corpus}") as progress:
        report = fetch_corpus(
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
    if json:
        terminal.answer(report.as_dict())
    else:
        terminal.say(terminal.with_options("\n".join(report.lines()), app, ["fetch"]))
    return terminal.DONE if report.has_tables else terminal.INPUT_AT_FAULT


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
    and test if you like; or clean.csv and noise.csv; or metadata.csv; or, with --layout, songs in
    stems, which become stems.csv and are kept whole. Any audio format will do; M4A, WMA and videos
    with pip install 'mn-dataset[decode]'. rejected.csv in the corpus says what was left out and
    why. Run it again, and only what is new is done.

    Args:
        source: Folder of recordings.
        out: The corpus.
        options: How to cut and judge.
        workers: Processes; all cores by default.
        json: Print one JSON object.
    """
    from mn_dataset.curate.curate import curate as curate_folder

    arguments = (options or CurateOptions()).arguments()
    with terminal.bar("converting") as progress:
        report = curate_folder(source, out, workers=cores(workers), progress=progress, **arguments)
    if json:
        terminal.answer(vars(report) | {"rejected": [vars(item) for item in report.rejected]})
    else:
        terminal.say("\n".join([*map(str, report.rejected), str(report)]))


@app.command
def compose(
    font: Path,
    /,
    *more: Annotated[Path, Parameter(negative=())],
    out: Path,
    license: str,  # noqa: A002 - the option's name
    attribution: str = "",
    count: Annotated[list[str] | None, Many] = None,
    seed: int = 0,
    without: Annotated[list[int] | None, Many] = None,
    workers: int | None = None,
    json: Json = False,
) -> None:
    """Compose music by a seed, and play it with sound fonts into a corpus to train with.

    Needs pip install 'mn-dataset[soundfont]' and FluidSynth (apt install libfluidsynth3, brew
    install fluid-synth). Clips last ten seconds, are of the split train, and say in every row what
    was played with which font. Run it again, and only what is missing is made.

    Args:
        font: A sound font (SF2 or SF3) with General MIDI's programmes.
        more: Further ones under the same licence; clips are dealt among them.
        out: The corpus.
        license: SPDX id of the fonts' licence, such as MIT; it stands in every row.
        attribution: Whom the licence asks to name.
        count: Clips of each category that the fonts can play, 12 by default; or, separated by
            blanks, those of some: harp=40 piano=20; or both: 12 harp=40.
        seed: Another one gives other music.
        without: Programmes, 0 to 127, that do not play: those that something is to be tested with.
        workers: Processes; all cores by default.
        json: Print one JSON object.
    """
    from mn_dataset.compose.compose import COUNT
    from mn_dataset.compose.compose import compose as compose_corpus

    with terminal.bar("playing") as progress:
        report = compose_corpus(
            [font, *more],
            out,
            license=license,
            attribution=attribution,
            count=COUNT if count is None else clip_counts(count),
            seed=seed,
            without=without or (),
            workers=cores(workers),
            progress=progress,
        )
    terminal.answer(vars(report)) if json else terminal.say(str(report))


@app.command
def check(
    place: str,
    /,
    *more: Annotated[str, Parameter(negative=())],
    workers: int | None = None,
    cluster: str | None = None,
    json: Json = False,
) -> int:
    """Check a corpus: tables, audio, duplicates, leaks; or the tracks of a session.

    Every finding says where it is, what it is and what to do. Errors exit 1, warnings do not. Of a
    session, such as `mn debleed` takes, lengths, rates and channels are compared, levels are
    measured, and the bleed between microphones is estimated.

    Args:
        place: A corpus folder, or the name of a known corpus; or a session: a folder of recordings
            without tables, or its first file.
        more: Further files of the session, one per microphone or stereo pair.
        workers: Processes; all cores by default; a session needs but one.
        cluster: Work on a Dask cluster instead, by its scheduler's address, such as
            tcp://HOST:8786; its workers see the same files by the same paths, and run the same
            versions.
        json: Print one JSON object.
    """
    from mn_dataset.check.tracks import is_session

    paths = [Path(place), *map(Path, more)]
    if is_session(paths):
        return _check_session(paths, json)
    with on_cluster(cluster, workers=workers):
        return _check_corpus(place, workers, json)


def _check_corpus(corpus: str, workers: int | None, json: bool) -> int:
    from mn_dataset.catalogue.load import locate
    from mn_dataset.check.corpus import check as check_folder

    processes = cores(workers)
    with terminal.bar("measuring the corpus") as progress:
        folder = locate(corpus, workers=processes, progress=progress)
        findings = check_folder(folder, workers=processes, progress=progress)
    errors = sum(finding.severity == "error" for finding in findings)
    if json:
        counts = {"errors": errors, "warnings": len(findings) - errors}
        terminal.answer(counts | {"findings": [vars(finding) for finding in findings]})
    else:
        lines = [*map(str, findings), f"{errors} errors, {len(findings) - errors} warnings"]
        terminal.say("\n".join(lines))
    return terminal.INPUT_AT_FAULT if errors else terminal.DONE


def _check_session(paths: list[Path], json: bool) -> int:
    from mn_dataset.check.session import check_session

    with terminal.bar("listening to the session") as progress:
        found = check_session(paths, progress=progress)
    if json:
        terminal.answer(found.as_dict())
    else:
        terminal.say("\n".join(found.lines()))
    return terminal.INPUT_AT_FAULT if found.errors else terminal.DONE


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
    """Fill empty splits, groups and near-duplicates whole; prints, and writes on request.

    Categories are stratified; songs are dealt whole. The splits that the tables state are audited
    beside the result.

    Args:
        corpus_dir: Folder with clean.csv and noise.csv, with stems.csv, or with all three.
        ratios: Shares of train, validation and test; 0.8 0.1 0.1 by default.
        seed: Of the order in which groups are dealt.
        out: Folder for the tables with their splits.
        in_place: Write the corpus's own tables.
        reassign: Forget the splits that the tables state.
        workers: Processes; all cores by default.
        json: Print one JSON object.
    """
    from mn_dataset.split.assign import DEFAULT_RATIOS
    from mn_dataset.split.split import split as split_folder

    with terminal.bar("comparing the recordings") as progress:
        result = split_folder(
            corpus_dir,
            ratios=ratios or DEFAULT_RATIOS,
            seed=seed,
            reassign=reassign,
            workers=cores(workers),
            progress=progress,
        )
    target = corpus_dir if in_place else out
    if target is not None:
        result.write(target)
    if json:
        audits = {"leaks": list(map(str, result.leaks)), "stated": list(map(str, result.stated))}
        terminal.answer({"counts": result.counts()} | audits)
    else:
        terminal.say("\n".join(result.lines()))
