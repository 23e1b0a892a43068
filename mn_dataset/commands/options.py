"""Spell the options that several commands share, and turn them into the library's arguments."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from mn_dataset.errors import InputError

if TYPE_CHECKING:
    from mn_dataset.tasks.drawing import SnrLevel

Many = Parameter(consume_multiple=True, negative_iterable=())

ClusterAddress = Annotated[
    str | None,
    Parameter(
        help="Work on a Dask cluster instead, by its scheduler's address, such as tcp://HOST:8786; "
        "its workers see the same files by the same paths, and run the same versions."
    ),
]


@Parameter(name="*")
@dataclass(frozen=True)
class CurateOptions:
    """How to cut and judge recordings."""

    clip_s: float | None = 10.0
    """Length of a clip; shorter recordings stay whole, what follows the last clip is left out."""
    noise_s: float | None = None
    """Length of a noise; whole recordings by default."""
    whole: Annotated[bool, Parameter(negative=())] = False
    """Cut nothing: a clip is a whole recording."""
    min_s: float = 1.0
    """The shortest recording that is kept."""
    loudness_lufs: float | None = None
    """Bring every cut to this loudness as far as its peak allows; levels stay by default."""
    max_clipped: float = 0.001
    """Share of clipped samples from which on a cut is rejected."""
    license: str = ""
    """SPDX id for every recording that states none."""
    attribution: str = ""
    """Line of attribution for every recording that states none."""
    origin: Annotated[str, Parameter(name="--source")] = ""
    """Source for every recording that states none."""
    layout: str | None = None
    """Songs in stems, laid out as they are published: mir1k, ikala (left accompaniment, right
    voice), musdb18 (folders of MUSDB18-HQ), or stems (a folder per song, a file per stem). Hits of
    a drum kit that many microphones heard: drumgizmo (its file names, or a table hits.csv)."""

    def arguments(self) -> dict[str, Any]:
        """Return the library's arguments."""
        named = {name: getattr(self, name) for name in self.__dataclass_fields__}
        named["source"] = named.pop("origin")
        return named | {"clip_s": None if named.pop("whole") else self.clip_s}


@Parameter(name="*")
@dataclass(frozen=True)
class DrawOptions:
    """What to draw. What is not given is as the task has it."""

    task: str = "denoise"
    """What a denoiser is asked for."""
    split: Annotated[list[str] | None, Many] = None
    """Splits to draw: train, validation, test. All by default."""
    snr_db: Annotated[list[str] | None, Many] = None
    """SNR levels in dB, separated by blanks; 2:20 draws uniformly. 0 5 10 by default; of separate,
    ratios of voice to accompaniment, -5 0 5."""
    snr_definition: str | None = None
    """What SNR means: power, variance, active or lufs; power by default."""
    per_cell: int | None = None
    """Mixtures per music category × noise class × SNR level; 1 by default."""
    count: int | None = None
    """Mixtures per split instead, spread evenly over the cells; of separate, over ratios and songs,
    by default every song once at every ratio; of debleed, over songs, by default every one once."""
    seconds: float | None = None
    """Length of a mixture; each is as long as its clip or song by default."""
    mixing: str | None = None
    """Of separate: coherent (all stems of one song, as recorded), paired (the voice of one song
    over another's accompaniment) or incoherent (every stem of any song); coherent by default."""
    shift: str | None = None
    """Of separate: the side that begins elsewhere in its song and goes on from the beginning at its
    end: none, voice or accompaniment; none by default."""
    stem_gain_db: str | None = None
    """Of separate: a range such as -6:6 from which every stem's gain is drawn; none by default."""
    tempo_tolerance: float | None = None
    """Of separate, paired: how far the tempos of both songs may be apart, such as 0.04, where
    stems.csv has a column tempo_bpm; any songs by default."""
    bleed: str | None = None
    """Of debleed: how microphones come to hear other sources: linear (one matrix of gains per song;
    the default), convolutive (a simulated room per song, delays of up to 15 ms that differ per
    path), room (one large room for all) or measured (grooves of a drum kit's hits that many
    microphones heard). Rooms need the extra `rooms` to be drawn."""
    stems: int | None = None
    """Of debleed: how many sources and microphones a mixture has; 4 by default. What a song has
    more is one source, other."""
    target: str | None = None
    """Of debleed: what is to be returned: image (the source as its own microphone hears it; the
    default), dry (as it was recorded) or direct (as it comes straight to its microphone)."""
    sources: str | None = None
    """Of debleed: songs (the stems of a song) or clips (clips of different music categories); songs
    by default where the corpus has stems."""
    bleed_db: float | None = None
    """Of debleed, linear: every source at this level, such as -20, in all microphones but its own;
    gains drawn per song by default."""
    room_m: Annotated[list[float] | None, Many] = None
    """Of debleed, room: length, width and height in m; 40 35 20 by default."""
    rt60_s: float | None = None
    """Of debleed, room: seconds in which its sound decays by 60 dB; 0.8 by default."""
    generated: float | None = None
    """Of denoise: share of the mixtures whose noise is generated, 0 to 1; none by default."""
    second_noise: float | None = None
    """Of denoise: share of the mixtures with a second noise at the same time; none by default."""
    seed: int = 0
    """Of every choice."""
    preset: str | None = None
    """musicecan-2024 of denoise, and huang-2014 of separate, draw by a paper's protocol, quirks
    included."""
    dataset_version: str = "1.0.0"
    """SemVer of the data, apart from the code's."""

    def arguments(self) -> dict[str, Any]:
        """Return the library's arguments."""
        named = {name: getattr(self, name) for name in self.__dataclass_fields__}
        if self.snr_db is not None:
            named["snr_db"] = [snr_level(text) for text in self.snr_db]
        if self.stem_gain_db is not None:
            named["stem_gain_db"] = drawing_range(self.stem_gain_db)
        return {name: value for name, value in named.items() if value is not None}


