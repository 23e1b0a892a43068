"""The probability of music and the average over bins are what can be derived by hand."""

import numpy as np
import pytest

from benchmarks.classical.trackers.imcra import _across, _presence


@pytest.mark.parametrize("absence", [0.05, 0.5, 0.95])
@pytest.mark.parametrize(("prior", "posterior"), [(0.01, 0.1), (1.0, 1.0), (10.0, 20.0)])
def test_the_probability_of_music_is_bayes_rule(absence, prior, posterior):
    """Powers are exponential: of mean 1 in noise alone, of mean 1 + ξ where there is music."""
    alone = absence * np.exp(-posterior)
    music = (1 - absence) * np.exp(-posterior / (1 + prior)) / (1 + prior)

    presence = _presence(
        *(np.array([x]) for x in (absence, prior, posterior * prior / (1 + prior)))
    )

    assert presence[0] == pytest.approx(music / (music + alone))


def test_bins_are_averaged_with_their_neighbours():
    """A quarter to each side; what a border bin would give away, it keeps."""
    np.testing.assert_allclose(_across(np.array([4.0, 0.0, 0.0, 8.0])), [3.0, 1.0, 2.0, 6.0])
