"""The recurrent networks have the paper's sizes, learn, and can be stored."""

import pytest

from benchmarks.layers import weights_file
from mn_dataset.errors import InputError, UnknownName

torch = pytest.importorskip("torch")
from benchmarks.models.drnn import Drnn  # noqa: E402 - it needs torch here

TINY = {"hidden": 16, "window": 64, "hop": 32}
KINDS = ("dnn", "drnn-1", "drnn-3", "srnn", "gru")


@pytest.mark.parametrize(
    ("kind", "parameters"),
    [
        ("dnn", 4_569_026),
        ("drnn-1", 5_569_026),
        ("drnn-2", 5_569_026),
        ("drnn-3", 5_569_026),
        ("srnn", 7_569_026),
        ("gru", 1_645_314),  # torch's gates have two biases: 1,643,010 without the second ones
    ],
)
def test_it_has_as_many_parameters_as_published(kind, parameters):
    with torch.device("meta"):
        network = Drnn().build(kind=kind)

    assert sum(weight.numel() for weight in network.parameters()) == parameters


def test_the_default_is_the_papers_best():
    """DRNN-2, three frames, 1024/512 with a sine; the units with gates have sizes of their own."""
    paper = {"kind": "drnn-2", "hidden": 1000, "layers": 3, "context": 3, "window": 1024}
    rest = {"hop": 512, "window_shape": "sine", "input_rms": 0.05, "seed": 0}
    with torch.device("meta"):
        assert Drnn().build().config == paper | rest
        gated = Drnn().build(kind="gru").config
    assert (gated["hidden"], gated["context"]) == (256, 1)


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_gives_the_same_weights(kind):
    first, again, other = (Drnn().build(kind=kind, **TINY, seed=seed) for seed in (3, 3, 4))

    for name, weight in first.state_dict().items():
        assert torch.equal(weight, again.state_dict()[name])
        assert "bias" in name or not torch.equal(weight, other.state_dict()[name])


@pytest.mark.parametrize("kind", KINDS)
def test_estimates_of_a_stored_network_sum_to_the_mixture(kind, tmp_path):
    """Through a file of weights and the model's call."""
    network = Drnn().build(kind=kind, **TINY)
    weights_file.save(tmp_path / "weights.safetensors", network, model="drnn")
    model = Drnn()
    model.load("cpu", tmp_path / "weights.safetensors")
    mixture = 0.1 * torch.randn(2, 1, 5000, generator=torch.Generator().manual_seed(0))
    mixture[1] = 0

    with torch.inference_mode():
        estimates = model(mixture, 16_000)
        objective = model.objective(network, [{"mse": 1.0}])
        same = objective.estimate(network, mixture[:, 0])

    assert estimates.shape == (2, 2, 1, 5000)
    # A mask leaves 1e-10 of small outputs out; the rest is rounding.
    torch.testing.assert_close(estimates.sum(dim=1), mixture, rtol=0, atol=1e-6)
    assert not estimates[1].any()
    assert torch.equal(same, estimates[:, :, 0])


@pytest.mark.parametrize("kind", KINDS)
def test_it_learns_a_mixture_by_heart(kind):
    """Two tones: thirty steps take most of the loss away, and silent items disturb nothing."""
    network = Drnn().build(kind=kind, **TINY)
    objective = Drnn().objective(network, [{"mse": 1.0, "discrimination": 0.05}])
    time_s = torch.arange(1600) / 16_000
    tones = torch.stack([torch.sin(6.2832 * hz * time_s) for hz in (500.0, 2000.0)])
    clean = torch.stack((0.1 * tones, 0 * tones))
    batch = {"noisy": clean.sum(dim=1), "clean": clean}
    optimizer = torch.optim.Adam(network.parameters(), lr=3e-3)
    losses = []

    for _ in range(30):
        loss = objective(network, batch)
        optimizer.zero_grad()
        loss.backward()
        assert all(parameter.grad.isfinite().all() for parameter in network.parameters())
        optimizer.step()
        losses.append(loss.item())

    assert losses[-1] < 0.2 * losses[0]


@pytest.mark.parametrize("kind", ["drnn-2", "gru"])
def test_half_precision_estimates_about_the_same(kind, tmp_path):
    """Weights and hidden layers alone: masks and spectra stay in single precision."""
    network = Drnn().build(kind=kind, **TINY)
    weights_file.save(tmp_path / "weights.safetensors", network, model="drnn")
    mixture = 0.1 * torch.randn(1, 1, 4000, generator=torch.Generator().manual_seed(0))
    answers = []
    for precision in ("float32", "bfloat16"):
        model = Drnn()
        model.load("cpu", tmp_path / "weights.safetensors", precision=precision)
        with torch.inference_mode():
            answers.append(model(mixture, 16_000))

    assert answers[1].dtype == torch.float32
    # Eight bits of mantissa through four layers: per cent, of samples of about 0.1.
    assert float((answers[1] - answers[0]).std()) < 0.01


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"hidden": 0}, "drnn: hidden is 0; expected 1 or more"),
        ({"layers": 0}, "drnn: layers is 0; expected 1 or more"),
        ({"context": 2}, "drnn: context is 2; expected an odd number of frames"),
        ({"hop": 513}, "drnn: window is 1024 and hop is 513; expected an even window, and a hop"),
        ({"window": 1023}, "drnn: window is 1023 and hop is 512"),
        ({"input_rms": 0.0}, "drnn: input_rms is 0.0; expected a level above 0, or None"),
    ],
)
def test_numbers_that_make_no_network_are_refused(keywords, message):
    with pytest.raises(InputError, match=message):
        Drnn().build(**keywords)


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"kind": "drnn2"}, "unknown kind 'drnn2'; did you mean 'drnn-2'"),
        ({"kind": "drnn-4"}, "unknown kind 'drnn-4'"),
        ({"window_shape": "sin"}, "unknown window shape 'sin'; did you mean 'sine'"),
    ],
)
def test_unknown_names_are_refused_with_the_nearest(keywords, message):
    """A layer that is not there recurs as little."""
    with pytest.raises(UnknownName, match=message):
        Drnn().build(**keywords)
