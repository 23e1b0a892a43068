"""Keep what was measured of a corpus: beside its audio, or in the user's cache."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

import platformdirs
import pyarrow as pa
import pyarrow.parquet as pq


def beside(corpus: Path, name: str) -> Path:
    """Return the path of a file of measurements; its folder need not exist yet.

    Args:
        corpus: The corpus's folder.
        name: The file's name beside the audio, such as ".mn-index.parquet".
    """
    # Root may write anywhere; a folder without its owner's write bit is meant to stay as it is.
    if corpus.stat().st_mode & stat.S_IWUSR and os.access(corpus, os.W_OK):
        return corpus / name
    kind = name.removeprefix(".mn-").removesuffix(".parquet")
    folder = Path(platformdirs.user_cache_dir("mn-dataset")) / kind
    return folder / f"{hashlib.sha256(str(corpus.resolve()).encode()).hexdigest()[:16]}.parquet"


def keep(place: Path, table: pa.Table, *, compression: str = "snappy") -> None:
    """Write measurements whole or not at all; what cannot be kept is only made again next time."""
    temporary = place.with_name(f"{place.name}.{os.getpid()}.tmp")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(table, temporary, compression=compression)
        temporary.replace(place)
    except OSError:
        temporary.unlink(missing_ok=True)
