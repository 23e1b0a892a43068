"""Make the embedded corpus `synthetic`: modelled instruments, voices and noises, no download.

Reading order: `phrases` (what is played), `modal`, `wavetable` and `filters` (how sound is
made), the players `strings`, `cello`, `trumpet`, `percussion` and `voice`, the arrangements
`pieces`, the noises `machines` and `scenes`, the hall `room`, and `corpus`, which writes it all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mn_dataset.catalogue.synthetic.corpus import write_corpus

__all__ = ["write_corpus"]


def __getattr__(name: str) -> Any:
    """Import the synthesis only when it is asked for."""
    if name != "write_corpus":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from mn_dataset.catalogue.synthetic import corpus  # noqa: PLC0415 - keeps the door light

    return corpus.write_corpus
