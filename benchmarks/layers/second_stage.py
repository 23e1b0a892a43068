"""Let an untrained second stage hand on what it is given.

One that is residual to stage 1 begins with a small addition. One that answers directly would, with
random weights, first have to learn what stage 1, which adds to its input, is given: four of its
finest features carry the real and the imaginary part, each with both signs, over the uppermost skip
to the output, which takes their differences. Everything else about them, and all other features,
are as they were drawn.
"""

from __future__ import annotations

from typing import Any

import torch

_SCALE = 0.1
"""Of what is carried: the difference of two ELUs is straight up to about one, spectra of unit RMS
peak at some tens. An offset would straighten it more, and cost bfloat16 its digits."""
_OTHERS = 0.1
"""Of the output's other weights."""

CARRIERS = 4
"""How many features are taken."""


def begin_second_stage(network: Any) -> None:
    """Overwrite a few weights of a network of two stages.

    Args:
        network: A ``TwoStage``; a direct one of less than four features at full resolution is left
            as it is.
    """
    width = network.config["widths"][0]
    if network.config["second_stage"] == "residual":
        with torch.no_grad():
            network.output.weight *= _OTHERS
        return
    if width < CARRIERS:
        return
    stage, output = network.stage_2, network.output
    center, own = stage.input.weight.shape[-1] // 2, range(CARRIERS)
    with torch.no_grad():
        stage.input.weight[:CARRIERS] = 0
        output.weight *= _OTHERS
        output.weight[:, :CARRIERS] = 0
        for block, first in ((stage.encoder[0].block, 0), (stage.decoder[0].block, width)):
            block.dense[-1].weight[:CARRIERS] = 0
            block.straight.weight[:CARRIERS] = 0
            block.straight.weight[own, [first + feature for feature in own]] = 1
        for feature in own:
            part, sign = feature // 2, 1 - 2 * (feature % 2)
            stage.input.weight[feature, part, center, center] = sign * _SCALE
            output.weight[part, feature, 1, 1] = sign / (2 * _SCALE)
