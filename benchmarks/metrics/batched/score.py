"""Score a batch of estimates at once, on the device where they are.

What comes back from the device are a few energies per pair. Where they are in doubt by more than
4e-7 dB (an ill-conditioned system, an estimate that is nearly perfect), and where there may be no
value (silence, NaN, too few samples), the pair is handed to the metric itself: every value is the
one that it gives for the pair alone, and every reason is its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from benchmarks.contract import Score
from benchmarks.metrics.reference import Signal, Truth
from benchmarks.metrics.sdr import sdr
from benchmarks.metrics.si_sdr import si_sdr
from benchmarks.metrics.sir_sar import sar, sir
from benchmarks.metrics.snr import snr
from benchmarks.metrics.undefined import decibels
from mn_dataset.errors import UnknownName

if TYPE_CHECKING:
    from torch import Tensor

BATCHED: dict[str, Callable[[Signal, Truth], Score]] = {
    "snr": snr,
    "si_sdr": si_sdr,
    "sdr": sdr,
    "sir": sir,
    "sar": sar,
}
"""The metrics that can be asked for, and what a pair in doubt is handed to."""

ONE_BY_ONE = frozenset({"cpu"})
"""Types of device that leave every pair to the metrics, which are several times as quick there."""

_OF_THE_NOISE = ("sir", "sar")
_SURE = 1e-7  # of an energy: 4e-7 dB
_ANY_RATE = 44_100  # in Hz; none of these metrics has a rate of its own


def score_batch(
    estimates: Tensor,
    references: Tensor,
    *,
    noisy: Tensor | None = None,
    metrics: Sequence[str] | None = None,
    memory_bytes: int = 2**31,
) -> dict[str, list[Score]]:
    """Score every estimate against its own clean signal, in float64 on the tensors' device.

    The values are those of the metrics one pair at a time, within 1e-6 dB, with their reasons. On
    a CPU it is the metrics that are asked: they are quicker there.

    Args:
        estimates: Shape (batch, time); any floating type, any device that computes in float64.
        references: The clean signals, same shape and device.
        noisy: The mixtures, same shape and device; "sir" and "sar" need them.
        metrics: Names from ``BATCHED``; None for all of them, or where there is no ``noisy`` for
            all that do without.
        memory_bytes: About how much may be used beside the tensors that are given; the batch is
            taken in parts, of one pair at least.

    Raises:
        UnknownName: if a metric is not among the batched ones.
        ValueError: if the tensors differ in shape or device, or a metric needs ``noisy``.

    Examples:
        >>> import torch
        >>> clean = torch.sin(torch.arange(4096.0) ** 2).expand(2, -1)
        >>> score_batch(torch.tensor([[0.9], [0.0]]) * clean, clean, metrics=["snr"])["snr"][1]
        Score(value=nan, reason='silent_estimate')
    """
    tensors = [tensor for tensor in (estimates, references, noisy) if tensor is not None]
    names = _chosen(metrics, noisy)
    _check(tensors)
    from benchmarks.metrics.batched.sdr import bytes_per_pair  # noqa: PLC0415 - torch

    a_pair = bytes_per_pair(estimates.shape[1], references=len(tensors) - 1)
    at_once = max(1, memory_bytes // a_pair)
    scores: dict[str, list[Score]] = {name: [] for name in names}
    for first in range(0, len(estimates), at_once):
        for pair in _scored([tensor[first : first + at_once] for tensor in tensors], names):
            for name, score in pair.items():
                scores[name].append(score)
    return scores


def _chosen(metrics: Sequence[str] | None, noisy: Tensor | None) -> list[str]:
    if metrics is None:
        return [name for name in BATCHED if noisy is not None or name not in _OF_THE_NOISE]
    for name in metrics:
        if name not in BATCHED:
            raise UnknownName("batched metric", name, BATCHED)
        if noisy is None and name in _OF_THE_NOISE:
            raise ValueError(f"{name} needs the true noise; give the mixtures as noisy=…")
    return list(metrics)


def _check(tensors: list[Tensor]) -> None:
    forms = [(tuple(tensor.shape), str(tensor.device)) for tensor in tensors]
    if len(set(forms)) > 1 or tensors[0].ndim != 2:
        raise ValueError(
            f"the tensors are {', '.join(f'{shape} on {device}' for shape, device in forms)}; "
            "expected one shape (batch, time) and one device for all"
        )


def _scored(tensors: list[Tensor], names: list[str]) -> list[dict[str, Score]]:
    """Return the scores of every pair of a part."""
    from benchmarks.metrics.batched.ratios import ratios  # noqa: PLC0415 - torch

    estimates, references, *mixtures = tensors
    noisy = mixtures[0] if mixtures else None
    left_to_metrics = estimates.device.type in ONE_BY_ONE
    energies_of = {} if left_to_metrics else ratios(estimates, references, noisy, names=names)
    energies = {
        name: list(zip(*(part.tolist() for part in ratio), strict=True))
        for name, ratio in energies_of.items()
        if name in names
    }
    scores = []
    for number in range(len(estimates)):
        rows = {name: pairs[number] for name, pairs in energies.items()}
        sure = {
            name: decibels(signal, error)
            for name, (signal, error, doubt) in rows.items()
            if doubt <= _SURE * min(signal, error)  # not where it is NaN
        }
        rest = [name for name in names if name not in sure]
        scores.append(sure | _one_by_one([tensor[number] for tensor in tensors], rest))
    return scores


def _one_by_one(pair: list[Tensor], names: list[str]) -> dict[str, Score]:
    if not names:
        return {}
    estimate, reference, *mixture = (tensor.detach().double().cpu().numpy() for tensor in pair)
    truth = Truth(reference, _ANY_RATE, noisy=mixture[0] if mixture else None)
    with truth.scoring(estimate):
        return {name: BATCHED[name](estimate, truth) for name in names}
