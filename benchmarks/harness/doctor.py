"""Flag denoisers with a constant delay, inverted polarity or gain, or lengths that change.

What is measured is the estimate that scores see, after the harness's own work. Estimates of several
targets are measured one by one where that makes sense, and else by their sum, which should be the
mixture. Of a session of several microphones the first is measured; in the second another source
sounds, and neither bleeds.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.contract import Batch, Side
from benchmarks.harness.alignment import MOST_GAIN_DB, Alignment
from benchmarks.harness.apply import AppliedDenoiser
from benchmarks.harness.checks import DenoiserFailed
from mn_dataset.seeds import generator

Wave = NDArray[np.float64]
Result = tuple[bool | None, str, str]
"""Whether it passed, what was found, and what was expected."""

RATE = 44_100
_MOST_LAG = 0.05  # samples: 41 dB of SNR
_LEAST_CLEAN_DB = 10.0


@dataclass(frozen=True)
class Finding:
    """The result of one check.

    Attributes:
        check: The check's name.
        passed: Whether the result is as expected; None where that cannot be told.
        found: The result.
        expected: What it should be.
    """

    check: str
    passed: bool | None
    found: str
    expected: str


def examine(denoiser: AppliedDenoiser) -> list[Finding]:
    """Run every check; one that the denoiser breaks on does not keep the others from it.

    Args:
        denoiser: Ready to be called; side information is made up for it.
    """
    findings: list[Finding] = []
    for check, measure in _CHECKS.items():
        try:
            findings += [Finding(check, *result) for result in measure(denoiser)]
        except DenoiserFailed as error:
            findings.append(Finding(check, False, error.reason, "an estimate"))
    return findings


def _lengths(denoiser: AppliedDenoiser) -> Iterator[Result]:
    for num_samples in (1, 2, 1023, 22_051):
        clip = _music(RATE)[:num_samples]
        length = _estimate(denoiser, clip).shape[-1]
        yield length == num_samples, f"{length} of {num_samples} samples", "as many"


def _silence(denoiser: AppliedDenoiser) -> Iterator[Result]:
    peak = float(np.abs(_estimate(denoiser, np.zeros(RATE))).max())
    yield peak == 0.0, f"a peak of {peak:g}", "silence"


def _repeats(denoiser: AppliedDenoiser) -> Iterator[Result]:
    clip = _noisy()
    first, second = _estimate(denoiser, clip), _estimate(denoiser, clip)
    same = bool(np.array_equal(first, second))
    declared = denoiser.spec.deterministic
    yield same or not declared, "the same" if same else "another estimate", _either(declared)


def _either(deterministic: bool) -> str:
    return "the same" if deterministic else "declared as not deterministic"


def _beyond_full_scale(denoiser: AppliedDenoiser) -> Iterator[Result]:
    clip = _noisy()
    clip = clip / np.abs(clip).max()
    loud, quiet = _estimate(denoiser, 1.5 * clip), _estimate(denoiser, 0.75 * clip)
    off_db = _level_db(loud - 2.0 * quiet) - max(_level_db(loud), -200.0)
    measured = f"{off_db:.0f} dB between a peak of 1.5 and half of it"
    yield off_db < -40.0, measured, "under -40 dB: nothing is clipped"


def _apart(denoiser: AppliedDenoiser) -> Iterator[Result]:
    clip = _noisy()
    clips = [_batch(denoiser, one) for one in (clip, 0.5 * clip[::-1])]
    sides = [_side(denoiser, one) for one in clips]
    side = {name: np.concatenate([one[name] for one in sides]) for name in denoiser.spec.needs}
    together = _targets(denoiser, denoiser(np.concatenate(clips), RATE, side=side)[:1])
    off_db = _level_db(together - _estimate(denoiser, clip)) - _level_db(together)
    yield off_db < -80.0, f"{off_db:.0f} dB beside another clip", "under -80 dB: clips do not mix"


def _impulse(denoiser: AppliedDenoiser) -> Iterator[Result]:
    clip = np.zeros(RATE)
    clip[20_000] = 0.9
    estimate = _estimate(denoiser, clip).sum(axis=0)
    peak = int(np.abs(estimate).argmax())
    if not estimate.any():
        yield None, "silence", "a peak at sample 20000"
    else:
        yield abs(peak - 20_000) <= 1, f"a peak at sample {peak}", "20000, where it was"


def _clean(denoiser: AppliedDenoiser) -> Iterator[Result]:
    clean = _music(3 * RATE)
    estimate = _estimate(denoiser, clean).sum(axis=0)
    snr_db = min(150.0, -20.0 * math.log10(max(_norm(estimate - clean) / _norm(clean), 1e-8)))
    yield snr_db >= _LEAST_CLEAN_DB, f"{snr_db:.1f} dB of SNR", f"{_LEAST_CLEAN_DB:g} dB or more"
    aligned = Alignment(clean[np.newaxis]).of(estimate[np.newaxis])
    yield aligned.gain > 0.0, "upright" if aligned.gain > 0 else "upside down", "upright"
    gain_db = 20.0 * math.log10(max(abs(aligned.gain), 1e-8))
    measured = f"{gain_db:+.2f} dB of gain"
    yield abs(gain_db) <= MOST_GAIN_DB, measured, f"within {MOST_GAIN_DB:g} dB"
    if aligned.lag is None:
        yield None, "too unlike the music to tell a lag", "in time"
        return
    late = aligned.lag
    yield abs(late) <= _MOST_LAG, _lag_text(denoiser, late), f"within {_MOST_LAG:g} samples"


def _lag_text(denoiser: AppliedDenoiser, late: float) -> str:
    text = f"{late:+.3f} samples late"
    if abs(late) <= _MOST_LAG:
        return text
    native_rate = denoiser.spec.sampling_rate or RATE
    latency = denoiser.spec.latency + late * native_rate / RATE
    return f"{text}; declare latency = {latency:.2f} at {native_rate} Hz"


_CHECKS: dict[str, Callable[[AppliedDenoiser], Iterator[Result]]] = {
    "length": _lengths,
    "silence": _silence,
    "repeats": _repeats,
    "peak of 1.5": _beyond_full_scale,
    "clips apart": _apart,
    "impulse": _impulse,
    "clean music": _clean,
}


def _music(num_samples: int) -> Wave:
    """Return plucked notes with harmonics up to 12 kHz, at a peak of about one half."""
    note, since_s = np.divmod(np.arange(num_samples) / RATE, 0.2)
    steps = np.array([0, 4, 7, 12, 2, 5, 9, 14])[note.astype(int) % 8]
    pitch_hz = 220.0 * 2.0 ** (steps / 12.0)
    pluck = np.exp(-10.0 * since_s) * np.minimum(1.0, since_s / 0.003)
    n = np.arange(1.0, 25.0)[:, np.newaxis]
    harmonics = np.sin(2.0 * np.pi * n * pitch_hz * since_s) / n * (n * pitch_hz < 12_000.0)
    notes: Wave = 0.25 * harmonics.sum(axis=0) * pluck
    return notes


def _noisy() -> Wave:
    music = _music(RATE)
    noisy: Wave = music + 0.02 * generator(0, "doctor", "noise").normals(len(music))
    return noisy


def _estimate(denoiser: AppliedDenoiser, clip: Wave) -> Wave:
    """Return the estimates of a clip (time,), shape (targets, time)."""
    batch = _batch(denoiser, clip)
    return _targets(denoiser, denoiser(batch, RATE, side=_side(denoiser, batch)))


def _batch(denoiser: AppliedDenoiser, clip: Wave) -> Batch:
    """Return a batch of one clip, or of a session whose first microphone hears it."""
    batch = clip.astype(np.float32)[np.newaxis, np.newaxis]
    return np.stack([batch, 0.5 * batch[..., ::-1]], axis=1) if denoiser.task.input_axis else batch


def _targets(denoiser: AppliedDenoiser, estimate: Batch) -> Wave:
    """Return the estimates of one clip, shape (targets, time): of a session, the first."""
    targets = estimate.astype(np.float64).reshape(-1, estimate.shape[-1])
    return targets[:1] if denoiser.task.input_axis else targets


def _side(denoiser: AppliedDenoiser, batch: Batch) -> Side:
    """Return side information for a clip: it is clean, and its noise is faint."""
    faint = (1e-3 * generator(0, "doctor", "side").normals(batch.size)).astype(np.float32)
    silent = not batch.any()
    noise = np.zeros_like(batch) if silent else faint.reshape(batch.shape)
    clean, mixture, num_targets = batch, batch, len(denoiser.task.target_names)
    if denoiser.task.input_axis:  # each microphone hears its own source, and the mixture is told
        mixture = np.broadcast_to(batch.sum(axis=1, keepdims=True), batch.shape).copy()
    elif denoiser.task.target_axis:  # the first target is all there is
        others = np.zeros((1, max(1, num_targets) - 1, *batch.shape[1:]), np.float32)
        clean = np.concatenate([batch[:, np.newaxis], others], axis=1)
    layers = {"clean": clean, "noise": noise, "noise_profile": noise, "mixture": mixture}
    return {name: layers[name] for name in denoiser.spec.needs}


def _norm(wave: Wave) -> float:
    return float(np.linalg.norm(wave))


def _level_db(wave: Wave) -> float:
    return 20.0 * math.log10(max(_norm(wave), 1e-12))
