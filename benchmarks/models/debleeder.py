"""What networks that remove bleed share: waveforms of all microphones in, as many out.

No torch at the top: the models are listed on machines without it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from benchmarks.models.learned import Learned

if TYPE_CHECKING:
    import torch

    from benchmarks.layers.waveform_objective import WaveformObjective


class Debleeder(Learned):
    """A model whose network takes and gives waveforms (batch, microphones, time) at an RMS of 1.

    A network that is tied to a number of microphones has it as ``config["microphones"]``.
    """

    def objective(
        self, network: torch.nn.Module, weights: Sequence[Mapping[str, float]]
    ) -> WaveformObjective:
        """Return what training minimises of a network.

        Args:
            network: What ``build`` returned.
            weights: One table of "mse" and "mae", of sessions at an RMS of 1, and "snr", in which
                every microphone counts alike, whatever its level.

        Raises:
            UnknownName: if a loss has no such name.
            InputError: if there are several tables, or weights without a positive sum.
        """
        from benchmarks.layers import waveform_objective  # noqa: PLC0415 - torch is an extra

        config: Any = network.config
        return waveform_objective.WaveformObjective(
            waveform_objective.only_table(weights, waveform_objective.LOSSES),
            microphones=config.get("microphones"),
        )

    def estimate(self, network: torch.nn.Module, noisy: torch.Tensor) -> torch.Tensor:
        """Return the estimates of sessions, (batch, microphones, time)."""
        return self.objective(network, ()).estimate(network, noisy)
