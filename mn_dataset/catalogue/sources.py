"""Know corpora by name: the embedded one, or any folder in the M&N form."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import platformdirs

from mn_dataset.audio.corpus import Corpus, open_corpus
from mn_dataset.catalogue.synthetic import write_corpus

EMBEDDED = "synthetic"


def load_corpus(
    corpus: str | Path,
    *,
    workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> Corpus:
    """Open a corpus by name or folder.

    Args:
        corpus: "synthetic", which is made in the user's cache on first use, or a folder.
        workers: Processes that make or measure recordings.
        progress: Called with (done, all) recordings that are made or measured.

    Raises:
        InputError: naming file, row and column of the first thing that is wrong.
    """
    if corpus == EMBEDDED:
        folder = Path(platformdirs.user_cache_dir("mn-dataset")) / "corpora" / EMBEDDED
        written = write_corpus(folder, workers=workers, progress=progress)
        return open_corpus(written, workers=workers)
    return open_corpus(Path(corpus), workers=workers, progress=progress)
