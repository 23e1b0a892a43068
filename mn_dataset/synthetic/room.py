"""Put stems in a small room, then on 16-bit paper.

The room is exponentially falling noise (Moorer 1979).
"""

from __future__ import annotations

import numpy as np
from scipy import signal

from mn_dataset.audio.io import Pcm
from mn_dataset.seeds import Stream
from mn_dataset.synthetic import synthesis
from mn_dataset.synthetic.synthesis import Sound

PEAK_DBFS = -3.0
_FADE_S = 0.01


def reverberate(stems: dict[str, Sound], draw: Stream) -> dict[str, Sound]:
    """Let stems ring in one small room, each cut to its own length."""
    reverberation_s = draw.uniform(0.25, 0.5)
    num_samples = synthesis.samples(0.7 * reverberation_s)
    # Sound has fallen by 60 dB, 6.9 nepers, after the reverberation time.
    tail = synthesis.white(draw, num_samples) * synthesis.fall(num_samples, reverberation_s / 6.9)
    tail = synthesis.band(tail, 150.0, 6000.0)
    tail[: synthesis.samples(0.004)] = 0.0
    tail *= draw.uniform(0.2, 0.35) / np.sqrt(np.sum(tail**2))
    tail[0] = 1.0
    return {
        name: np.asarray(signal.oaconvolve(sound, tail)[: len(sound)], dtype=np.float64)
        for name, sound in stems.items()
    }


def master(stems: dict[str, Sound]) -> dict[str, Pcm]:
    """Free stems of DC, fade their ends, scale them by one gain, and quantise each.

    The integer sum of the stems, and each of them, peaks at ``PEAK_DBFS`` at most.
    """
    clean = {name: _edged(synthesis.band(sound, 25.0, 22_050.0)) for name, sound in stems.items()}
    mixture = np.sum(list(clean.values()), axis=0)
    peak = max(float(np.abs(sound).max()) for sound in (mixture, *clean.values()))
    gain = 32_767.0 * 10.0 ** (PEAK_DBFS / 20.0) / peak
    return {name: np.rint(gain * sound).astype(np.int16) for name, sound in clean.items()}


def _edged(sound: Sound) -> Sound:
    num_samples = synthesis.samples(_FADE_S)
    ramp = np.arange(num_samples) / num_samples
    sound[:num_samples] *= ramp
    sound[-num_samples:] *= ramp[::-1]
    return sound
