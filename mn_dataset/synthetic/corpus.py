"""Write the embedded corpus: its three tables, its clips, noises and stems.

The stems of songs and ensembles add up to the clips of the same name, in integers. More songs are
there in stems alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from mn_dataset.audio.io import Pcm, write_wav
from mn_dataset.errors import OutputError
from mn_dataset.files.atomic import replacement
from mn_dataset.records import (
    MUSIC_CATEGORIES,
    NOISE_CLASSES,
    ROLES,
    SAMPLING_RATE,
    SYNTHETIC,
    TABLES,
    Role,
)
from mn_dataset.seeds import generator
from mn_dataset.synthetic import arrangements, noises, synthesis
from mn_dataset.tables import Row, parse_table, table_path, write_table
from mn_dataset.workers import each

REVISION = 1
"""Raised when the same seed gives other sound."""

# What is made of every category of a role: the splits and lengths in seconds of 01, 02, …
_SHAPES: dict[Role, tuple[tuple[str, ...], tuple[str, ...], tuple[int, ...]]] = {
    # The songs go on from those that are clips too.
    "clean": (
        MUSIC_CATEGORIES,
        ("train", "train", "train", "train", "validation", "validation", "test", "test"),
        (10,) * 8,
    ),
    "noise": (
        NOISE_CLASSES,
        ("train", "train", "validation", "validation", "test", "test"),
        (10, 5, 10, 10, 12, 10),
    ),
    "stem": (("song",), ("train",) * 4 + ("test",) * 4, (10,) * 8),
}
_FIRST: dict[Role, int] = {"stem": 9}
_NOISES = {
    "electrical": noises.electrical,
    "crowd": noises.crowd,
    "weather": noises.weather,
    "traffic": noises.traffic,
}
_STEMS = {"voice": "vocals", "accompaniment": "other", "drum_kit": "drums"}
_MODELS = arrangements.MODELS | {
    "electrical": "mains hum, rectifier buzz, hiss and discharges",
    "crowd": "many glottal voices with formants, and applause",
    "weather": "rain drops, gusts of wind, thunder",
    "traffic": "vehicles that pass with Doppler shift, over a city's rumble",
    "stationary": "Gaussian noise of a fixed spectrum",
}


@dataclass(frozen=True)
class Plan:
    """One recording to make.

    Attributes:
        role: "clean" or "noise", or "stem" for a song that is no clip.
        category: Its music category or noise class.
        number: 1, 2, … within the category.
        split: Where it belongs.
        seconds: Its length.
    """

    role: Role
    category: str
    number: int
    split: str
    seconds: int

    @property
    def id(self) -> str:
        """The id in the tables, such as ``clean/piano/01``."""
        return f"{self.role}/{self.category}/{self.number:02d}"

    def row(self, seed: int) -> Row:
        """Return the row of the metadata table, of a song in stems what its rows share."""
        return Row(
            id=self.id,
            file=f"{self.id}.wav",
            category=self.category,
            split=self.split,
            group=f"synthetic:{self.id}",
            source=f"synthetic: {_MODELS[self.category]} (seed {seed}, revision {REVISION})",
            license="CC0-1.0",
            attribution="The M&N toolkit (synthetic)",
            duration_s=str(self.seconds),
            further=(("origin", SYNTHETIC),),
        )

    def stem_rows(self, seed: int) -> list[Row]:
        """Return the rows of its stems, none if it is made in one."""
        names = self.stems(seed)
        song = f"{self.category}/{self.number:02d}"
        return [
            replace(
                self.row(seed),
                id=f"stem/{song}/{name}",
                file=f"stems/{song}/{name}.wav",
                category=_STEMS.get(name, name),
                song=song,
            )
            for name in names
        ]

    def stems(self, seed: int) -> tuple[str, ...]:
        """Return the names of the stems that are written, none if it is made in one."""
        if self.role == "noise":
            return ()
        names = arrangements.stems_of(self.category, generator(seed, "synthetic", self.id))
        return names if len(names) > 1 else ()


def plans() -> list[Plan]:
    """List every recording of the corpus, in the order of the tables."""
    return [
        Plan(role, category, number, split, seconds)
        for role in TABLES
        for category in _SHAPES[role][0]
        for number, (split, seconds) in enumerate(
            zip(*_SHAPES[role][1:], strict=True), start=_FIRST.get(role, 1)
        )
    ]


def table_rows(seed: int) -> dict[Role, list[Row]]:
    """Return the three tables."""
    rows: dict[Role, list[Row]] = {
        role: [plan.row(seed) for plan in plans() if plan.role == role] for role in ROLES
    }
    return rows | {"stem": [row for plan in plans() for row in plan.stem_rows(seed)]}


def write_corpus(
    root: Path,
    *,
    seed: int = 0,
    workers: int = 2,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Write the corpus into a folder, making only what is not there.

    Args:
        root: The corpus folder itself; made if need be.
        seed: Another seed gives other melodies and noises of the same kinds.
        workers: Number of processes; the bytes do not depend on it.
        progress: Called with (done, all) of the recordings that are made.

    Returns:
        ``root``.

    Raises:
        OutputError: if the folder holds another corpus, or cannot be written.
    """
    # The tables come first: they tell a later call whose recordings the folder holds.
    stood = {role: _write_rows(root, role, rows) for role, rows in table_rows(seed).items()}
    resumes = all(stood[role] for role in ROLES)  # folders of older versions have no third table
    missing = [plan for plan in plans() if not (resumes and _is_there(root, plan, seed))]
    pieces = ((root, plan, seed) for plan in missing)
    for done, _ in enumerate(each(_write, pieces, workers=workers, ordered=False), start=1):
        if progress:
            progress(done, len(missing))
    return root


