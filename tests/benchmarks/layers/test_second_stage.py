"""A second stage that is residual to the first adds to its answer, at first little."""

import pytest
import torch

from benchmarks.models.musicecan import MusicEcan
from mn_dataset.errors import UnknownName

SMALL = {"depth": 2, "width_multiplier": 0.25}


def spectra():
    return torch.randn(1, 2, 20, 1025, generator=torch.Generator().manual_seed(0))


def test_it_is_the_direct_answer_plus_that_of_the_first():
    """With the same weights."""
    direct, residual = (
        MusicEcan().build(second_stage=name, **SMALL).eval() for name in ("direct", "residual")
    )
    residual.load_state_dict(direct.state_dict())

    with torch.no_grad():
        (second, first), (sum_, same) = direct(spectra()), residual(spectra())

    torch.testing.assert_close(same, first)
    torch.testing.assert_close(sum_, second + first)


def test_untrained_it_answers_about_as_the_first_does():
    """The addition is a tenth of what random weights would give."""
    with torch.no_grad():
        second, first = MusicEcan().build(second_stage="residual", **SMALL)(spectra())

    assert float((second - first).square().mean()) < 0.1 * float(first.square().mean())
    assert not torch.equal(second, first)


def test_an_unknown_one_is_named():
    """With the nearest."""
    with pytest.raises(UnknownName, match="did you mean 'residual'"):
        MusicEcan().build(second_stage="residuum", **SMALL)
