"""The truncated U-Net has the published size, finds gains, and undoes them."""

import numpy as np
import pytest

from benchmarks.harness.apply import load_denoiser
from benchmarks.layers import weights_file
from benchmarks.training.config_file import load_config
from mn_dataset.errors import InputError

torch = pytest.importorskip("torch")
from benchmarks.layers.mixing_matrix import bounded, fitted, inverse  # noqa: E402 - torch
from benchmarks.layers.truncated_unet import BLOCK  # noqa: E402 - it needs torch here
from benchmarks.models.t_unet import TruncatedUnet  # noqa: E402 - it needs torch here

TINY = {"width_multiplier": 0.05}


def noises(*size, seed=0):
    return 0.1 * torch.randn(*size, generator=torch.Generator().manual_seed(seed))


@pytest.fixture
def stored(tmp_path):
    """A model with weights that nobody trained, of three microphones."""
    path = tmp_path / "weights.safetensors"
    weights_file.save(path, TruncatedUnet().build(microphones=3, **TINY), model="t_unet")
    model = TruncatedUnet()
    model.load("cpu", path)
    return model


@pytest.mark.parametrize(
    ("microphones", "parameters"), [(4, 3_528_736), (3, 2_742_073), (8, 6_676_048)]
)
def test_it_has_as_many_parameters_as_published(microphones, parameters):
    """Of four microphones; any others change the first and the last dense layer."""
    with torch.device("meta"):
        network = TruncatedUnet().build(microphones=microphones)

    assert sum(weight.numel() for weight in network.parameters()) == parameters


def test_any_weights_give_a_matrix_that_can_be_undone():
    """A hundred times too large, and of extreme sessions."""
    network = TruncatedUnet().build(microphones=3, **TINY)
    with torch.no_grad():
        for weight in network.parameters():
            weight.mul_(100)
    sessions = torch.stack(
        (
            noises(3, 9000),
            1e12 * noises(3, 9000),
            torch.zeros(3, 9000),
            noises(1, 9000).expand(3, -1),
        )
    )

    matrices = network(sessions).detach()

    assert torch.equal(matrices.diagonal(dim1=1, dim2=2), torch.ones(4, 3))
    assert float(torch.linalg.svdvals(matrices).min()) > 0.0999


def test_the_call_undoes_the_matrix_that_it_keeps(stored):
    assert stored.matrix is None
    session = noises(2, 3, 1, 30_000)

    with torch.inference_mode():
        estimates = stored(session, 22_050)

    assert estimates.shape == session.shape
    assert stored.matrix.shape == (2, 3, 3)
    torch.testing.assert_close(stored.matrix @ estimates[:, :, 0], session[:, :, 0])


def test_a_matrix_does_not_know_the_level_of_a_session():
    network = TruncatedUnet().build(microphones=3, seed=1, **TINY)
    session = noises(1, 3, 30_000)

    with torch.inference_mode():
        torch.testing.assert_close(network(1000 * session), network(session))


def test_matrices_of_the_blocks_of_a_long_session_are_averaged_by_power():
    """The second block begins so that it ends with the session; silence has no say."""
    network = TruncatedUnet().build(microphones=2, seed=1, **TINY)
    session = noises(1, 2, BLOCK + 1000)

    with torch.inference_mode():
        ends = network(session[..., :BLOCK]), network(session[..., 1000:])
        power = [part.square().mean() for part in (session[..., :BLOCK], session[..., 1000:])]
        expected = (ends[0] * power[0] + ends[1] * power[1]) / sum(power)
        longer = torch.cat((session[..., :BLOCK], torch.zeros(1, 2, BLOCK)), dim=2)

        torch.testing.assert_close(network(session), expected)
        torch.testing.assert_close(network(longer), ends[0])
        assert not torch.equal(*ends)


def test_silence_stays_silence(stored):
    """A silent session, and a silent microphone beside others that its matrix would mix in."""
    session = noises(2, 3, 1, 5_000)
    session[0], session[1, 2] = 0, 0

    with torch.inference_mode():
        estimates = stored(session, 22_050)

    assert not estimates[0].any()
    assert not estimates[1, 2].any()
    assert estimates[1, :2].any()


