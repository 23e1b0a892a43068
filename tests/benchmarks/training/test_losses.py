"""Each loss is what its formula says, and has a gradient everywhere."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs: pip install 'mn-dataset[train]'")

from benchmarks.layers import stft  # noqa: E402 - once torch is there
from benchmarks.metrics.reference import Truth  # noqa: E402
from benchmarks.metrics.si_sdr import si_sdr as metric  # noqa: E402
from benchmarks.training import losses  # noqa: E402
from benchmarks.training.losses import LOSSES, Signal  # noqa: E402
from mn_dataset.errors import InputError, UnknownName  # noqa: E402
from mn_dataset.seeds import generator  # noqa: E402

LENGTH = 6000


def waves(name, *, batch=2, rms=0.03):
    draws = generator(0, "test losses", name).normals(batch * LENGTH)
    return torch.from_numpy(rms * draws.reshape(batch, LENGTH))


def signal(wave):
    return Signal(stft.analyse(wave, wave.new_ones(len(wave), 1)), LENGTH)


def by_item(name, estimate, target):
    return LOSSES[name](signal(estimate), signal(target)).numpy()


@pytest.fixture(scope="module")
def pair():
    target = waves("target")
    return target + 0.3 * waves("error"), target


def test_mae_is_the_mean_of_absolute_differences(pair):
    """Of real and imaginary parts of frames that numpy transforms."""
    window = 0.54 - 0.46 * np.cos(2 * np.pi * np.arange(2048) / 2048)
    margin = np.zeros((2, 1536))
    error = np.concatenate([margin, (pair[0] - pair[1]).numpy(), margin], axis=1)
    error = np.pad(error, ((0, 0), (0, -LENGTH % 512)))
    frames = np.lib.stride_tricks.sliding_window_view(error, 2048, axis=1)[:, ::512]
    spectra = np.fft.rfft(frames * window)

    expected = (np.abs(spectra.real) + np.abs(spectra.imag)).mean(axis=(1, 2)) / 2

    np.testing.assert_allclose(by_item("mae", *pair), expected, rtol=1e-10)


def test_snr_is_the_ratio_of_energies(pair):
    """Minus it, in dB."""
    estimate, target = (part.numpy() for part in pair)

    ratio = np.square(target).sum(axis=1) / np.square(estimate - target).sum(axis=1)

    # The floor of silence is 1e-12 beside an error of 1e-4.
    np.testing.assert_allclose(by_item("snr", *pair), -10 * np.log10(ratio), atol=1e-6)


def test_si_sdr_is_the_metric_of_the_same_name(pair):
    """Minus it, whatever the scale of the estimate."""
    for factor in (1.0, -3.0):
        values = by_item("si_sdr", factor * pair[0], pair[1])
        expected = [
            -metric(estimate.numpy(), Truth(target.numpy(), 44_100)).value
            for estimate, target in zip(pair[0], pair[1], strict=True)
        ]

        np.testing.assert_allclose(values, expected, atol=1e-6)  # the floor of silence


def test_mr_stft_is_what_numpy_makes_of_the_formulas(pair):
    """Spectral convergence and log magnitudes at three resolutions, reflected at both ends."""
    expected = np.zeros(2)
    for size, length, hop in losses.RESOLUTIONS:
        window = np.zeros(size)
        first = (size - length) // 2
        window[first : first + length] = np.sin(np.pi * np.arange(length) / length) ** 2
        magnitudes = []
        for part in pair:
            padded = np.pad(part.numpy(), ((0, 0), (size // 2, size // 2)), mode="reflect")
            frames = np.lib.stride_tricks.sliding_window_view(padded, size, axis=1)[:, ::hop]
            magnitudes.append(np.maximum(np.abs(np.fft.rfft(frames * window)), np.sqrt(1e-7)))
        magnitude, clean = magnitudes
        distance = np.sqrt(np.square(magnitude - clean).sum(axis=(1, 2)))
        expected += distance / np.sqrt(np.square(clean).sum(axis=(1, 2)))
        expected += np.abs(np.log(magnitude) - np.log(clean)).mean(axis=(1, 2))

    np.testing.assert_allclose(by_item("mr_stft", *pair), expected / 3, rtol=1e-9)


@pytest.mark.parametrize("name", LOSSES)
def test_the_target_itself_is_the_best_estimate(name, pair):
    """And the worse of two estimates has the larger loss."""
    estimate, target = pair
    perfect, near, far = (
        by_item(name, guess, target) for guess in (target, estimate, 2 * estimate - target)
    )

    assert (perfect < near).all()
    assert (near < far).all()


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("silent", ["estimate", "target", "both", "equal"])
def test_silence_has_a_finite_loss_and_gradient(name, silent):
    """A rest in the music, an estimate of nothing, and an estimate that is right already."""
    target = waves("target").float() * (silent in ("estimate", "equal"))
    start = target if silent == "equal" else waves("start").float() * (silent == "target")
    estimate = start.clone().requires_grad_()

    loss = LOSSES[name](signal(estimate), signal(target)).sum()
    loss.backward()

    assert torch.isfinite(loss)
    assert torch.isfinite(estimate.grad).all()


@pytest.mark.parametrize("name", LOSSES)
def test_the_gradient_is_that_of_finite_differences(name, pair):
    """In double precision, along a random direction."""
    estimate, target = pair[0].clone().requires_grad_(), pair[1]
    along = waves("direction", rms=1.0)
    LOSSES[name](signal(estimate), signal(target)).sum().backward()
    step = 1e-7

    ahead, behind = (
        by_item(name, estimate.detach() + sign * step * along, target).sum() for sign in (1, -1)
    )

    # Central differences of values near 10: their rounding is 1e-15 / 1e-7.
    expected = pytest.approx((ahead - behind) / (2 * step), rel=1e-4)
    assert (estimate.grad * along).sum().item() == expected


def test_outputs_are_weighed_each_by_its_own_table(pair):
    """Weights times losses, added up."""
    first, second, target = signal(pair[0]), signal(2 * pair[0]), signal(pair[1])
    tables = [{"mae": 2.0, "snr": 0.5}, {"mae": 0.25}]

    total = losses.weighted_sum(tables, [first, second], target)

    expected = 2 * losses.mae(first, target) + 0.5 * losses.snr(first, target)
    torch.testing.assert_close(total, expected + 0.25 * losses.mae(second, target))


def test_losses_nobody_knows_and_weights_that_lead_nowhere_are_refused(pair):
    """With the nearest name."""
    with pytest.raises(UnknownName, match="did you mean 'mr_stft'"):
        losses.check_weights([{"mrstft": 1.0}], losses.LOSSES)
    for tables in ([{"mae": 0.0}], [{"mae": -1.0, "snr": 2.0}], [{}], [{"mae": float("nan")}]):
        with pytest.raises(InputError, match="expected some above 0"):
            losses.check_weights(tables, losses.LOSSES)
    with pytest.raises(InputError, match=r"2 tables, and the network gives 1 output"):
        losses.weighted_sum([{"mae": 1.0}, {"mae": 1.0}], [signal(pair[0])], signal(pair[1]))
