"""Seconds to find the near-duplicates among 1235 clips of ten seconds, as many as M&N has.

    python perf/near_duplicates.py [CORPUS_DIR ...]

The clips are cuts of the corpora named (of the embedded one by default), each at a speed of its
own, so that there are few pairs, as in a corpus. What is timed reads the files, takes their
fingerprints and compares all pairs; a second run finds both on disk.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import count, islice
from pathlib import Path

import numpy as np
import side_by_side

from mn_dataset.audio import index, io
from mn_dataset.audio.corpus import Corpus
from mn_dataset.audio.fingerprint.store import PRINTS_NAME, corpus_pairs
from mn_dataset.catalogue.load import load_corpus
from mn_dataset.records import SAMPLING_RATE

CLIPS = 1235
SECONDS = 10


def main() -> None:
    """Measure with one and with two workers, and once more with everything on disk."""
    corpora = [load_corpus(name, workers=2) for name in sys.argv[1:] or ["synthetic"]]
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for number, samples in enumerate(islice(clips(corpora), CLIPS)):
            files.append(f"{number:04d}.wav")
            io.write_wav(Path(folder) / files[-1], samples, sampling_rate=SAMPLING_RATE)
        entries, _ = index.refresh(Path(folder), files, workers=2)
        rows = []
        for label, workers, fresh in (
            ("one worker", 1, True),
            ("two workers", 2, True),
            ("again, nothing changed", 1, False),
        ):
            if fresh:
                (Path(folder) / PRINTS_NAME).unlink(missing_ok=True)
            begun = time.perf_counter()
            pairs = corpus_pairs(Path(folder), entries, workers=workers)
            rows.append((label, f"{time.perf_counter() - begun:.1f}", str(len(pairs))))
    title = f"Near-duplicates among {CLIPS} clips of {SECONDS} s"
    side_by_side.table(title, ("", "seconds", "pairs found"), rows)


def clips(corpora: list[Corpus]) -> Iterator[io.Pcm]:
    """Yield every recording at one speed after the other, from 10 % faster than it is."""
    length = SECONDS * SAMPLING_RATE
    for step in count(1):
        speed = 1.0 + 0.1 * step / (1.0 + 0.02 * step)
        for corpus in corpora:
            for name in corpus.sources:
                samples = corpus.read(name)
                place = np.arange(0, len(samples) - 1, speed)[:length]
                played = np.interp(place, np.arange(len(samples)), samples)
                yield np.resize(np.rint(played).astype(np.int16), length)


if __name__ == "__main__":
    main()
