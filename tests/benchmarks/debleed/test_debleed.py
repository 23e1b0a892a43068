"""A person's tracks come back without bleed, one file per microphone, and all or none of them."""

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
from benchmarks.debleed.debleed import debleed
from benchmarks.denoise.denoise import denoise
from mn_dataset.errors import AudioError, InputError, UnknownName


def states(made):
    return [outcome.state for outcome in made.summary.outcomes]


def files(folder):
    """Every file below a folder but the journal, sorted."""
    every = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return sorted(str(path) for path in every if path.name != ".mn-debleed.jsonl")


def whole(path, dtype="float64"):
    return soundfile.read(path, dtype=dtype, always_2d=True)[0]


def noises(count, num_samples, seed=0):
    return np.random.default_rng(seed).uniform(-0.3, 0.3, (count, num_samples))


@pytest.fixture
def three(record):
    """The tracks of a session: each source at a tenth in the microphones of the others."""
    sources = noises(3, 60_001)
    heard = (0.9 * np.eye(3) + 0.1) @ sources
    names = ("kick.wav", "snare.wav", "voice.wav")
    return [record(name, mic) for name, mic in zip(names, heard, strict=True)], sources


def test_every_track_comes_back_as_its_own_source(tmp_path, own, three):
    """To the rounding of 16 bits, in a file of the same name."""
    tracks, sources = three

    made = debleed(tracks, debleeder=own("Unmixed"), out=tmp_path / "out")

    assert states(made) == ["done"] * 3
    assert files(tmp_path / "out") == ["kick.wav", "snare.wav", "voice.wav"]
    for track, source in zip(tracks, sources, strict=True):
        # A step of 16 bits for what was recorded, weighed by the inverse, and half for the output.
        written = whole(tmp_path / "out" / track.name)[:, 0]
        np.testing.assert_allclose(written, source, atol=2.5 * 2.0**-15)


@pytest.mark.parametrize(
    "form",
    [
        ("WAV", "PCM_16", "wav", 48_000),
        ("WAVEX", "PCM_24", "wav", 96_000),
        ("FLAC", "PCM_24", "flac", 44_100),
        ("AIFF", "PCM_16", "aiff", 8_000),
        ("WAV", "FLOAT", "wav", 22_050),
    ],
    ids=str,
)
def test_rate_width_container_and_length_are_kept(tmp_path, own, record, form):
    """Of every track, a mono one and a stereo one."""
    container, encoding, suffix, rate = form
    mono, stereo = noises(1, 30_001)[0], noises(2, 30_001).T
    tracks = [
        record(f"a.{suffix}", mono, rate=rate, format=container, subtype=encoding),
        record(f"b.{suffix}", stereo, rate=rate, format=container, subtype=encoding),
    ]

    debleed(tracks, debleeder=own("Unmixed"), out=tmp_path / "out")

    for track in tracks:
        before, after = soundfile.info(track), soundfile.info(tmp_path / "out" / track.name)
        for fact in ("format", "subtype", "samplerate", "channels", "frames"):
            assert getattr(before, fact) == getattr(after, fact)


def test_what_lies_above_the_band_of_a_debleeder_is_kept(tmp_path, own, record):
    """A tone at 12 kHz, of which a debleeder for 16 kHz hears nothing."""
    tone = 0.3 * np.sin(2 * np.pi * 12_000 / 44_100 * np.arange(44_100)) * np.hanning(44_100)
    tracks = [record("a.wav", tone, subtype="FLOAT"), record("b.wav", 0 * tone)]

    debleed(tracks, debleeder=own("Narrow"), out=tmp_path / "out")

    np.testing.assert_allclose(whole(tmp_path / "out" / "a.wav")[:, 0], tone, atol=1e-5)
    assert not whole(tmp_path / "out" / "b.wav").any()


