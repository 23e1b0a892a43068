"""The mixture as the estimate: the row that every improvement is measured from."""

from __future__ import annotations

from collections.abc import Mapping

from benchmarks.contract import Batch, DenoiserSpec


class Noisy:
    """The mixture as the estimate."""

    spec = DenoiserSpec(name="noisy", reference=True)

    def __call__(
        self, batch: Batch, sampling_rate: int, *, side: Mapping[str, Batch] | None = None
    ) -> Batch:
        """Return the batch."""
        del sampling_rate, side
        return batch
