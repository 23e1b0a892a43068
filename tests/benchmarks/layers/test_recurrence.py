"""Recurrence and its gradient are what autograd makes of the equation, frame by frame."""

import pytest

torch = pytest.importorskip("torch")
from benchmarks.layers.recurrence import recur, recur_gated  # noqa: E402 - torch is an extra


def frame_by_frame(driven, recurrent):
    state = torch.zeros_like(driven[0])
    states = []
    for frame in driven:
        state = torch.relu(frame + state @ recurrent.T)
        states.append(state)
    return torch.stack(states)


@pytest.mark.parametrize("frames", [1, 2, 9])
def test_states_and_gradients_are_those_of_the_equation(frames):
    generator = torch.Generator().manual_seed(frames)
    kind = {"dtype": torch.float64, "generator": generator}
    driven = torch.randn(frames, 3, 5, **kind).requires_grad_()
    recurrent = torch.randn(5, 5, **kind).requires_grad_()
    outer = torch.randn(frames, 3, 5, **kind)

    expected = frame_by_frame(driven, recurrent)
    found = recur(driven, recurrent)

    torch.testing.assert_close(found, expected, rtol=0, atol=1e-12)
    inputs = (driven, recurrent)
    torch.testing.assert_close(
        torch.autograd.grad(found, inputs, outer),
        torch.autograd.grad(expected, inputs, outer),
        rtol=0,
        atol=1e-11,
    )


@pytest.mark.parametrize("frames", [1, 2, 9])
def test_gated_units_and_their_gradients_are_torchs(frames):
    """Of every weight, and of what came in."""
    units = torch.nn.GRU(6, 5).double()
    generator = torch.Generator().manual_seed(frames)
    for parameter in units.parameters():
        torch.nn.init.normal_(parameter, generator=generator)
    kind = {"dtype": torch.float64, "generator": generator}
    signal = torch.randn(frames, 3, 6, **kind).requires_grad_()
    outer = torch.randn(frames, 3, 5, **kind)
    of_input, of_state, bias, state_bias = units.all_weights[0]

    expected = units(signal)[0]
    driven = torch.nn.functional.linear(signal, of_input, bias)
    found = recur_gated(driven, of_state, state_bias)

    torch.testing.assert_close(found, expected, rtol=0, atol=1e-12)
    inputs = (signal, *units.all_weights[0])
    torch.testing.assert_close(
        torch.autograd.grad(found, inputs, outer),
        torch.autograd.grad(expected, inputs, outer),
        rtol=0,
        atol=1e-11,
    )


def test_it_stays_in_the_type_of_its_weights_under_autocast():
    """Forward and backward; what it is driven by comes in half precision."""
    recurrent = torch.eye(4, requires_grad=True)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        driven = torch.nn.functional.linear(torch.ones(3, 2, 4), torch.eye(4).requires_grad_())
        states = recur(driven, recurrent)
    states.sum().backward()

    assert (driven.dtype, states.dtype) == (torch.bfloat16, torch.float32)
    assert states[:, 0, 0].tolist() == [1.0, 2.0, 3.0]
    assert recurrent.grad.dtype == torch.float32
