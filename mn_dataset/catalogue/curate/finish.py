"""Judge a cut, and bring it to 16 bits at the level that is wanted."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from mn_dataset.audio import level
from mn_dataset.audio.form import PEAK_CEILING, peak
from mn_dataset.audio.io import Pcm
from mn_dataset.catalogue.curate.cut import Cut
from mn_dataset.catalogue.curate.options import Options
from mn_dataset.records import SAMPLING_RATE

SILENCE_DBFS = -60.0
"""RMS of the quietest cut that is kept, re full scale."""


@dataclass(frozen=True)
class Finished:
    """A cut in the M&N form.

    Attributes:
        samples: int16 (time,).
        gain_db: What its level was changed by.
        loudness_lufs: Integrated loudness after that; NaN under 0.4 s or under the gate.
        dc_offset: Mean of the samples re full scale; left as it is.
        limited: Whether its peak forbade the loudness that was asked for.
    """

    samples: Pcm
    gain_db: float
    loudness_lufs: float
    dc_offset: float
    limited: bool


def finish(cut: Cut, options: Options) -> Finished | str:
    """Return the cut at its level, or the reason why it is rejected; the cut is used up."""
    reason = rejection(cut, max_clipped=options.max_clipped)
    if reason is not None:
        return reason
    hops = level.hop_energies(cut.samples, sampling_rate=SAMPLING_RATE)
    loudness = level.integrated_lufs(hops, 1.0, sampling_rate=SAMPLING_RATE)
    wanted = 1.0
    if options.loudness_lufs is not None and math.isfinite(loudness):
        wanted = 10.0 ** ((options.loudness_lufs - loudness) / 20.0)
    gain = min(wanted, PEAK_CEILING / peak(cut.samples))
    samples = cut.samples
    if gain != 1.0:
        samples *= gain
    pcm = np.rint(samples, out=samples).astype(np.int16)
    return Finished(
        samples=pcm,
        gain_db=20.0 * math.log10(gain),
        loudness_lufs=level.integrated_lufs(hops, gain, sampling_rate=SAMPLING_RATE),
        dc_offset=float(samples.mean()) / level.FULL_SCALE,
        limited=options.loudness_lufs is not None and gain < wanted,
    )


def rejection(cut: Cut, *, max_clipped: float) -> str | None:
    """Return why a cut has no place in a corpus, or None."""
    if cut.broken:
        return f"{cut.broken} samples are NaN, infinite or impossibly large; export it again"
    power = float(cut.samples @ cut.samples) / len(cut.samples)
    if not power:
        return (
            "silent: the mean over its channels is zero (each is, or they cancel each other); "
            "remove it or replace it"
        )
    rms_dbfs = level.dbfs(math.sqrt(power))
    if rms_dbfs < SILENCE_DBFS:
        return (
            f"silent: {rms_dbfs:.1f} dBFS RMS, at least {SILENCE_DBFS:g} is expected; "
            "remove it or replace it"
        )
    if cut.clipped > max_clipped:
        return (
            f"clipped: {cut.clipped:.2%} of it stands in runs at full scale, at most "
            f"{max_clipped:.2%} is allowed (max_clipped); record it again at a lower level"
        )
    return None
