"""The average follows the weights as its formula says."""

import pytest

torch = pytest.importorskip("torch", reason="needs: pip install 'mn-dataset[train]'")

from benchmarks.training.train_state import moving_average  # noqa: E402 - once torch is there


def test_the_memory_grows_to_its_decay():
    """e ← d·e + (1 − d)·w with d = min(decay, (1 + n) / (10 + n)); the first weights are taken."""
    network = torch.nn.Linear(1, 1, bias=False)
    average = moving_average(network, decay=0.5)
    values, expected = [float(number**2) for number in range(12)], 0.0

    for taken, value in enumerate(values):
        with torch.no_grad():
            network.weight.fill_(value)
        average.update_parameters(network)
        memory = min(0.5, (1 + taken) / (10 + taken)) if taken else 0.0
        expected = memory * expected + (1 - memory) * value

    # Twelve additions in float32.
    assert average.module.weight.item() == pytest.approx(expected, rel=1e-6)


def test_the_network_is_left_alone_and_its_config_is_known():
    """What is moving_average is a copy that can be stored."""
    network = torch.nn.Linear(1, 1)
    network.config = {"input_rms": None}

    average = moving_average(network, decay=0.9)
    average.update_parameters(network)

    assert average.module is not network
    assert average.module.config == {"input_rms": None}