def test_the_folder_of_a_session_is_its_recordings_by_name(tmp_path, own, record):
    """Not those of folders below it, nor what is no recording."""
    for name in ("b.wav", "a.wav", "old/c.wav"):
        record(name, noises(1, 9_000)[0])
    (tmp_path / "in" / "notes.txt").write_text("bleed")

    made = debleed([tmp_path / "in"], debleeder=own("Halves"), out=tmp_path / "in" / "out")

    assert made.comparison.names == ("a.wav", "b.wav")
    assert files(tmp_path / "in" / "out") == ["a.wav", "b.wav"]


def test_the_channels_of_a_track_are_microphones_of_one_source(tmp_path, own, record):
    """A pair over the drums; a debleeder of one microphone per source refuses it."""
    tracks = [record("a.wav", noises(1, 9_000)[0]), record("over.wav", noises(2, 9_000).T)]

    made = debleed(tracks, debleeder=own("Unmixed"), out=tmp_path / "out")

    assert made.comparison.names == ("a.wav", "over.wav:1", "over.wav:2")
    assert made.comparison.voices == (0, 1, 1)
    with pytest.raises(InputError, match="halves works with one microphone per source"):
        debleed(tracks, debleeder=own("Halves"), out=tmp_path / "other")
    assert not (tmp_path / "other").exists()


def test_microphones_of_one_source_are_named(tmp_path, own, three):
    """By name or number; other groups are other outputs."""
    tracks, _ = three
    out = tmp_path / "out"

    made = debleed(tracks, debleeder=own("Unmixed"), out=out, close=[("kick", "2")])

    assert made.comparison.voices == (0, 0, 1)
    with pytest.raises(InputError, match="made by unmixed of another recording, revision or opt"):
        debleed(tracks, debleeder=own("Unmixed"), out=out)


@pytest.mark.parametrize(
    "case",
    [
        ([("kick", "snaer")], UnknownName, "unknown track 'snaer'; did you mean 'snare'"),
        ([("kick", "4")], UnknownName, "unknown track '4'"),
        ([("kick",)], InputError, "expected two or more tracks that are close to one source"),
        ([("kick", "kick.wav")], InputError, "expected two or more tracks"),
        ([("kick", "2"), ("snare", "voice")], InputError, "snare.wav is in `close` twice"),
        ([("1", "2", "3")], InputError, "all 3 tracks are close to one source"),
    ],
    ids=str,
)
def test_groups_without_sense_stop_before_any_work(tmp_path, own, three, case):
    """With one message."""
    close, error, text = case
    with pytest.raises(error, match=text):
        debleed(three[0], debleeder=own("Unmixed"), out=tmp_path / "out", close=close)
    assert not (tmp_path / "out").exists()


def test_tracks_that_do_not_fit_each_other_are_refused(tmp_path, own, record):
    """Rates, lengths, channels, one alone: what was found, what is expected, what to do."""
    first = record("a.wav", noises(1, 48_000)[0], rate=48_000)
    second = record("b.wav", noises(1, 48_000)[0], rate=48_000)
    slow = record("slow.wav", noises(1, 44_100)[0], rate=44_100)
    short = record("short.wav", noises(1, 47_000)[0], rate=48_000)
    many = record("many.wav", noises(8, 48_000).T, rate=48_000)

    def message(*tracks):
        with pytest.raises(InputError) as caught:
            debleed(tracks, debleeder=own("Halves"), out=tmp_path / "out")
        return str(caught.value).removeprefix(str(tmp_path / "in") + "/")

    assert message(first, second, slow) == (
        "slow.wav: has 44100 Hz, and most others have 48000 Hz; export all tracks at 48000 Hz"
    )
    assert message(first, short) == (
        "short.wav: is 1000 samples (0.021 s) shorter than the longest track; export all from one "
        "start to one end, or `pad` them where they begin together"
    )
    assert "many.wav: has 8 channels; a track is one source, mono or stereo; split" in message(
        first, many
    )
    assert "a.wav: is the only track, and bleed is found by comparing" in message(first)
    assert "(1 more: run `mn check` on them)" in message(first, slow, short, second)
    assert not (tmp_path / "out").exists()


