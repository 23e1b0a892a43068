"""Recurrences of a layer, plain and gated, each with its gradient by hand.

What a layer makes of its input is one product over all frames; only what it makes of its state
needs the frames in turn. Autograd would add up the gradient of the recurrent matrix frame by frame,
a matrix at a time; here it is one product too, and on a processor a training step takes about half
the time.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


def recur(driven: Tensor, recurrent: Tensor) -> Tensor:
    """Return the states ``h_t = ReLU(a_t + U h_{t-1})``, which begin at rest.

    Args:
        driven: ``a``, shape (frames, batch, width).
        recurrent: ``U``, shape (width, width).

    Returns:
        ``h``, shape as given.
    """
    # In the type of the weights, also under autocast: what is rounded here comes back every frame.
    with torch.autocast(driven.device.type, enabled=False):
        states: Tensor = _Recurrence.apply(driven.to(recurrent.dtype), recurrent)  # type: ignore[no-untyped-call] # torch types it so
    return states


def recur_gated(driven: Tensor, recurrent: Tensor, bias: Tensor) -> Tensor:
    """Return the states of gated recurrent units, which begin at rest, as torch defines them.

    With ``c = U h_{t-1} + b`` and reset gate, update gate and candidate side by side in a, c:
    ``r = σ(a_r + c_r)``, ``z = σ(a_z + c_z)``, ``n = tanh(a_n + r c_n)``,
    ``h_t = n + z (h_{t-1} − n)``.

    Args:
        driven: ``a``, shape (frames, batch, 3 · width).
        recurrent: ``U``, shape (3 · width, width).
        bias: ``b``, shape (3 · width,).

    Returns:
        ``h``, shape (frames, batch, width).
    """
    with torch.autocast(driven.device.type, enabled=False):
        states: Tensor = _GatedRecurrence.apply(driven.to(bias.dtype), recurrent, bias)  # type: ignore[no-untyped-call] # torch types it so
    return states


class _Recurrence(torch.autograd.Function):
    @staticmethod
    def forward(context: Any, driven: Tensor, recurrent: Tensor) -> Tensor:
        states = torch.empty_like(driven, memory_format=torch.contiguous_format)
        torch.clamp(driven[0], min=0, out=states[0])
        for now in range(1, len(states)):
            torch.addmm(driven[now], states[now - 1], recurrent.T, out=states[now]).relu_()
        context.save_for_backward(states, recurrent)
        return states

    @staticmethod
    def backward(context: Any, outer: Tensor) -> tuple[Tensor, Tensor]:
        states, recurrent = context.saved_tensors
        active = states > 0
        inner = torch.empty_like(states)
        torch.mul(outer[-1], active[-1], out=inner[-1])
        for now in range(len(states) - 2, -1, -1):
            torch.addmm(outer[now], inner[now + 1], recurrent, out=inner[now]).mul_(active[now])
        return inner, inner[1:].flatten(0, 1).T @ states[:-1].flatten(0, 1)


class _GatedRecurrence(torch.autograd.Function):
    @staticmethod
    def forward(context: Any, driven: Tensor, recurrent: Tensor, bias: Tensor) -> Tensor:
        frames, batch, width = *driven.shape[:2], recurrent.shape[1]
        states = driven.new_zeros(frames + 1, batch, width)
        carried = driven.new_empty(frames, batch, 3 * width)
        gates = driven.new_empty(frames, batch, 2 * width)
        candidates = driven.new_empty(frames, batch, width)
        for now in range(frames):
            torch.addmm(bias, states[now], recurrent.T, out=carried[now])
            torch.add(driven[now, :, : 2 * width], carried[now, :, : 2 * width], out=gates[now])
            reset, update = gates[now].sigmoid_().chunk(2, dim=-1)
            new = torch.addcmul(
                driven[now, :, 2 * width :],
                reset,
                carried[now, :, 2 * width :],
                out=candidates[now],
            ).tanh_()
            torch.lerp(new, states[now], update, out=states[now + 1])
        context.save_for_backward(states, carried[..., 2 * width :], gates, candidates, recurrent)
        return states[1:]

    @staticmethod
    def backward(context: Any, outer: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        states, carried, gates, candidates, recurrent = context.saved_tensors
        reset, update = gates.chunk(2, dim=-1)
        # What a change of a state's part comes to in front of its gate, for all frames at once.
        to_new = (1 - update) * (1 - candidates.square())
        to_update = (states[:-1] - candidates) * update * (1 - update)
        to_reset = to_new * carried * reset * (1 - reset)
        steps = torch.stack((to_reset, to_update, to_new * reset), dim=2)
        behind = torch.zeros_like(states[0])
        inner = torch.empty_like(steps)
        deltas = torch.empty_like(outer)
        for now in range(len(outer) - 1, -1, -1):
            torch.add(outer[now], behind, out=deltas[now])
            torch.mul(steps[now], deltas[now].unsqueeze(1), out=inner[now])
            behind = torch.addmm(deltas[now] * update[now], inner[now].flatten(1), recurrent)
        flat = inner.flatten(2).flatten(0, 1)
        driven = torch.cat((inner[..., :2, :].flatten(2), deltas * to_new), dim=-1)
        return driven, flat.T @ states[:-1].flatten(0, 1), flat.sum(dim=0)
