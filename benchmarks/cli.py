"""Offer the whole `mn` command: the dataset's half, and all that denoises, trains and scores."""

from __future__ import annotations

import sys

from benchmarks.commands import denoisers, models, runs
from mn_dataset import terminal
from mn_dataset.cli import app

__all__ = ["app", "denoisers", "main", "models", "runs"]


def main() -> None:
    """Run the command line and exit."""
    sys.exit(terminal.run(app))
