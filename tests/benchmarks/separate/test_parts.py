"""Voice and accompaniment add up to the recording, in the numbers that are written."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.separate.parts import parts
from mn_dataset.audio.writer import WIDTHS, Form

levels = st.floats(-1.0, 1.0)
floats32 = st.floats(-2.0, 2.0, width=32)


def column(*values):
    return np.array(values, np.float64)[:, np.newaxis]


@given(st.sampled_from(sorted(WIDTHS)), levels, st.floats(-4.0, 4.0))
def test_integers_add_up_whatever_the_estimate(encoding, level, voice):
    """Within full scale; the voice is the estimate, rounded to the nearest, unless it was moved."""
    bits = WIDTHS[encoding]
    scale = 2.0 ** (bits - 1)
    recording = np.clip(np.rint(column(level) * scale), -scale, scale - 1) / scale

    made = parts(recording, column(voice), form=Form("WAV", encoding))

    written = (made.voice, made.accompaniment)
    sung, played = (np.int64(part[0, 0] >> (32 - bits)) for part in written)
    assert sung + played == recording[0, 0] * scale
    assert made.moved or sung == np.rint(voice * scale)
    assert made.beyond == made.inexact == 0


@pytest.mark.parametrize("encoding", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32"])
def test_a_voice_that_does_not_fit_is_moved_no_further_than_needed(encoding):
    """At both ends of full scale: one part stands at it, and the sum holds."""
    bits = WIDTHS[encoding]
    highest, lowest = 2 ** (bits - 1) - 1, -(2 ** (bits - 1))
    recording = column(highest, lowest, highest, lowest, 0) / 2.0 ** (bits - 1)
    voice = column(-0.5, 0.5, 1.5, -1.5, 1.5)

    made = parts(recording, voice, form=Form("WAV", encoding))

    sung, played = (part.ravel() >> (32 - bits) for part in (made.voice, made.accompaniment))
    assert sung.tolist() == [0, 0, highest, lowest, highest]
    assert played.tolist() == [highest, lowest, 0, 0, -highest]
    assert made.moved == 5


def test_a_recording_beyond_full_scale_is_shared_by_two_parts():
    """A decoder may give more than 1; what not even two parts hold is counted."""
    made = parts(column(1.25, 3.0), column(0.5, 3.0), form=Form("WAV", "PCM_16"))

    total = (made.voice >> 16) + (made.accompaniment >> 16)
    assert total.ravel().tolist() == [40_960, 2 * 32_767]
    assert (made.moved, made.beyond) == (1, 1)


@given(st.sampled_from([("FLOAT", np.float32), ("DOUBLE", np.float64)]), floats32, floats32)
def test_floating_point_adds_up_where_it_can(form, level, voice):
    """Exactly, or to half a step of the louder part, which is counted."""
    encoding, dtype = form

    made = parts(column(level), column(voice), form=Form("WAV", encoding))

    sung, played = made.voice[0, 0], made.accompaniment[0, 0]
    assert made.voice.dtype == made.accompaniment.dtype == dtype
    louder = np.maximum(np.abs(sung), np.abs(played))
    assert abs(float(sung) + float(played) - level) <= np.spacing(louder) / 2
    assert made.inexact == int(sung + played != dtype(level))
    # The estimate is kept to the rounding of either part.
    assert abs(float(sung) - voice) <= np.spacing(np.maximum(louder, np.abs(dtype(voice))))
    if abs(voice) <= abs(level):
        assert made.inexact == 0


@given(st.integers(-(2**23), 2**23 - 1), st.floats(-1.0, 1.0, width=32))
def test_24_bits_in_floating_point_add_up_exactly(level, voice):
    """As most recordings in floating point were made: of whole numbers."""
    recording = column(level / 2.0**23)

    made = parts(recording, column(voice), form=Form("WAV", "FLOAT"))

    assert made.voice[0, 0] + made.accompaniment[0, 0] == np.float32(recording[0, 0])
    assert made.inexact == 0
