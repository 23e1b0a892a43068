"""Write a tiny sound font, and tell whether FluidSynth is there to play it."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

RATE = 22_050
KEY = 60  # at which the one sample sounds as it was recorded
_GENERATORS = {"instrument": 41, "sample": 53, "root": 58, "loop": 54}


def chunk(name: bytes, content: bytes) -> bytes:
    """A chunk of RIFF, padded to an even length."""
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


def text(name: str) -> bytes:
    """A name of twenty bytes."""
    return name.encode().ljust(20, b"\0")


def font_bytes(programmes: Sequence[tuple[int, int]]) -> bytes:
    """A SoundFont 2.01 whose presets (bank, programme) all play one looped tone.

    See "SoundFont Technical Specification", version 2.01, section 7.
    """
    period = round(RATE / 261.63)
    cycle = np.sin(2.0 * np.pi * np.arange(period) / period)
    tone = np.tile(cycle + 0.5 * np.roll(cycle, 7), 40)
    samples = np.concatenate([np.rint(9_000 * tone), np.zeros(46)]).astype("<i2")
    end = period * 40
    instrument = [(_GENERATORS["loop"], 1), (_GENERATORS["root"], KEY), (_GENERATORS["sample"], 0)]
    headers = [
        text(f"Tone {bank} {programme}") + struct.pack("<HHHIII", programme, bank, n, 0, 0, 0)
        for n, (bank, programme) in enumerate(sorted(programmes))
    ]
    headers.append(text("EOP") + struct.pack("<HHHIII", 0, 0, len(programmes), 0, 0, 0))
    bags = [struct.pack("<HH", n, 0) for n in range(len(programmes) + 1)]
    sample = struct.pack("<IIIIIBbHH", 0, end, period, end - period, RATE, KEY, 0, 0, 1)
    tables = {
        b"phdr": b"".join(headers),
        b"pbag": b"".join(bags),
        b"pmod": bytes(10),
        b"pgen": struct.pack("<HH", _GENERATORS["instrument"], 0) * len(programmes) + bytes(4),
        b"inst": text("Tone") + struct.pack("<H", 0) + text("EOI") + struct.pack("<H", 1),
        b"ibag": struct.pack("<HHHH", 0, 0, len(instrument), 0),
        b"imod": bytes(10),
        b"igen": b"".join(struct.pack("<HH", *pair) for pair in instrument) + bytes(4),
        b"shdr": text("Tone") + sample + text("EOS") + bytes(26),
    }
    info = chunk(b"ifil", struct.pack("<HH", 2, 1)) + chunk(b"isng", b"EMU8000\0")
    info += chunk(b"INAM", b"Tiny\0\0")
    return chunk(
        b"RIFF",
        b"sfbk"
        + chunk(b"LIST", b"INFO" + info)
        + chunk(b"LIST", b"sdta" + chunk(b"smpl", samples.tobytes()))
        + chunk(b"LIST", b"pdta" + b"".join(chunk(*table) for table in tables.items())),
    )


@pytest.fixture
def write_font(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes a font with presets (bank, programme)."""
    reason = "needs: pip install 'mn-dataset[soundfont]', and the library FluidSynth"
    pytest.importorskip("fluidsynth", reason=reason, exc_type=ImportError)

    def write(*programmes: tuple[int, int], name: str = "tiny.sf2") -> Path:
        path = tmp_path / name
        path.write_bytes(font_bytes(programmes))
        return path

    return write
