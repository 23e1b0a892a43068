"""Turn what a full disk or a closed folder answers into an error that tells what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from safetensors import SafetensorError

from mn_dataset.errors import OutputError


@contextmanager
def written(path: Path) -> Iterator[None]:
    """Name the place that a block could not write.

    Args:
        path: What it writes.

    Raises:
        OutputError: instead of an error of the system, or of safetensors.
    """
    try:
        yield
    except (OSError, SafetensorError) as error:
        told = getattr(error, "strerror", None) or error
        raise OutputError(
            f"{path}: cannot be written ({told}); free some space or open the folder, then type "
            "the same command with --resume, or give another --out"
        ) from error
