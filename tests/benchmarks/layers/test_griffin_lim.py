"""Griffin and Lim's iteration finds waveforms of given magnitudes."""

import torch

from benchmarks.layers.griffin_lim import griffin_lim, random_phase
from benchmarks.layers.transform import Transform, unit

TRANSFORM = Transform(256, 64)


def spectrum(num_samples=2000):
    wave = torch.randn(2, num_samples, generator=torch.Generator().manual_seed(0))
    return wave, TRANSFORM.forward(wave)


def found(given, phase, iterations):
    return griffin_lim(given.abs(), phase, TRANSFORM, iterations=iterations, num_samples=2000)


def test_from_the_true_phase_nothing_changes():
    """A spectrum that belongs to a waveform is a fixed point."""
    wave, given = spectrum()

    for iterations in (0, 3):
        torch.testing.assert_close(
            found(given, unit(given), iterations), wave, rtol=0, atol=1e-4
        )  # of float32 transforms


def test_every_iteration_comes_nearer_to_the_magnitudes():
    """From a random phase; Griffin and Lim's theorem."""
    _, given = spectrum()

    distances = [
        float((TRANSFORM.forward(found(given, random_phase(given), n)).abs() - given.abs()).norm())
        for n in (0, 1, 5, 20)
    ]

    assert distances == sorted(distances, reverse=True)
    assert distances[-1] < distances[0] / 2


def test_the_random_phase_is_always_the_same():
    """For every item of a batch, and beside torch's own generator."""
    _, given = spectrum()
    before = torch.get_rng_state()

    phase = random_phase(given)

    assert torch.equal(phase, random_phase(given))
    assert torch.equal(phase[0], phase[1])
    assert torch.equal(before, torch.get_rng_state())
    torch.testing.assert_close(phase.abs(), torch.ones_like(given.abs()))


def test_silence_has_no_phase():
    """It is 0 and not NaN."""
    assert not unit(torch.zeros(3, dtype=torch.complex64)).any()
