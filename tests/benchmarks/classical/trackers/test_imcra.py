"""The probability of music and the average over bins are what can be derived by hand."""

import numpy as np
import pytest

from benchmarks.classical.trackers.imcra import _across, _presence, imcra
from mn_dataset.seeds import generator


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


@pytest.mark.parametrize("certain", [0.0, 30.0, 1e6])
def test_nothing_overrules_that_music_is_surely_absent(certain):
    """An a priori absence of 1 leaves no probability, whatever the frame holds."""
    presence = _presence(np.array([1.0]), np.array([1e6]), np.array([certain]))

    assert presence[0] == 0.0


@pytest.mark.parametrize("empty", [1e-4, 1e-8])
def test_a_bin_that_is_nearly_empty_at_first_is_known_after_its_two_rounds(empty):
    """Exponential powers of mean 1; every fourth bin begins 40 or 80 dB lower."""
    frames, bins = 400, 200
    normals = generator(0, "test imcra", "power").normals(2 * frames * bins)
    power = (np.square(normals).reshape(2, frames, bins).sum(axis=0) / 2).astype(np.float32)
    power[0, ::4] *= empty
    rounds = 2 * 9 * 15 + 60  # the averages need 60 frames more

    later = imcra(power, frames_per_s=86.0)[rounds:, ::4].mean(axis=0)

    assert np.abs(10 * np.log10(later)).max() < 2.0


def test_bins_are_averaged_with_their_neighbours():
    """A quarter to each side; what a border bin would give away, it keeps."""
    np.testing.assert_allclose(_across(np.array([4.0, 0.0, 0.0, 8.0])), [3.0, 1.0, 2.0, 6.0])
