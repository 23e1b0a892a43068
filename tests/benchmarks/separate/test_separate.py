"""A person's songs come back in two parts that add up to them, and nothing else is touched."""

import inspect
import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import soundfile

import benchmarks
from benchmarks.cli import app
from benchmarks.denoise.denoise import denoise
from benchmarks.separate.separate import separate
from mn_dataset.commands import terminal
from mn_dataset.errors import InputError, UnknownName

PARTS = ("voice", "accompaniment")


def states(summary):
    return [outcome.state for outcome in summary.outcomes]


def files(folder):
    """Every file below a folder but the journal, sorted."""
    every = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return sorted(str(path) for path in every if path.name != ".mn-separate.jsonl")


def whole(path, dtype="int32"):
    return soundfile.read(path, dtype=dtype, always_2d=True)[0]


def total(folder, name, dtype="int32", suffix="wav"):
    """The sum of the two parts of a song, as they are written."""
    voice, accompaniment = (whole(folder / f"{name}.{part}.{suffix}", dtype) for part in PARTS)
    wide = np.int64 if dtype == "int32" else voice.dtype
    return voice.astype(wide) + accompaniment.astype(wide)


@pytest.mark.parametrize(
    "form",
    [
        ("WAV", "PCM_16", "wav", 48_000, 2),
        ("WAVEX", "PCM_24", "wav", 48_000, 6),
        ("FLAC", "PCM_24", "flac", 44_100, 2),
        ("AIFF", "PCM_16", "aiff", 8_000, 1),
        ("WAV", "FLOAT", "wav", 96_000, 2),
    ],
    ids=str,
)
def test_two_parts_of_the_song_s_form_add_up_to_it(tmp_path, own, record, form):
    """Rate, channels, length, container and width; above the separator's band too."""
    container, encoding, suffix, rate, channels = form
    noise = np.random.default_rng(0).integers(-(2**22), 2**22, (60_001, channels)) / 2**23
    path = record(f"song.{suffix}", noise, rate=rate, format=container, subtype=encoding)

    summary = separate([path], separator=own("Parts"), out=tmp_path / "out")

    assert states(summary) == ["done"]
    assert files(tmp_path / "out") == [f"song.{part}.{suffix}" for part in sorted(PARTS)]
    before = soundfile.info(path)
    for part in PARTS:
        after = soundfile.info(tmp_path / "out" / f"song.{part}.{suffix}")
        for fact in ("format", "subtype", "samplerate", "channels", "frames"):
            assert getattr(before, fact) == getattr(after, fact)
    dtype = "float32" if encoding == "FLOAT" else "int32"
    added = total(tmp_path / "out", "song", dtype, suffix)
    np.testing.assert_array_equal(added, whole(path, dtype))
    assert not any(summary.outcomes[0].counts.values())


def test_bits_that_no_two_parts_hold_are_counted(tmp_path, own, record):
    """Of floating point that was never whole numbers; the sum is a neighbour of the song."""
    path = record("a.wav", subtype="FLOAT")

    summary = separate([path], separator=own("Parts"), out=tmp_path / "out")

    added, song = total(tmp_path / "out", "a", "float32"), whole(path, "float32")
    assert summary.outcomes[0].counts["inexact"] == np.count_nonzero(added != song) > 0
    assert "have bits below those of both parts" in str(summary)
    np.testing.assert_allclose(added, song, rtol=0, atol=2.0**-25)  # half a step below 0.5


