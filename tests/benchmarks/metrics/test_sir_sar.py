"""Noise that is left and artefacts are told apart as mir_eval does, given both true layers."""

import math
from pathlib import Path

import numpy as np
import pytest
from scipy.signal import lfilter

from benchmarks.metrics.reference import Session, Tracks, Truth
from benchmarks.metrics.sdr import sdr
from benchmarks.metrics.sir_sar import sar, si_sar, si_sir, sir
from mn_dataset.audio.io import read_pcm
from mn_dataset.seeds import generator

RATE = 44_100
AGREES_DB = 1e-4
OPEN = Path(__file__).parents[3] / "../shared/corpus/open"


def made(name, seconds=1.0):
    return generator(0, "test interference", name).normals(round(seconds * RATE))


def music(seconds=1.0):
    time_s = np.arange(round(seconds * RATE)) / RATE
    steps = 220 * 2 ** (np.array([0, 4, 7, 12])[(8 * time_s).astype(int) % 4] / 12)
    return sum(np.sin(2 * np.pi * n * steps * time_s) / n for n in (1, 2, 3, 5))


@pytest.fixture
def oracle(bss_eval):
    """Return mir_eval's SIR and SAR, given both true layers."""

    def sir_and_sar(clean, noise, estimate):
        rest = clean + noise - estimate + 1e-3 * made("rest", len(clean) / RATE)
        return bss_eval(np.stack([clean, noise]), np.stack([estimate, rest]))[1:]

    return sir_and_sar


def estimates(clean, noise):
    """What denoisers do: leave noise, colour, delay, add something of their own."""
    artefact = made("artefact", len(clean) / RATE) * clean.std()
    return {
        "some noise is left": clean + 0.2 * noise,
        "artefacts only": clean + 0.1 * artefact,
        "both": 0.8 * clean + 0.3 * noise + 0.05 * artefact,
        "filtered": lfilter([0.5, 0.3, 0.1], 1, clean + 0.1 * noise) + 0.01 * artefact,
        "delayed": np.roll(clean, 40) + 0.2 * np.roll(noise, 40) + 0.02 * artefact,
        "nearly clean": clean + 1e-3 * noise + 1e-3 * artefact,
        "mostly noise": 0.01 * clean + noise + 0.1 * artefact,
    }


@pytest.mark.parametrize("case", list(estimates(np.ones(2), np.ones(2))))
@pytest.mark.parametrize("noise_name", ["white", "brown"])
def test_sir_and_sar_are_those_of_mir_eval(case, noise_name, oracle):
    """Of the estimate, with the true noise as the second reference."""
    clean, noise = music(), made("noise")
    if noise_name == "brown":
        noise = lfilter([1.0], [1.0, -0.98], noise)
        noise -= noise.mean()
    noise *= 0.5 * clean.std() / noise.std()
    estimate = estimates(clean, noise)[case]
    truth = Truth(clean, RATE, noisy=clean + noise)

    expected = oracle(clean, noise, estimate)

    assert sir(estimate, truth).value == pytest.approx(expected[0], abs=AGREES_DB)
    assert sar(estimate, truth).value == pytest.approx(expected[1], abs=AGREES_DB)


@pytest.mark.skipif(not OPEN.is_dir(), reason="the open corpus does not lie beside the project")
def test_on_recordings_too(oracle):
    """Band-limited music under rain: an ill-conditioned system."""
    clips = sorted((OPEN / "clean").glob("*/*.flac"))[::30]
    noises = sorted((OPEN / "noise").glob("*/*.flac"))[::20]
    for clip, other in zip(clips, noises, strict=False):
        clean, noise = (
            read_pcm(path, sampling_rate=RATE)[RATE : 3 * RATE] / 32768 for path in (clip, other)
        )
        length = min(len(clean), len(noise))
        clean, noise = clean[:length], noise[:length] * clean.std() / noise[:length].std()
        estimate = estimates(clean, noise)["both"]
        truth = Truth(clean, RATE, noisy=clean + noise)

        expected = oracle(clean, noise, estimate)

        assert sir(estimate, truth).value == pytest.approx(expected[0], abs=AGREES_DB)
        assert sar(estimate, truth).value == pytest.approx(expected[1], abs=AGREES_DB)


def test_the_scale_invariant_ones_are_projections_without_delays():
    """Derived by hand from orthogonal layers: 0.9 s + 0.3 v + 0.1 a."""
    clean, noise, artefact = np.eye(3) * [2.0, 1.0, 1.0]
    truth = Truth(clean, RATE, noisy=clean + noise)
    estimate = 0.9 * clean + 0.3 * noise + 0.1 * artefact

    assert si_sir(estimate, truth).value == pytest.approx(10 * math.log10(1.8**2 / 0.3**2))
    expected = 10 * math.log10((1.8**2 + 0.3**2) / 0.1**2)
    assert si_sar(estimate, truth).value == pytest.approx(expected)


