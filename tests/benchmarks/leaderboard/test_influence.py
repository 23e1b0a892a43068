from __future__ import annotations

import numpy as np
import pytest

from benchmarks.leaderboard.influence import Recordings, influence

CLIPS = Recordings(np.repeat(np.arange(4), 3), ("a", "b", "c", "d"))
NOISES = Recordings(np.tile(np.arange(3), 4), ("hum", "rain", "crowd"))


def test_each_recording_is_left_out_in_turn() -> None:
    """The range is that of the means of a loop over all recordings of both kinds."""
    differences = np.random.default_rng(0).normal(1.0, 2.0, (12, 5))
    means = [
        differences[kind.codes != code].mean(axis=0)
        for kind in (CLIPS, NOISES)
        for code in np.unique(kind.codes)
    ]

    left_out = influence(differences, [CLIPS, NOISES], negligible=0.5)

    np.testing.assert_allclose(left_out.low, np.min(means, axis=0), rtol=1e-12)
    np.testing.assert_allclose(left_out.high, np.max(means, axis=0), rtol=1e-12)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_the_recording_that_carries_a_difference_is_named(sign: float) -> None:
    """A gain on one hum alone hangs on it; one on all does not, nor one that is negligible."""
    hum = 9.0 * (NOISES.codes == 0)
    differences = sign * np.stack([hum, hum + 9.0, hum / 9.0], axis=1)

    carried_by = influence(differences, [CLIPS, NOISES], negligible=0.5).carried_by

    assert carried_by == ("hum", "", "")


def test_a_difference_that_turns_round_is_carried_by_what_turns_it() -> None:
    """Not by another recording without which it halves."""
    differences = np.where(NOISES.codes == 0, 30.0, -6.0)[:, np.newaxis]
    differences[CLIPS.codes == 1] *= 2.0

    assert influence(differences, [CLIPS, NOISES], negligible=0.5).carried_by == ("hum",)


def test_a_lone_recording_cannot_be_left_out() -> None:
    """With one noise only the clips count; with nothing to leave out there is no range."""
    one = Recordings(np.zeros(12, dtype=np.intp), ("hum",))
    differences = np.arange(12.0)[:, np.newaxis]

    of_clips = influence(differences, [CLIPS], negligible=0.5)

    assert influence(differences, [CLIPS, one], negligible=0.5) == of_clips
    nothing = influence(differences, [one], negligible=0.5)
    assert np.isnan([*nothing.low, *nothing.high]).all()
    assert nothing.carried_by == ("",)
