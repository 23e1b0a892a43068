"""A batch on a device has the scores of its pairs one by one."""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.contract import Score
from benchmarks.metrics.batched.score import BATCHED, score_batch
from benchmarks.metrics.reference import Truth
from mn_dataset.audio.io import read_pcm
from mn_dataset.errors import UnknownName
from mn_dataset.records import MUSIC_CATEGORIES
from mn_dataset.seeds import generator

torch = pytest.importorskip("torch", reason="torch is not installed (the extra `torch`)")

Signal = NDArray[np.floating]
Scores = dict[str, list[Score]]

RATE = 44_100
OPEN = Path(__file__).parents[4] / "../shared/corpus/open"
AGREES_DB = 1e-6  # what is asked; measured: 3e-8 at worst, 2e-9 on recordings
ORACLE_DB = 1e-4  # of mir_eval, whose own digits end there


def _one_by_one(estimates: Signal, references: Signal, noisy: Signal) -> Scores:
    truths = [Truth(s, RATE, noisy=x) for s, x in zip(references, noisy, strict=True)]
    return {
        name: [metric(y, truth) for y, truth in zip(estimates, truths, strict=True)]
        for name, metric in BATCHED.items()
    }


def _batched(estimates: Signal, references: Signal, noisy: Signal, device: str) -> Scores:
    y, s, x = (torch.from_numpy(part).to(device) for part in (estimates, references, noisy))
    return score_batch(y, s, noisy=x)


def _assert_equal(found: Scores, expected: Scores, *, within_db: float = AGREES_DB) -> None:
    assert list(found) == list(expected)
    for name, scores in expected.items():
        assert [score.reason for score in found[name]] == [score.reason for score in scores]
        values = [score.value for score in scores]
        assert [score.value for score in found[name]] == pytest.approx(
            values, rel=0, abs=within_db, nan_ok=True
        ), name


def _noise(name: str, count: int) -> Signal:
    return generator(0, "test batched", name).normals(count)


def test_adversarial_pairs_have_the_scores_of_the_metrics(adversarial, device):
    """In batches of one, with the true noise of a mixture as the second reference."""
    reference, estimate = (signal[np.newaxis] for signal in adversarial)
    noisy = reference + 0.1 * _noise("adversarial", reference.shape[1])

    found = _batched(estimate, reference, noisy, device)

    _assert_equal(found, _one_by_one(estimate, reference, noisy))


def test_adversarial_pairs_have_the_sdr_of_mir_eval(adversarial, device, bss_eval):
    """Not by way of our own metric only."""
    reference, estimate = (signal[np.newaxis] for signal in adversarial)
    expected, _, _ = bss_eval(reference, estimate)

    y, s = torch.from_numpy(estimate).to(device), torch.from_numpy(reference).to(device)
    (found,) = score_batch(y, s, metrics=["sdr"])["sdr"]

    assert found.value == pytest.approx(expected, abs=ORACLE_DB)


