"""Send damaged bytes into a door of the toolkit until a number of them is reached.

    python perf/fuzz.py TARGET NUMBER SEED FOLDER

TARGET is a name of `perf/fuzz_targets.py`. With the package `atheris` the inputs are bred by what
they reach in the code; without it they are drawn from the seed alone. Prints one line of JSON. An
exception that is no error of the toolkit, a warning, an input that takes over 5 s of the processor
or 300 MB, or a crash ends the run; the input that did it is in FOLDER.
"""

from __future__ import annotations

import importlib.util
import json
import os
import random
import resource
import signal
import sys
import time
import traceback
import warnings
from collections.abc import Callable
from contextlib import nullcontext
from importlib import import_module
from pathlib import Path
from typing import Any

from damage import crossed, damaged

LONGEST_S, PATIENCE_S, LARGEST_MB = 5.0, 60, 300.0
LONGEST_INPUT = 16_384  # bytes


class Trial:
    """Try one input after the other, and end the process after the last."""

    def __init__(self, target: Any, path: Path, number: int, facts: dict[str, Any]) -> None:
        self.target, self.path, self.number, self.facts = target, path, number, facts
        self.done = self.refused = 0
        self.longest_s = self.largest_mb = 0.0

    def __call__(self, content: bytes) -> None:
        """Try an input."""
        self.path.write_bytes(content)
        memory, begun = _peak_mb(), time.process_time()
        signal.alarm(PATIENCE_S)  # ends the process: C code answers to no exception
        try:
            self.refused += self.target.attempt(self.path)
        except BaseException:
            self._fail(traceback.format_exc())
        signal.alarm(0)
        taken, grown = time.process_time() - begun, _peak_mb() - memory
        if self.done:  # the first imports what is imported on use
            self.longest_s = max(self.longest_s, taken)
            self.largest_mb = max(self.largest_mb, grown)
            if taken > LONGEST_S or grown > LARGEST_MB:
                self._fail(f"it took {taken:.1f} s and {grown:.0f} MB\n")
        self.done += 1
        if self.done == self.number:
            self._end()

    def _end(self) -> None:
        counts = {"inputs": self.done, "refused": self.refused}
        most = {"longest_s": self.longest_s, "largest_mb": self.largest_mb}
        print(json.dumps(self.facts | counts | most), flush=True)
        os._exit(0)  # libFuzzer knows no other end than a number of runs of its own counting

    def _fail(self, text: str) -> None:
        sys.stderr.write(f"{self.path}: input {self.done}: {text}")
        sys.stderr.flush()
        os._exit(1)


def main() -> None:
    """Do as the command line says."""
    match sys.argv[1:]:
        case name, number, seed, folder:
            fuzz(name, int(number), int(seed), Path(folder))
        case _:
            sys.exit(__doc__)


def fuzz(name: str, number: int, seed: int, folder: Path) -> None:
    """Try a target; the process ends with it."""
    atheris = import_module("atheris") if importlib.util.find_spec("atheris") else None
    ours = ["mn_dataset", "benchmarks", "zipfile", "tarfile"]
    with atheris.instrument_imports(include=ours) if atheris else nullcontext():
        target = import_module("fuzz_targets").TARGETS[name]
    folder.mkdir(parents=True, exist_ok=True)
    whole = list(target.whole(folder))
    path = folder / target.name
    for content in whole:
        path.write_bytes(content)
        if target.attempt(path):
            sys.exit(f"{name}: an input that is whole is refused; nothing would be shown")
    warnings.simplefilter("error")
    facts = {"target": name, "engine": "atheris" if atheris else "seeded", "seed": seed}
    trial = Trial(target, path, number, facts)
    (_bred if atheris else _drawn)(trial, whole, seed, folder, atheris)


def _bred(trial: Trial, whole: list[bytes], seed: int, folder: Path, atheris: Any) -> None:
    corpus = folder / "whole"
    corpus.mkdir(exist_ok=True)
    for number, content in enumerate(whole):
        (corpus / str(number)).write_bytes(content)
    options = [f"-seed={seed + 1}", f"-max_len={LONGEST_INPUT}", f"-artifact_prefix={folder}/"]
    limits = ["-rss_limit_mb=0", "-timeout=0", "-len_control=0"]  # ours are in ``Trial``
    silent = ["-verbosity=0", "-print_final_stats=0"]
    atheris.Setup([sys.argv[0], *options, *limits, *silent, str(corpus)], trial)
    atheris.Fuzz()


def _drawn(trial: Callable[[bytes], None], whole: list[bytes], seed: int, *_: object) -> None:
    rng = random.Random(seed)  # noqa: S311 - a seed draws the damage, no secret
    while True:
        content = crossed(whole, rng) if rng.random() < 0.1 else rng.choice(whole)
        trial(damaged(content, rng, header=256)[:LONGEST_INPUT])


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
