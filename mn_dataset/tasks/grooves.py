"""Draw sessions with real bleed: grooves of single hits that many microphones heard at once.

What a microphone hears of a hit is recorded: the sound of the drum, its way to the microphone and
the room. In a groove it is heard again at each of its onsets, which is a convolution with a train
of impulses, the same for all microphones. So every layer is a hit as one microphone heard it,
through the response of its onsets, and the truth is exact per drum and microphone. Hits of one
drum take turns.

A microphone is close to one drum, or to several that are one voice, such as an open and a closed
hi-hat (`mn_dataset.tasks.kits`). All else that it hears is bleed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from mn_dataset import seeds
from mn_dataset.audio.convolve import MAX_TAPS
from mn_dataset.audio.corpus import Corpus
from mn_dataset.audio.response import Response, quantise
from mn_dataset.errors import InputError, RecipeError
from mn_dataset.records import SAMPLING_RATE, Layer
from mn_dataset.seeds import Deck, Stream
from mn_dataset.tasks.feasibility import Segment
from mn_dataset.tasks.kits import PARTS, Kit, Voice, kits_of
from mn_dataset.tasks.paths import microphone
from mn_dataset.tasks.sessions import Heard, Session, refuse_few
from mn_dataset.tasks.strokes import Groove, groove

DEFAULT_SECONDS = 10.0


def draw(
    corpus: Corpus,
    *,
    split: str,
    stems: int,
    target: str = "image",
    count: int | None = None,
    seconds: float | None = None,
    seed: int = 0,
) -> list[Heard]:
    """Draw grooves from a corpus's table of hits and its index.

    Args:
        corpus: The corpus; no audio is opened.
        split: The split.
        stems: How many microphones are used: the first of kick, snare, hi-hat, toms, cymbals. The
            voices of all of them sound, and what other drums play bleeds.
        target: What is to be returned of a voice: "image", what its microphone hears of it. There
            is nothing else: no drum was recorded without its way to a microphone.
        count: How many grooves, dealt evenly to kits; by default one per kit.
        seconds: Length of each; ``DEFAULT_SECONDS`` by default.
        seed: Of every choice.

    Raises:
        InputError: if an argument makes no sense.
        RecipeError: if the split has no kit, or one of fewer voices.
    """
    refuse_few(stems)
    if target != "image":
        raise InputError(
            f"target is {target!r}: of measured bleed no source is known but as its microphone "
            "heard it; ask for the target image"
        )
    num_samples = round((seconds or DEFAULT_SECONDS) * SAMPLING_RATE)
    if num_samples > MAX_TAPS:
        raise InputError(
            f"seconds is {seconds:g}; expected at most {MAX_TAPS // SAMPLING_RATE} for grooves"
        )
    kits = kits_of(corpus, split)
    for kit in kits:
        if len(kit.voices) < stems:
            raise RecipeError(
                f"{corpus.root}: the kit {kit.name!r} has {len(kit.voices)} close microphones "
                f"({', '.join(voice.name for voice in kit.voices)}), and {stems} stems are asked; "
                "ask for fewer"
            )
    deck = Deck(kits, seeds.generator(seed, "kits", split))
    names = (f"{split}/{number:06d}" for number in range(count or len(kits)))
    return [_played(name, deck.deal(), stems, num_samples, seed=seed) for name in names]


def _played(name: str, kit: Kit, stems: int, num_samples: int, *, seed: int) -> Heard:
    stream = seeds.generator(seed, "groove", name)
    voices = kit.voices[:stems]
    drums = {part: kit.drums_of(part) for part in PARTS}
    played = groove(drums, [voice.drums for voice in voices], num_samples, stream)
    responses = _responses(name, kit, played, stream)
    layers = [layer for voice in voices for layer in _layers(kit, voice, responses)]
    sources = (
        tuple(
            Segment(kit.recordings[hit, voice.microphone], 0, num_samples)
            for drum in voice.drums
            for hit in kit.hits[drum]
            if hit in responses
        )
        for voice in voices
    )
    session = Session(name, kit.name, tuple(voice.name for voice in voices), tuple(sources))
    return Heard(session, tuple(layers), tuple(responses.values()))


def _responses(name: str, kit: Kit, played: Groove, stream: Stream) -> dict[str, Response]:
    """Return the onsets of every hit that sounds; those of a drum take turns."""
    turns = {drum: stream.integer(len(hits)) for drum, hits in kit.hits.items()}
    onsets: dict[str, list[tuple[int, float]]] = {}
    for stroke in played.strokes:
        hits = kit.hits[stroke.drum]
        hit = hits[turns[stroke.drum] % len(hits)]
        turns[stroke.drum] += 1
        onsets.setdefault(hit, []).append((stroke.onset, stroke.velocity * kit.level(hit)))
    responses = {}
    for hit in sorted(onsets):
        amplitudes = np.zeros(1 + max(onset for onset, _ in onsets[hit]))
        for onset, velocity in onsets[hit]:
            amplitudes[onset] += velocity
        provenance = f"{len(onsets[hit])} onsets of {hit} in a groove at {played.tempo_bpm} bpm"
        responses[hit] = quantise(amplitudes, name=f"{name}/{hit}", provenance=provenance)
    return responses


def _layers(kit: Kit, voice: Voice, responses: dict[str, Response]) -> Iterator[Layer]:
    """Yield what the microphone of a voice hears: the voice, and what bleeds into it."""
    others = [drum for drum in kit.hits if drum not in voice.drums]
    sides: Sequence[tuple[str, Sequence[str], str | None]] = (
        ("own", voice.drums, voice.name),
        ("bleed", others, None),
    )
    for role, drums, target in sides:
        for hit in (hit for drum in drums for hit in kit.hits[drum] if hit in responses):
            recording = kit.recordings[hit, voice.microphone]
            if recording.entry.peak:
                yield Layer(
                    role,
                    recording.id,
                    0,
                    gain=1.0,
                    response=responses[hit].name,
                    input=microphone(voice.name),
                    target=target,
                )