def test_together_they_are_the_sdr():
    """|y − P_s·y|² is interference and artefacts, which are orthogonal."""
    clean, noise = music(), 0.3 * made("noise")
    estimate = estimates(clean, noise)["both"]
    truth = Truth(clean, RATE, noisy=clean + noise)
    inverse = {name: 10 ** (-found(estimate, truth).value / 10) for name, found in FOUND.items()}

    # 1/SDR = 1/SIR + (1 + 1/SIR)/SAR
    total = inverse["sir"] + (1 + inverse["sir"]) * inverse["sar"]
    assert -10 * math.log10(total) == pytest.approx(sdr(estimate, truth).value, abs=1e-6)


FOUND = {"sir": sir, "sar": sar}


@pytest.mark.parametrize("metric", [sir, sar, si_sir, si_sar])
def test_what_has_no_value_has_a_reason(metric):
    """Silence is never 0 dB; a mixture without noise has nothing to interfere."""
    clean, noise = music(0.2), made("noise", 0.2)
    truth = Truth(clean, RATE, noisy=clean + noise)

    assert metric(np.zeros_like(clean), truth).reason == "silent_estimate"
    assert metric(clean, Truth(clean, RATE, noisy=clean)).reason == "silent_noise"
    assert metric(clean, Truth(0 * clean, RATE, noisy=noise)).reason == "silent_reference"
    assert metric(np.full_like(clean, np.nan), truth).reason == "non_finite"
    assert metric(clean[:2], Truth(clean[:2], RATE, noisy=noise[:2])).reason == "too_short"
    with pytest.raises(ValueError, match="noisy="):
        metric(clean, Truth(clean, RATE))


def test_the_mixture_has_no_artefacts_and_the_clean_signal_no_interference():
    """They saturate, and say so."""
    clean, noise = music(), made("noise")
    truth = Truth(clean, RATE, noisy=clean + noise)

    assert sar(clean + noise, truth).value > 90
    assert sir(clean, truth).value > 90
    assert si_sar(clean + noise, truth).value > 90


MATRIX = np.array([[0.9, 0.2, 0.1], [0.3, 0.8, 0.25], [0.05, 0.3, 1.0]])


def session_of(sources, matrix=MATRIX):
    """Return microphones, their targets, and the truth of the first one."""
    targets = np.diag(matrix)[:, None] * sources
    microphones = matrix @ sources
    session = Session(Tracks(microphones), Tracks(targets), 0)
    return microphones, targets, Truth(targets[0], RATE, noisy=microphones[0], session=session)


@pytest.fixture
def sources():
    """Three that are of one level."""
    brown = lfilter([1.0], [1.0, -0.9], made("second"))
    return np.stack([music(), made("first"), brown / brown.std()])


def test_of_a_session_they_are_those_of_mir_eval_given_all_targets(sources, bss_eval):
    """Leakage of any of them is interference, what none explains are artefacts."""
    microphones, targets, truth = session_of(sources)
    estimate = targets[0] + 0.1 * sources[1] + 0.02 * sources[2] + 0.01 * made("artefact")
    estimates = np.stack([estimate, *microphones[1:]])

    expected = bss_eval(targets, estimates)[1:]

    assert (sir(estimate, truth).value, sar(estimate, truth).value) == pytest.approx(
        expected, abs=AGREES_DB
    )


def test_bleed_that_is_left_unevenly_is_no_artefact(sources):
    """Of one source it took all away, of the other nothing; the sum of both explains less."""
    microphones, targets, truth = session_of(sources)
    estimate = microphones[0] - MATRIX[0, 1] * sources[1]
    alone = Truth(targets[0], RATE, noisy=microphones[0])

    for damage in (sar, si_sar):
        assert damage(estimate, truth).value > 90
        assert damage(estimate, alone).value < 25


def test_bleed_over_longer_paths_than_the_taps_is_no_artefact_of_the_microphone(sources):
    """It stands beside the targets, which do not explain it."""
    late = np.roll(sources[1], 700)
    target = sources[0]
    microphone = target + 0.2 * late
    session = Session(Tracks([microphone, sources[1]]), Tracks([target, sources[1]]), 0)

    truth = Truth(target, RATE, noisy=microphone, session=session)

    assert sar(microphone, truth).value > 90
    assert sir(microphone, truth).value == pytest.approx(
        sir(microphone, Truth(target, RATE, noisy=microphone)).value, abs=0.1
    )


def test_a_silent_target_beside_it_changes_nothing(sources):
    """It is no reference."""
    silent = sources * np.array([[1.0], [1.0], [0.0]])
    microphones, targets, truth = session_of(silent)
    alone = Truth(targets[0], RATE, noisy=microphones[0])
    estimate = targets[0] + 0.1 * sources[1] + 0.01 * made("artefact")

    for metric in (sir, sar, si_sir, si_sar):
        # one reference is the other, but for its gain
        assert metric(estimate, truth).value == pytest.approx(metric(estimate, alone).value)


def test_of_too_many_microphones_there_is_a_reason():
    """Whose system would not go into memory."""
    few = np.eye(17, 2048)
    session = Session(Tracks(few), Tracks(few), 0)

    score = sir(few[0], Truth(few[0], RATE, noisy=few[0] + few[1], session=session))

    assert (math.isnan(score.value), score.reason) == (True, "too_many_microphones")
