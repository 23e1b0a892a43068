"""Networks of magnitudes know no absolute level, and make nothing of silence."""

import pytest
import torch

from benchmarks.layers.microphone_magnitudes import LOSSES, MagnitudesObjective
from benchmarks.layers.transform import Transform

TRANSFORM = Transform(64, 16)


def session(*levels, batch=2, num_samples=401, seed=0):
    generator = torch.Generator().manual_seed(seed)
    waves = torch.randn(batch, len(levels), num_samples, generator=generator)
    return waves * torch.tensor(levels)[:, None]


def biased(magnitudes):
    return 0.5 * magnitudes + 0.1


def test_magnitudes_have_about_unit_mean_square():
    """Over all microphones, whatever their level and the window."""
    seen = []
    for window in (64, 128):
        MagnitudesObjective(Transform(window, window // 4)).estimate(
            lambda magnitudes: seen.append(magnitudes) or magnitudes, session(0.03, 0.001)
        )

    assert [float(one.square().mean()) for one in seen] == pytest.approx([1, 1], rel=0.1)


def test_a_network_that_changes_nothing_gives_the_session_back():
    given = session(0.3, 0.03)

    estimates = MagnitudesObjective(TRANSFORM).estimate(lambda magnitudes: magnitudes, given)

    torch.testing.assert_close(estimates, given)


@pytest.mark.parametrize("name", LOSSES)
def test_no_loss_knows_the_level_of_a_session(name):
    objective = MagnitudesObjective(TRANSFORM, weights={name: 1.0})
    noisy, clean = session(0.3, 0.03), session(0.2, 0.01, seed=1)

    loud = objective(biased, {"noisy": noisy, "clean": clean})
    faint = objective(biased, {"noisy": 1e-3 * noisy, "clean": 1e-3 * clean})

    torch.testing.assert_close(loud, faint)


def test_the_squared_error_is_that_of_magnitudes():
    """By hand: estimates of half the truth's magnitudes."""
    objective = MagnitudesObjective(TRANSFORM, weights={"mse": 2.0})
    clean = session(0.3, 0.03)

    loss = objective(lambda magnitudes: 0.5 * magnitudes, {"noisy": clean, "clean": clean})

    level = clean.square().mean(dim=(1, 2), keepdim=True).sqrt()
    scaled = TRANSFORM.forward(clean / level).abs() / 24**0.5  # 24 = 3/8 of 64
    torch.testing.assert_close(loss, 2 * (0.5 * scaled).square().mean())


def test_silence_stays_silence():
    """A whole session, and one microphone of another."""
    noisy = session(0.3, 0.3, 0.3)
    noisy[0], noisy[1, 1] = 0, 0

    estimates = MagnitudesObjective(TRANSFORM).estimate(biased, noisy)

    assert estimates.isfinite().all()
    assert not estimates[0].any()
    assert estimates.any(dim=2)[1].tolist() == [True, False, True]


def test_without_a_loss_there_is_nothing_to_minimise():
    with pytest.raises(ValueError, match="no loss to minimise"):
        MagnitudesObjective(TRANSFORM)(biased, {"noisy": session(1.0), "clean": session(1.0)})