def test_a_track_that_ends_early_may_be_taken_for_silent(tmp_path, own, record):
    """Its output ends where it did."""
    tracks = [record("a.wav", noises(1, 90_000)[0]), record("b.wav", noises(1, 70_001, 1)[0])]

    debleed(tracks, debleeder=own("Halves"), out=tmp_path / "out", pad=True)

    for track in tracks:
        np.testing.assert_allclose(
            whole(tmp_path / "out" / track.name), whole(track) / 2, atol=2.0**-16
        )


def test_a_silent_track_stays_silent(tmp_path, own, record):
    """And what is not known of it is said so."""
    tracks = [record("a.wav", noises(1, 90_000)[0]), record("b.wav", np.zeros(90_000))]

    made = debleed(tracks, debleeder="kamir", out=tmp_path / "out")

    assert not whole(tmp_path / "out" / "b.wav").any()
    assert np.isfinite(whole(tmp_path / "out" / "a.wav")).all()
    row = made.as_dict()["comparison"]["microphones"][1]
    assert row["bleed_before_db"] is row["coherence_after"] is None
    json.dumps(made.as_dict(), default=str, allow_nan=False)


@pytest.mark.parametrize("num_samples", [1, 7, 20_001])
def test_any_length_comes_back(tmp_path, own, record, num_samples):
    """One sample, and more than a piece of the debleeder's."""
    tracks = [record(f"{name}.wav", noises(1, num_samples)[0]) for name in "ab"]

    made = debleed(tracks, debleeder=own("Halves"), out=tmp_path / "out")

    for track in tracks:
        np.testing.assert_allclose(
            whole(tmp_path / "out" / track.name), whole(track) / 2, atol=2.0**-16
        )
    assert len(str(made).splitlines()) == 4


def test_a_session_of_64_tracks(tmp_path, own, record):
    """Is no different."""
    tracks = [record(f"{number:02}.wav", mic) for number, mic in enumerate(noises(64, 6_000))]

    made = debleed(tracks, debleeder=own("Halves"), out=tmp_path / "out")

    assert states(made) == ["done"] * 64
    np.testing.assert_allclose(
        whole(tmp_path / "out" / "63.wav"), whole(tracks[63]) / 2, atol=2.0**-16
    )


def test_samples_beyond_full_scale_are_held_and_counted(tmp_path, own, record):
    """In integers, not in floating point."""
    wave = np.array([0.9, -0.9, 0.1, 0.2] * 500)
    tracks = [record("a.wav", wave), record("b.wav", wave, subtype="FLOAT")]

    made = debleed(tracks, debleeder=own("Louder"), out=tmp_path / "out")

    counts = [outcome.counts["clipped"] for outcome in made.summary.outcomes]
    assert counts == [1000, 0]
    assert "1000 samples of the estimate are beyond full scale" in str(made)
    assert whole(tmp_path / "out" / "a.wav").max() == 1 - 2.0**-15
    np.testing.assert_allclose(whole(tmp_path / "out" / "b.wav").max(), 2.7, rtol=1e-6)


def test_one_damaged_track_leaves_no_output(tmp_path, own, three):
    """Truncated, which the header tells, or with NaN in the middle, which only reading does."""
    tracks, sources = three
    broken = sources[0].copy()
    broken[40_000] = np.nan
    soundfile.write(tracks[1], broken, 44_100, subtype="FLOAT")

    with pytest.raises(AudioError, match=r"snare.wav: holds NaN or infinity at 0.907 s"):
        debleed(tracks, debleeder=own("Halves"), out=tmp_path / "out")
    assert files(tmp_path / "out") == []

    tracks[1].write_bytes(tracks[1].read_bytes()[:20_000])
    with pytest.raises(AudioError, match=r"snare.wav: truncated"):
        debleed(tracks, debleeder=own("Halves"), out=tmp_path / "out")
    assert files(tmp_path / "out") == []


