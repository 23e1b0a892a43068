"""The discriminative loss is its equation, stays finite, and refuses what makes none."""

import pytest

from mn_dataset.errors import InputError, UnknownName

torch = pytest.importorskip("torch")
from benchmarks.layers.discriminative_loss import (  # noqa: E402 - torch is an extra
    DiscriminativeLoss,
    discriminative_loss,
)


@pytest.fixture
def magnitudes():
    """Estimates and targets, shape (batch, 2, frames, bins)."""
    return torch.rand(2, 3, 2, 4, 5, generator=torch.Generator().manual_seed(0)).double()


def test_half_the_squared_error_less_a_share_of_that_from_the_other(magnitudes):
    estimates, targets = magnitudes
    one, other = targets[:, 0], targets[:, 1]
    expected = sum(
        0.5 * ((estimate - near) ** 2 - 0.05 * (estimate - far) ** 2).mean()
        for estimate, near, far in ((estimates[:, 0], one, other), (estimates[:, 1], other, one))
    )

    loss = DiscriminativeLoss(mse=2.0, discrimination=0.05)(estimates, targets)

    torch.testing.assert_close(loss, expected)  # two targets' means, halved, times two


def test_the_divergence_is_zero_at_the_target_and_above_elsewhere(magnitudes):
    estimates, targets = magnitudes
    divergence = DiscriminativeLoss(kl=1.0)

    assert float(divergence(targets, targets)) == 0
    assert float(divergence(estimates, targets)) > 0


def test_the_divergence_is_that_of_the_definition(magnitudes):
    """Up to the 0.001 in the logarithm: of values from 100 to 200 it moves nothing."""
    estimates, targets = 100 * (1 + magnitudes)
    expected = (targets * (targets / estimates).log() - targets + estimates).mean()

    found = DiscriminativeLoss(kl=1.0)(estimates, targets)

    torch.testing.assert_close(found, expected, rtol=1e-4, atol=0)


@pytest.mark.parametrize("loss", [{"mse": 1.0}, {"kl": 1.0}, {"mse": 0.5, "kl": 2.0}], ids=str)
@pytest.mark.parametrize("discrimination", [0.0, 0.05, 0.9])
@pytest.mark.parametrize("silent", [(0, 0), (0, 1), (1, 0)])
def test_silence_on_either_side_gives_a_finite_loss_and_gradient(loss, discrimination, silent):
    estimates = torch.full((1, 2, 3, 4), float(silent[0]), requires_grad=True)
    targets = torch.full((1, 2, 3, 4), float(silent[1]))

    value = DiscriminativeLoss(**loss, discrimination=discrimination)(estimates, targets)
    value.backward()

    assert value.isfinite()
    assert estimates.grad.isfinite().all()


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"mse": 1.0, "discrimination": 1.0}, "discrimination is 1; .* without bound"),
        ({"kl": 1.0, "discrimination": 2.0}, "discrimination is 2; expected 0 to under 1"),
        ({"mse": 1.0, "discrimination": -0.1}, "discrimination is -0.1; expected 0 to under 1"),
        ({"mse": -1.0, "kl": 2.0}, "mse -1 and kl 2; expected one above 0, and none below"),
        ({"discrimination": 0.05}, "mse 0 and kl 0; expected one above 0"),
        ({"mse": float("nan")}, "mse nan"),
        ({"mse": 1.0, "discrimination": float("nan")}, "discrimination is nan"),
    ],
)
def test_weights_that_make_no_loss_are_refused(table, message):
    with pytest.raises(InputError, match=message):
        discriminative_loss([table])


def test_a_misspelt_name_is_refused_with_the_nearest():
    with pytest.raises(UnknownName, match=r"unknown loss 'discriminaton'.*'discrimination'"):
        discriminative_loss([{"mse": 1.0, "discriminaton": 0.05}])


def test_a_second_table_is_refused():
    with pytest.raises(InputError, match="loss has 2 tables; expected 1"):
        discriminative_loss([{"mse": 1.0}, {"mse": 1.0}])


def test_from_one_on_the_loss_falls_without_bound():
    """Which is why a weight of 1 or more is refused."""
    targets = torch.tensor([1.0, 2.0]).reshape(1, 2, 1, 1)
    losses = [
        float(DiscriminativeLoss(mse=1.0, discrimination=1.01)(far * targets.flip(1), targets))
        for far in (1e1, 1e3, 1e5)
    ]

    assert losses[0] > losses[1] > losses[2]
