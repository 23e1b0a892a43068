"""Define the command `mn` itself, and what several of its commands share."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import cyclopts
from cyclopts import Parameter

from mn_dataset.commands import terminal
from mn_dataset.commands.options import cores

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
    from mn_dataset.catalogue.load import load_corpus

    with terminal.bar("opening the corpus") as progress:
        return load_corpus(corpus, workers=cores(workers), progress=progress)


def report_dataset(folder: Path, json: bool) -> None:
    """Print how many mixtures a dataset folder holds."""
    from mn_dataset.mix.manifest import read_manifest

    count = len(read_manifest(folder))
    if json:
        terminal.answer({"dataset": str(folder), "mixtures": count})
    else:
        terminal.say(f"{count} mixtures in {folder}")
