"""Networks of waveforms know no absolute level, and make nothing of silence."""

import math

import pytest

torch = pytest.importorskip("torch")
from benchmarks.layers.waveform_objective import (  # noqa: E402 - they need torch here
    LOSSES,
    WaveformObjective,
    levelled,
    only_table,
    snr,
)
from mn_dataset.errors import InputError, UnknownName  # noqa: E402


def session(*levels, batch=2, num_samples=400):
    """Return noises of these levels, one of each microphone."""
    waves = torch.randn(batch, len(levels), num_samples, generator=torch.Generator().manual_seed(0))
    return waves * torch.tensor(levels)[:, None]


def biased(wave):
    """Return what a network with a bias makes of anything."""
    return 0.5 * wave + 0.1


def test_a_session_comes_to_one_level_with_its_microphones_apart():
    wave, level = levelled(session(0.3, 0.03))

    torch.testing.assert_close(wave.square().mean(dim=(1, 2)), torch.ones(2))
    ratio = wave.square().mean(dim=2)
    torch.testing.assert_close(ratio[:, 0] / ratio[:, 1], torch.full((2,), 100.0), rtol=0.3, atol=0)
    torch.testing.assert_close(wave * level, session(0.3, 0.03))


@pytest.mark.parametrize("name", LOSSES)
def test_no_loss_knows_the_level_of_a_session(name):
    objective = WaveformObjective({name: 1.0})
    noisy, clean = session(0.3, 0.03), session(0.2, 0.01)

    loud = objective(biased, {"noisy": noisy, "clean": clean})
    faint = objective(biased, {"noisy": 1e-3 * noisy, "clean": 1e-3 * clean})

    torch.testing.assert_close(loud, faint)


def test_the_loss_in_decibels_counts_faint_microphones_as_loud_ones():
    """Half of each is 6 dB; a silent source, answered by silence, counts 0."""
    truths = torch.cat((session(1.0, 0.05), torch.zeros(2, 1, 400)), dim=1)

    loss = snr(torch.cat((truths[:, :2] / 2, truths[:, 2:]), dim=1), truths)

    # The floor at -60 dB is seen by the microphone at -26 dB, as 0.01 dB.
    assert float(loss) == pytest.approx(-2 / 3 * 20 * math.log10(2), abs=0.01)


def test_estimates_scale_with_the_session():
    objective = WaveformObjective()

    estimates = objective.estimate(biased, session(0.3, 0.03))

    torch.testing.assert_close(
        objective.estimate(biased, 100 * session(0.3, 0.03)), 100 * estimates
    )


def test_silence_stays_silence():
    """A whole session, and one microphone of another."""
    noisy = session(0.3, 0.3, 0.3)
    noisy[0], noisy[1, 1] = 0, 0

    estimates = WaveformObjective().estimate(biased, noisy)

    assert not estimates[0].any()
    assert estimates.any(dim=2)[1].tolist() == [True, False, True]


def test_another_number_of_microphones_is_refused_by_both_numbers():
    with pytest.raises(InputError, match="made for 4 microphones, and the session has 3"):
        WaveformObjective(microphones=4).estimate(biased, session(1.0, 1.0, 1.0))


def test_weights_that_make_no_loss_are_refused():
    with pytest.raises(UnknownName, match="unknown loss 'mes'; did you mean 'mse'"):
        only_table([{"mes": 1.0}], LOSSES)
    with pytest.raises(InputError, match="loss has 2 tables, and the network gives one output"):
        only_table([{"mse": 1.0}, {"mse": 1.0}], LOSSES)
    with pytest.raises(InputError, match="expected some above 0"):
        only_table([{"mse": 0.0}], LOSSES)
    with pytest.raises(ValueError, match="no loss to minimise"):
        WaveformObjective()(biased, {"noisy": session(1.0), "clean": session(1.0)})
