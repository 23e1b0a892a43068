"""Draw voice and accompaniment by the protocol of Huang et al. (ISMIR 2014, IEEE/ACM TASLP 2015).

``huang-2014`` follows the authors' public training script, for a corpus of MIR-1K's clips (`mn
curate --layout mir1k`) or any other of songs in stems:

===================================  =======================================================
the script                           here
===================================  =======================================================
both sides scaled to unit L2 norm    a ratio of 0 dB, ``power``, over the whole clip: one
  over the whole clip, then added      norm each. The level of the sum is the recordings':
                                       unit norm is 49 LSB RMS in 10 s of 16 bits
train clips repeated with the MUSIC  train songs once per shift of the accompaniment by 0,
  shifted in a circle by 0, 10 000,    0.625, 1.25, … s: 10 000 samples at 16 kHz
  20 000, … samples
development and test clips as they   validation and test songs once, not shifted
  are
===================================  =======================================================

The README of another implementation says that the voice is shifted: that is ``shift="voice"`` of
`mn_dataset.tasks.separate.draw`, and no preset.
"""

from __future__ import annotations

from collections.abc import Iterator

from mn_dataset.audio.corpus import Corpus
from mn_dataset.errors import RecipeError, UnknownName
from mn_dataset.records import SnrDefinition
from mn_dataset.tasks.feasibility import Blend, Segment, obstacle
from mn_dataset.tasks.songs import Song, Sung, audible_songs

PRESETS = ("huang-2014",)
SNR_DEFINITION: SnrDefinition = "power"

_RATIO_DB = 0.0
_TWO_STEPS = 55_125  # samples at 44.1 kHz: two steps of 10 000 samples at 16 kHz


def draw(preset: str, corpus: Corpus, *, split: str, count: int | None) -> Iterator[Sung]:
    """Draw the mixtures of a preset; nothing about them is left to chance.

    Args:
        preset: One of ``PRESETS``.
        corpus: The corpus.
        split: Which split.
        count: Mixtures; by default every song, of train at every shift. Fewer are the smallest
            shifts of all songs.

    Raises:
        UnknownName: if there is no such preset.
        RecipeError: if the split has no song that is sung and accompanied, or one of them cannot
            carry the ratio.
    """
    if preset not in PRESETS:
        raise UnknownName("preset", preset, PRESETS)
    songs = [song for song in audible_songs(corpus, split) if song.voice and song.accompaniment]
    if not songs:
        raise RecipeError(f"{corpus.root}: no song of {split!r} has a voice and accompaniment")
    turns = [(0, song) for song in songs]
    if split == "train":
        turns = [(start, song) for song in songs for start in _shifts(song.frames)]
        turns.sort(key=lambda turn: turn[0])  # stable: songs stay in the table's order
    return (
        _sung(f"{split}/{number:06d}", *turns[number % len(turns)])
        for number in range(count or len(turns))
    )


def _shifts(frames: int) -> list[int]:
    """Return where in its song the accompaniment begins.

    >>> _shifts(3 * 44_100)
    [0, 27562, 55125, 82687, 110250]
    """
    return [_TWO_STEPS * step // 2 for step in range(-(-2 * frames // _TWO_STEPS))]


def _sung(name: str, start: int, song: Song) -> Sung:
    voice = Blend(
        tuple(Segment(stem, 0, song.frames) for stem in song.voice), (1.0,) * len(song.voice)
    )
    accompaniment = Blend(
        tuple(Segment(stem, start, song.frames) for stem in song.accompaniment),
        (1.0,) * len(song.accompaniment),
    )
    reason = obstacle(voice, accompaniment, _RATIO_DB, SNR_DEFINITION)
    if reason is not None:
        raise RecipeError(f"{song.name} cannot be mixed under huang-2014: {reason}")
    return Sung(name, voice, accompaniment, _RATIO_DB)
