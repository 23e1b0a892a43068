"""The commands that make, show, compare and prove leaderboards."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from mn_dataset.cli import Json, app
from mn_dataset.commands import terminal
from mn_dataset.commands.options import Many, cores, on_cluster

DEMO_DENOISERS = (
    "noisy",
    "spectral_subtraction",
    "wiener",
    "mmse_stsa",
    "mmse_lsa",
    "noisereduce",
    "oracle_ratio_mask",
)


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
    cluster: str | None = None,
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
        metrics: Names separated by commas; all that are installed by default. NAME/5 scores a
            costly one on every fifth mixture, of all kinds alike.
        device: Where torch denoisers run: cpu or cuda.
        workers: Processes; one per core by default. 0 is this one alone: then a denoiser that ends
            its process ends the run, and no time is kept.
        cluster: Work on a Dask cluster instead, by its scheduler's address, such as
            tcp://HOST:8786; its workers see the same files by the same paths, and run the same
            versions. A denoiser that ends its process again and again ends the run, and no time is
            kept.
        timeout_s: An estimate that takes longer has that as its reason.
        examples: Mixtures whose audio is kept for the page, at most 40.
        json: Print one JSON object.
    """
    from benchmarks.harness.backend import check_device

    check_device(device)
    with on_cluster(cluster, workers=workers):
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
    from benchmarks.report.report import report as write_report

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
    from benchmarks.leaderboard.compare import compare as compare_runs
    from benchmarks.report.comparison import comparison_answer, comparison_text

    with terminal.bar("comparing") as progress:
        comparison = compare_runs(run_a, run_b, progress=progress)
    if json:
        terminal.answer(comparison_answer(comparison))
    else:
        terminal.say(comparison_text(comparison))


@app.command
def verify_run(
    run: Path,
    /,
    *,
    sample: str = "5%",
    seed: int = 0,
    dataset: Path | None = None,
    trust: Annotated[list[Path] | None, Many] = None,
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
        trust: Files (./mine.py, ./program.toml) of the run's denoisers that may be run. A run may
            be a stranger's: what it names is not run unless you name it again.
        workers: Processes; all cores by default.
        json: Print one JSON object.
    """
    from dataclasses import asdict

    from benchmarks.leaderboard.verify import verify_run as verify
    from benchmarks.report.comparison import verification_text

    with terminal.bar("scoring again") as progress:
        verification = verify(
            run,
            sample=sample,
            seed=seed,
            dataset=dataset,
            trust=trust or (),
            workers=cores(workers),
            progress=progress,
        )
    terminal.answer(asdict(verification)) if json else terminal.say(verification_text(verification))
    return terminal.INPUT_AT_FAULT if verification.mismatches else terminal.DONE


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
    from mn_dataset.synthetic.corpus import write_corpus

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


def names(text: str | None) -> list[str]:
    """Split names at commas.

    >>> names("noisy,wiener")
    ['noisy', 'wiener']
    """
    return [name.strip() for name in (text or "").split(",") if name.strip()]


def _bench(dataset: Path, denoisers: Sequence[str], run: Path, **options: Any) -> None:
    """Bench with a progress bar, then write the report; the options are the library's."""
    from benchmarks.leaderboard.run import bench as run_bench
    from benchmarks.report.report import report as write_report

    with terminal.bar("denoising and scoring") as progress:
        command_line = ["mn", *sys.argv[1:]]
        run_bench(dataset, denoisers, run, command_line=command_line, progress=progress, **options)
    write_report(run)


def _show(run: Path, json: bool) -> None:
    from benchmarks.leaderboard.run import cost_text
    from benchmarks.leaderboard.run_folder import read_run
    from benchmarks.report.text import leaderboard_text

    if json:
        terminal.answer({"run": str(run), "leaderboard": str(run / "leaderboard.json")})
    else:
        terminal.say(leaderboard_text(run))
        if cost := read_run(run).get("cost"):
            terminal.say(cost_text(cost))
        terminal.say(f"\nleaderboard.md and index.html in {run}")
