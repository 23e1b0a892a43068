"""Follow a recipe to the leaderboard, and a training batch to its gradient, through the modules.

    python perf/journey.py [ROOT]

ROOT is a checkout, this one by default; only its command line is called, so that an older layout
can be followed too. Three journeys, in one process and without a pool:

* a recipe, from the start of `mn draw` over `mn render` and `mn bench` (noisy and wiener, si_sdr)
  to the moment when `leaderboard.csv` takes its place;
* a mixture, the part of it from the first opening of its audio to its first score in the journal;
* a batch of `mn train musicecan`, from the loader's asking for it to the gradient. What the
  network does inside is one visit: that is its definition, not the way of the data.

A visit is an unbroken series of calls of functions of one module (resumed generators included;
what runs while a module is imported is not). A hop leads from one visit to the next, and counts
once however often it is made: loops over blocks or layers do not matter. A return is a hop into a
module that was visited before, so that hops = modules - 1 + returns. Links are the pairs of a
module that calls and another that is called.
"""

from __future__ import annotations

import contextlib
import io
import itertools
import os
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import side_by_side
import torch

PACKAGES = ("mn_dataset", "benchmarks")
# Marks that no layout of ours moves: torch's own functions.
LOADER = torch.utils.data.dataloader._BaseDataLoaderIter.__next__.__code__
NETWORK = torch.nn.Module._call_impl.__code__
GRADIENT = torch.Tensor.backward.__code__
BENCH = ("--denoisers", "noisy,wiener", "--metrics", "si_sdr", "--workers", 0, "--examples", 0)
TINY = (
    *("model.width_multiplier=0.0625", "data.segment_s=0.5", "data.batch=1", "data.workers=0"),
    *("validation.mixtures=2", "validation.seconds=1.0"),
)

Call = tuple[str, str]
"""The module that calls ("" at the start) and the one that is called."""


@dataclass(frozen=True)
class Context:
    """Where a frame stands.

    Attributes:
        module: The innermost module of ours, "" before the first.
        imports: Whether a module is being imported.
        network: Whether torch is calling a network.
        inside: Whether that network's own code runs.
    """

    module: str = ""
    imports: bool = False
    network: bool = False
    inside: bool = False


class Trail:
    """The calls of functions of both packages in the order of time, and marks between them.

    Attributes:
        root: The checkout.
        calls: What was called so far.
        marks: Numbers of calls before something happened, by its name.
        follows: Whether calls and marks are noted.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.calls: list[Call] = []
        self.marks: dict[str, list[int]] = {}
        self.follows = False
        self._modules: dict[str, str] = {}
        self._threads = threading.local()

    def run(self, *words: object) -> None:
        """Run a command of `mn` in this process and follow it."""
        self.follows = True
        self.mark(str(words[0]))
        threading.setprofile(self.profile)
        sys.setprofile(self.profile)
        try:
            mn(*words)
        finally:
            sys.setprofile(None)
            threading.setprofile(None)
            self.follows = False
            self._threads.contexts = []

    def mark(self, name: str) -> None:
        """Note that something happens now."""
        self.marks.setdefault(name, []).append(len(self.calls))

    def between(self, start: str, end: str, *, after: int = 0) -> list[Call]:
        """Return the calls from a mark to the next one of another name.

        Raises:
            SystemExit: if one of them did not happen.
        """
        for first in self.marks.get(start, ()):
            for last in self.marks.get(end, ()):
                if after <= first < last:
                    return self.calls[first:last]
        raise SystemExit(f"{self.root}: nothing from {start!r} to {end!r} was seen")

    def audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Mark what files are opened and put in place; the interpreter calls this."""
        if not self.follows:
            return
        if event == "os.rename" and Path(os.fsdecode(arguments[1])).name == "leaderboard.csv":
            self.mark("leaderboard")
        if event == "open" and isinstance(arguments[0], str | bytes | os.PathLike):
            if arguments[2] & os.O_APPEND:
                self.mark("journal")
            elif os.fsdecode(arguments[0]).endswith(".wav"):
                self.mark("audio")

    def profile(self, frame: FrameType, event: str, argument: object) -> None:  # noqa: ARG002
        """Note a call; the interpreter calls this."""
        contexts = self._threads.__dict__.setdefault("contexts", [])
        if event == "call":
            contexts.append(self._entered(frame.f_code, contexts[-1] if contexts else Context()))
        elif event == "return" and contexts:
            contexts.pop()

    def _entered(self, code: CodeType, outer: Context) -> Context:
        """Note a call out of a context, and return the context that it opens."""
        if outer.imports or outer.inside:
            return outer
        if code.co_name == "<module>":
            return replace(outer, imports=True)
        if code is LOADER or code is GRADIENT:
            self.mark("batch" if code is LOADER else "gradient")
        module = self._module(code.co_filename)
        if not module:
            return replace(outer, network=outer.network or code is NETWORK)
        self.calls.append((outer.module, module))
        return Context(module, inside=outer.network)

    def _module(self, filename: str) -> str:
        """Return the module of ours that a file is, "" if it is none."""
        if filename not in self._modules:
            path, name = Path(filename), ""
            if path.suffix == ".py" and path.is_relative_to(self.root):
                parts = path.relative_to(self.root).with_suffix("").parts
                name = ".".join(parts) if parts[0] in PACKAGES else ""
            self._modules[filename] = name.removesuffix(".__init__")
        return self._modules[filename]