def test_names_that_would_clash_are_an_error_before_any_work(tmp_path, own, record):
    """Two tracks of one name; an output in a track's place."""
    first, second = record("x/a.wav"), record("y/a.wav")

    with pytest.raises(InputError, match="would both become"):
        debleed([first, second], debleeder=own("Unmixed"), out=tmp_path / "out")
    with pytest.raises(InputError, match="take the place of the recording"):
        debleed([first, record("b.wav")], debleeder=own("Unmixed"), out=first.parent)


def test_what_is_there_is_left_alone_or_refused(tmp_path, own, three):
    """Finished with the same tracks in the same order; one that is missing makes all anew."""
    tracks, _ = three
    out = tmp_path / "out"

    def again(*names, **options):
        try:
            return states(debleed(names, **({"debleeder": own("Halves"), "out": out} | options)))
        except InputError as error:
            return str(error)

    assert again(*tracks) == ["done"] * 3
    assert again(*tracks) == ["finished"] * 3
    (out / "snare.wav").unlink()
    assert again(*tracks) == ["done"] * 3
    assert "made by halves of another recording" in again(*tracks[:2])
    assert "made by halves of another recording" in again(*tracks, debleeder=own("Unmixed"))
    assert again(*tracks, debleeder=own("Unmixed"), overwrite=True) == ["done"] * 3
    (out / "kick.wav").write_text("mine")
    assert "there already, and changed since it was made" in again(
        *tracks, debleeder=own("Unmixed")
    )


