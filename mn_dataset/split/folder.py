"""Split the tables of a corpus folder, with its audio's hashes where the audio is there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mn_dataset import tables
from mn_dataset.audio import index
from mn_dataset.records import ROLES, Role
from mn_dataset.split.assign import DEFAULT_RATIOS, assign
from mn_dataset.split.audit import Leak, leaks
from mn_dataset.tables import Row


@dataclass(frozen=True)
class Split:
    """The rows of both tables with every split filled, and what the audit says of them."""

    rows: dict[Role, list[Row]]
    leaks: list[Leak]

    def counts(self) -> dict[str, dict[str, int]]:
        """Return recordings per category and split, in the tables' order."""
        found: dict[str, dict[str, int]] = {}
        for role in ROLES:
            for row in self.rows[role]:
                count = found.setdefault(row.category, {})
                count[row.split] = count.get(row.split, 0) + 1
        return found

    def write(self, folder: Path) -> None:
        """Write both tables into a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        for role in ROLES:
            tables.write_table(tables.table_path(folder, role), self.rows[role])


def split_folder(
    root: str | Path,
    *,
    ratios: Sequence[float] = DEFAULT_RATIOS,
    seed: int = 0,
    reassign: bool = False,
) -> Split:
    """Fill the empty splits of a corpus's tables; nothing is written.

    Args:
        root: The corpus; recordings that are there are compared by their samples.
        ratios: Shares of train, validation and test.
        seed: Of the order in which groups are dealt.
        reassign: Forget the splits that the tables state.

    Raises:
        InputError: if a table is at fault, or a group's stated splits contradict each other.
    """
    folder = Path(root)
    split: dict[Role, list[Row]] = {}
    found: list[Leak] = []
    for role in ROLES:
        rows = tables.read_table(tables.table_path(folder, role), role)
        if reassign:
            rows = [row.with_split("") for row in rows]
        here = [row.file for row in rows if (folder / row.file).is_file()]
        entries, _ = index.refresh(folder, here)
        pcm = {row.id: entries[row.file].pcm_sha256 for row in rows if row.file in entries}
        if any(not row.split for row in rows):
            rows = assign(rows, ratios=ratios, seed=seed, pcm_sha256=pcm)
        split[role] = rows
        found += leaks(rows, pcm)
    return Split(split, found)