def main() -> None:
    """Make the journeys and print them."""
    root = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parents[1]).resolve()
    sys.path.insert(0, str(root))
    trail = Trail(root)
    sys.addaudithook(trail.audit)
    with tempfile.TemporaryDirectory() as folder:
        # The user's caches neither help nor are written to.
        os.environ["HOME"] = os.environ["XDG_CACHE_HOME"] = folder
        journeys = make(trail, Path(folder))
    rows = [(name, *map(str, figures(calls))) for name, calls in journeys.items()]
    side_by_side.table("Journeys", ("", "modules", "returns", "hops", "links"), rows)
    for name, calls in journeys.items():
        entries = Counter(module for _, module in hops(calls))
        rows = [(module, str(entries[module] - bool(n))) for n, module in enumerate(visited(calls))]
        side_by_side.table(name.capitalize(), ("module, as first visited", "returns"), rows)


def make(trail: Trail, folder: Path) -> dict[str, list[Call]]:
    """Make every journey in an empty folder, and return the calls of each."""
    mn("fetch", "synthetic", "--root", folder, "--workers", 1)
    corpus, recipes, dataset = folder / "synthetic", folder / "recipes.parquet", folder / "dataset"
    drawing = ("--split", "test", "--snr-db", 5, "--count", 1, "--seconds", 2)
    trail.run("draw", corpus, "--out", recipes, *drawing)
    trail.run("render", recipes, "--corpus", corpus, "--out", dataset, "--workers", 1)
    trail.run("bench", dataset, "--out", folder / "run", *BENCH)
    training = ("--data", corpus, "--out", folder / "training", "--max-steps", 2, "--set", *TINY)
    trail.run("train", "musicecan", *training)
    # The first batch also draws an epoch's recipes; the second is what all others are.
    second = trail.marks["batch"][-1]
    return {
        "a recipe": trail.between("draw", "leaderboard"),
        "a mixture": trail.between("audio", "journal", after=trail.marks["bench"][0]),
        "a batch": trail.between("batch", "gradient", after=second),
    }


def mn(*words: object) -> None:
    """Run a command of `mn` in this process, without what it prints.

    Raises:
        SystemExit: if it fails.
    """
    from benchmarks.cli import main as command_line  # noqa: PLC0415 - the root is named at the start

    sys.argv = ["mn", *map(str, words)]
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            command_line()
        except SystemExit as end:
            if end.code:
                raise


def visited(calls: Sequence[Call]) -> list[str]:
    """Return the modules in the order of their first visits."""
    return list(dict.fromkeys(module for _, module in calls))


def hops(calls: Sequence[Call]) -> set[Call]:
    """Return the pairs of modules that were visited one after the other."""
    modules = [module for _, module in calls]
    return {pair for pair in itertools.pairwise(modules) if pair[0] != pair[1]}


def figures(calls: Sequence[Call]) -> tuple[int, int, int, int]:
    """Return how many modules, returns, hops and links there are."""
    modules, ways = len(visited(calls)), len(hops(calls))
    links = {(caller, called) for caller, called in calls if caller not in ("", called)}
    return modules, ways - (modules - 1), ways, len(links)


if __name__ == "__main__":
    main()
