"""It follows within a second, and a note that lasts longer is taken for noise."""

import numpy as np

from benchmarks.classical.trackers.spp import spp
from benchmarks.signal.stft import Stft, power_of
from mn_dataset.seeds import generator

RATE = 44_100
STFT = Stft()
FRAMES_PER_S = RATE / STFT.hop


def noise(seconds):
    return generator(0, "test tracker", "noise").normals(round(seconds * RATE))


def tracked(signal):
    return spp(power_of(STFT.forward(signal.astype(np.float32))), frames_per_s=FRAMES_PER_S)


def test_a_held_note_is_taken_for_noise():
    """Its price, said in its first lines: it follows what lasts a second."""
    signal = 0.01 * noise(6.0)
    tone = np.sin(2 * np.pi * 1000 * np.arange(len(signal)) / RATE)

    note, alone = tracked(signal + tone), tracked(signal)

    assert 10 * np.log10(note[-1, 46] / alone[-1, 46]) > 20
