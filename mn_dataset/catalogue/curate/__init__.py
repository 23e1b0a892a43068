"""Turn anybody's own recordings into a corpus in the M&N form.

Reading order: `words` (names as people write them), `lenient` (tables as people write them),
`gather` (what is there, and what is known of it), `options`, `flaws`, `cut` and `finish` (one
recording becomes clips), `convert` (the work on one recording), `journal` (what is done already),
`survive` (a recording that kills its process), `report`, and `folder`, which does it all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mn_dataset.catalogue.curate.folder import curate

__all__ = ["curate"]


def __getattr__(name: str) -> Any:
    """Import the rooms only when they are asked for."""
    if name != "curate":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from mn_dataset.catalogue.curate import folder  # noqa: PLC0415 - keeps the door light

    return folder.curate
