"""The caller's mistakes are told before a denoiser is called."""

import numpy as np
import pytest

from benchmarks.contract import DenoiserSpec
from benchmarks.harness.door import check_batch, picked
from mn_dataset.errors import InputError

BATCH = np.zeros((2, 1, 10), np.float32)
ORACLE = DenoiserSpec(name="oracle", needs=frozenset({"clean"}))


@pytest.mark.parametrize(
    ("batch", "message"),
    [
        ([0.0], "is list; expected a float32"),
        (np.zeros((1, 1, 10)), "is float64; expected float32"),
        (np.zeros(10, np.float32), r"shape \(10,\); expected \(batch, channels, time\)"),
        (np.zeros((1, 1, 0), np.float32), "none of them 0"),
        (np.full((1, 1, 3), np.nan, np.float32), "NaN or infinity"),
    ],
)
def test_a_batch_that_is_no_audio_is_refused(batch, message):
    """Found and expected stand in the message."""
    with pytest.raises(InputError, match=message):
        check_batch(batch, 44_100)


@pytest.mark.parametrize("sampling_rate", [0, -1, 44_100.0, "44100"])
def test_a_rate_is_a_whole_number_of_hz(sampling_rate):
    """Anything else is refused; numpy's integers are integers."""
    with pytest.raises(InputError, match="expected a whole number of Hz"):
        check_batch(BATCH, sampling_rate)
    check_batch(BATCH, np.int64(44_100))


def test_exactly_what_is_needed_is_picked():
    """A blind denoiser gets nothing, an oracle what it declares."""
    side = {"clean": BATCH, "noise": BATCH}

    assert picked(side, spec=ORACLE, shape=BATCH.shape).keys() == {"clean"}
    assert picked(side, spec=DenoiserSpec(name="blind"), shape=BATCH.shape) == {}


def test_missing_side_information_is_named():
    """An oracle cannot run on a mixture alone."""
    with pytest.raises(InputError, match="needs clean in 'side'; found noise"):
        picked({"noise": BATCH}, spec=ORACLE, shape=BATCH.shape)


def test_side_information_has_the_shape_of_the_batch():
    """Only a noise profile may be shorter."""
    informed = DenoiserSpec(name="informed", needs=frozenset({"noise_profile"}))
    profile = {"noise_profile": BATCH[..., :4]}

    assert picked(profile, spec=informed, shape=BATCH.shape)["noise_profile"].shape == (2, 1, 4)
    with pytest.raises(InputError, match=r"shape \(2, 1, 4\); expected \(2, 1, 10\)"):
        picked({"clean": BATCH[..., :4]}, spec=ORACLE, shape=BATCH.shape)
