"""Write a corpus of generated noises and music to learn from: as many of each kind as are asked.

Every recording depends on its id and the seed alone. All are of the split ``train``: what is
validated and tested is recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from mn_dataset.audio.io import write_wav
from mn_dataset.files.atomic import replacement
from mn_dataset.records import MUSIC_CATEGORIES, SAMPLING_RATE, SYNTHETIC, Role
from mn_dataset.seeds import Stream, generator
from mn_dataset.synthetic import arrangements, grains, machines, noises, synthesis
from mn_dataset.synthetic.corpus import mixture
from mn_dataset.synthetic.synthesis import Sound
from mn_dataset.tables import Row, table_path, write_table
from mn_dataset.workers import each

REVISION = 1
"""Raised when the same seed gives other sound."""

SECONDS = 10

KINDS: Mapping[str, Mapping[str, Callable[[Stream, int], Sound]]] = {
    "electrical": {
        "clicks": grains.clicks,
        "crackle": grains.crackle,
        "thumps": grains.thumps,
        "hum": machines.hum,
        "discharges": noises.electrical,
    },
    "crowd": {"applause": grains.applause, "voices": noises.crowd},
    "weather": {"rain": grains.rain, "storm": noises.weather},
    "traffic": {"engine": machines.engine, "rails": machines.rails, "road": noises.traffic},
    "stationary": {"hiss": machines.hiss, "fan": machines.fan},
}
"""What makes noises, by class and kind."""


@dataclass(frozen=True)
class Plan:
    """One recording to make.

    Attributes:
        role: "clean" or "noise".
        category: Its music category or noise class.
        name: Its kind and number, such as "clicks_001".
    """

    role: Role
    category: str
    name: str

    def row(self, seed: int) -> Row:
        """Return the row of the metadata table."""
        name = f"{self.role}/{self.category}/{self.name}"
        return Row(
            id=name,
            file=f"{name}.wav",
            category=self.category,
            split="train",
            group=f"generated:{name}",
            source=f"generated (seed {seed}, revision {REVISION})",
            license="CC0-1.0",
            attribution="The M&N toolkit (generated)",
            duration_s=str(SECONDS),
            further=(("origin", SYNTHETIC),),
        )


def plans(*, noises_per_kind: int, clips_per_category: int) -> list[Plan]:
    """List every recording."""
    clips = [
        Plan("clean", category, f"piece_{number:03d}")
        for category in MUSIC_CATEGORIES
        for number in range(1, clips_per_category + 1)
    ]
    return clips + [
        Plan("noise", category, f"{kind}_{number:03d}")
        for category, kinds in KINDS.items()
        for kind in kinds
        for number in range(1, noises_per_kind + 1)
    ]


def write_corpus(
    root: Path,
    *,
    seed: int = 0,
    noises_per_kind: int = 30,
    clips_per_category: int = 15,
    workers: int = 2,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Write the corpus into a folder, making only what is not there."""
    wanted = plans(noises_per_kind=noises_per_kind, clips_per_category=clips_per_category)
    for role in ("clean", "noise"):
        write_table(table_path(root, role), [one.row(seed) for one in wanted if one.role == role])
    missing = [one for one in wanted if not (root / one.row(seed).file).is_file()]
    pieces = ((root, one, seed) for one in missing)
    for done, _ in enumerate(each(_write, pieces, workers=workers, ordered=False), start=1):
        if progress:
            progress(done, len(missing))
    return root


def _write(root: Path, plan: Plan, seed: int) -> None:
    row = plan.row(seed)
    draw = generator(seed, "generated", row.id)
    if plan.role == "clean":
        stems = synthesis.reverberate(arrangements.piece(plan.category, draw), draw)
    else:
        make = KINDS[plan.category][plan.name.rpartition("_")[0]]
        stems = {plan.name: make(draw, SECONDS * SAMPLING_RATE)}
    samples = mixture(synthesis.master(stems))
    with replacement(root / row.file, durable=False) as temporary:
        write_wav(temporary, samples, sampling_rate=SAMPLING_RATE)