@pytest.fixture(scope="module")
def recordings() -> tuple[Signal, Signal, Signal]:
    """Estimates of a recording of every category, the recordings, and both with real noise."""
    clips = [sorted(OPEN.glob(f"clean/{category}/*.flac")) for category in MUSIC_CATEGORIES]
    noises = sorted(OPEN.glob("noise/*/*.flac"))
    if not all(clips) or not noises:
        pytest.skip("the open corpus is not beside the project")
    clean = np.stack([read_pcm(c[0], sampling_rate=RATE)[RATE : 3 * RATE] / 32768 for c in clips])
    some = noises[:: len(noises) // len(clean)]
    noise = np.stack(
        [np.resize(read_pcm(n, sampling_rate=RATE) / 32768, 2 * RATE) for n in some[: len(clean)]]
    )
    noise *= 0.3 * clean.std(axis=1, keepdims=True) / noise.std(axis=1, keepdims=True)
    artefacts = 0.03 * clean.std() * _noise("artefacts", clean.size).reshape(clean.shape)
    return 0.9 * clean + 0.3 * noise + artefacts, clean, clean + noise


def test_recordings_have_the_scores_of_the_metrics_and_of_mir_eval(recordings, device, bss_eval):
    """Music of every category in real noise, all in one batch."""
    found = _batched(*recordings, device)

    _assert_equal(found, _one_by_one(*recordings))
    for number, (y, s, x) in enumerate(zip(*recordings, strict=True)):
        _, sir, sar = bss_eval(np.stack([s, x - s]), np.stack([y, x - y]))
        sdr, _, _ = bss_eval(s[np.newaxis], y[np.newaxis])
        expected = {"sdr": sdr, "sir": sir, "sar": sar}
        assert {name: found[name][number].value for name in expected} == pytest.approx(
            expected, abs=ORACLE_DB
        )


def test_nothing_of_a_recording_is_scored_one_by_one(recordings, device, monkeypatch):
    """What is handed back to the metrics is the exception, or a GPU would wait for a CPU."""
    for name in BATCHED:
        monkeypatch.setitem(BATCHED, name, pytest.fail)

    found = _batched(*recordings, device)

    assert all(score.reason == "ok" for scores in found.values() for score in scores)


def test_single_precision_is_scored_in_double(recordings, device):
    """As the metrics do: the samples are rounded, the sums are not."""
    single = [part.astype(np.float32) for part in recordings]

    _assert_equal(_batched(*single, device), _one_by_one(*single))


BROKEN: dict[str, Callable[[Signal, Signal], tuple[Signal, Signal, Signal]]] = {
    "music in noise": lambda s, v: (s + 0.1 * v, s, s + v),
    "a silent estimate": lambda s, v: (0 * s, s, s + v),
    "an estimate 160 dB down": lambda s, v: (1e-8 * s, s, s + v),
    "a silent reference": lambda s, v: (s, 0 * s, v),
    "both silent": lambda s, v: (0 * s, 0 * s, v),
    "a mixture without noise": lambda s, v: (s + 0.1 * v, s, s),
    "an estimate with a NaN": lambda s, v: (np.where(v > 0.3, np.nan, s), s, s + v),
    "an estimate with an infinity": lambda s, v: (np.where(v > 0.3, np.inf, s), s, s + v),
    "a reference with a NaN": lambda s, v: (s, np.where(v > 0.3, np.nan, s), s + v),
    "the reference itself": lambda s, v: (s, s, s + v),
    "half of it": lambda s, v: (0.5 * s, s, s + v),
    "upside down": lambda s, v: (-s, s, s + v),
    "the mixture itself": lambda s, v: (s + v, s, s + v),
    "the noise itself": lambda s, v: (v, s, s + v),
    "nearly perfect": lambda s, v: (s + 1e-6 * v, s, s + v),
    "constants": lambda s, v: (0 * s + 0.3, 0 * s + 0.5, s + 0.5),
    "an impulse": lambda s, v: (np.eye(1, len(s), 999)[0], s, s + v),
    "an impulse as the reference": lambda s, v: (s, np.eye(1, len(s), 999)[0], s + v),
    "late": lambda s, v: (np.roll(s, 300), s, s + v),
    "beyond single precision": lambda s, v: (1e30 * s, s, s + v),
}


def test_what_fails_has_the_reason_of_the_metric_and_leaves_the_rest_alone(music, white, device):
    """Pairs that have no value, or a saturated one, stand in one batch with pairs that do."""
    made = [make(music[:RATE], white[:RATE]) for make in BROKEN.values()]
    batch = [np.stack(parts) for parts in zip(*made, strict=True)]

    found = _batched(*batch, device)

    _assert_equal(found, _one_by_one(*batch))
    assert {score.reason for scores in found.values() for score in scores} == {
        *("ok", "saturated", "silent_reference", "silent_estimate", "silent_noise", "non_finite")
    }


@pytest.mark.parametrize("length", [0, 1, 2, 512, 513, 1024, 1025])
def test_short_signals_have_the_reason_of_the_metric(length, music, white, device):
    """Each metric counts the samples that it needs itself."""
    s, v = music[np.newaxis, :length], white[np.newaxis, :length]
    batch = s + 0.5 * v, s, s + v

    _assert_equal(_batched(*batch, device), _one_by_one(*batch))


def test_a_batch_that_is_taken_in_parts_has_the_same_scores(recordings, device):
    """As it has where memory is short."""
    y, s, x = (torch.from_numpy(part).to(device) for part in recordings)

    parts = score_batch(y, s, noisy=x, memory_bytes=1)

    _assert_equal(parts, score_batch(y, s, noisy=x), within_db=1e-8)  # sums in another order


MEASURED = """
import resource, torch
from benchmarks.metrics.batched import score
score.ONE_BY_ONE = frozenset()
score_batch = score.score_batch
torch.set_num_threads(1)
clean = torch.randn(24, 22_050, generator=torch.Generator().manual_seed(0))
noisy = clean + clean.roll(1, 0)
estimates = clean + 0.1 * noisy
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
score_batch(estimates[:1], clean[:1], noisy=noisy[:1])
before = peak()
score_batch(estimates, clean, noisy=noisy, memory_bytes=150 * 2**20)
print((peak() - before) / 1024)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="peak memory is counted in kB on Linux")
def test_memory_is_bounded_whatever_the_batch():
    """24 pairs would take a gigabyte at once."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURED], capture_output=True, text=True, check=True
    )

    assert float(done.stdout) < 150


