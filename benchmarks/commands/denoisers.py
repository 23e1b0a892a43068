"""The commands that list and use denoisers: denoisers, metrics, denoise, separate, debleed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from mn_dataset.cli import Flag, Json, app
from mn_dataset.commands import terminal

if TYPE_CHECKING:
    from benchmarks.recordings.summary import Summary

DEFAULT_DENOISER = "subband_mask"
"""The denoiser of `mn denoise` where none is named: the network whose weights ship."""

DEFAULT_SEPARATOR = "drnn"
"""The separator of `mn separate` where none is named: the network whose weights ship."""

DEFAULT_DEBLEEDER = "bleed_wiener"
"""The debleeder of `mn debleed` where none is named."""


@app.command
def denoisers(*, check: str | None = None, json: Json = False) -> int:
    """List denoisers and separators: what each needs, and what installs that which is missing.

    With --check NAME one, of anybody's, is examined: is it in time to a hundredth of a sample,
    upright, of the right level, whole at any length, silent in silence, and the same again? Exit
    code 1 if something is wrong.

    Args:
        check: A denoiser, as `mn bench` takes it.
        json: Print one JSON object.
    """
    from benchmarks.harness.listing import describe_denoisers

    if check is not None:
        return _check(check, json)

    rows = describe_denoisers()
    if json:
        defaults = {
            "denoise": DEFAULT_DENOISER,
            "separate": DEFAULT_SEPARATOR,
            "debleed": DEFAULT_DEBLEEDER,
        }
        terminal.answer({"denoisers": rows, "default": DEFAULT_DENOISER, "defaults": defaults})
        return terminal.DONE
    for row in rows:
        state = row["rank_group"] if row["available"] else _obstacle(row)
        state += f"; assumes {row['assumes']}" if row["assumes"] else ""
        terminal.say(f"{row['name']:30} {row['task'] or '?':8} {state}")
    return terminal.DONE


@app.command
def metrics(name: str | None = None, /, *, json: Json = False) -> None:
    """Explain the metrics: definition, unit, direction, and which papers mean it by which name.

    Args:
        name: One metric; all by default.
        json: Print one JSON object.
    """
    from benchmarks.metrics.suite import CHANNELS, describe

    specs = describe(None if name is None else [name])
    if json:
        terminal.answer({"metrics": [vars(spec) for spec in specs]})
        return
    for spec in specs:
        direction = "higher" if spec.higher_is_better else "lower"
        terminal.say(f"{spec.name} [{spec.unit}], {direction} is better: {spec.definition}")
        terminal.say(f"    known as: {spec.known_as}\n    source: {spec.citation}")
    terminal.say(CHANNELS)


@app.command
def denoise(
    *files: Annotated[Path, Parameter(negative=())],
    out: Path,
    denoiser: str = DEFAULT_DENOISER,
    strength: float = 1.0,
    residual: Annotated[bool, Flag] = False,
    spectrogram: Annotated[bool, Flag] = False,
    overwrite: Annotated[bool, Flag] = False,
    device: str = "cpu",
    precision: str = "float32",
    batch_size: int | None = None,
    json: Json = False,
) -> int:
    """Denoise your own recordings: any length, any rate, any number of channels; files and folders.

    An estimate keeps its recording's rate, channels, length in samples and, where it is a lossless
    WAV, AIFF, AU, CAF, W64 or FLAC, container and width. All else (MP3, OGG, M4A, video) becomes
    WAV: of 16 bits, or of as many as were coded without loss. Samples beyond full scale are held at
    it and counted. Denoisers that work on a whole clip get pieces of 30 seconds. What is finished
    is not done again; a stop at any moment leaves whole files, and the same command resumes. Exit
    code 1 if a recording was refused; the others are done all the same.

    Args:
        files: Recordings, and folders, whose sub-folders are kept.
        out: Folder of the estimates.
        denoiser: One name; NAME@WEIGHTS or NAME@RUN is a trained one, ./mine.py:Class your own.
            The default needs torch; mmse_stsa needs nothing.
        strength: From 0, the recording as it is, to 1, the estimate.
        residual: Also write what was removed, as NAME.residual.
        spectrogram: Also draw before and after, as NAME.spectrogram.png.
        overwrite: Replace outputs of other options, and files of unknown origin.
        device: Where a model runs: cpu, cuda or cuda:N.
        precision: float32, bfloat16 (faster on some devices; differs by about -35 dB), or auto.
        batch_size: Pieces that a model is handed at a time; 1 on a CPU and 2 on a GPU by default.
        json: Print one JSON object.
    """
    from benchmarks.denoise.denoise import denoise as denoise_recordings

    with terminal.bar("denoising") as progress:
        summary = denoise_recordings(
            files,
            denoiser=denoiser,
            out=out,
            strength=strength,
            residual=residual,
            spectrogram=spectrogram,
            overwrite=overwrite,
            device=device,
            precision=precision,
            batch_size=batch_size,
            progress=progress,
        )
    return _report(summary, "denoise", json)


@app.command
def separate(
    *files: Annotated[Path, Parameter(negative=())],
    out: Path,
    separator: str = DEFAULT_SEPARATOR,
    overwrite: Annotated[bool, Flag] = False,
    device: str = "cpu",
    precision: str = "float32",
    batch_size: int | None = None,
    json: Json = False,
) -> int:
    """Part your own songs into voice and accompaniment: any length, rate and number of channels.

    Of NAME.wav come NAME.voice.wav and NAME.accompaniment.wav, which add up to the song, sample by
    sample: exactly in integers, in floating point wherever that can hold such parts. Above the band
    of a separator all is accompaniment. Both keep the song's rate, channels, length in samples and,
    where it is a lossless WAV, AIFF, AU, CAF, W64 or FLAC, container and width. All else (MP3, OGG,
    M4A, video) becomes WAV: of 16 bits, or of as many as were coded without loss; its parts add up
    to what was decoded, rounded so. Songs are taken in pieces, so that an hour needs no more memory
    than minutes. What is finished is not done again; a stop at any moment leaves whole files, and
    the same command resumes. Exit code 1 if a song was refused; the others are done all the same.

    Args:
        files: Songs, and folders, whose sub-folders are kept.
        out: Folder of the two parts.
        separator: One name of `mn denoisers`; NAME@WEIGHTS or NAME@RUN is a trained one,
            ./mine.py:Class your own.
        overwrite: Replace outputs of other separators, and files of unknown origin.
        device: Where a model runs: cpu, cuda or cuda:N.
        precision: float32, bfloat16 (faster on some devices; differs by about -35 dB), or auto.
        batch_size: Pieces that a model is handed at a time; 1 on a CPU and 2 on a GPU by default.
        json: Print one JSON object.
    """
    from benchmarks.separate.separate import separate as separate_songs

    with terminal.bar("separating") as progress:
        summary = separate_songs(
            files,
            separator=separator,
            out=out,
            overwrite=overwrite,
            device=device,
            precision=precision,
            batch_size=batch_size,
            progress=progress,
        )
    return _report(summary, "separate", json)


@app.command
def debleed(
    *tracks: Annotated[Path, Parameter(negative=())],
    out: Path,
    close: Annotated[list[str] | None, Parameter(negative=())] = None,
    pad: Annotated[bool, Flag] = False,
    debleeder: str = DEFAULT_DEBLEEDER,
    overwrite: Annotated[bool, Flag] = False,
    device: str = "cpu",
    precision: str = "float32",
    batch_size: int | None = None,
    json: Json = False,
) -> int:
    """Take out of your own tracks what bled into their microphones: any length, any rate.

    A session is one file per microphone, or per stereo pair, whose channels are two microphones of
    one source; all begin at one moment, at one rate, and are equally long. `mn check` tells whether
    they do, and how strong the bleed is. An output keeps its track's name, rate, channels, length
    in samples and, where it is a lossless WAV, AIFF, AU, CAF, W64 or FLAC, container and width. All
    else becomes WAV. Tracks are taken in pieces, so that an hour needs no more memory than minutes.
    All outputs are made or none; what is finished is not done again. Then bleed, the level of other
    sources and the coherence of microphones are compared before and after.

    Args:
        tracks: Files, and folders, of which the recordings directly in them count, by name.
        out: Folder of the outputs.
        close: Tracks that are close to one source, separated by commas, by name or by number, such
            as KICK_IN,KICK_OUT; once per source.
        pad: Take tracks that end before the longest for silent from there.
        debleeder: One name of `mn denoisers`; NAME@WEIGHTS or NAME@RUN is a trained one,
            ./mine.py:Class your own.
        overwrite: Replace outputs of other options, and files of unknown origin.
        device: Where a model runs: cpu, cuda or cuda:N.
        precision: float32, bfloat16 (faster on some devices; differs by about -35 dB), or auto.
        batch_size: Pieces that a model is handed at a time; 1 on a CPU and 2 on a GPU by default.
        json: Print one JSON object.
    """
    from benchmarks.debleed.debleed import debleed as debleed_session

    with terminal.bar("removing bleed") as progress:
        made = debleed_session(
            tracks,
            debleeder=debleeder,
            out=out,
            close=[group.split(",") for group in close or ()],
            pad=pad,
            overwrite=overwrite,
            device=device,
            precision=precision,
            batch_size=batch_size,
            progress=progress,
        )
    if json:
        terminal.answer(made.as_dict())
    else:
        terminal.say(terminal.with_options(str(made), app, ["debleed"]))
    return terminal.DONE


def _report(summary: Summary, command: str, json: bool) -> int:
    """Print what became of a person's recordings."""
    if json:
        terminal.answer(summary.as_dict())
    else:
        terminal.say(terminal.with_options(str(summary), app, [command]))
    return terminal.INPUT_AT_FAULT if summary.refused else terminal.DONE


def _check(name: str, json: bool) -> int:
    """Examine a denoiser, and print the findings."""
    from benchmarks.harness.apply import load_denoiser
    from benchmarks.harness.doctor import examine

    findings = examine(load_denoiser(name))
    if json:
        terminal.answer({"denoiser": name, "findings": [vars(one) for one in findings]})
    else:
        marks = {True: "ok", False: "WRONG", None: "?"}
        for one in findings:
            expected = "" if one.passed else f" (expected: {one.expected})"
            terminal.say(f"{marks[one.passed]:6} {one.check:14} {one.found}{expected}")
    wrong = any(one.passed is False for one in findings)
    return terminal.INPUT_AT_FAULT if wrong else terminal.DONE


def _obstacle(row: dict[str, Any]) -> str:
    return f"{row['reason']} ({row['install']})" if row["install"] else row["reason"]
