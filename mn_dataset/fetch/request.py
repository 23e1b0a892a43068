"""Say what a caller of `mn fetch` asks for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mn_dataset.fetch.download import PATIENT, Patience

Progress = Callable[[int, int], None]
"""Called with (done, all) pieces of work."""


@dataclass(frozen=True)
class Order:
    """What is asked for.

    Attributes:
        folder: Where the corpus goes.
        origin: A folder or mirror to take the originals from, and only from there; None for the
            addresses in the tables.
        license_allow: Licences to take, ``("any",)`` for all; None for the corpus's default.
        allow_missing: Write tables of what is there, even if rows cannot be had.
        fill: "synthetic" fills cells without a row from the embedded corpus; None fills none.
        lock: The lock file; None for the one beside the corpus folder.
        workers: Processes.
        patience: How long a server is waited for.
        progress: Called with (done, all) pieces of work; None to be silent.
    """

    folder: Path
    origin: str | None = None
    license_allow: tuple[str, ...] | None = None
    allow_missing: bool = False
    fill: str | None = None
    lock: Path | None = None
    workers: int = 1
    patience: Patience = PATIENT
    progress: Progress | None = None
