"""The doctor finds what is planted, and nothing in what is sound."""

import numpy as np
import pytest
from scipy.signal import resample_poly

from benchmarks.contract import DenoiserSpec
from benchmarks.harness.apply import AppliedDenoiser, load_denoiser
from benchmarks.harness.doctor import examine
from mn_dataset.seeds import generator


class Planted:
    """A denoiser that hands its input on, less what a test breaks of it."""

    def __init__(self, fault=lambda x: x, **spec):
        self.spec = DenoiserSpec(name="planted", **spec)
        self.fault = fault

    def __call__(self, batch, sampling_rate, *, side=None):
        return self.fault(batch.copy())


def faults(fault=lambda x: x, **spec):
    found = examine(AppliedDenoiser(Planted(fault, **spec)))
    return {one.check: one.found for one in found if one.passed is False}


def late(samples):
    """Delay by whole samples."""

    def delayed(batch):
        out = np.zeros_like(batch)
        out[..., samples:] = batch[..., : batch.shape[-1] - samples]
        return out

    return delayed


def late_by_a_third(batch):
    up = resample_poly(batch, 3, 1, axis=-1)
    return np.pad(up, [(0, 0)] * 2 + [(1, 0)])[..., ::3][..., : batch.shape[-1]].astype(np.float32)


def test_what_is_sound_has_no_faults():
    """The input itself."""
    assert faults() == {}


@pytest.mark.parametrize(
    "name", ["noisy", "wiener", "mmse_lsa+imcra", "hum_notch", "oracle_ratio_mask", "lowpass_8k"]
)
def test_our_own_are_in_time_upright_and_whole(name):
    """Whatever they make of it."""
    bad = {one.check: one.found for one in examine(load_denoiser(name)) if one.passed is False}

    assert bad == {}


def test_a_delay_is_told_with_what_to_declare():
    """13 samples at 44.1 kHz; once declared, it is gone."""
    found = faults(late(13))

    assert "+13.000 samples late; declare latency = 13.00 at 44100 Hz" in found["clean music"]
    assert found["impulse"] == "a peak at sample 20013"
    assert faults(late(13), latency=13.0) == {}


def test_a_third_of_a_sample_is_seen():
    """It would cap an SNR at 24 dB."""
    assert "+0.33" in faults(late_by_a_third)["clean music"]


@pytest.mark.parametrize(
    ("fault", "check", "message"),
    [
        (lambda x: -x, "clean music", "upside down"),
        (lambda x: 0.5 * x, "clean music", "dB of gain"),
        (lambda x: np.clip(x, -1, 1), "peak of 1.5", "dB between a peak of 1.5"),
        (lambda x: x + np.float32(1e-3), "silence", "a peak of 0.001"),
        (lambda x: x[..., :-1], "length", "returned shape"),
        (lambda x: x * np.float32("nan"), "silence", "NaN"),
        (lambda x: x + x.mean(axis=0), "clips apart", "beside another clip"),
        (np.zeros_like, "clean music", "0.0 dB of SNR"),
    ],
)
def test_each_planted_fault_is_found(fault, check, message):
    """By its own question."""
    assert message in " ".join(
        one.found
        for one in examine(AppliedDenoiser(Planted(fault)))
        if one.passed is False and one.check == check
    )


def test_chance_is_a_fault_unless_it_is_declared():
    """A sampler may declare it."""
    draws = iter(range(1000))

    def chance(batch):
        noise = generator(next(draws), "test", "chance").normals(batch.size).reshape(batch.shape)
        return (batch * (1 + 1e-3 * noise)).astype(np.float32)

    assert "another estimate" in faults(chance)["repeats"]
    assert "repeats" not in faults(chance, deterministic=False)


@pytest.mark.parametrize(
    ("voice", "fault", "message"),
    [
        (lambda x: 0.25 * x, None, ""),
        (lambda x: -0.5 * x, "clean music", "dB of gain"),
        (np.clip, "peak of 1.5", "dB between a peak of 1.5"),
        (lambda x: x + np.float32(1e-3), "silence", "a peak of 0.001"),
    ],
)
def test_a_separator_is_examined_by_each_target_and_by_their_sum(voice, fault, message):
    """Which should be the mixture, in time and at its level."""

    class Parts:
        spec = DenoiserSpec(name="parts", task="separate", needs=frozenset({"clean"}))

        def __call__(self, batch, sampling_rate, *, side=None):
            assert side["clean"].shape == (len(batch), 2, *batch.shape[1:])
            sung = np.clip(batch, -1, 1) if voice is np.clip else voice(batch)
            return np.stack([sung, 0.75 * batch], axis=1)

    found = {one.check: one.found for one in examine(AppliedDenoiser(Parts())) if not one.passed}

    assert message in found.get(fault, "")
    assert bool(found) == bool(fault)


def session_faults(fault=lambda x: x, **spec):
    return faults(fault, task="debleed", **spec)


def test_a_sound_debleeder_has_no_faults():
    """The microphones themselves, and our own."""
    assert session_faults() == {}
    assert not [one for one in examine(load_denoiser("kamir")) if one.passed is False]


def test_of_a_session_the_first_microphone_is_examined():
    """A delay, a gain, and another source in it, are told."""
    assert "declare latency = 13.00" in session_faults(late(13))["clean music"]
    assert "dB of gain" in session_faults(lambda x: 0.5 * x)["clean music"]
    assert "clean music" in session_faults(lambda x: x + x[:, ::-1])
    assert "clips apart" in session_faults(lambda x: x + x.mean(axis=0))
