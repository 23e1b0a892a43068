"""KAMIR leaves alone what does not bleed, and takes away much of what does."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.classical.kamir import Kamir
from benchmarks.harness.apply import AppliedDenoiser, load_denoiser
from benchmarks.harness.checks import DenoiserFailed
from benchmarks.signal.interference import KERNELS, Model
from mn_dataset.errors import InputError
from mn_dataset.seeds import generator

RATE = 16_000


class ByPieces(Kamir):
    spec = replace(Kamir.spec, chunk=5 * RATE, overlap=RATE // 2)


@pytest.mark.parametrize("kernel", KERNELS)
def test_without_bleed_the_input_returns_where_none_is_expected(sources, si_sdr_db, kernel):
    """Nothing is there to be fitted: the kernel does not matter."""
    alone = Kamir(Model(floor=0, leakage=0, kernel=kernel))

    assert si_sdr_db(alone(sources, RATE), sources).min() > 40


def test_without_bleed_the_defaults_do_little_harm(sources, si_sdr_db):
    assert si_sdr_db(Kamir()(sources, RATE), sources).min() > 10


@pytest.mark.parametrize("seed", range(3))
def test_random_mixtures_gain_four_decibels_in_the_mean(sources, mixed, si_sdr_db, seed):
    """By the ranges of the published simulation."""
    images, tracks = mixed(sources, seed)

    estimate = Kamir()(tracks, RATE)

    gain = si_sdr_db(estimate, images) - si_sdr_db(tracks, images)
    assert gain.mean() > 4


@pytest.mark.parametrize(
    "kamir",
    [
        Kamir(Model(kernel="cross")),
        Kamir(Model(normalised=True)),
        Kamir(Model(iterations=1, logistic=True)),
    ],
    ids=["cross", "normalised", "logistic"],
)
def test_its_options_help_too(sources, mixed, si_sdr_db, kamir):
    images, tracks = mixed(sources)

    gain = si_sdr_db(kamir(tracks, RATE), images) - si_sdr_db(tracks, images)

    assert gain.mean() > 2


@pytest.mark.parametrize("equalised", [False, True])
def test_silence_stays_silence(sources, equalised):
    """All of it, that of one microphone, and a second of one."""
    silent = sources.copy()
    silent[:, 1] = 0
    silent[:, 2, :, :RATE] = 0
    kamir = Kamir(equalised=equalised)

    estimate = kamir(silent, RATE)

    assert np.isfinite(estimate).all()
    assert not estimate[:, 1].any()
    assert not kamir(np.zeros_like(sources), RATE).any()


def test_one_microphone_returns_its_input(sources):
    np.testing.assert_allclose(Kamir()(sources[:, :1], RATE), sources[:, :1], atol=1e-6)


def test_sixty_four_microphones_have_an_answer():
    tracks = generator(0, "many").normals(64 * 4000).reshape(1, 64, 1, 4000).astype(np.float32)

    estimate = Kamir()(tracks, RATE)

    assert estimate.shape == tracks.shape
    assert np.isfinite(estimate).all()


def test_two_microphones_of_one_voice_do_not_take_it_from_each_other(sources):
    """As they do where each is said to have a voice of its own, of which they hear but one."""
    doubled = sources[:, [0, 0, 1, 2]]
    stranger, assigned = Kamir(), Kamir()
    assigned.assign([0, 0, 1, 2])

    apart, together = (
        np.square(kamir(doubled, RATE)[0, :2] - doubled[0, :2]).sum()
        for kamir in (stranger, assigned)
    )

    assert together < apart / 4


def test_other_voices_than_microphones_are_refused(sources):
    kamir = Kamir()

    with pytest.raises(InputError, match="a microphone of its own"):
        kamir.assign([0, 2, 3])
    kamir.assign([0, 1])
    with pytest.raises(InputError, match="there are 3 microphones; expected 2"):
        kamir(sources, RATE)


def test_the_harness_tells_that_in_one_line(sources):
    applied = load_denoiser("kamir")
    applied.denoiser.assign([0, 1])

    with pytest.raises(DenoiserFailed, match="there are 3 microphones"):
        applied(sources, RATE, num_targets=3)


def test_double_precision_agrees_with_single(sources, mixed):
    _, tracks = mixed(sources)

    double = Kamir()(tracks.astype(np.float64), RATE)

    assert double.dtype == np.float64
    np.testing.assert_allclose(Kamir()(tracks, RATE), double, atol=1e-4)


def test_tensors_are_answered_with_tensors(sources, mixed):
    """As on a GPU, on which the same is computed."""
    torch = pytest.importorskip("torch")
    _, tracks = mixed(sources)

    estimate = Kamir()(torch.from_numpy(tracks), RATE)

    np.testing.assert_allclose(estimate.numpy(), Kamir()(tracks, RATE), atol=1e-4)


def test_a_long_session_is_estimated_in_pieces(sources, mixed, si_sdr_db):
    """Each is fitted alone, which costs little, and memory holds but one."""
    images, tracks = mixed(np.tile(sources, 3))
    pieces = AppliedDenoiser(ByPieces())

    estimate = pieces(tracks, RATE, num_targets=3)

    whole = si_sdr_db(Kamir()(tracks, RATE), images)
    assert (si_sdr_db(estimate, images) > whole - 1.5).all()
