"""The whole `mn` command: the dataset's half, and all that denoises, trains and scores."""

from __future__ import annotations

import os
import sys

from benchmarks.commands import denoisers, models, runs
from mn_dataset.cli import app
from mn_dataset.commands import terminal

__all__ = ["app", "denoisers", "main", "models", "runs"]


def main() -> None:
    """Run the command line and exit."""
    # Arrow's own allocator holds on to tens of megabytes, and to more of a larger dataset.
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    sys.exit(terminal.run(app))
