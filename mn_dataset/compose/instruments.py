"""Name the instruments of sound fonts: their programmes, and the notes that people play on them.

Banks and programmes are General MIDI's, counted from 0 as in the files; drum kits are in bank 128.
Ranges are those of the instruments, not of the samples, which a font stretches.
"""

from __future__ import annotations

from dataclasses import dataclass

KITS = 128
"""The bank of drum kits."""


@dataclass(frozen=True)
class Instrument:
    """One preset of a sound font.

    Attributes:
        name: What is played.
        programme: Number in the bank, 0 to 127.
        low: Lowest pitch, a MIDI note number.
        high: Highest pitch.
        bank: 0 for General MIDI.
    """

    name: str
    programme: int
    low: int
    high: int
    bank: int = 0

    @property
    def number(self) -> str:
        """Bank and programme.

        >>> Instrument("koto", 107, 43, 86).number
        '0:107'
        """
        return f"{self.bank}:{self.programme}"


NYLON = Instrument("nylon guitar", 24, 40, 84)
STEEL = Instrument("steel guitar", 25, 40, 84)
HARP = Instrument("harp", 46, 28, 98)
PIANO = Instrument("grand piano", 0, 26, 100)
VIBRAPHONE = Instrument("vibraphone", 11, 53, 89)
HARPSICHORD = Instrument("harpsichord", 6, 33, 84)

INSTRUMENTS: dict[str, tuple[Instrument, ...]] = {
    "piano": (PIANO, Instrument("bright piano", 1, 26, 100)),
    "harp": (HARP,),
    "cello": (Instrument("cello", 42, 36, 74),),
    "trumpet": (Instrument("trumpet", 56, 54, 82), Instrument("muted trumpet", 59, 54, 80)),
    "chinese_lute": (
        Instrument("shamisen", 106, 48, 84),
        Instrument("banjo", 105, 48, 86),
        Instrument("sitar", 104, 43, 81),
        NYLON,
        STEEL,
        Instrument("jazz guitar", 26, 40, 81),
        Instrument("mandolin", 25, 55, 89, bank=16),
    ),
    "chinese_zither": (
        Instrument("koto", 107, 43, 86),
        Instrument("dulcimer", 15, 48, 88),
        Instrument("twelve-string guitar", 25, 40, 84, bank=8),
        HARPSICHORD,
    ),
    "drum_kit": (
        Instrument("standard kit", 0, 35, 81, bank=KITS),
        Instrument("room kit", 8, 35, 81, bank=KITS),
        Instrument("power kit", 16, 35, 81, bank=KITS),
        Instrument("jazz kit", 32, 35, 81, bank=KITS),
        Instrument("brush kit", 40, 35, 81, bank=KITS),
    ),
    "lead": (
        Instrument("violin", 40, 55, 91),
        Instrument("viola", 41, 48, 81),
        Instrument("flute", 73, 60, 93),
        Instrument("oboe", 68, 58, 86),
        Instrument("clarinet", 71, 52, 86),
        Instrument("alto saxophone", 65, 50, 78),
        Instrument("tenor saxophone", 66, 45, 74),
        Instrument("trumpet", 56, 54, 82),
        Instrument("French horn", 60, 43, 74),
        VIBRAPHONE,
    ),
    "voice": (
        Instrument("choir", 52, 45, 79),
        Instrument("voices", 53, 48, 79),
        Instrument("solo voice", 85, 48, 76),
    ),
    "chords": (
        PIANO,
        NYLON,
        STEEL,
        HARP,
        HARPSICHORD,
        VIBRAPHONE,
        Instrument("electric piano", 4, 36, 89),
        Instrument("church organ", 19, 36, 89),
        Instrument("accordion", 21, 48, 84),
        Instrument("strings", 48, 40, 88),
        Instrument("pizzicato", 45, 43, 86),
    ),
    "bass": (
        Instrument("double bass", 32, 28, 50),
        Instrument("electric bass", 33, 28, 50),
        Instrument("bowed bass", 43, 28, 50),
    ),
}
"""By what they are for: a music category that is played alone, or a part in an ensemble."""

PARTS: dict[str, tuple[str, ...]] = {
    "piano": ("piano",),
    "drum_kit": ("drum_kit",),
    "harp": ("harp",),
    "cello": ("cello",),
    "chinese_lute": ("chinese_lute",),
    "trumpet": ("trumpet",),
    "chinese_zither": ("chinese_zither",),
    "multi_instrument": ("lead", "chords", "bass"),
    "song": ("voice", "chords", "bass"),
}
"""What a piece of each music category cannot do without; an ensemble may have drums too."""
