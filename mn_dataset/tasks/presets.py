"""Draw mixtures as published scripts do, quirks included and named.

``musicecan-2024`` follows the data script of Cheng et al. (TASLP 2024, doi
10.1109/taslp.2024.3378118). Where it departs from what it says or what one would expect, the
default of ``mn draw`` does otherwise:

==============================  ==========================================  =====================
quirk of the script             here, under the preset                      the default of `draw`
==============================  ==========================================  =====================
whole clip peak-normalised      clean gain 32768 / peak of the whole clip   clip as it is
  before it is cut
level of −6…+4 "dB" applied     clean gain × 10**(x/10): −12…+8 dB; the     no random level
  as 10**(x/10) on amplitude      guard then keeps it from clipping, which
                                  the script does not
5-second segments               5 s from a random start                     the whole clip
always a noise's first samples  noise start 0                               every part, evenly
no noise split                  noises of every split, in every split       the split's own
SNR on variance, mean removed   snr_definition "variance"                   "power"
SNR U(2,20) dB for training,    the same; validation as test                levels you name
  U(2,6) and U(6,12) for test
short noise looped by turntable looped with the equal-power cross-fade      the same
  period, which fails on most     (the script's loop is not reproducible)
==============================  ==========================================  =====================
"""

from __future__ import annotations

from collections.abc import Iterator

from mn_dataset import seeds
from mn_dataset.audio.corpus import Corpus, Source
from mn_dataset.audio.level import FULL_SCALE, GRID, round_gain
from mn_dataset.audio.segment import fade_for, starts
from mn_dataset.errors import RecipeError, UnknownName
from mn_dataset.records import SAMPLING_RATE, SnrDefinition
from mn_dataset.tasks.feasibility import Segment, obstacle
from mn_dataset.tasks.pairs import Pair

PRESETS = ("musicecan-2024",)
SNR_DEFINITION: SnrDefinition = "variance"

_NUM_SAMPLES = 5 * SAMPLING_RATE
_LEVEL_DB = (-6.0, 4.0)
_SNR_DB = {
    "train": ((2.0, 20.0),),
    "validation": ((2.0, 6.0), (6.0, 12.0)),
    "test": ((2.0, 6.0), (6.0, 12.0)),
}


def draw(
    preset: str, corpus: Corpus, *, split: str, count: int | None, seed: int
) -> Iterator[Pair]:
    """Draw the pairs of a preset: every clip of the split once per SNR band, or ``count``.

    Raises:
        UnknownName: if there is no such preset.
        RecipeError: if the corpus has no clip or noise that the protocol can use.
    """
    if preset not in PRESETS:
        raise UnknownName("preset", preset, PRESETS)
    clips = [clip for clip in corpus.of("clean", split) if clip.entry.frames >= _NUM_SAMPLES]
    if not clips:
        raise RecipeError(f"{corpus.root}: no clip of {split!r} lasts the 5 s of {preset}")
    noises = corpus.of("noise")
    turns = [(band, clip) for band in _SNR_DB[split] for clip in clips]
    numbered = ((number, *turns[number % len(turns)]) for number in range(count or len(turns)))
    return (
        _pair(f"{split}/{number:06d}", split, clip, noises, band=band, seed=seed)
        for number, band, clip in numbered
    )


def _pair(
    name: str,
    split: str,
    clip: Source,
    noises: list[Source],
    *,
    band: tuple[float, float],
    seed: int,
) -> Pair:
    stream = seeds.generator(seed, "musicecan-2024", name)
    for _ in range(100):
        noise = stream.choice(noises)
        start = GRID * stream.integer(starts(clip.entry.frames, _NUM_SAMPLES, 0))
        snr_db = round(stream.uniform(*band), 2)
        level = 10.0 ** (stream.uniform(*_LEVEL_DB) / 10.0)
        fade = fade_for(noise.entry.frames, _NUM_SAMPLES)
        cuts = Segment(clip, start, _NUM_SAMPLES), Segment(noise, 0, _NUM_SAMPLES, fade)
        if obstacle(*cuts, snr_db, SNR_DEFINITION) is None:
            return Pair(name, *cuts, snr_db, round_gain(FULL_SCALE / clip.entry.peak * level))
    raise RecipeError(f"{split}: no noise can be mixed with {clip.id} under musicecan-2024")
