from __future__ import annotations

import os
import sys

import pytest
import soundfile

from mn_dataset.audio.corpus import open_corpus
from mn_dataset.check.corpus import check
from mn_dataset.curate.curate import curate
from mn_dataset.seeds import Stream, generator

FORMS = {
    "wav": {"subtype": "PCM_16"},
    "float.wav": {"subtype": "FLOAT"},
    "flac": {},
    "ogg": {},
    "mp3": {},
    "aiff": {"subtype": "PCM_24"},
    "w64": {},
    "opus": {"format": "OGG", "subtype": "OPUS", "rate": 48_000},
}
FILMS = {"m4a": "aac", "webm": "libopus", "wma": "wmav2", "avi": "pcm_s16le"}
ALWAYS_BAD = ("empty", "header", "html", "text", "random", "rates", "channels", "zero")


def truncated(whole: bytes, stream: Stream) -> bytes:
    return whole[: stream.integer(len(whole))]


def flipped(whole: bytes, stream: Stream) -> bytes:
    damaged = bytearray(whole)
    for _ in range(1 + stream.integer(30)):
        damaged[stream.integer(len(whole))] ^= 1 + stream.integer(255)
    return bytes(damaged)


def head_flipped(whole: bytes, stream: Stream) -> bytes:
    return flipped(whole[:64], stream) + whole[64:]


def hole(whole: bytes, stream: Stream) -> bytes:
    start = stream.integer(len(whole))
    return whole[:start] + whole[start + stream.integer(5000) :]


def blanked(whole: bytes, stream: Stream) -> bytes:
    start = stream.integer(len(whole))
    return whole[:start] + bytes(len(whole[start : start + 3000])) + whole[start + 3000 :]


def random(whole: bytes, stream: Stream) -> bytes:
    return stream.words(1 + stream.integer(2000)).tobytes()


DAMAGES = {
    "truncated": truncated,
    "flipped": flipped,
    "head": head_flipped,
    "hole": hole,
    "blanked": blanked,
    "random": random,
    "header": lambda whole, stream: whole[: 4 + stream.integer(36)],
    "html": lambda whole, stream: b"<!DOCTYPE html><html>quota exceeded</html>",
    "text": lambda whole, stream: b"This was never audio.\n" * stream.integer(100),
    "empty": lambda whole, stream: b"",
}


def wav(channels: int, rate: int, bits: int, data: bytes) -> bytes:
    """Write a header that nobody's recorder would."""
    frame = channels * bits // 8
    fields = ((4, 16), (2, 1), (2, channels), (4, rate), (4, rate * frame % 2**32))
    body = b"WAVEfmt " + b"".join(value.to_bytes(size, "little") for size, value in fields)
    body += (frame % 2**16).to_bytes(2, "little") + bits.to_bytes(2, "little")
    body += b"data" + len(data).to_bytes(4, "little") + data
    return b"RIFF" + len(body).to_bytes(4, "little") + body


def write_bases(sound, film, folder):
    """Write a good recording in every form."""
    for form, how in FORMS.items():
        sound(folder / f"base.{form}", seconds=1.2, channels=1 + (form == "mp3"), **how)
    for form, codec in FILMS.items():
        samples = sound(folder / "film.wav", seconds=1.2, rate=48_000)
        film(folder / f"base.{form}", samples, codec=codec, rate=48_000)


@pytest.fixture
def damaged(sound, film, tmp_path):
    """Four hundred files of which few are recordings, and two good ones."""
    raw = tmp_path / "raw"
    sound(raw / "piano/good.wav")
    sound(raw / "crowd/fine.wav")
    write_bases(sound, film, tmp_path)
    stream, number = generator(0, "damaged", ""), 0
    for kind, damage in DAMAGES.items():
        for form in [*FORMS, *FILMS]:
            for _ in range(3 if kind in ALWAYS_BAD else 4):
                whole = (tmp_path / f"base.{form}").read_bytes()
                (raw / f"piano/{number:03d} {kind}.{form}").write_bytes(damage(whole, stream))
                number += 1
    noise = stream.words(10_000).tobytes()
    for rate in (0, 1, 999, 2**31 - 1, 2**31, 2**32 - 1):
        (raw / f"piano/rates {rate}.wav").write_bytes(wav(1, rate, 16, noise))
    for channels in (0, 1025, 65_535):
        (raw / f"piano/channels {channels}.wav").write_bytes(wav(channels, 44_100, 16, noise))
    for bits in (0, 64, 65_535):
        (raw / f"piano/random {bits} bits.wav").write_bytes(wav(1, 44_100, bits, noise))
    for suffix in ("flac", "mp3", "mp4", "m4a", "mkv", "webm", "avi", "wma", "txt.wav"):
        (raw / f"piano/random.{suffix}").write_bytes(noise)
    marks = {"mp4": b"\0\0\0\x18ftypisom", "mkv": b"\x1a\x45\xdf\xa3", "aac": b"\xff\xf1"}
    for suffix, mark in marks.items():
        (raw / f"piano/random mark.{suffix}").write_bytes(mark + noise)
    (raw / "piano/zero.wav").write_bytes(wav(1, 44_100, 16, b""))
    (raw / "piano/zero silent.wav").write_bytes(wav(1, 44_100, 16, bytes(200_000)))
    (raw / "piano/empty folder.wav").mkdir()
    (raw / "piano/empty link.wav").symlink_to(raw / "nowhere")
    os.mkfifo(raw / "piano/empty pipe.wav")
    return raw


