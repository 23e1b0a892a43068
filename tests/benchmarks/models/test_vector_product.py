"""The vector product networks have the paper's sizes, learn, and can be stored."""

import pytest

from benchmarks.layers import weights_file
from mn_dataset.errors import InputError, UnknownName

torch = pytest.importorskip("torch")
from benchmarks.models.vector_product import Cvpnn, Wvpnn  # noqa: E402 - they need torch here

MODELS = pytest.mark.parametrize("model_class", [Wvpnn, Cvpnn])
TINY = {"hidden": 16, "window": 64, "hop": 16}


@MODELS
def test_it_has_as_many_parameters_as_counted_of_the_papers(model_class):
    with torch.device("meta"):
        network = model_class().build()

    assert sum(weight.numel() for weight in network.parameters()) == 3_944_454
    assert (network.config["window"], network.config["hop"]) == (1024, 256)


@MODELS
def test_the_same_seed_gives_the_same_weights(model_class):
    first, again, other = (model_class().build(**TINY, seed=seed) for seed in (3, 3, 4))

    for name, weight in first.state_dict().items():
        assert torch.equal(weight, again.state_dict()[name])
        assert "bias" in name or not torch.equal(weight, other.state_dict()[name])


@MODELS
def test_estimates_of_a_stored_network_sum_to_the_mixture(model_class, tmp_path):
    """Through a file of weights and the model's call."""
    path, model = tmp_path / "weights.safetensors", model_class()
    network = model.build(**TINY)
    weights_file.save(path, network, model=model.spec.name)
    model.load("cpu", path)
    mixture = 0.1 * torch.randn(2, 1, 5000, generator=torch.Generator().manual_seed(0))
    mixture[1] = 0

    with torch.inference_mode():
        estimates = model(mixture, 16_000)
        same = model.objective(network, [{"kl": 1.0}]).estimate(network, mixture[:, 0])

    assert estimates.shape == (2, 2, 1, 5000)
    # A mask leaves 1e-10 of small outputs out; the rest is rounding.
    torch.testing.assert_close(estimates.sum(dim=1), mixture, rtol=0, atol=1e-6)
    assert not estimates[1].any()
    assert torch.equal(same, estimates[:, :, 0])


def test_full_scale_is_stored_with_the_weights(tmp_path):
    """Another one is another network."""
    network = Cvpnn().build(**TINY, white=10.0)
    weights_file.save(tmp_path / "weights.safetensors", network, model="cvpnn")

    again = weights_file.load(tmp_path / "weights.safetensors", Cvpnn().build, model="cvpnn")

    magnitude = torch.rand(1, 4, 33, generator=torch.Generator().manual_seed(0))
    assert again.config["white"] == 10.0
    assert torch.equal(again(magnitude), network(magnitude))
    assert not torch.equal(Cvpnn().build(**TINY)(magnitude), network(magnitude))


@MODELS
@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "relu"])
def test_it_learns_a_mixture_by_heart(model_class, activation):
    """Two tones: thirty steps take most of the loss away, and silent items disturb nothing."""
    network = model_class().build(**TINY, activation=activation)
    objective = model_class().objective(network, [{"mse": 1.0, "discrimination": 0.05}])
    time_s = torch.arange(1600) / 16_000
    tones = torch.stack([torch.sin(6.2832 * hz * time_s) for hz in (500.0, 2000.0)])
    clean = torch.stack((0.1 * tones, 0 * tones))
    batch = {"noisy": clean.sum(dim=1), "clean": clean}
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-2)
    losses = []

    for _ in range(30):
        loss = objective(network, batch)
        optimizer.zero_grad()
        loss.backward()
        assert all(parameter.grad.isfinite().all() for parameter in network.parameters())
        optimizer.step()
        losses.append(loss.item())

    assert losses[-1] < 0.3 * losses[0]


@pytest.mark.parametrize(
    ("model_class", "keywords", "message"),
    [
        (Wvpnn, {"hidden": 0}, "wvpnn: hidden is 0; expected 1 or more"),
        (Cvpnn, {"layers": 0}, "cvpnn: layers is 0; expected 1 or more"),
        (Cvpnn, {"white": 0.0}, "cvpnn: white is 0.0; expected a magnitude above 0"),
        (Wvpnn, {"hop": 600}, "wvpnn: window is 1024 and hop is 600"),
    ],
)
def test_numbers_that_make_no_network_are_refused(model_class, keywords, message):
    with pytest.raises(InputError, match=message):
        model_class().build(**keywords)


@MODELS
def test_an_unknown_activation_is_refused_with_the_nearest(model_class):
    with pytest.raises(UnknownName, match="unknown activation 'sigmod'; did you mean 'sigmoid'"):
        model_class().build(activation="sigmod")