@pytest.mark.parametrize("loss", ["matrix", "snr"])
def test_it_learns_the_gains_of_a_song_by_heart(loss):
    """From the matrix itself, and through the separated waveforms."""
    network = TruncatedUnet().build(microphones=2, **TINY)
    objective = TruncatedUnet().objective(network, [{loss: 1.0}])
    clean = noises(1, 2, 20_000)
    gains = torch.tensor([[1.0, 0.05], [0.3, 1.0]])
    batch = {"noisy": gains @ clean, "clean": clean}
    optimizer = torch.optim.Adam(network.parameters(), lr=5e-3, betas=(0.9, 0.99))

    for _ in range(30):
        optimizer.zero_grad()
        objective(network, batch).backward()
        optimizer.step()

    torch.testing.assert_close(network(batch["noisy"])[0], gains, atol=0.1, rtol=0)


def test_a_silent_source_counts_nothing_in_the_loss_of_matrices():
    network = TruncatedUnet().build(microphones=2, **TINY)
    objective = TruncatedUnet().objective(network, [{"matrix": 1.0}])
    clean = noises(1, 2, 9000)
    clean[:, 1] = 0
    noisy = torch.tensor([[1.0, 0.3], [0.2, 1.0]]) @ clean

    loss = objective(network, {"noisy": noisy, "clean": clean})

    expected = (network(noisy)[0, 1, 0] - 0.2).square() / 4 * 2  # of four entries, two count
    torch.testing.assert_close(loss, expected, atol=1e-7, rtol=1e-5)


def test_no_matrix_undoes_delays():
    """What it assumes: of bleed 20 samples late, even the best matrix takes next to nothing."""
    clean = noises(1, 3, 20_000)
    gains = bounded(noises(1, 9, seed=1))
    at_once = gains @ clean
    late = clean + (gains - torch.eye(3)) @ clean.roll(20, dims=2)

    def gain_db(session):
        error = inverse(fitted(session, clean)).float() @ session - clean
        return float(10 * torch.log10((session - clean).square().mean() / error.square().mean()))

    assert gain_db(at_once) > 60
    assert gain_db(late) < 0.5


def test_its_configuration_is_read():
    """Three microphones, where data and validation have three stems."""
    config = load_config("t_unet")

    assert config.data.draw["stems"] == config.validation.draw["stems"] == 3
    with torch.device("meta"):
        network = TruncatedUnet().build(**config.model)
    TruncatedUnet().objective(network, config.loss)


def test_another_number_of_microphones_is_refused(stored):
    with pytest.raises(InputError, match="made for 3 microphones, and the session has 2"):
        stored(noises(1, 2, 1, 1000), 22_050)


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"microphones": 0}, "t_unet: microphones is 0; expected 1 or more"),
        ({"widths": [1, 2]}, r"t_unet: widths \[1, 2\] times 1.0; expected 5 whole widths"),
        ({"width_multiplier": 0.0}, "times 0.0; expected 5 whole widths of 1 or more, and a fac"),
    ],
)
def test_numbers_that_make_no_network_are_refused(keywords, message):
    with pytest.raises(InputError, match=message):
        TruncatedUnet().build(**keywords)


def test_what_lies_above_its_band_stays_with_the_microphone(tmp_path):
    """At 44.1 kHz a tone of 15 kHz, which no model at 22.05 kHz can hear."""
    path = tmp_path / "weights.safetensors"
    weights_file.save(path, TruncatedUnet().build(microphones=3, **TINY), model="t_unet")
    tone = 0.1 * np.sin(2 * np.pi * 15_000 * np.arange(22_050) / 44_100).astype(np.float32)
    session = np.stack([tone, 0 * tone, 0 * tone])[None, :, None]

    estimates = load_denoiser(f"t_unet@{path}")(session, 44_100)

    inner = slice(100, -100)  # beside both ends resampling rings
    np.testing.assert_allclose(estimates[..., inner], session[..., inner], atol=1e-3)


def test_half_precision_separates_about_the_same(tmp_path):
    """Weights and layers alone: the matrix is undone in single precision."""
    path = tmp_path / "weights.safetensors"
    weights_file.save(path, TruncatedUnet().build(microphones=3, **TINY), model="t_unet")
    session, answers = noises(1, 3, 1, 9000), []
    for precision in ("float32", "bfloat16"):
        model = TruncatedUnet()
        model.load("cpu", path, precision=precision)
        with torch.inference_mode():
            answers.append(model(session, 22_050))

    assert answers[1].dtype == torch.float32
    # Eight bits of mantissa through ten layers: gains within a hundredth, samples of 0.1.
    assert float((answers[1] - answers[0]).std()) < 0.003
