"""Hours of audio per minute that `mn check` judges, beside a plain soundfile + pyloudnorm loop.

The loop does what one would write in an afternoon: read, hash the samples, take peak, mean and
loudness. Ours besides judges the tables, counts clipping, keeps energies for drawing, and looks for
near-duplicates among all recordings. Neither finds an index of an earlier run. Two workers are
compared with two processes that run the loop on half of the recordings each.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pyloudnorm
import side_by_side
import soundfile

from mn_dataset import tables
from mn_dataset.check.corpus import check
from mn_dataset.records import ROLES
from mn_dataset.synthetic.corpus import write_corpus

ROUNDS = 5
SEEDS = 3  # differently seeded embedded corpora, put together
MEMORY = Path("/dev/shm")  # noqa: S108 - Linux's memory file system, used through tempfile


def main() -> None:
    """Measure one worker beside the loop, and two beside two loops at a time."""
    home = MEMORY if MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(dir=home) as memory:
        root = Path(memory)
        corpora = [write_corpus(root / str(seed), seed=seed, workers=2) for seed in range(SEEDS)]
        join(root, corpora)
        compare(root)


def join(root: Path, corpora: Sequence[Path]) -> None:
    """Write the tables of one corpus that holds all of them."""
    for role in ROLES:
        rows = [
            tables.Row(
                **vars(row)
                | {"id": f"{role}/{corpus.name}/{row.id}", "file": f"{corpus.name}/{row.file}"}
                | {"group": f"{corpus.name}/{row.group}"}
            )
            for corpus in corpora
            for row in tables.parse_table(tables.table_path(corpus, role))
        ]
        tables.write_table(tables.table_path(root, role), rows)


def compare(root: Path) -> None:
    """Print the speeds side by side."""
    files = [root / row.file for role in ROLES for row in tables.parse_table(root / f"{role}.csv")]
    hours = sum(soundfile.info(path).duration for path in files) / 3600
    jobs: dict[str, Callable[[], object]] = {
        "mn check, one worker": lambda: check(forgotten(root)),
        "loop": lambda: plain_loop(files),
        "mn check, two workers": lambda: check(forgotten(root), workers=2),
        "two loops at a time": lambda: side_by_side.at_a_time(
            plain_loop, [(files[::2],), (files[1::2],)]
        ),
    }
    taken = side_by_side.seconds(jobs, rounds=ROUNDS)
    title = f"{len(files)} recordings, {hours:.2f} h, in a memory file system"
    side_by_side.ours_and_theirs(title, taken, hours=hours)


def forgotten(root: Path) -> Path:
    """Return the corpus without what earlier runs left beside it."""
    for path in root.glob(".mn-*"):
        path.unlink()
    return root


def plain_loop(files: Sequence[Path]) -> list[tuple[str, float, float, float]]:
    """Measure every file in the plainest way."""
    found = []
    for path in files:
        samples, rate = soundfile.read(path)
        digest = hashlib.sha256(samples.tobytes()).hexdigest()
        loudness = pyloudnorm.Meter(rate).integrated_loudness(samples)
        found.append((digest, float(np.abs(samples).max()), float(samples.mean()), loudness))
    return found


if __name__ == "__main__":
    main()
