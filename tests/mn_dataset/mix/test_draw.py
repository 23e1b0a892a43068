from __future__ import annotations

import pytest

from mn_dataset.audio import io
from mn_dataset.errors import InputError, UnknownName
from mn_dataset.mix.draw import draw


def test_the_same_arguments_draw_the_same_and_another_seed_does_not(tiny):
    """Everything random has a seed."""
    assert draw(tiny, seed=1) == draw(tiny, seed=1)
    assert draw(tiny, seed=1) != draw(tiny, seed=2)


def test_drawing_opens_no_audio(tiny, monkeypatch):
    """Tables and index are all it reads."""

    def forbidden(*_, **__):
        raise AssertionError("audio was opened")

    monkeypatch.setattr(io, "read_pcm", forbidden)
    assert draw(tiny)


def test_an_option_that_the_task_does_not_have_is_refused(tiny):
    """With the nearest one that it has."""
    with pytest.raises(InputError, match="'denoise' is drawn without `per_cel`; did you mean 'per"):
        draw(tiny, per_cel=2)


def test_a_task_that_nobody_has_is_refused(tiny):
    """With the nearest name."""
    with pytest.raises(UnknownName, match="unknown task 'denois'; did you mean 'denoise'"):
        draw(tiny, task="denois")
