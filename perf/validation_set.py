"""Make the corpus and the recipes of the validation set that every pilot is scored on.

    python perf/validation_set.py corpus OPEN OUT
    python perf/validation_set.py draw CORPUS OUT

OPEN is the open corpus. OUT of `corpus` gets its validation split, and beside it what that split
has no recording of (`validation_sounds.py`). From that, `draw` draws the tables that are kept in
`metadata/validation`; `mn render` makes a dataset of each, and refuses another corpus.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import validation_sounds

from mn_dataset import draw, load_corpus
from mn_dataset.audio.corpus import Corpus, Source
from mn_dataset.audio.io import write_wav
from mn_dataset.mix.recipes import Recipes, write_recipes
from mn_dataset.records import ROLES, SAMPLING_RATE, SYNTHETIC, Role
from mn_dataset.tables import Row, read_table, table_path, write_table
from mn_dataset.tasks.drawing import SnrLevel

SPLIT = "validation"
SECONDS = 6.0
SEED = 17
SNRS_DB = (0.0, 5.0, 10.0)
CLICKS = ("disc", "contact", "dropouts")
HUMS = ("ground_loop", "transformer", "dimmer")
PLUCKED = {"harp": "harp", "lute": "chinese_lute", "zither": "chinese_zither"}
_EACH = 3  # recordings made of a kind of noise
_PIECES = 2  # of an instrument


@dataclass(frozen=True)
class Set:
    """What one table of recipes is drawn from.

    Attributes:
        made: Kinds of noise that were made for it; none is the recorded ones.
        held: Whether its music is plucked, and what was made of that is in it.
        classes: Noise classes; none is all of them.
        snr_db: SNRs in dB.
        per_cell: Mixtures per music category, noise class and SNR.
    """

    made: tuple[str, ...] = ()
    held: bool = False
    classes: tuple[str, ...] = ()
    snr_db: tuple[SnrLevel, ...] = SNRS_DB
    per_cell: int = 1

    def has(self, source: Source) -> bool:
        """Tell whether a recording is used."""
        kind = kind_of(source.row)
        if source.role == "clean":
            return source.row.category in PLUCKED.values() if self.held else kind is None
        if self.classes and source.row.category not in self.classes:
            return False
        return kind in self.made or (kind is None and not (self.made and not self.held))


SETS: Mapping[str, Set] = {
    "classes": Set(),
    "clicks": Set(made=CLICKS),
    "hum": Set(made=HUMS),
    "near_clean": Set(snr_db=(40.0,)),
    "plucked": Set(made=("hiss",), held=True, classes=("stationary",), per_cell=3),
}


def main() -> None:
    """Make what is asked for."""
    what, source, out = sys.argv[1:]
    if what == "corpus":
        write_corpus(Path(source), Path(out))
    elif what == "draw":
        corpus = load_corpus(source)
        for name in SETS:
            write_recipes(Path(out) / f"{name}.parquet", drawn(name, corpus))
    else:
        sys.exit(f"{what}: expected corpus or draw")


def write_corpus(source: Path, out: Path) -> None:
    """Copy the validation split, but for groups of another one, and make what is missing in it."""
    rows = {role: read_table(table_path(source, role), role) for role in ROLES}
    elsewhere = {row.group for role in ROLES for row in rows[role] if row.split != SPLIT} - {""}
    for role in ROLES:
        copied = [row for row in rows[role] if row.split == SPLIT and row.group not in elsewhere]
        for row in copied:
            shutil.copyfile(source / row.file, placed(out / row.file))
        made = made_rows(role)
        for row in made:
            path = placed(out / row.file)
            if not path.is_file():
                sound = validation_sounds.make(row.id, str(kind_of(row)))
                write_wav(path, sound, sampling_rate=SAMPLING_RATE)
        write_table(table_path(out, role), [*copied, *made])


def placed(path: Path) -> Path:
    """Return a path whose folder exists."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def made_rows(role: Role) -> list[Row]:
    """Return the rows of what is made."""
    if role == "clean":
        kinds = dict.fromkeys(PLUCKED.items(), _PIECES)
    else:
        kinds = dict.fromkeys([(kind, "electrical") for kind in (*CLICKS, *HUMS)], _EACH)
        kinds |= {("hiss", "stationary"): _EACH}
    return [
        Row(
            id=f"{role}/{category}/made_{kind}_{number}",
            file=f"{role}/{category}/made_{kind}_{number}.wav",
            category=category,
            split=SPLIT,
            group=f"made:{kind}_{number}",
            source=f"made by perf/validation_sounds.py: {kind}",
            license="CC0-1.0",
            attribution="The M&N toolkit (made)",
            duration_s=str(validation_sounds.SECONDS),
            further=(("origin", SYNTHETIC),),
        )
        for (kind, category), count in kinds.items()
        for number in range(1, count + 1)
    ]


def kind_of(row: Row) -> str | None:
    """Return what kind of sound was made, None of a recording."""
    name = row.id.rpartition("/")[2]
    return name.removeprefix("made_").rpartition("_")[0] if name.startswith("made_") else None


def drawn(name: str, corpus: Corpus) -> Recipes:
    """Draw the recipes of a set; they name the whole corpus, which `mn render` compares."""
    chosen = SETS[name]
    part = corpus.only([key for key, source in corpus.sources.items() if chosen.has(source)])
    recipes = draw(
        part,
        split=SPLIT,
        snr_db=chosen.snr_db,
        per_cell=chosen.per_cell,
        seconds=SECONDS,
        seed=SEED,
    )
    return replace(recipes, corpus=corpus.name, corpus_hash=corpus.hash)


if __name__ == "__main__":
    main()