def make(plan: Plan, *, seed: int) -> dict[str, Pcm]:
    """Make one recording; the answer depends on nothing but the id, the length and the seed.

    Returns:
        int16 samples of every stem by name, each of shape (time,); they sum to the recording.

    >>> list(make(Plan("noise", "stationary", 1, "train", 1), seed=0))
    ['stationary']
    """
    draw = generator(seed, "synthetic", plan.id)
    num_samples = plan.seconds * SAMPLING_RATE
    if plan.role != "noise":
        stems = synthesis.reverberate(arrangements.piece(plan.category, draw), draw)
    elif plan.category == "stationary":
        stems = {plan.category: noises.stationary(draw, num_samples, kind=plan.number - 1)}
    else:
        stems = {plan.category: _NOISES[plan.category](draw, num_samples)}
    return synthesis.master(stems)


def mixture(stems: Mapping[str, Pcm]) -> Pcm:
    """Add the stems of a recording, int16 of shape (time,) each, to the recording."""
    added: Pcm = np.stack(list(stems.values())).sum(axis=0, dtype=np.int16)
    return added


def _write_rows(root: Path, role: Role, rows: Sequence[Row]) -> bool:
    """Write a table; return whether it stood there already."""
    path = table_path(root, role)
    there = parse_table(path) if path.exists() else []
    if role == "stem" and all(row in rows for row in there) and there != rows:
        there = []  # an older version knew fewer songs
    if not there:
        write_table(path, rows)
        return False
    if there != rows:
        raise OutputError(
            f"{path}: not the table of the synthetic corpus that is asked for, which says "
            f"{rows[0].source!r}; choose another folder, or remove this one to make it anew"
        )
    return True


def _is_there(root: Path, plan: Plan, seed: int) -> bool:
    whole = [] if plan.role == "stem" else [plan.row(seed)]
    files = [row.file for row in (*whole, *plan.stem_rows(seed))]
    size = 44 + 2 * plan.seconds * SAMPLING_RATE
    return all((root / file).is_file() and (root / file).stat().st_size == size for file in files)


def _write(root: Path, plan: Plan, seed: int) -> None:
    stems = make(plan, seed=seed)
    recordings: list[tuple[Path, Pcm]] = []
    if len(stems) > 1:
        folder = root / "stems" / plan.category / f"{plan.number:02d}"
        recordings += [(folder / f"{name}.wav", samples) for name, samples in stems.items()]
    if plan.role != "stem":  # the mixture comes last: where it stands, its stems do
        recordings.append((root / f"{plan.id}.wav", mixture(stems)))
    for path, samples in recordings:
        with replacement(path, durable=False) as temporary:
            write_wav(temporary, samples, sampling_rate=SAMPLING_RATE)
