"""Split the tables of a corpus folder, by what its audio says where the audio is there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mn_dataset import tables
from mn_dataset.audio.fingerprint import store
from mn_dataset.files.lock import locked
from mn_dataset.records import Role
from mn_dataset.split.assign import DEFAULT_RATIOS, assign, shares
from mn_dataset.split.audit import Leak, leaks
from mn_dataset.tables import Row


@dataclass(frozen=True)
class Split:
    """The rows of all tables with every split filled, and what the audit says of them.

    Attributes:
        rows: Rows by role.
        leaks: What leaks in them.
        stated: What leaks in the splits that the tables state.
    """

    rows: dict[Role, list[Row]]
    leaks: list[Leak]
    stated: list[Leak]

    def counts(self) -> dict[str, dict[str, int]]:
        """Return recordings per category and split, in the tables' order."""
        counts: dict[str, dict[str, int]] = {}
        for rows in self.rows.values():
            for row in rows:
                count = counts.setdefault(row.category, {})
                count[row.split] = count.get(row.split, 0) + 1
        return counts

    def lines(self) -> list[str]:
        """Return the counts and both audits as lines of text."""
        lines = [
            f"{name}: " + ", ".join(f"{count} {split}" for split, count in row.items())
            for name, row in self.counts().items()
        ]
        for audit, audited in (("as the tables state them", self.stated), ("here", self.leaks)):
            severe = sum(leak.severe for leak in audited)
            lines.append(f"splits {audit}: {severe} leaks, {len(audited) - severe} to know of")
            lines += map(str, audited)
        return lines

    def write(self, folder: str | Path) -> None:
        """Write the tables into a folder, which is made if need be.

        Raises:
            InputError: if another process writes there.
            OutputError: if it cannot be written.
        """
        with locked(Path(folder), command="mn split"):
            for role, rows in self.rows.items():
                tables.write_table(tables.table_path(Path(folder), role), rows)


def split(
    root: str | Path,
    *,
    ratios: Sequence[float] = DEFAULT_RATIOS,
    seed: int = 0,
    reassign: bool = False,
    workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> Split:
    """Fill the empty splits of a corpus's tables; nothing is written but by ``Split.write``.

    Args:
        root: The corpus; recordings that are there are compared by what is heard.
        ratios: Shares of train, validation and test.
        seed: Of the order in which groups are dealt.
        reassign: Forget the splits that the tables state.
        workers: Processes that measure and compare recordings.
        progress: Called with (done, all), for one piece of work after the other.

    Raises:
        InputError: if a table is at fault, a ratio makes no sense, or a row without a split
            belongs to rows whose stated splits contradict each other.

    Examples:
        >>> import tempfile
        >>> from mn_dataset.tables import Row, table_path, write_table
        >>> harps = [Row(id=f"clean/{n}", file=f"{n}.wav", category="harp") for n in range(10)]
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     write_table(table_path(Path(folder), "clean"), harps)
        ...     write_table(table_path(Path(folder), "noise"), [])
        ...     split(folder, ratios=(0.6, 0.2, 0.2)).counts()
        {'harp': {'train': 6, 'validation': 2, 'test': 2}}
    """
    shares(ratios)
    folder = Path(root)
    roles = tables.tables_of(folder)
    stated = {role: tables.read_table(tables.table_path(folder, role), role) for role in roles}
    rows = [row for role in roles for row in stated[role]]
    files = [row.file for row in rows if (folder / row.file).is_file()]
    measured, _, prints = store.measure(folder, files, workers=workers, progress=progress)
    entries = {row.id: measured[row.file] for row in rows if row.file in measured}
    pairs = store.corpus_pairs(
        folder, entries, workers=workers, progress=progress, fingerprints=prints
    )
    pcm = {name: entry.pcm_sha256 for name, entry in entries.items() if entry.peak}
    filled: dict[Role, list[Row]] = {}
    for role in roles:
        before = [row.with_split("") for row in stated[role]] if reassign else stated[role]
        filled[role] = assign(before, ratios=ratios, seed=seed, pcm_sha256=pcm, pairs=pairs)
    after = [row for role in roles for row in filled[role]]
    return Split(filled, leaks(after, pcm, pairs), leaks(rows, pcm, pairs))