def test_memory_of_a_gpu_is_bounded(device):
    """Counted by torch's own allocator."""
    if device == "cpu":
        pytest.skip("counted by the operating system instead")
    clean = torch.randn(64, RATE, device=device)
    noisy = clean + clean.roll(1, 0)
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()

    score_batch(clean + 0.1 * noisy, clean, noisy=noisy, memory_bytes=400 * 2**20)

    # about what was allowed: the libraries take workspaces of their own
    assert torch.cuda.max_memory_allocated() - before < 2 * 400 * 2**20


def test_on_a_cpu_the_metrics_are_asked_one_by_one(music, noisy):
    """They are quicker there; the scores are theirs to the last bit."""
    batch = np.stack([noisy, 0 * noisy]), np.stack([music, music]), np.stack([noisy, noisy])

    _assert_equal(_batched(*batch, "cpu"), _one_by_one(*batch), within_db=0)


def test_an_empty_batch_has_no_scores(device):
    """Nor an error."""
    empty = torch.zeros(0, 4096, device=device)

    assert score_batch(empty, empty) == {"snr": [], "si_sdr": [], "sdr": []}


def test_only_what_is_asked_is_computed_in_the_order_of_the_asking(music, noisy, device):
    """An estimate that a network still learns from is scored like any other."""
    clean = torch.from_numpy(music).to(device)[np.newaxis]
    estimate = torch.from_numpy(noisy).to(device)[np.newaxis].requires_grad_()

    found = score_batch(estimate, clean, metrics=["sdr", "snr"])

    assert list(found) == ["sdr", "snr"]
    assert all(math.isfinite(score.value) for (score,) in found.values())


def test_a_wrong_call_is_told_what_was_found_and_expected(music):
    """Shape, device, names, and the noise that a metric needs."""
    clean = torch.from_numpy(music)[np.newaxis]

    with pytest.raises(ValueError, match=r"\(1, 88199\) on cpu.*one shape \(batch, time\)"):
        score_batch(clean[:, 1:], clean)
    with pytest.raises(ValueError, match=r"expected one shape \(batch, time\)"):
        score_batch(clean[0], clean[0])
    with pytest.raises(ValueError, match=r"on meta.*one device"):
        score_batch(clean.to("meta"), clean)
    with pytest.raises(UnknownName, match="did you mean 'sdr'"):
        score_batch(clean, clean, metrics=["sdrr"])
    with pytest.raises(ValueError, match="sar needs the true noise"):
        score_batch(clean, clean, metrics=["sar"])
