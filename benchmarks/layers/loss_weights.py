"""Refuse weights of losses that make none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from mn_dataset.errors import InputError, UnknownName


def check_weights(weights: Sequence[Mapping[str, float]], known: Iterable[str]) -> None:
    """Refuse unknown losses, and weights without a positive sum.

    Args:
        weights: Of losses by name, one table per output of a network.
        known: The names of the losses.

    Raises:
        UnknownName: with the nearest name.
        InputError: if a weight is negative, or all are zero.
    """
    names = list(known)
    for name in (name for table in weights for name in table):
        if name not in names:
            raise UnknownName("loss", name, names)
    values = [weight for table in weights for weight in table.values()]
    if not values or min(values) < 0 or not 0 < sum(values) < float("inf"):
        raise InputError(f"loss has the weights {values}; expected some above 0, none below")
