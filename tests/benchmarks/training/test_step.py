"""A step follows the gradient of its whole batch, or leaves all as it was."""

import copy
import math

import pytest

torch = pytest.importorskip("torch", reason="needs: pip install 'mn-dataset[train]'")

from benchmarks.training.config import Optimizer  # noqa: E402
from benchmarks.training.engine import open_engine  # noqa: E402
from benchmarks.training.losses import DenoisingLoss, denoising_loss  # noqa: E402
from benchmarks.training.step import learning_rate, train_step  # noqa: E402
from benchmarks.training.train_state import initial_state  # noqa: E402
from mn_dataset.errors import InputError, UnknownName  # noqa: E402
from mn_dataset.seeds import generator  # noqa: E402


def rates(steps, *, decay_steps=100, **fields):
    optimizer = Optimizer(learning_rate=2.0, **fields)
    return [learning_rate(step, optimizer, decay_steps=decay_steps) for step in steps]


def test_it_rises_linearly_and_stays():
    """The first step moves already."""
    assert rates(range(6), warmup_steps=4) == pytest.approx([0.5, 1.0, 1.5, 2.0, 2.0, 2.0])


def test_the_cosine_falls_to_its_floor_and_stays_there():
    """Half way it is half way."""
    learning_rates = rates((0, 10, 55, 100, 1000), warmup_steps=10, schedule="cosine", floor=0.1)

    assert learning_rates == pytest.approx([0.2, 2.0, 1.1, 0.2, 0.2])


def test_it_never_rises_after_the_warm_up():
    """However long the run."""
    learning_rates = rates(range(5, 300), warmup_steps=5, schedule="cosine", decay_steps=200)

    assert learning_rates == sorted(learning_rates, reverse=True)


MAE = DenoisingLoss([{"mae": 1.0}], 0.035)


class Filter(torch.nn.Module):
    """One convolution."""

    def __init__(self):
        super().__init__()
        self.config = {"input_rms": 0.035}
        self.conv = torch.nn.Conv2d(2, 2, 3, padding=1)
        weights = generator(0, "test", "filter").normals(self.conv.weight.numel())
        with torch.no_grad():
            self.conv.weight.copy_(torch.from_numpy(weights).reshape(self.conv.weight.shape) / 4)
            self.conv.bias.zero_()

    def forward(self, spectra):
        return (self.conv(spectra),)


def batch(items, *, noisy=0.05):
    draws = torch.from_numpy(generator(0, "test", "batch").normals(items * 6000)).float()
    clean = 0.1 * draws.reshape(items, 6000)
    return {"noisy": clean + noisy * clean.flip(-1), "clean": clean}


@pytest.fixture
def state():
    with open_engine("cpu", "float32") as engine:
        yield initial_state(Filter(), Optimizer(learning_rate=0.1, ema_decay=0.5), engine)


def step(state, parts, *, loss_function=MAE, clip_norm=None):
    options = {
        "learning_rate": 0.1,
        "clip_norm": clip_norm,
        "seconds": 0.0,
        "stop_requested": False,
    }
    return train_step(state, loss_function, parts, **options)


def snapshot(state):
    return {name: value.clone() for name, value in state.tensors().items()}


def weights(state):
    return torch.cat([part.detach().flatten() for part in state.network.parameters()])


def test_parts_have_the_gradient_of_the_whole(state):
    """Cut into two, a batch says the same."""
    whole, half = batch(4), batch(4)
    start = copy.deepcopy(state.network.state_dict())
    together = step(state, [whole])
    after = weights(state)
    state.network.load_state_dict(start)
    state.optimizer.state.clear()

    parts = [{name: part[first : first + 2] for name, part in half.items()} for first in (0, 2)]
    apart = step(state, parts)

    # Means of halves in float32; Adam's first step is the gradient's sign times 0.1.
    assert apart.loss == pytest.approx(together.loss, rel=1e-5)
    assert apart.grad_norm == pytest.approx(together.grad_norm, rel=1e-4)
    torch.testing.assert_close(weights(state), after, rtol=0, atol=1e-4)


def test_gradients_are_clipped_to_their_norm(state):
    """The norm that is told is the one before."""
    free = step(state, [batch(2)])
    state.optimizer.zero_grad()
    seen = []
    state.optimizer.register_step_pre_hook(
        lambda optimizer, *_: seen.append(
            math.sqrt(sum(p.grad.square().sum().item() for p in state.network.parameters()))
        )
    )

    clipped = step(state, [batch(2)], clip_norm=free.grad_norm / 1000)

    assert clipped.grad_norm > free.grad_norm / 1000
    assert seen[0] == pytest.approx(free.grad_norm / 1000, rel=1e-3)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_step_without_a_number_changes_nothing(state, value):
    """Neither weights nor their average, nor the optimiser's memory."""
    step(state, [batch(2)])
    before, memory = weights(state), copy.deepcopy(state.optimizer.state_dict())
    average = copy.deepcopy(state.average.state_dict())
    harmed = batch(2)
    harmed["clean"][0, 0] = value

    taken = step(state, [harmed])

    assert not taken.finite
    assert torch.equal(weights(state), before)
    assert all(torch.equal(state.average.state_dict()[name], average[name]) for name in average)
    now = state.optimizer.state_dict()["state"]
    for number, kept in memory["state"].items():
        assert all(torch.equal(now[number][name], kept[name]) for name in kept)
    assert step(state, [batch(2)]).finite


def test_steps_make_the_loss_small(state):
    """A filter learns to take away what is mirrored in time only in part, but it learns."""
    losses = [step(state, [batch(4)]).loss for _ in range(40)]

    assert losses[-1] < losses[0] / 3


def test_a_learner_continues_from_its_tensors_bit_for_bit(state):
    """Weights, average, both moments and torch's generator."""
    for _ in range(3):
        step(state, [batch(2)])
    torch.rand(5)
    kept = snapshot(state)
    expected = (step(state, [batch(2)]), torch.rand(3), snapshot(state))

    state.restore(kept)
    again = (step(state, [batch(2)]), torch.rand(3), snapshot(state))

    assert again[0] == expected[0]
    assert torch.equal(again[1], expected[1])
    assert all(torch.equal(again[2][name], value) for name, value in expected[2].items())


def test_the_tensors_of_another_network_are_refused(state):
    """They have other names or shapes."""
    kept = state.tensors()
    kept["network/conv.weight"] = torch.zeros(1)

    with pytest.raises(RuntimeError, match=r"size mismatch for conv\.weight"):
        state.restore(kept)


def test_the_loss_of_a_network_that_gives_the_clean_layer_is_zero():
    """At any level of the mixture: both are brought to what the network expects."""
    layers = batch(2)
    loss_function = DenoisingLoss([{"mae": 1.0}], 0.035)
    from benchmarks.layers import stft  # noqa: PLC0415 - once torch is there

    for level in (1.0, 1e-3):
        scaled = {name: level * part for name, part in layers.items()}
        gain = stft.level_gain(scaled["noisy"], 0.035)
        clean = stft.analyse(scaled["clean"], gain)
        loss = loss_function(lambda spectra, clean=clean: (clean,), scaled)
        assert loss.item() == 0.0
        assert loss_function(lambda spectra: (spectra,), scaled).item() > 0.01


def test_losses_are_checked_before_anything_is_done():
    """Names first."""
    with pytest.raises(UnknownName, match="did you mean 'mae'"):
        denoising_loss([{"maee": 1.0}], Filter())
    with pytest.raises(InputError, match="expected some above 0"):
        denoising_loss([{"mae": 0.0}], Filter())
