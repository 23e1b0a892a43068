"""The frequency code is rounded as the reference rounds it."""

import numpy as np
import pytest

from benchmarks.layers.frequency import frequency_code


@pytest.mark.parametrize("prefix", ["", "alt/"], ids=["main", "alt"])
def test_it_is_the_reference_s_table(reference, prefix):
    """To the last bit of float32 but one; the cosines of two libraries."""
    table = reference[f"{prefix}freq_emb"]

    np.testing.assert_allclose(frequency_code(len(table)), table, rtol=0, atol=6e-8)


def test_it_begins_with_half_a_period():
    """From one end of the spectrum to the other."""
    first = frequency_code(65)[:, 0]

    np.testing.assert_allclose(first[[0, 32, 64]], [1, 0, -1], atol=1e-7)