@Parameter(name="*")
@dataclass(frozen=True)
class RenderOptions:
    """How to render."""

    workers: int | None = None
    """Processes; all cores by default. The bytes do not depend on it."""
    cluster: ClusterAddress = None
    rows: Annotated[list[str] | None, Many] = None
    """Only these recipes, by id or number."""
    format: str = "wav"
    """wav or flac, 16-bit both."""
    augment: str | None = None
    """Vary the layers of train mixtures: light, full, resonant, or a TOML file with one table per
    transform, such as [gain] with probability = 0.5 and gain_db = [-6, 6]; other splits stay."""

    def arguments(self) -> dict[str, Any]:
        """Return the library's arguments."""
        named = {"workers": cores(self.workers), "rows": self.rows, "audio_format": self.format}
        return named | ({"augment": self.augment} if self.augment else {})


@Parameter(name="*")
@dataclass(frozen=True)
class PublishOptions:
    """What to publish, and in which form."""

    recipe_only: Annotated[bool, Parameter(negative=())] = False
    """Recipes, hashes and tables without a byte of audio."""
    license_allow: str | None = None
    """Licences that recordings may be under, by SPDX id, separated by commas; `free` is all that
    let the dataset be passed on, `any` lifts the rule (but for ND). By default every known licence,
    where one satisfies all works of a mixture."""
    layout: str = "parquet"
    """parquet, audiofolder or webdataset."""
    format: str = "flac"
    """flac or wav, 16-bit both."""
    workers: int | None = None
    """Processes; all cores by default. The bytes do not depend on it."""
    cluster: ClusterAddress = None

    def arguments(self) -> dict[str, Any]:
        """Return the library's arguments."""
        return {
            "recipe_only": self.recipe_only,
            "license_allow": None if self.license_allow is None else self.license_allow.split(","),
            "layout": self.layout,
            "audio_format": self.format,
            "workers": cores(self.workers),
        }


@Parameter(name="*")
@dataclass(frozen=True)
class PushOptions:
    """How to push."""

    push: Annotated[bool, Parameter(negative=())] = False
    """Push to the Hugging Face Hub: list what would change, ask, and do it."""
    yes: Annotated[bool, Parameter(negative=())] = False
    """Do not ask."""
    private: Annotated[bool, Parameter(negative=())] = False
    """A repository that has to be made is private."""
    revision: str | None = None
    """Branch; it is made if need be."""
    create_pr: Annotated[bool, Parameter(negative=())] = False
    """Open a pull request instead of writing to the main branch."""


def snr_level(text: str, *, option: str = "--snr-db") -> SnrLevel:
    """Read "5" as a level and "2:20" as a range, both in dB.

    >>> snr_level("2:20")
    (2.0, 20.0)
    """
    try:
        bounds = [float(part) for part in text.strip().split(":")]
    except ValueError:
        bounds = []
    if len(bounds) == 1:
        return bounds[0]
    if len(bounds) == 2 and bounds[0] <= bounds[1]:
        return bounds[0], bounds[1]
    raise InputError(
        f"{option} is {text.strip()!r}; expected a number of dB, or a range such as 2:20"
    )


def drawing_range(text: str) -> tuple[float, float]:
    """Read "-6:6" as a range, and "3" as one of nothing else, both in dB.

    >>> drawing_range("-6:6"), drawing_range("3")
    ((-6.0, 6.0), (3.0, 3.0))
    """
    level = snr_level(text, option="--stem-gain-db")
    return level if isinstance(level, tuple) else (level, level)


def clip_counts(words: list[str]) -> dict[str, int]:
    """Read "12" as clips of every music category, and "harp=40" as those of one.

    >>> clip_counts(["harp=40", "piano=2"])
    {'harp': 40, 'piano': 2}
    """
    from mn_dataset.records import MUSIC_CATEGORIES

    counts: dict[str, int] = {}
    for word in sorted(words, key=lambda word: "=" in word):
        category, _, number = word.rpartition("=")
        if not number.isdecimal():
            raise InputError(f"--count has {word!r}; expected a number, or one such as harp=40")
        counts |= dict.fromkeys([category] if category else MUSIC_CATEGORIES, int(number))
    return counts


@contextmanager
def on_cluster(address: str | None, *, workers: int | None) -> Iterator[None]:
    """Send the work of several processes to a cluster, if one is named."""
    if address is None:
        yield
        return
    if workers is not None:
        raise InputError("--cluster and --workers exclude each other; give one of them")
    from mn_dataset.cluster.connection import connected

    with connected(address):
        yield


def cores(workers: int | None) -> int:
    """Return the number of processes asked for, or all that this machine or cluster has."""
    from mn_dataset.workers import cores as available

    if workers is not None and workers < 1:
        raise InputError(f"--workers is {workers}; expected 1 or more")
    return workers or available()
