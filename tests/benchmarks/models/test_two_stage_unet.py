"""The ancestor is MusicECAN without its attention."""

import pytest
import torch

from benchmarks.models import musicecan, two_stage_unet
from mn_dataset.errors import InputError

TINY = {"widths": [3, 4, 6], "num_tfc": 2, "bins": 33}


def test_it_has_as_many_parameters_as_the_released_graph():
    """Six fewer than MusicECAN."""
    network = two_stage_unet.TwoStageUnet().build()

    assert sum(weight.numel() for weight in network.parameters()) == 71_408_196


def test_it_is_musicecan_with_attention_left_out(arrays_of):
    """The same other weights give the same answer."""
    ours = musicecan.MusicEcan().build(**TINY)
    arrays = arrays_of(ours)
    plain = two_stage_unet.from_tensorflow(
        {name: array for name, array in arrays.items() if "eca" not in name}
    )
    ours.stage_1.attention = torch.nn.Identity()
    spectrum = torch.randn(1, 2, 9, 33, generator=torch.Generator().manual_seed(0))

    with torch.inference_mode():
        expected, found = ours(spectrum)[0], plain(spectrum)[0]

    assert torch.equal(expected, found)


def test_arrays_of_channel_attention_are_refused(arrays_of):
    """They would be lost; MusicECAN takes them."""
    arrays = arrays_of(musicecan.MusicEcan().build(**TINY))

    with pytest.raises(InputError, match="unknown: s1/eca/kernel, s1/eca/bias"):
        two_stage_unet.from_tensorflow(arrays)
