"""A gain rule runs over any noise tracker, by NAME+TRACKER."""

import re

import numpy as np
import pytest

from benchmarks import registry
from benchmarks.classical.gain_rule import DEFAULT, TRACKERS
from benchmarks.harness.apply import load_denoiser
from benchmarks.harness.listing import describe_denoisers
from mn_dataset.errors import InputError, UnknownName
from mn_dataset.seeds import generator

RULES = ("spectral_subtraction", "wiener", "mmse_stsa", "mmse_lsa", "omlsa")
RATE = 44_100


def layers(seconds=2.0):
    time_s = np.arange(round(seconds * RATE)) / RATE
    tone = 0.3 * np.sin(2 * np.pi * 880 * time_s) * (time_s % 0.8 > 0.4)
    noise = 0.03 * generator(0, "test", "tracked").normals(len(time_s))
    return tuple(layer.astype(np.float32)[None, None] for layer in (tone, noise))


def snr_db(clean, estimate):
    return 10 * np.log10(np.square(clean).sum() / np.square(estimate - clean).sum())


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("tracker", [*TRACKERS, "profile"])
def test_every_rule_gains_over_every_tracker(rule, tracker):
    """Notes with rests under white noise: any of them helps."""
    clean, noise = layers()
    denoiser = load_denoiser(f"{rule}+{tracker}")

    estimate = denoiser(clean + noise, RATE, side={"noise_profile": noise[..., :RATE]})

    assert snr_db(clean, estimate) > snr_db(clean, clean + noise) + 3.0


@pytest.mark.parametrize("tracker", list(TRACKERS))
def test_silence_stays_silence_over_every_tracker(tracker):
    """Alone, and beside music."""
    clean, noise = layers(0.5)
    batch = np.concatenate([clean + noise, np.zeros_like(clean)])

    estimate = load_denoiser(f"mmse_lsa+{tracker}")(batch, RATE)

    assert np.isfinite(estimate).all()
    assert estimate[0].any()
    assert not estimate[1].any()


def test_the_name_tells_the_tracker_and_the_profile_is_told():
    """The default has no +; what is told is ranked apart."""
    assert load_denoiser("wiener+imcra").name == "wiener+imcra"
    assert load_denoiser("wiener+imcra").spec.rank_group == "blind"
    assert load_denoiser("wiener+profile").spec.rank_group == "informed"
    assert load_denoiser(f"wiener+{DEFAULT}").name == "wiener"
    with pytest.raises(InputError, match="needs noise_profile"):
        load_denoiser("wiener+profile").check_alone()


def test_a_tracker_whose_estimate_changed_is_another_revision():
    """So that what a run kept of the old one is made anew; the others keep their rule's."""
    assert load_denoiser("wiener+imcra").revision == "1.2"
    assert load_denoiser("mmse_stsa+minimum_statistics").revision == "1.2"
    assert load_denoiser("wiener+spp").revision == "1"
    assert load_denoiser("wiener").revision == "1"


@pytest.mark.parametrize(
    ("request_", "error", "message"),
    [
        ("wiener+imcar", UnknownName, "did you mean 'imcra'"),
        ("wiener+", InputError, "nothing follows the +"),
        ("noisy+imcra", InputError, "runs over no noise tracker"),
        ("weiner+imcra", UnknownName, "did you mean 'wiener'"),
    ],
)
def test_a_variant_that_is_not_there_is_named(request_, error, message):
    """With the nearest."""
    with pytest.raises(error, match=re.escape(message)):
        load_denoiser(request_)


def test_listing_them_lists_each_rule_once():
    """Trackers are no denoisers of their own."""
    names = [row["name"] for row in describe_denoisers()]

    assert set(RULES) <= set(names)
    assert not any("+" in name for name in names)
    assert registry.denoiser("wiener+spp").variant == "spp"
