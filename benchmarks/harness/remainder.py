"""Give what no estimate holds, such as what lies above a denoiser's band, to whom it belongs.

To one target, which takes the mixture less all others; or, where every target has an input of its
own, to each what its input holds above the band. The second is done on the changes, estimate less
input at the denoiser's rate: brought to the recording's rate and added to the recording, they leave
in it what lies above the band, for resampling is linear.
"""

from __future__ import annotations

import numpy as np

from benchmarks.contract import INPUTS, Batch, DenoiserSpec


def has_changes(spec: DenoiserSpec, sampling_rate: int) -> bool:
    """Tell whether changes are resampled instead of estimates: only below the recording's rate."""
    return spec.remainder == INPUTS and (spec.sampling_rate or sampling_rate) < sampling_rate


def completed(
    estimates: Batch, mixture: Batch, *, spec: DenoiserSpec, targets: tuple[str, ...], changes: bool
) -> Batch:
    """Return the estimates with the remainder, if the denoiser declares one.

    Args:
        estimates: Shape (batch, targets, channels, time); may be overwritten.
        mixture: Shape (batch, channels, time), or the inputs (batch, inputs, channels, time).
        spec: What the denoiser declares.
        targets: The names of its task's targets.
        changes: Whether the estimates are what is to be added to the inputs.
    """
    if spec.remainder is None or spec.remainder == INPUTS:
        return estimates + mixture if changes else estimates
    index = targets.index(spec.remainder)
    # Whatever its own estimate was: the mixture less all estimates, added to it, is this.
    others = np.delete(estimates, index, axis=1).sum(axis=1)
    estimates[:, index] = mixture - others
    return estimates