@pytest.mark.parametrize("encoding", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32"])
def test_the_sum_holds_at_full_scale(tmp_path, own, record, encoding):
    """Though the separator hears a voice three times as loud as the song; it is told how often."""
    path = record("a.wav", np.array([0.999, -1.0, 0.5, 0.1, 0.0] * 400), subtype=encoding)

    summary = separate([path], separator=own("Loud"), out=tmp_path / "out")

    np.testing.assert_array_equal(total(tmp_path / "out", "a"), whole(path))
    assert summary.outcomes[0].counts["moved"] == 3 * 400
    assert "moved: " in str(summary)
    assert "in 1200 samples a part would be beyond full scale" in str(summary)


def test_channels_stay_where_they_are(tmp_path, own, record):
    """What is silent in the song's right channel is silent in both parts."""
    stereo = np.zeros((48_000, 2))
    stereo[:, 0] = np.sin(np.arange(48_000) / 20) / 3
    path = record("a.wav", stereo, rate=48_000)

    separate([path], separator=own("Parts"), out=tmp_path / "out")

    for part in PARTS:
        samples = whole(tmp_path / "out" / f"a.{part}.wav")
        assert samples[:, 0].any()
        assert not samples[:, 1].any()


@pytest.mark.skipif("MP3" not in soundfile.available_formats(), reason="libsndfile decodes no MP3")
def test_a_lossy_song_adds_up_to_what_was_decoded(tmp_path, own, record):
    """Rounded to the 16 bits that are written."""
    tone = 0.4 * np.sin(np.arange(88_200) / 15)
    path = record("song.mp3", np.stack([tone, tone[::-1]], axis=1), format="MP3")

    summary = separate([path], separator=own("Parts"), out=tmp_path / "out")

    decoded = np.rint(whole(path, "float64") * 2**15)
    np.testing.assert_array_equal(total(tmp_path / "out", "song") / 2**16, decoded)
    assert "1 recording in lossy or foreign form, written as WAV" in str(summary)


@pytest.mark.parametrize("num_samples", [1, 7, 20_001])
def test_any_length_comes_back(tmp_path, own, record, num_samples):
    """One sample, and more than a piece of the separator's."""
    path = record("a.wav", np.linspace(-0.5, 0.5, num_samples), rate=22_050)

    separate([path], separator=own("Parts"), out=tmp_path / "out")

    np.testing.assert_array_equal(total(tmp_path / "out", "a"), whole(path))


def test_a_damaged_song_is_refused_and_the_rest_is_done(tmp_path, own, record):
    """Exit code 1; sub-folders are kept."""
    record("good.wav")
    record("live/b.flac")
    broken = record("broken.wav")
    broken.write_bytes(broken.read_bytes()[:20_000])
    (tmp_path / "in" / "text.wav").write_text("not audio")

    summary = separate([tmp_path / "in"], separator=own("Parts"), out=tmp_path / "out")

    assert files(tmp_path / "out") == sorted(
        f"{name}.{part}.{suffix}"
        for name, suffix in (("good", "wav"), ("live/b", "flac"))
        for part in PARTS
    )
    reasons = [outcome.reason for outcome in summary.outcomes if outcome.state == "refused"]
    assert len(reasons) == summary.refused == 2
    assert any(reason.startswith("truncated") for reason in reasons)


def test_names_that_would_clash_are_an_error_before_any_work(tmp_path, own, record):
    """Two songs of one name; a part in a song's place. One song in two forms keeps its suffixes."""
    first, second = record("x/a.wav"), record("y/a.wav")
    with pytest.raises(InputError, match="would both become"):
        separate([first, second], separator=own("Parts"), out=tmp_path / "out")
    part = record("z/b.voice.wav")
    whole_song = record("z/b.wav")
    with pytest.raises(InputError, match="take the place of the recording"):
        separate([whole_song, part], separator=own("Parts"), out=part.parent)
    assert not (tmp_path / "out").exists()

    record("two/c.wav"), record("two/c.aiff", format="AIFF")
    separate([tmp_path / "in" / "two"], separator=own("Parts"), out=tmp_path / "out")

    assert files(tmp_path / "out") == [
        *("c.accompaniment.aiff", "c.accompaniment.wav", "c.voice.aiff", "c.voice.wav"),
    ]


def test_what_stands_in_the_way_is_refused_unless_told(tmp_path, own, record):
    """Another's file, and the parts of another separator; the same ones are left alone."""
    path, out = record("a.wav"), tmp_path / "out"
    out.mkdir()
    (out / "a.voice.wav").write_text("mine")

    def reason(**changed):
        outcome = separate([path], **({"separator": own("Parts"), "out": out} | changed)).outcomes[
            0
        ]
        return outcome.reason or outcome.state

    assert "there already, and not of `mn separate`" in reason()
    assert reason(overwrite=True) == "done"
    assert reason() == "finished"
    assert "made by parts of another recording, revision or options" in reason(
        separator=own("Loud")
    )


def test_a_denoiser_of_another_task_is_told_its_command(tmp_path, own, record):
    """Either way, before any work."""
    path, out = record("a.wav"), tmp_path / "out"

    with pytest.raises(InputError, match=r"'wiener' is a denoiser, .* use `mn denoise`, or name a "
                       r"separator, one for the task 'separate'"):  # fmt: skip
        separate([path], separator="wiener", out=out)
    with pytest.raises(InputError, match=r"is a separator, .* use `mn separate`, or name a "
                       r"denoiser, one for the task 'denoise'"):  # fmt: skip
        denoise([path], denoiser=own("Parts"), out=out)
    assert not out.exists()


@pytest.mark.parametrize(
    "case",
    [
        ({"separator": "weiner"}, UnknownName, "did you mean 'wiener'"),
        ({"separator": "Told"}, InputError, "needs clean, which a recording alone does not tell"),
        ({"batch_size": 0}, InputError, "expected 1 or more"),
        ({"device": "abacus"}, InputError, "expected cpu, cuda"),
    ],
    ids=str,
)
def test_options_without_sense_stop_before_any_work(tmp_path, own, record, case):
    """With one message."""
    options, error, text = case
    if options.get("separator") == "Told":
        options = {"separator": own("Told")}
    named = {"separator": own("Parts"), "out": tmp_path / "out"} | options

    with pytest.raises(error, match=text):
        separate([record("a.wav")], **named)
    with pytest.raises(InputError, match="no recording was named"):
        separate([], separator=own("Parts"), out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_parts_of_another_run_are_no_songs(tmp_path, own, record):
    """Nor are they recordings for `mn denoise`."""
    record("a.wav")
    inside = tmp_path / "in"
    separate([inside], separator=own("Parts"), out=inside / "parts")

    again = separate([inside], separator=own("Parts"), out=inside / "parts")
    denoised = denoise([inside], denoiser=own("Same"), out=inside / "clean")
    third = separate([inside], separator=own("Parts"), out=inside / "third")

    assert states(again) == ["finished"]
    assert states(denoised) == states(third) == ["done"]


def test_the_package_is_called_as_its_function(tmp_path, own, record):
    """What Python imports under that name answers the call."""
    summary = benchmarks.separate([record("a.wav")], separator=own("Parts"), out=tmp_path / "out")

    assert states(summary) == ["done"]
    assert inspect.signature(benchmarks.separate) == inspect.signature(separate)


def test_the_command_says_what_became_of_each_song(tmp_path, own, record, capsys):
    """For a person, and as one JSON object; 1 where a song was refused."""
    words = ["separate", str(record("a.wav")), "--out", str(tmp_path / "out")]
    words += ["--separator", own("Parts")]

    assert terminal.run(app, words) == 0
    assert "1 recording (0.5 s) separated by parts into" in capsys.readouterr().out
    assert terminal.run(app, [*words, str(tmp_path / "none.wav"), "--json"]) == 1
    answer = json.loads(capsys.readouterr().out)

    assert (answer["separator"], answer["precision"]) == ("parts", "float32")
    refused, finished = answer["recordings"]
    assert (refused["state"], finished["state"]) == ("refused", "finished")
    assert finished["outputs"] == [str(tmp_path / "out" / f"a.{part}.wav") for part in PARTS]
    assert (finished["moved"], finished["beyond"], finished["inexact"]) == (0, 0, 0)


COMMAND = """
import signal
import sys
from pathlib import Path
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
from benchmarks.separate.separate import separate
separate([Path(sys.argv[1])], separator=sys.argv[2], out=Path(sys.argv[3]))
"""


def test_a_kill_in_the_middle_is_resumed(tmp_path, own, record):
    """What was whole is left alone, the rest is done, and what the kill left is cleared away."""
    record("a.wav", seconds=0.5, channels=1)
    path = record("b.wav", seconds=4.0)
    out = tmp_path / "out"
    (tmp_path / "wait").touch()
    words = [sys.executable, "-c", COMMAND, tmp_path / "in", own("StuckParts"), out]
    with subprocess.Popen(words, stderr=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 30
        while not (tmp_path / "reached").exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        with pytest.raises(InputError, match=r"`mn separate` .* writes there now"):
            separate([tmp_path / "in"], separator=own("Parts"), out=out)
        process.send_signal(signal.SIGKILL)
    left = files(out)
    (tmp_path / "wait").unlink()

    summary = separate([tmp_path / "in"], separator=own("StuckParts"), out=out)

    assert {"a.voice.wav", "a.accompaniment.wav"} < set(left)
    assert not {"b.voice.wav", "b.accompaniment.wav"} & set(left)
    assert states(summary) == ["finished", "done"]
    assert files(out) == [f"{name}.{part}.wav" for name in "ab" for part in sorted(PARTS)]
    np.testing.assert_array_equal(total(out, "b"), whole(path))


# getrusage would begin with the peak of the process that started this one.
PEAK = """
import sys
from pathlib import Path
from benchmarks.separate.separate import separate
print(separate([Path(sys.argv[1])], separator=sys.argv[2], out=Path(sys.argv[3])))
print(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0])
"""


@pytest.mark.stress
@pytest.mark.skipif(
    not os.path.exists("/proc/self/status"), reason="only Linux tells a process's peak of memory"
)
def test_memory_does_not_grow_with_the_length(tmp_path, own):
    """The peak for ten minutes of stereo at 48 kHz, and an hour, is within a tenth of one's."""
    peaks = []
    for minutes in (1, 10, 60):
        path = tmp_path / f"{minutes}.wav"
        block = np.random.default_rng(0).uniform(-0.5, 0.5, (480_000, 2))
        with soundfile.SoundFile(path, "w", 48_000, 2, "PCM_16") as file:
            for _ in range(minutes * 6):
                file.write(block)
        command = [sys.executable, "-c", PEAK, path, own("Parts"), tmp_path / "out"]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        assert "1 recording" in done.stdout
        peaks.append(int(done.stdout.splitlines()[-1]))
        parts = [tmp_path / "out" / f"{minutes}.{part}.wav" for part in PARTS]
        assert {soundfile.info(part).frames for part in parts} == {minutes * 60 * 48_000}
        for each in (path, *parts):
            each.unlink()

    print("peak in kB of 1, 10 and 60 minutes:", *peaks)
    assert max(peaks) < 1.1 * peaks[0]
