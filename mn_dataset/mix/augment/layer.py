"""Pass one layer through its steps, and keep what comes out fit for 16 bits."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np

from mn_dataset.audio import io
from mn_dataset.audio.level import CEILING, FULL_SCALE, MIN_RECORDED_RMS, hop_energies, measure
from mn_dataset.mix.augment.apply import Float32, apply
from mn_dataset.mix.augment.draw import FIT, Step
from mn_dataset.mix.gains import Loudness, Measured
from mn_dataset.mix.source_cache import Cut
from mn_dataset.records import SAMPLING_RATE


def vary(cut: Cut, steps: Sequence[Step]) -> tuple[Cut, tuple[Step, ...]]:
    """Return a segment as its steps leave it, and the steps that were done.

    A layer that its steps would bring under −60 dBFS RMS, or to no number, stays as it was
    recorded, without any step; one driven over full scale is lowered to the guard's ceiling by a
    last step ``FIT``.
    """
    if not steps:
        return cut, ()
    samples = _pass(cut.samples, steps)
    rms = FULL_SCALE * math.sqrt(np.square(samples).mean(dtype=np.float64))
    if not MIN_RECORDED_RMS <= rms < math.inf:
        return cut, ()
    top = FULL_SCALE * float(np.abs(samples).max())
    if top > FULL_SCALE - 1:
        # Down to a thousandth of a decibel: what the manifest says is what was done.
        gain_db = math.floor(20_000.0 * math.log10(CEILING / top)) / 1000.0
        steps = [*steps, Step(steps[0].layer, FIT, {"gain_db": gain_db})]
        samples = apply(steps[-1], samples, sampling_rate=SAMPLING_RATE)
    varied = _to_pcm(samples)
    loudness = Loudness(hop_energies(varied, sampling_rate=SAMPLING_RATE), SAMPLING_RATE)
    return Cut(varied, Measured(measure(varied), loudness)), tuple(steps)


def replay(samples: io.Pcm, steps: Iterable[Step]) -> io.Pcm:
    """Do the steps that a manifest tells to the recorded samples, int16 (time,), again."""
    return _to_pcm(_pass(samples, steps))


def _pass(samples: io.Pcm, steps: Iterable[Step]) -> Float32:
    passed: Float32 = io.to_float(samples)[0]
    for step in steps:
        passed = apply(step, passed, sampling_rate=SAMPLING_RATE)
    return passed


def _to_pcm(samples: Float32) -> io.Pcm:
    pcm: io.Pcm = np.rint(samples * np.float32(FULL_SCALE)).astype(np.int16)
    return pcm
