"""Offer the whole `mn` command: the dataset's half, and all that denoises, trains and scores."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from mn_dataset import terminal
from mn_dataset.cli import Flag, Json, app
from mn_dataset.options import Many, cores

DEFAULT_DENOISER = "musicecan_small"
"""What `mn denoise` takes: the network whose weights ship."""

DEMO_DENOISERS = (
    "noisy",
    "spectral_subtraction",
    "wiener",
    "mmse_stsa",
    "mmse_lsa",
    "noisereduce",
    "oracle_ratio_mask",
)


def main() -> None:
    """Run the command line and exit."""
    sys.exit(terminal.run(app))


def names(text: str | None) -> list[str]:
    """Split names at commas.

    >>> names("noisy,wiener")
    ['noisy', 'wiener']
    """
    return [name.strip() for name in (text or "").split(",") if name.strip()]


@app.command
def denoisers(*, check: str | None = None, json: Json = False) -> int:
    """List the denoisers: what each needs, and the command that installs what is missing.

    With --check NAME the doctor examines one, of anybody's: is it in time to a hundredth of a
    sample, upright, of the right level, whole at any length, silent in silence, and the same again?
    Exit code 1 if something is wrong.

    Args:
        check: A denoiser, as `mn bench` takes it.
        json: Print one JSON object.
    """
    from benchmarks.harness.listing import describe_denoisers

    if check is not None:
        return _check(check, json)

    found = describe_denoisers()
    if json:
        terminal.answer({"denoisers": found})
        return terminal.DONE
    for row in found:
        state = row["rank_group"] if row["available"] else _obstacle(row)
        terminal.say(f"{row['name']:24} {state}")
    return terminal.DONE


def _check(name: str, json: bool) -> int:
    """Let the doctor examine a denoiser, and tell what was found."""
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


@app.command
def metrics(name: str | None = None, /, *, json: Json = False) -> None:
    """Explain the metrics: definition, unit, direction, and which papers mean it by which name.

    Args:
        name: One metric; all by default.
        json: Print one JSON object.
    """
    from benchmarks.metrics.suite import describe

    specs = describe(None if name is None else [name])
    if json:
        terminal.answer({"metrics": [vars(spec) for spec in specs]})
        return
    for spec in specs:
        direction = "higher" if spec.higher_is_better else "lower"
        terminal.say(f"{spec.name} [{spec.unit}], {direction} is better: {spec.definition}")
        terminal.say(f"    known as: {spec.known_as}\n    source: {spec.citation}")


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
    from benchmarks.harness.recordings.denoise import denoise_files

    with terminal.bar("denoising") as progress:
        summary = denoise_files(
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
    terminal.answer(summary.answer()) if json else terminal.say(str(summary))
    return terminal.INPUT_AT_FAULT if summary.refused else terminal.DONE


@app.command
def train(
    model: str,
    /,
    *,
    data: Annotated[list[str], Many],
    out: Path,
    config: str = "cpu",
    set: Annotated[list[str] | None, Many] = None,  # noqa: A002 - the option's name
    resume: Annotated[bool, Flag] = False,
    seed: int = 0,
    device: str = "cpu",
    max_steps: int | None = None,
    max_minutes: float | None = None,
    workers: int | None = None,
    json: Json = False,
) -> int:
    """Train a learned denoiser on the train split; keep what is best on the validation split.

    Then NAME@RUN denoises: `mn denoise my.wav --denoiser musicecan@RUN --out out`. Ctrl-C, a crash
    or a limit lose nothing: with --resume the same command continues, and the weights become those
    of an unbroken run.

    Args:
        model: A learned denoiser (`mn denoisers` lists them), or FILE.py:CLASS. NAME@WEIGHTS (a
            file or a run folder) goes on from trained ones, with a new schedule or on new data.
        data: A corpus (folder or name), mixed on the fly, or a built dataset; or several corpora,
            of which the first is validated with and the train splits of all are learned from.
        out: The run folder: weights, checkpoints, history, TensorBoard, provenance.
        config: cpu, gpu, paper or small (what ships), or a TOML file of your own.
        set: Fields above the configuration's: data.batch=4 optimizer.learning_rate=1e-3.
        resume: Continue what the folder holds; without a checkpoint in it, begin.
        seed: Of first weights, recipes, order and validation.
        device: cpu, cuda or cuda:N; several processes by `accelerate launch`.
        max_steps: Steps in all, above the configuration's.
        max_minutes: Minutes of work in all, validation included, above the configuration's.
        workers: Processes that measure a new corpus; all cores by default.
        json: Print one JSON object.
    """
    from benchmarks.training.tables import load_config
    from benchmarks.training.train import train as train_model

    chosen = load_config(config, changes=set or (), max_steps=max_steps, max_minutes=max_minutes)
    with terminal.bar(f"training {model}") as progress:
        outcome = train_model(
            model,
            data,
            out,
            config=chosen,
            resume=resume,
            seed=seed,
            device=device,
            workers=cores(workers),
            command_line=["mn", *sys.argv[1:]],
            progress=progress,
        )
    terminal.answer(outcome.as_dict()) if json else terminal.say(str(outcome))
    return terminal.INTERRUPTED if outcome.interrupted else terminal.DONE


@app.command
def pack(
    run: Path,
    /,
    *,
    out: Path,
    scores: Annotated[list[Path] | None, Many] = None,
    notes: Path | None = None,
    license: str = "CC-BY-4.0",  # noqa: A002 - the option's name
    model: str | None = None,
) -> None:
    """Make of a training run what can be passed on: light weights, sources, scores, a card.

    Pack, run `mn bench` with MODEL@OUT/MODEL.safetensors and noisy, then pack again with --scores.

    Args:
        run: A run folder of `mn train`.
        out: The folder to write to.
        scores: Run folders of `mn bench` with the packed weights.
        notes: A Markdown file that the card ends with, such as limits.
        license: SPDX id of the weights' licence.
        model: What was trained, where it is none of `mn denoisers`: FILE.py:CLASS.
    """
    from benchmarks.report.pack import pack as pack_run

    weights = pack_run(run, out, scores=scores or (), notes=notes, license_id=license, model=model)
    terminal.say(f"{weights}, and its card {weights.with_suffix('.md')}")


@app.command
def convert(model: str, checkpoint: Path, out: Path, /) -> None:
    """Turn a checkpoint of the reference into weights that NAME@FILE takes.

    Args:
        model: musicecan or two_stage_unet.
        checkpoint: The authors' TensorFlow checkpoint (prefix, file or folder), or an .npz of its
            arrays.
        out: The file to write, *.safetensors.
    """
    from benchmarks.harness.convert import convert as run_conversion

    terminal.say(run_conversion(model, checkpoint, out))


@app.command
def bench(
    dataset_dir: Path,
    /,
    *,
    denoisers: str,
    out: Path,
    metrics: str | None = None,
    device: str = "cpu",
    workers: int | None = None,
    timeout_s: float = 600.0,
    examples: int = 8,
    json: Json = False,
) -> None:
    """Run denoisers over a dataset and score them; what was scored before is not scored again.

    The leaderboard holds the denoisers that are named. A run of others in the same folder keeps
    its scores in the journal, and they come back when they are named again.

    Args:
        dataset_dir: A built dataset.
        denoisers: Names separated by commas; NAME+TRACKER is a gain rule over another noise
            tracker, ./my_denoiser.py:Class your own, ./described.toml a program or a folder.
        out: The run folder.
        metrics: Names separated by commas; all that are installed by default.
        device: Where torch denoisers run: cpu or cuda.
        workers: Processes; one per core by default. 1 is this one alone: then a denoiser that ends
            its process ends the run, and no time is kept.
        timeout_s: An estimate that takes longer has that as its reason.
        examples: Mixtures whose audio is kept for the page, at most 40.
        json: Print one JSON object.
    """
    from benchmarks.harness.backend import check_device

    check_device(device)
    _bench(
        dataset_dir,
        names(denoisers),
        out,
        metrics=names(metrics) or None,
        device=device,
        workers=workers,
        timeout_s=timeout_s,
        examples=examples,
    )
    _show(out, json)


@app.command
def report(run: Path, /, *, json: Json = False) -> None:
    """Rebuild a run's tables and page from the run folder alone.

    Args:
        run: A run folder of `mn bench`.
        json: Print one JSON object.
    """
    from benchmarks.report.build import write_report

    write_report(run)
    _show(run, json)


@app.command
def compare(run_a: Path, run_b: Path, /, *, json: Json = False) -> None:
    """Compare two runs: how much each denoiser differs, on the mixtures that both hold.

    Was a change of a denoiser, or more training, worth it? Bench it before and after into two
    folders, over the same dataset. Differences are B − A, paired by mixture, with 95 % intervals
    that allow for shared recordings, and p-values with Holm's correction over the denoisers. A
    mixture is common if its id, recordings, length and SNR are; changed revisions are named. Exit
    code 1 if the runs have no mixture, denoiser or metric in common.

    Args:
        run_a: A run folder of `mn bench`.
        run_b: Another one.
        json: Print one JSON object, with every difference, interval and p-value.
    """
    from benchmarks.leaderboard.versus import compare_runs
    from benchmarks.report.comparison import comparison_answer, comparison_text

    with terminal.bar("comparing") as progress:
        found = compare_runs(run_a, run_b, progress=progress)
    terminal.answer(comparison_answer(found)) if json else terminal.say(comparison_text(found))


@app.command
def verify_run(
    run: Path,
    /,
    *,
    sample: str = "5%",
    seed: int = 0,
    dataset: Path | None = None,
    workers: int | None = None,
    json: Json = False,
) -> int:
    """Prove a part of a run: make and score random estimates again, and compare.

    Scores may differ by 1e-3 dB, as between two machines. Exit code 1 if any differs by more, and
    the rows are named; or if the dataset, a denoiser or a metric is no longer the one that was
    scored. Denoisers that say that two calls may differ are left out, and named.

    Args:
        run: A run folder of `mn bench`.
        sample: How many estimates (a denoiser on a mixture): a share such as 5%, or a number.
        seed: Of the choice: another seed proves another part.
        dataset: The dataset, if it has moved; the run knows where it was.
        workers: Processes; all cores by default.
        json: Print one JSON object.
    """
    from dataclasses import asdict

    from benchmarks.leaderboard.recheck import recheck
    from benchmarks.report.comparison import recheck_text

    with terminal.bar("scoring again") as progress:
        found = recheck(
            run,
            sample=sample,
            seed=seed,
            dataset=dataset,
            workers=cores(workers),
            progress=progress,
        )
    terminal.answer(asdict(found)) if json else terminal.say(recheck_text(found))
    return terminal.INPUT_AT_FAULT if found.mismatches else terminal.DONE


@app.command
def demo(
    *,
    out: Path = Path("mn-demo"),
    workers: int | None = None,
    json: Json = False,
) -> None:
    """Do the main job on the embedded corpus: corpus → mixtures → denoisers → leaderboard → page.

    Args:
        out: Folder for the corpus, the dataset and the run.
        workers: Processes; all cores by default.
        json: Print one JSON object.
    """
    from mn_dataset.audio.corpus import open_corpus
    from mn_dataset.build import build
    from mn_dataset.catalogue.synthetic import write_corpus

    processes = cores(workers)
    with terminal.bar("making the corpus") as progress:
        folder = write_corpus(out / "synthetic", workers=processes, progress=progress)
    corpus = open_corpus(folder, workers=processes)
    with terminal.bar("mixing") as progress:
        dataset = build(
            corpus, out / "dataset", split="test", seconds=5.0, workers=processes, progress=progress
        )
    _bench(dataset, DEMO_DENOISERS, out / "run", workers=workers, only_installed=True)
    _show(out / "run", json)


def _obstacle(row: dict[str, Any]) -> str:
    return f"{row['reason']} ({row['install']})" if row["install"] else row["reason"]


def _bench(dataset: Path, chosen: Sequence[str], run: Path, **options: Any) -> None:
    """Bench with a progress bar, then write the report; the options are the library's own."""
    from benchmarks.leaderboard.run import bench as run_bench
    from benchmarks.report.build import write_report

    with terminal.bar("denoising and scoring") as progress:
        typed = ["mn", *sys.argv[1:]]
        run_bench(dataset, chosen, run, command_line=typed, progress=progress, **options)
    write_report(run)


def _show(run: Path, json: bool) -> None:
    from benchmarks.leaderboard.cost import told
    from benchmarks.leaderboard.store import read_run
    from benchmarks.report.text import leaderboard_text

    if json:
        terminal.answer({"run": str(run), "leaderboard": str(run / "leaderboard.json")})
    else:
        terminal.say(leaderboard_text(run))
        if cost := read_run(run).get("cost"):
            terminal.say(told(cost))
        terminal.say(f"\nleaderboard.md and index.html in {run}")
