"""Say what became of every recording."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from mn_dataset.audio.scan import Rejection
from mn_dataset.whole import whole

REJECTED_NAME = "rejected.csv"


@dataclass(frozen=True)
class Report:
    """What `curate` did.

    Attributes:
        corpus: The corpus.
        clips: Clean clips in it.
        noises: Noise recordings in it.
        converted: Recordings that were converted in this run.
        finished: Recordings that an earlier run had finished.
        rejected: What is not in the corpus, and why.
        tails_s: Length of all ends that were left out because they are shorter than a clip.
        limited: Cuts whose peak forbade the loudness asked for.
    """

    corpus: Path
    clips: int
    noises: int
    converted: int
    finished: int
    rejected: tuple[Rejection, ...]
    tails_s: float
    limited: int

    def __str__(self) -> str:
        """Write one line per thing to know."""
        done = f"{self.converted} recordings done, {self.finished} were finished"
        if not self.converted:
            done = f"nothing to do: {self.finished} recordings were finished"
        lines = [f"{self.clips} clips and {self.noises} noises in {self.corpus} ({done})"]
        if self.rejected:
            path = self.corpus / REJECTED_NAME
            lines.append(f"{len(self.rejected)} recordings or cuts rejected; {path} says why")
        if self.tails_s:
            lines.append(f"{self.tails_s:.1f} s left out: ends shorter than a clip")
        if self.limited:
            lines.append(f"{self.limited} cuts are quieter than asked: their peaks are at −1 dBFS")
        lines += [
            f"no {name}: `mn check` expects some"
            for name, count in (("clips", self.clips), ("noises", self.noises))
            if not count
        ]
        return "\n".join(lines)


def write_rejections(corpus: Path, rejected: Sequence[Rejection]) -> None:
    """Write `rejected.csv`: file, row, reason, where; only the header when all is well.

    Raises:
        OutputError: if it cannot be written.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(("file", "row", "reason", "where"))
    writer.writerows((item.file, item.row, item.reason, item.where) for item in rejected)
    write_text(corpus / REJECTED_NAME, buffer.getvalue())


def write_text(path: Path, text: str) -> None:
    """Write a file whole or not at all; one that holds the text already is left alone.

    Raises:
        OutputError: if it cannot be written.
    """
    content = text.encode()
    with suppress(OSError):
        if path.read_bytes() == content:
            return
    with whole(path) as temporary:
        temporary.write_bytes(content)
