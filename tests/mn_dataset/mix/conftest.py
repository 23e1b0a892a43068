"""Give the tests of augmented datasets one chain that leaves nothing out."""

from __future__ import annotations

import pytest

from mn_dataset.mix.augment.chain import Chain
from mn_dataset.mix.augment.transforms import (
    Codec,
    Gain,
    Pass,
    Peak,
    Pitch,
    Polarity,
    Reverb,
    Shelf,
)
from mn_dataset.records import ROLES


@pytest.fixture(scope="session")
def everything() -> Chain:
    """Every transform, more often and harder than anyone should."""
    return Chain(
        pitch=Pitch(probability=0.5, semitones=(-1, 1)),
        low_shelf=Shelf(probability=0.9, center_hz=(60, 400), gain_db=(-8, 8)),
        high_shelf=Shelf(probability=0.9, center_hz=(2_000, 8_000), gain_db=(-8, 8)),
        peaking=Peak(probability=0.9, center_hz=(200, 6_000), gain_db=(-8, 8)),
        reverb=Reverb(probability=0.5, rt60_s=(0.1, 0.3), direct_to_reverberant_db=(0, 10)),
        high_pass=Pass(probability=0.5, cutoff_hz=(30, 150)),
        low_pass=Pass(probability=0.5, cutoff_hz=(4_000, 16_000)),
        codec=Codec(probability=0.3, bitrate_kbps=(64, 192)),
        polarity=Polarity(probability=0.5),
        gain=Gain(probability=0.9, layers=ROLES, gain_db=(-12, 20)),
    )
