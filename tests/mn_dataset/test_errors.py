"""An error says what is near, and survives the way from one process to another."""

from __future__ import annotations

import pickle

import pytest

from mn_dataset.errors import InputError, MissingExtra, UnknownName, suggestion


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Cello ", "; did you mean 'cello'?"),  # case and blanks do not matter
        ("harpp", "; did you mean 'harp'?"),
        ("trum", "; did you mean 'trumpet'?"),
        ("TRUMPET", "; did you mean 'trumpet'?"),
        ("accordion", "."),
        ("", "."),
    ],
)
def test_the_nearest_name_is_suggested(name, text):
    """By what it begins with, or by what is spelled alike; for a strange name there is none."""
    assert suggestion(name, ["cello", "harp", "trumpet"]) == text


def test_without_names_there_is_none_to_suggest():
    """And the message says that there is none."""
    assert str(UnknownName("denoiser", "wiener", [])) == "unknown denoiser 'wiener'. Known: none."


@pytest.mark.parametrize(
    "error",
    [UnknownName("metric", "sd", ["sdr", "lsd"]), MissingExtra("pesq", extra="perceptual")],
    ids=["UnknownName", "MissingExtra"],
)
def test_an_error_is_the_same_after_a_way_between_processes(error):
    """A worker raises it, and the caller sees its message and what it carries."""
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301 (of our own making)

    assert isinstance(copy, InputError)
    assert (type(copy), str(copy), vars(copy)) == (type(error), str(error), vars(error))
