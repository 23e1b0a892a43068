"""What is odd about a session is told before anything is done to it."""

import json

import numpy as np
import pytest
import soundfile

from mn_dataset.check.session import check_session
from mn_dataset.check.tracks import is_session
from mn_dataset.errors import InputError

RATE = 8_000
GAINS = np.array([[1, 0.1, 0.05], [0.3, 1, 0.1], [0.5, 0.2, 1]])
NAMES = ("a_kick.wav", "b_snare.wav", "c_voice.wav")


@pytest.fixture
def session(tmp_path):
    """A folder of three tracks whose sources take turns."""
    draws = np.random.default_rng(0).normal(size=(3, 24, RATE // 2))
    turns = np.arange(24) % 3 == np.arange(3)[:, np.newaxis]
    sources = 0.05 * (draws * turns[..., np.newaxis]).reshape(3, -1)
    folder = tmp_path / "session"
    folder.mkdir()
    for name, track in zip(NAMES, GAINS @ sources, strict=True):
        soundfile.write(folder / name, track, RATE)
    return folder


def put(folder, name, samples, rate=RATE):
    soundfile.write(folder / name, samples, rate)
    return folder / name


def test_the_matrix_is_that_of_the_mixing(session):
    """Rows are microphones, columns are sources; the worst pairs come first."""
    found = check_session([session])

    assert found.errors == 0
    np.testing.assert_allclose(found.bleed_db, 20 * np.log10(GAINS), atol=1)
    assert [pair[:2] for pair in found.pairs()[:3]] == [
        ("c_voice.wav", "a_kick.wav"),
        ("b_snare.wav", "a_kick.wav"),
        ("c_voice.wav", "b_snare.wav"),
    ]


def test_levels_are_in_dbfs(tmp_path):
    """A square wave at half of full scale has a peak and an RMS of -6 dBFS; silence has none."""
    square = put(tmp_path, "square.wav", np.tile([0.5, -0.5], 4000))
    silent = put(tmp_path, "silent.wav", np.zeros(8000))

    first, second = check_session([square, silent]).levels

    assert (first.microphone, second.microphone) == ("square.wav", "silent.wav")
    np.testing.assert_allclose((first.peak_dbfs, first.rms_dbfs), -6.02, atol=0.01)
    assert second.peak_dbfs is second.rms_dbfs is None


def test_a_silent_track_is_a_warning_and_has_no_column(session):
    """Its bleed is not known."""
    silent = put(session, "d_silent.wav", np.zeros(12 * RATE))

    found = check_session([session])

    assert [(one.severity, one.kind, one.file) for one in found.findings] == [
        ("warning", "silent", str(silent))
    ]
    assert np.isnan(found.bleed_db[:3, 3]).all()
    assert all(source != "d_silent.wav" for _, source, _ in found.pairs())


def test_what_does_not_fit_is_an_error(session):
    """Length, rate, channels, a file that is none; each by its file."""
    put(session, "d_short.wav", np.zeros(12 * RATE - 80) + 0.1)
    put(session, "e_many.wav", np.zeros((12 * RATE, 4)) + 0.1)

    first = check_session([session])
    put(session, "f_fast.wav", np.zeros(12 * 48_000) + 0.1, rate=48_000)
    (session / "g_text.wav").write_text("no audio")
    second = check_session([session])

    assert [(one.kind, one.text) for one in first.findings] == [
        ("length", "is 80 samples (0.010 s) shorter than the longest track"),
        ("channels", "has 4 channels; a track is one source, mono or stereo"),
    ]
    assert first.bleed_db is not None
    assert {one.kind for one in second.findings} == {"unreadable", "rate", "length", "channels"}
    assert second.bleed_db is None
    assert second.errors == 4


def test_one_track_is_no_session(session):
    """There is nothing to compare it with."""
    found = check_session([session / NAMES[0]])

    assert [one.kind for one in found.findings] == ["alone"]
    assert found.bleed_db is None


def test_the_command_prints_levels_matrix_and_worst_pairs(session, mn):
    """Of a folder, and of files; errors exit 1."""
    code, text, _ = mn("check", session)

    lines = text.splitlines()
    assert code == 0
    assert "bleed in dB: level of each source in each microphone, over that in its own" in lines
    assert lines[-1] == "0 errors, 0 warnings"
    assert lines[-6].startswith("c_voice.wav hears a_kick.wav at -6.")
    assert mn("check", *(session / name for name in NAMES))[:2] == (0, text)
    code, text, _ = mn("check", session / NAMES[0])
    assert code == 1
    assert "name all tracks of the session" in text


def test_the_command_answers_with_json(session, mn):
    """Nothing in it is infinite or NaN."""
    put(session, "d_silent.wav", np.zeros(12 * RATE))

    code, text, _ = mn("check", session, "--json")
    answer = json.loads(text, parse_constant=pytest.fail)

    assert code == 0
    assert (answer["errors"], answer["warnings"]) == (0, 1)
    assert answer["sources"] == answer["microphones"] == [*NAMES, "d_silent.wav"]
    assert [row[3] for row in answer["bleed_db"]] == [None] * 4
    assert answer["levels"][3] == {
        "microphone": "d_silent.wav", "peak_dbfs": None, "rms_dbfs": None
    }  # fmt: skip
    assert answer["worst"][0]["microphone"] == "c_voice.wav"


def test_a_corpus_is_still_a_corpus(tiny_folder, session, tmp_path):
    """By its tables; a folder without any, and without recordings, is none of both."""
    assert not is_session([tiny_folder])
    assert not is_session([tmp_path / "nowhere"])
    assert not is_session([tmp_path])
    assert is_session([session])
    assert is_session([session / NAMES[0]])
    assert is_session([session / NAMES[0], session / "none.wav"])
    with pytest.raises(InputError, match=r"none\.wav: no such file or folder"):
        check_session([session / NAMES[0], session / "none.wav"])
