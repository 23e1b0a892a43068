"""Validation scores what inference gives, and a copy of the input has learned nothing."""

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs: pip install 'mn-dataset[train]'")

from benchmarks.training.data.base import Example  # noqa: E402
from benchmarks.training.engine import open_engine  # noqa: E402 - once torch is there
from benchmarks.training.losses import DenoisingLoss  # noqa: E402
from benchmarks.training.validate import ValidationScores, Validator, has_learned  # noqa: E402
from mn_dataset.seeds import generator  # noqa: E402


class Scaled(torch.nn.Module):
    """Gives its input times a number."""

    def __init__(self, factor):
        super().__init__()
        self.config = {"input_rms": 0.035}
        self.weight = torch.nn.Parameter(torch.tensor(factor))

    def forward(self, spectra):
        return (spectra * self.weight,)


def examples(count=4):
    for number in range(count):
        clean, noise = generator(0, "test validate", str(number)).normals(20_000).reshape(2, -1)
        noisy = 0.1 * clean + 0.05 * noise
        yield Example(str(number), noisy.astype(np.float32), (0.1 * clean).astype(np.float32))


@pytest.fixture
def validator():
    with open_engine("cpu", "float32") as engine:
        yield Validator(
            list(examples()), DenoisingLoss([{"mae": 1.0}], 0.035), engine, sampling_rate=44_100
        )


def test_a_copy_of_the_input_gains_nothing_and_fails_the_test_of_learning(validator):
    """Nor does SI-SDR hear that it is louder."""
    for factor in (1.0, 0.25):
        scores = validator.score(Scaled(factor))

        # Two float32 transforms; the noise is 6 dB below.
        np.testing.assert_allclose(scores.gains_db, 0, atol=1e-4)
        assert not has_learned(scores)


def test_the_mixtures_themselves_are_scored_by_hand(validator):
    """About 6 dB, by the definition."""
    for example, noisy_db in zip(validator.examples, validator.noisy_db, strict=True):
        clean, noisy = example.clean.astype(float), example.noisy.astype(float)
        part = clean * (clean @ noisy) / (clean @ clean)
        expected = 10 * math.log10((part @ part) / ((noisy - part) @ (noisy - part)))
        assert noisy_db == pytest.approx(expected, abs=1e-9)


def test_an_estimate_without_a_score_is_never_the_best(validator):
    """Silence and no number at all."""
    for factor in (0.0, math.nan):
        scores = validator.score(Scaled(factor))

        assert scores.mean_gain_db == -math.inf
        assert not has_learned(scores)


def test_a_gain_must_be_sure():
    """One lucky mixture is no learning; a small gain everywhere is, beyond rounding."""
    noisy = (5.0,) * 20

    assert has_learned(ValidationScores(tuple(5.5 + 0.1 * (n % 3) for n in range(20)), noisy))
    assert not has_learned(ValidationScores((25.0, *(4.9,) * 19), noisy))
    assert not has_learned(ValidationScores(tuple(5.0 + 1e-5 * n for n in range(20)), noisy))
    assert not has_learned(ValidationScores((9.0,), (5.0,)))


def test_mixtures_that_have_no_score_of_their_own_do_not_count():
    """A silent clean layer."""
    scores = ValidationScores((math.nan, 7.0, 8.0), (math.nan, 5.0, 5.0))

    assert scores.gains_db == [2.0, 3.0]
    assert scores.mean_gain_db == 2.5
    assert scores.mean_db == 7.5