def test_four_hundred_damaged_files_do_no_harm(damaged, tmp_path, contents, rejected, capfd):
    """Each is a clip that the judge accepts or is rejected with its reason; nobody is disturbed."""
    files = {path.relative_to(damaged).as_posix() for path in damaged.glob("*/*")}
    assert len(files) >= 400
    report = curate(damaged, tmp_path / "out")
    reasons = rejected(tmp_path / "out")
    corpus = open_corpus(tmp_path / "out")
    taken = {dict(source.row.further)["original"] for source in corpus.sources.values()}

    assert taken | set(reasons) == files
    assert taken & set(reasons) == set()
    assert {"piano/good.wav", "crowd/fine.wav"} <= taken
    assert not [file for file in taken if any(kind in file for kind in ALWAYS_BAD)]
    assert all(reason and str(tmp_path) not in reason for reason in reasons.values())
    assert len(report.rejected) == len(reasons)
    assert [finding for finding in check(tmp_path / "out") if finding.severity == "error"] == []
    assert not [name for name in contents(tmp_path / "out") if ".tmp" in name]
    assert capfd.readouterr() == ("", "")


@pytest.fixture(params=["all packages", "no av"])
def complete(request, monkeypatch):
    """Whether the package that decodes sound tracks is installed."""
    if request.param == "no av":
        monkeypatch.setitem(sys.modules, "av", None)
    return request.param != "no av"


def test_damaged_files_are_not_tried_twice(damaged, complete, tmp_path, contents, rejected):
    """The second run says the same, and looks only at what waits for an installation."""
    curate(damaged, tmp_path / "out")
    before = contents(tmp_path / "out")
    waiting = [why for why in rejected(tmp_path / "out").values() if "not installed" in why]
    report = curate(damaged, tmp_path / "out")

    assert report.converted == len(waiting)
    assert complete == (not waiting)
    assert contents(tmp_path / "out") == before


def cut_at(whole: bytes, share: float) -> bytes:
    return whole[: int(len(whole) * share)]


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9, 0.99])
@pytest.mark.parametrize("form", [*FORMS, "au", "rf64.wav"])
def test_a_recording_of_which_the_end_is_missing_is_not_taken_for_a_short_one(
    sound, tmp_path, rejected, form, share
):
    """In every format that says how long it is."""
    forms = FORMS | {"au": {}, "rf64.wav": {"format": "RF64"}}
    sound(tmp_path / f"raw/piano/a.{form}", seconds=3, **forms[form])
    sound(tmp_path / "raw/piano/good.wav")
    path = tmp_path / f"raw/piano/a.{form}"
    path.write_bytes(cut_at(path.read_bytes(), share))
    curate(tmp_path / "raw", tmp_path / "out")

    assert f"piano/a.{form}" in rejected(tmp_path / "out")


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_waits_for_permission(sound, tmp_path, rejected):
    """It is named, and taken when it may be read."""
    sound(tmp_path / "raw/piano/a.wav")
    sound(tmp_path / "raw/piano/b.wav")
    (tmp_path / "raw/piano/b.wav").chmod(0)
    first = curate(tmp_path / "raw", tmp_path / "out")
    assert "Permission denied" in rejected(tmp_path / "out")["piano/b.wav"]
    (tmp_path / "raw/piano/b.wav").chmod(0o600)

    assert (first.clips, curate(tmp_path / "raw", tmp_path / "out").clips) == (1, 2)


def test_an_mp3_of_unknown_length_loses_nothing_silently(sound, tmp_path, rejected):
    """A variable bitrate without its header: libsndfile guesses, and its guess is checked."""
    music = generator(0, "vbr", "").uniforms(20 * 44_100)[:, None] - 0.5
    music[5 * 44_100 :] *= 1e-3  # loud, then quiet: frames of very different size
    sound(tmp_path / "vbr.mp3", samples=music)
    with soundfile.SoundFile(
        tmp_path / "vbr.mp3", "w", 44_100, 1, bitrate_mode="VARIABLE", compression_level=0.9
    ) as file:
        file.write(music)
    whole = (tmp_path / "vbr.mp3").read_bytes()
    place = whole.find(b"\xff\xfb", max(whole.find(b"Xing"), whole.find(b"Info")))
    (tmp_path / "raw/piano").mkdir(parents=True)
    (tmp_path / "raw/piano/a.mp3").write_bytes(whole[place:])
    sound(tmp_path / "raw/piano/good.wav")
    report = curate(tmp_path / "raw", tmp_path / "out", clip_s=None)

    assert report.clips == 1
    assert "guesses its length wrongly" in rejected(tmp_path / "out")["piano/a.mp3"]


def test_a_recording_of_a_sample_or_two_is_named(sound, tmp_path, rejected):
    """At 192 kHz one sample is none at 44.1 kHz; it is not passed over without a word."""
    for frames in (1, 2, 5):
        one = generator(0, "one", "").uniforms(frames)[:, None]
        sound(tmp_path / f"raw/piano/{frames}.wav", samples=one, rate=192_000)
    sound(tmp_path / "raw/piano/good.wav")
    curate(tmp_path / "raw", tmp_path / "out")

    assert {file for file, reason in rejected(tmp_path / "out").items() if "lasts" in reason} == {
        f"piano/{frames}.wav" for frames in (1, 2, 5)
    }
