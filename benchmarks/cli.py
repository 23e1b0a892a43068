"""Offer the whole `mn` command: the dataset's half, and denoisers, metrics, bench, report, demo."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mn_dataset import terminal
from mn_dataset.cli import Json, app
from mn_dataset.options import cores

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
def denoisers(*, json: Json = False) -> None:
    """List the denoisers: what each needs, and the command that installs what is missing.

    Args:
        json: Print one JSON object.
    """
    from benchmarks.harness.listing import describe_denoisers

    found = describe_denoisers()
    if json:
        terminal.answer({"denoisers": found})
        return
    for row in found:
        state = row["rank_group"] if row["available"] else _obstacle(row)
        terminal.say(f"{row['name']:24} {state}")


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
def bench(
    dataset_dir: Path,
    /,
    *,
    denoisers: str,
    out: Path,
    metrics: str | None = None,
    device: str = "cpu",
    workers: int | None = None,
    examples: int = 8,
    json: Json = False,
) -> None:
    """Run denoisers over a dataset and score them; what was scored before is not scored again.

    The leaderboard holds the denoisers that are named. A run of others in the same folder keeps
    its scores in the journal, and they come back when they are named again.

    Args:
        dataset_dir: A built dataset.
        denoisers: Names separated by commas; ./my_denoiser.py:Class is your own.
        out: The run folder.
        metrics: Names separated by commas; all that are installed by default.
        device: Where torch denoisers run: cpu or cuda.
        workers: Processes; all cores by default.
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
        workers=cores(workers),
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
    _bench(dataset, DEMO_DENOISERS, out / "run", workers=processes, only_installed=True)
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
    from benchmarks.report.text import leaderboard_text

    if json:
        terminal.answer({"run": str(run), "leaderboard": str(run / "leaderboard.json")})
    else:
        terminal.say(leaderboard_text(run))
        terminal.say(f"\nleaderboard.md and index.html in {run}")