@pytest.mark.parametrize(
    "case",
    [
        ({"debleeder": "kamri"}, UnknownName, "did you mean 'kamir'"),
        ({"debleeder": "wiener"}, InputError, "use `mn denoise`, or name a debleeder"),
        ({"debleeder": "ToldMics"}, InputError, "needs clean, which a recording alone does not"),
        ({"device": "abacus"}, InputError, "expected cpu, cuda"),
    ],
    ids=str,
)
def test_options_without_sense_stop_before_any_work(tmp_path, own, three, case):
    """With one message."""
    options, error, text = case
    if options.get("debleeder") == "ToldMics":
        options = {"debleeder": own("ToldMics")}
    named = {"debleeder": own("Halves"), "out": tmp_path / "out"} | options

    with pytest.raises(error, match=text):
        debleed(three[0], **named)
    with pytest.raises(InputError, match="no recording was named"):
        debleed([], debleeder=own("Halves"), out=tmp_path / "out")
    with pytest.raises(InputError, match="none: no such file or folder"):
        debleed([tmp_path / "none"], debleeder=own("Halves"), out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_outputs_are_no_recordings_for_other_commands(tmp_path, own, three):
    """They lie in a folder of outputs."""
    debleed(three[0], debleeder=own("Halves"), out=tmp_path / "in" / "out")

    denoised = denoise([tmp_path / "in"], denoiser=own("Same"), out=tmp_path / "clean")

    assert len(denoised.outcomes) == 3


def test_the_package_is_called_as_its_function(tmp_path, own, three):
    """What Python imports under that name answers the call."""
    made = benchmarks.debleed(three[0], debleeder=own("Halves"), out=tmp_path / "out")

    assert states(made) == ["done"] * 3
    assert inspect.signature(benchmarks.debleed) == inspect.signature(debleed)


def test_the_command_compares_before_and_after(tmp_path, own, three, mn):
    """For a person, a line per microphone; and as one JSON object."""
    words = ["debleed", *three[0], "--out", tmp_path / "out", "--debleeder", own("Unmixed")]
    words += ["--close", "kick,snare"]

    code, text, _ = mn(*words)
    assert code == 0
    assert "3 recordings (4.1 s) freed of bleed by unmixed into" in text
    assert [line.split()[0] for line in text.splitlines()[1:]] == [
        *("microphone", "kick.wav", "snare.wav", "voice.wav")
    ]
    code, text, _ = mn(*words, "--json")
    answer = json.loads(text)

    assert (code, answer["debleeder"]) == (0, "unmixed")
    assert [row["state"] for row in answer["recordings"]] == ["finished"] * 3
    rows = answer["comparison"]["microphones"]
    assert [row["source"] for row in rows] == [rows[0]["source"]] * 2 + ["voice.wav"]
    assert set(rows[0]) == {
        *("microphone", "source", "bleed_before_db", "bleed_after_db", "others_before_dbfs"),
        *("others_after_dbfs", "coherence_before", "coherence_after", "most_coherent_with"),
    }


def test_a_message_names_the_options_of_the_command(tmp_path, own, record, mn):
    """And nothing is written."""
    tracks = [record("a.wav", noises(1, 900)[0]), record("b.wav", noises(1, 800)[0])]

    code, _, error = mn("debleed", *tracks, "--out", tmp_path / "out", "--debleeder", own("Halves"))

    assert code == 1
    assert "is 100 samples (0.002 s) shorter than the longest track" in error
    assert "or --pad them where they begin together" in error


COMMAND = """
import sys
from pathlib import Path
from benchmarks.debleed.debleed import debleed
debleed([Path(sys.argv[1])], debleeder=sys.argv[2], out=Path(sys.argv[3]))
"""


def test_a_kill_in_the_middle_leaves_nothing_and_is_made_good(tmp_path, own, record):
    """No output of some tracks without those of the others."""
    for name in ("a.wav", "b.wav"):
        record(name, noises(1, 90_000)[0])
    out = tmp_path / "out"
    (tmp_path / "wait").touch()
    words = [sys.executable, "-c", COMMAND, tmp_path / "in", own("StuckMics"), out]
    with subprocess.Popen(words, stderr=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 60
        while not (tmp_path / "reached").exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
    assert not {"a.wav", "b.wav"} & set(files(out))
    (tmp_path / "wait").unlink()

    made = debleed([tmp_path / "in"], debleeder=own("StuckMics"), out=out)

    assert states(made) == ["done", "done"]
    assert files(out) == ["a.wav", "b.wav"]


# getrusage would begin with the peak of the process that started this one.
PEAK = """
import sys
from pathlib import Path
from benchmarks.debleed.debleed import debleed
debleed([Path(sys.argv[1])], debleeder=sys.argv[2], out=Path(sys.argv[3]))
print(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0])
"""


@pytest.mark.stress
@pytest.mark.skipif(
    not os.path.exists("/proc/self/status"), reason="only Linux tells a process's peak of memory"
)
def test_an_hour_of_eight_tracks_takes_less_than_2_gb(tmp_path, own):
    """By kamir in 5 minutes, and by one that takes no time in an hour."""
    peaks = {}
    for minutes, debleeder in ((5, "kamir"), (5, own("Halves")), (60, own("Halves"))):
        folder = tmp_path / "session"
        folder.mkdir()
        block = np.random.default_rng(0).uniform(-0.5, 0.5, 44_100 * 10)
        for number in range(8):
            with soundfile.SoundFile(folder / f"{number}.wav", "w", 44_100, 1, "PCM_16") as file:
                for _ in range(minutes * 6):
                    file.write(np.roll(block, 1000 * number))
        command = [sys.executable, "-c", PEAK, folder, debleeder, tmp_path / "out"]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        peaks[minutes, debleeder] = int(done.stdout)
        for path in (*folder.iterdir(), *(tmp_path / "out").iterdir()):
            path.unlink()
        folder.rmdir()

    print("peaks in kB:", peaks)
    flat, hour = peaks[5, own("Halves")], peaks[60, own("Halves")]
    assert hour < 1.3 * flat  # twelve times as long
    assert peaks[5, "kamir"] + hour - flat < 2e6
