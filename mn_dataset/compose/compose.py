"""Compose a corpus: plan its clips, play what is not there, write its tables."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mn_dataset.audio.io import file_sha256, write_flac
from mn_dataset.compose.instruments import INSTRUMENTS, KITS, PARTS, Instrument
from mn_dataset.compose.scores import Players, Score, score
from mn_dataset.compose.sound_fonts import Room, library_version, play, presets
from mn_dataset.errors import InputError, UnknownName
from mn_dataset.files.atomic import replacement, sweep
from mn_dataset.files.lock import contents, locked
from mn_dataset.records import MUSIC_CATEGORIES, ROLES, SAMPLING_RATE
from mn_dataset.seeds import Deck, generator
from mn_dataset.synthetic.composition import SECONDS
from mn_dataset.synthetic.synthesis import master
from mn_dataset.tables import Row, parse_table, table_path, write_table
from mn_dataset.workers import each

REVISION = 1
"""Raised when the same seed gives other music."""

COUNT = 12
"""Clips of every category, by default."""

MOST_CENTS = 30.0
_ORIGIN = "rendered"


@dataclass(frozen=True)
class Font:
    """A sound font at hand.

    Attributes:
        path: The file.
        sha256: Of its bytes.
        players: What of it may play.
        names: What it calls them.
    """

    path: Path
    sha256: str
    players: Players
    names: Mapping[Instrument, str]

    def serves(self, category: str) -> bool:
        """Tell whether it has what a piece of the category cannot do without."""
        return all(self.players.get(part) for part in PARTS[category])


@dataclass(frozen=True)
class Clip:
    """One clip to make.

    Attributes:
        id: In the table, such as ``clean/harp/fluidr3_gm_0_0001``.
        category: Its music category.
        font: What it is played with.
        score: What is played.
        cents: By how much it is tuned higher.
        room: What reverberates, if anything does.
    """

    id: str
    category: str
    font: Font
    score: Score
    cents: float
    room: Room | None

    @property
    def file(self) -> str:
        """Its place in the corpus."""
        return f"{self.id}.flac"


@dataclass(frozen=True)
class ComposeReport:
    """What `compose` did.

    Attributes:
        corpus: The corpus.
        clips: Clips in it.
        made: Clips that were made in this run.
        unserved: Categories that were asked for and no font can play.
    """

    corpus: Path
    clips: int
    made: int
    unserved: tuple[str, ...]

    def __str__(self) -> str:
        """Write one line per thing to know."""
        line = f"{self.clips} clips in {self.corpus} ({self.made} made now)"
        if not self.unserved:
            return line
        return f"{line}\nno font has what it takes for {', '.join(self.unserved)}"


def compose(
    fonts: str | Path | Sequence[str | Path],
    out: str | Path,
    *,
    license: str,  # noqa: A002 - the column's name
    attribution: str = "",
    count: int | Mapping[str, int] = COUNT,
    seed: int = 0,
    without: Sequence[int] = (),
    workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> ComposeReport:
    """Compose music and play it with sound fonts: clips of ten seconds to train with.

    Key, metre, tempo (50 to 180 beats a minute), instrument, range, manner of playing, dynamics,
    tuning (± 30 cents) and reverberation are drawn; see `mn_dataset.compose.scores`. All clips are
    of the split train, and all of one font are of one group. The same fonts, seed and version of
    FluidSynth give the same clips. Called again, it makes what is missing; a higher count adds
    clips.

    Args:
        fonts: Files in the form SoundFont 2 or SF3, with General MIDI's programmes.
        out: Folder of the corpus: new, empty, or composed before from the same fonts and seed.
        license: SPDX id of the fonts' licence, which their owner decides: what is played with
            their samples is taken to be under it.
        attribution: Whom the fonts' licence asks to name.
        count: Clips of every category that the fonts can play, or clips by category.
        seed: Another seed gives other music.
        without: Programmes of bank 0 and its variations, 0 to 127, that do not play: those that
            something is to be tested with.
        workers: Processes.
        progress: Called with (done, all) clips that are made.

    Raises:
        InputError: if a font, a count or the folder is at fault, the licence is empty, no font can
            play anything that is asked, or FluidSynth is not installed.
        MissingExtra: if pyfluidsynth is not installed.
        OutputError: if the corpus cannot be written.

    Examples:
        >>> compose("FluidR3_GM.sf2", "rendered", license="MIT").clips  # doctest: +SKIP
        108
    """
    if not license.strip():
        raise InputError("license is empty; expected the SPDX id of the fonts' licence, as MIT")
    corpus, counts = Path(out), _counts(count)
    paths = [Path(fonts)] if isinstance(fonts, str | Path) else [Path(font) for font in fonts]
    opened = [_opened(path, without) for path in paths]
    unserved = tuple(name for name in counts if not any(font.serves(name) for font in opened))
    clips = [*_clips(opened, counts, seed)]
    if not clips:
        raise InputError(
            f"{', '.join(map(str, paths))}: has no instruments for {', '.join(unserved)}; expected "
            "programmes as General MIDI numbers them"
        )
    version = library_version()
    rows = [_row(clip, seed, version, license.strip(), attribution.strip()) for clip in clips]
    with locked(corpus, command="mn compose"):
        sweep(corpus)
        _write_tables(corpus, rows)
        missing = [clip for clip in clips if not (corpus / clip.file).is_file()]
        pieces = ((corpus, clip) for clip in missing)
        for done, _ in enumerate(each(_write, pieces, workers=workers, ordered=False), start=1):
            if progress:
                progress(done, len(missing))
    return ComposeReport(corpus, len(clips), len(missing), unserved)


def _counts(count: int | Mapping[str, int]) -> dict[str, int]:
    counts = dict.fromkeys(MUSIC_CATEGORIES, count) if isinstance(count, int) else dict(count)
    for category, number in counts.items():
        if category not in PARTS:
            raise UnknownName("music category", category, MUSIC_CATEGORIES)
        if number < 0:
            raise InputError(f"count of {category} is {number}; expected 0 or more")
    wanted = {category: number for category, number in counts.items() if number}
    if not wanted:
        raise InputError("count asks for no clip; expected 1 or more of a category")
    return wanted


def _opened(path: Path, without: Sequence[int]) -> Font:
    """Look into a font, and leave out what is not to play."""
    names = {
        instrument: name
        for instrument, name in presets(path).items()
        if instrument.bank == KITS or instrument.programme not in without
    }
    players = {
        part: tuple(instrument for instrument in instruments if instrument in names)
        for part, instruments in INSTRUMENTS.items()
    }
    return Font(path.resolve(), file_sha256(path), players, names)


def _clips(fonts: Sequence[Font], counts: Mapping[str, int], seed: int) -> Iterator[Clip]:
    """Draw every clip from a stream of its own; a higher count changes none."""
    for category, count in counts.items():
        serving = [font for font in fonts if font.serves(category)]
        if not serving:
            continue
        deck = Deck(serving, generator(seed, "fonts", category))
        for number in range(1, count + 1):
            font = deck.deal()
            slug = re.sub(r"[^a-z0-9]+", "_", font.path.stem.lower()).strip("_")
            name = f"clean/{category}/{slug}_{seed}_{number:04d}"
            draw = generator(seed, "compose", f"{category}/{number}/{font.sha256}")
            piece = score(category, font.players, draw)
            cents = draw.uniform(-MOST_CENTS, MOST_CENTS)
            room = None
            if draw.uniform() < 0.5:
                size, damping = draw.uniform(0.2, 0.9), draw.uniform(0.0, 0.6)
                room = Room(size, damping, draw.uniform(0.2, 0.9))
            yield Clip(name, category, font, piece, round(cents, 1) + 0.0, room)


def _row(clip: Clip, seed: int, version: str, license_id: str, attribution: str) -> Row:
    font, parts = clip.font, clip.score.parts
    played = ", ".join(f"{part.instrument.number} {font.names[part.instrument]}" for part in parts)
    return Row(
        id=clip.id,
        file=clip.file,
        category=clip.category,
        split="train",
        group=f"font:{font.sha256[:16]}",
        source=f"{font.path.name} (sha256 {font.sha256[:16]}) through FluidSynth {version}: "
        f"{played}; {clip.score.manner}, composed by the M&N toolkit (seed {seed}, revision "
        f"{REVISION})",
        license=license_id,
        attribution=attribution,
        duration_s=f"{SECONDS:g}",
        further=(
            ("origin", _ORIGIN),
            ("font_sha256", font.sha256),
            ("seed", str(seed)),
            ("programmes", " ".join(part.instrument.number for part in parts)),
            ("manner", clip.score.manner),
            ("tempo_bpm", f"{clip.score.bpm:g}"),
            ("cents", f"{clip.cents:g}"),
            ("room", f"{clip.room.size:.2f}" if clip.room else ""),
        ),
    )


def _write_tables(corpus: Path, rows: Sequence[Row]) -> None:
    """Write both tables; one that stands there has to be a part of the new one."""
    path = table_path(corpus, "clean")
    there = parse_table(path) if path.exists() else []
    if (contents(corpus) and not there) or not all(row in rows for row in there):
        raise InputError(
            f"{corpus}: exists, and is no part of what is asked for; choose another place, or "
            "compose from the same fonts with the same seed and version of FluidSynth"
        )
    for role in ROLES:
        write_table(table_path(corpus, role), rows if role == "clean" else [])


def _write(corpus: Path, clip: Clip) -> None:
    sound = play(clip.font.path, clip.score.parts, cents=clip.cents, room=clip.room)
    path = corpus / clip.file
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacement(path, durable=False) as temporary:
        write_flac(
            temporary, master({clip.category: sound})[clip.category], sampling_rate=SAMPLING_RATE
        )
