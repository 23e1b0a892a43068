from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from mn_dataset.seeds import generator

WORDS_0 = [13076860003231494710, 13646263165645024124]
WORDS_7 = [3171869225863034402, 8441947793867822515]
INTEGERS = [0, 8, 1, 4, 2, 8, 0, 8]
UNIFORM = 9.370484904483394
SHUFFLED = "achfegbd"


def test_words_never_change():
    """The first words of two streams are those of the day they were written."""
    assert generator(0, "golden").words(2).tolist() == WORDS_0
    assert generator(7, "golden", "clean/000001").words(2).tolist() == WORDS_7


def test_distributions_never_change():
    """Integers, uniforms and shuffles are golden as well: numpy promises none of its own."""
    stream = generator(1, "golden")

    assert [stream.integer(10) for _ in range(8)] == INTEGERS
    assert stream.uniform(2.0, 20.0) == UNIFORM
    assert stream.shuffled("abcdefgh") == list(SHUFFLED)


def test_seed_purpose_and_name_each_open_another_stream():
    """No two of the three can be exchanged for one another."""
    firsts = {
        int(generator(*key).words(1)[0])
        for key in [(0, "a", "b"), (1, "a", "b"), (0, "b", "a"), (0, "a", ""), (0, "ab", "")]
    }

    assert len(firsts) == 5


def test_integers_are_even():
    """Each of six faces comes up a sixth of the time: 60 000 throws, five standard deviations."""
    stream = generator(0, "dice")
    count = Counter(stream.integer(6) for _ in range(60_000))

    assert all(abs(count[face] - 10_000) < 5 * 91 for face in range(6))


def test_integer_refuses_an_empty_range():
    """There is no integer below one."""
    with pytest.raises(ValueError, match="at least 1"):
        generator(0, "x").integer(0)


def test_normals_are_normal():
    """Mean, deviation and tails of 100 001 numbers are those of the normal law."""
    numbers = generator(0, "normal").normals(100_001)

    assert len(numbers) == 100_001
    assert abs(numbers.mean()) < 0.02  # six standard errors
    assert abs(numbers.std() - 1.0) < 0.02
    assert abs((np.abs(numbers) > 1.96).mean() - 0.05) < 0.005
