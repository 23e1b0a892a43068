"""f_unet, df_unet and di_cae learn, keep shapes and levels, and refuse what makes no network."""

import pytest
import torch

from benchmarks.layers import weights_file
from benchmarks.models.df_unet import DfUnet
from benchmarks.models.di_cae import DiCae
from benchmarks.models.f_unet import FUnet
from mn_dataset.errors import InputError, UnknownName

WIDTHS = [4, 5, 6, 7, 8]
MODELS = {
    "f_unet": (FUnet, {"widths": WIDTHS, "dropout": 0.0}),
    "df_unet": (DfUnet, {"widths": WIDTHS, "last_width": 4, "dropout": 0.0, "momentum": 0.1}),
    "df_unet, graph": (DfUnet, {"widths": WIDTHS, "last_width": 4, "graph": True}),
    "di_cae": (
        DiCae,
        {"microphones": 3, "widths": [2, 3], "bottleneck": 4, "window": 64, "hop": 16},
    ),
}


@pytest.fixture(params=MODELS)
def kind(request):
    return MODELS[request.param]


def batch(*, num_samples=1000, microphones=3, seed=0):
    """Return sessions of noises of several levels, each in all microphones."""
    generator = torch.Generator().manual_seed(seed)
    sources = torch.randn(2, microphones, num_samples, generator=generator)
    matrix = torch.full((microphones, microphones), 0.3).fill_diagonal_(1.0)
    return {"noisy": matrix @ sources, "clean": sources}


def loaded(kind, folder):
    """Return a model with untrained weights of a file."""
    model, keywords = kind[0](), kind[1]
    path = folder / "weights.safetensors"
    weights_file.save(path, model.build(**keywords), model=model.spec.name)
    model.load("cpu", path)
    return model


def test_a_few_steps_lower_the_loss(kind):
    """Of the same two sessions."""
    model = kind[0]()
    network = model.build(**kind[1])
    objective, optimizer = (
        model.objective(network, [{"snr": 1.0}]),
        torch.optim.Adam(network.parameters(), lr=3e-3),
    )

    losses = []
    for _ in range(15):
        loss = objective(network.train(), batch())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())

    assert losses[-1] < losses[0] - 0.1


def test_the_config_builds_the_same_network_again(kind):
    network = kind[0]().build(**kind[1], seed=3)

    again = kind[0]().build(**network.config)

    assert again.config == network.config
    mine, theirs = network.state_dict(), again.state_dict()
    assert all(torch.equal(mine[name], theirs[name]) for name in mine)


@pytest.mark.parametrize("num_samples", [1, 2, 1001])
def test_a_call_keeps_the_shape(kind, num_samples, tmp_path):
    noisy = batch(num_samples=num_samples)["noisy"][:, :, None]

    estimates = loaded(kind, tmp_path)(noisy, 22_050)

    assert estimates.shape == noisy.shape
    assert estimates.isfinite().all()


def test_scaling_a_session_scales_its_estimates(kind, tmp_path):
    """And a session of nothing gives nothing."""
    model, noisy = loaded(kind, tmp_path), batch()["noisy"][:, :, None]

    expected = 100 * model(noisy, 22_050)

    torch.testing.assert_close(model(100 * noisy, 22_050), expected, rtol=1e-4, atol=1e-3)
    assert not model(0 * noisy, 22_050).any()


def test_only_the_auto_encoders_are_tied_to_a_number_of_microphones(kind, tmp_path):
    model = loaded(kind, tmp_path)
    noisy = batch(microphones=5)["noisy"][:, :, None]

    if model.spec.name == "di_cae":
        with pytest.raises(InputError, match="made for 3 microphones, and the session has 5"):
            model(noisy, 22_050)
    else:
        assert model(noisy, 22_050).shape == noisy.shape


@pytest.mark.parametrize(
    ("model", "config"),
    [
        (FUnet, {"widths": [16]}),
        (FUnet, {"widths": [16, 0]}),
        (FUnet, {"width_multiplier": 0}),
        (FUnet, {"dropout": 1.0}),
        (DfUnet, {"widths": [16, 32]}),
        (DfUnet, {"last_width": 0}),
        (DfUnet, {"momentum": 0.0}),
        (DfUnet, {"dropout": -0.1}),
        (DiCae, {"microphones": 0}),
        (DiCae, {"frames": 6}),
        (DiCae, {"widths": [32]}),
        (DiCae, {"bottleneck": 0}),
        (DiCae, {"width_multiplier": 0.0}),
        (DiCae, {"hop": 1025}),
        (DiCae, {"momentum": 2.0}),
    ],
)
def test_numbers_that_make_no_network_are_refused(model, config):
    """Before anything is built."""
    with pytest.raises(InputError, match=f"{model.spec.name}: "):
        model().build(**config)


@pytest.mark.parametrize(
    ("model", "output"), [(FUnet, "residua"), (DfUnet, "waveforms"), (DiCae, "masks")]
)
def test_unknown_outputs_are_refused_with_the_nearest(model, output):
    with pytest.raises(UnknownName, match="did you mean"):
        model().build(output=output)


def test_what_is_above_the_band_comes_from_the_own_microphone():
    """They declare that, and the harness does it."""
    assert {model.spec.remainder for model, _ in MODELS.values()} == {"inputs"}
