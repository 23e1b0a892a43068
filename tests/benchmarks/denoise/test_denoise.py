"""A person's recordings come back denoised, in their own form, and nothing else is touched."""

import inspect
import os
import resource
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import soundfile

import benchmarks
from benchmarks.denoise.denoise import denoise
from benchmarks.harness.checks import DenoiserFailed
from mn_dataset.errors import InputError, MissingExtra, OutputError, UnknownName


def states(summary):
    return [outcome.state for outcome in summary.outcomes]


def files(folder):
    """Every file below a folder but the journal, sorted."""
    every = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return sorted(str(path) for path in every if path.name != ".mn-denoise.jsonl")


def whole(path, dtype="int32"):
    return soundfile.read(path, dtype=dtype, always_2d=True)[0]


FORMS = [
    ("a.wav", "WAV", "PCM_16", 44_100, 1),
    ("a.wav", "WAV", "PCM_U8", 8_000, 2),
    ("a.wav", "WAVEX", "PCM_24", 48_000, 6),
    ("a.wav", "WAV", "PCM_32", 44_100, 2),
    ("a.wav", "WAV", "FLOAT", 44_100, 2),
    ("a.rf64", "RF64", "PCM_24", 96_000, 2),
    ("a.w64", "W64", "DOUBLE", 22_050, 1),
    ("a.flac", "FLAC", "PCM_16", 44_100, 2),
    ("a.flac", "FLAC", "PCM_24", 192_000, 1),
    ("a.aiff", "AIFF", "PCM_S8", 44_100, 1),
    ("a.au", "AU", "PCM_16", 44_100, 2),
    ("a.caf", "CAF", "FLOAT", 32_000, 2),
    ("no suffix", "WAV", "PCM_16", 44_100, 1),
]


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_form_rate_channels_and_length_are_kept(tmp_path, own, record, form):
    """And a denoiser that changes nothing changes no sample; what was removed is silence."""
    name, container, encoding, rate, channels = form
    path = record(name, rate=rate, channels=channels, format=container, subtype=encoding)

    summary = denoise([path], denoiser=own("Same"), out=tmp_path / "out", residual=True)

    before, after = soundfile.info(path), soundfile.info(tmp_path / "out" / name)
    for fact in ("format", "subtype", "samplerate", "channels", "frames"):
        assert getattr(before, fact) == getattr(after, fact)
    # The denoiser is handed float32; float64 and 32-bit integers come back rounded to its 24 bits.
    exact = encoding not in ("PCM_32", "DOUBLE")
    tolerance = 0 if exact else 2.0**-24
    difference = whole(path, "float64") - whole(tmp_path / "out" / name, "float64")
    assert np.abs(difference).max() <= tolerance
    assert states(summary) == ["done"]
    assert len(summary.outcomes[0].outputs) == 2


@pytest.mark.parametrize("encoding", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32"])
def test_estimate_and_residual_sum_to_the_recording_exactly(tmp_path, own, record, encoding):
    """In the written integers."""
    path = record("a.wav", subtype=encoding)

    denoise([path], denoiser=own("Half"), out=tmp_path / "out", residual=True, strength=0.3)

    estimate, residual = (whole(tmp_path / "out" / f"a{end}.wav") for end in ("", ".residual"))
    np.testing.assert_array_equal(estimate.astype(np.int64) + residual, whole(path))
    # 30 % of the way to half is 85 %, to within half a step of 8 bits.
    assert np.abs(estimate - 0.85 * whole(path)).max() <= 2.0**31 / 256 + 1


def test_the_package_is_called_as_its_function(tmp_path, own, record):
    """What Python imports under that name answers the call."""
    summary = benchmarks.denoise([record("a.wav")], denoiser=own("Same"), out=tmp_path / "out")

    assert states(summary) == ["done"]
    assert inspect.signature(benchmarks.denoise) == inspect.signature(denoise)


def test_strength_zero_is_the_recording(tmp_path, own, record):
    """Bit for bit, whatever the denoiser made of it."""
    path = record("a.wav", subtype="PCM_32")

    denoise([path], denoiser=own("Half"), out=tmp_path / "out", strength=0.0)

    np.testing.assert_array_equal(whole(tmp_path / "out" / "a.wav"), whole(path))


def test_beyond_full_scale_integers_are_held_and_counted(tmp_path, own, record):
    """They never wrap; floating point goes where the estimate goes."""
    samples = np.array([0.25, 0.5, 0.75, -0.75] * 100)
    paths = [record("a.wav", samples), record("b.wav", samples, subtype="FLOAT")]

    summary = denoise(paths, denoiser=own("Double"), out=tmp_path / "out")

    assert [outcome.counts["clipped"] for outcome in summary.outcomes] == [300, 0]
    assert "300 samples of the estimate are beyond full scale and held at it" in str(summary)
    held = whole(tmp_path / "out" / "a.wav", "int16")[:4, 0]
    assert held.tolist() == [16384, 32767, 32767, -32768]
    assert whole(tmp_path / "out" / "b.wav", "float32")[2, 0] == 1.5


@pytest.mark.parametrize(("name", "above_db"), [("Most", 19), ("Half", 0), ("Same", 0)])
def test_a_recording_that_is_nearly_clean_is_told(tmp_path, own, record, name, above_db):
    """Where little was taken out, and something: 0.9 of it is 19 dB above a tenth."""
    summary = denoise([record("a.wav")], denoiser=own(name), out=tmp_path / "out")

    assert ("nearly clean:" in str(summary)) == (above_db > 0)
    assert summary.as_dict()["recordings"][0]["nearly_clean"] == above_db


@pytest.mark.parametrize(
    "case",
    [
        ("phone.m4a", "aac", None, "PCM_16"),
        ("phone.mp3", "libmp3lame", None, "PCM_16"),
        ("film.mp4", "aac", None, "PCM_16"),
        ("lossless.m4a", "alac", "s32p", "PCM_24"),
        ("camera.mov", "pcm_s24le", None, "PCM_24"),
        ("field.mkv", "pcm_f32le", None, "FLOAT"),
    ],
)
def test_a_phones_recording_becomes_a_wav_of_its_decoded_length(tmp_path, own, film, case):
    """Of 16 bits, or of as many as were coded without loss."""
    name, codec, sample_format, encoding = case
    samples = np.random.default_rng(0).uniform(-0.5, 0.5, (96_000, 2))
    picture = "mpeg4" if name.startswith(("film", "camera")) else None
    path = tmp_path / name
    film(path, samples, codec=codec, rate=48_000, sample_format=sample_format, picture=picture)

    summary = denoise([path], denoiser=own("Same"), out=tmp_path / "out")

    after = soundfile.info(tmp_path / "out" / name.replace(path.suffix, ".wav"))
    assert (after.format, after.subtype) == ("WAV", encoding)
    assert (after.samplerate, after.channels) == (48_000, 2)
    # AAC and MP3 fill their last frame, and MP3 keeps the silence that encoding added.
    assert 0 <= after.frames - 96_000 < (3_000 if codec in ("aac", "libmp3lame") else 1)
    assert "1 recording in lossy or foreign form, written as WAV" in str(summary)


def test_a_folder_keeps_its_sub_folders_and_says_what_it_refused(tmp_path, own, record):
    """Blanks, Unicode and line ends in names; broken files beside good ones; hidden ones pass."""
    good = ["take 1.wav", "sub folder/Zażółć 音.flac", "sub folder/two\nlines.wav"]
    for name in (*good, ".hidden.wav"):
        record(name)
    folder = tmp_path / "in"
    (folder / "text.wav").write_text("not audio")
    (folder / "notes.txt").write_text("not audio either, and not called so")
    (folder / "sub folder" / "broken.wav").write_bytes((folder / good[0]).read_bytes()[:20_000])
    record("empty.wav", np.zeros((0, 2)))
    record("nan.wav", np.array([0.0] * 4410 + [np.nan]), subtype="FLOAT")

    summary = denoise([folder], denoiser=own("Same"), out=tmp_path / "out")

    assert files(tmp_path / "out") == sorted(good)
    reasons = {
        outcome.recording.removeprefix(f"{folder}/"): outcome.reason
        for outcome in summary.outcomes
        if outcome.state == "refused"
    }
    expected = {
        "text.wav": "not readable as audio",
        "sub folder/broken.wav": "truncated",
        "empty.wav": "empty, no samples found",
        "nan.wav": "holds NaN or infinity at 0.100 s",
    }
    assert reasons.keys() == expected.keys()
    wrong = [name for name, start in expected.items() if not reasons[name].startswith(start)]
    assert [reasons[name] for name in wrong] == []
    assert summary.refused == 4
    # One line each, whatever is in a name.
    assert str(summary).count("\n") == 4


@pytest.mark.parametrize("seconds", [0.0001, 0.01])
def test_short_and_silent_recordings_are_fine(tmp_path, record, seconds):
    """With a denoiser of the toolkit too."""
    silent = record("silent.wav", np.zeros((round(48_000 * seconds), 2)), rate=48_000)
    short = record("short.wav", seconds=seconds, rate=48_000)

    summary = denoise([silent, short], denoiser="wiener", out=tmp_path / "out", spectrogram=True)

    assert states(summary) == ["done", "done"]
    assert not whole(tmp_path / "out" / "silent.wav").any()
    assert len(whole(tmp_path / "out" / "short.wav")) == len(whole(short))


def test_a_rerun_does_only_what_is_missing(tmp_path, own, record):
    """Finished ones stay; one that was removed, and one that is new, are done."""
    paths = [record("a.wav"), record("b.wav")]
    out = tmp_path / "out"
    denoise(paths, denoiser=own("Half"), out=out)
    before = (out / "a.wav").stat().st_mtime_ns
    (out / "b.wav").unlink()

    summary = denoise([*paths, record("c.wav")], denoiser=own("Half"), out=out)

    assert states(summary) == ["finished", "done", "done"]
    assert (out / "a.wav").stat().st_mtime_ns == before
    assert "1 recording finished before, and left alone" in str(summary)


def test_a_residual_can_be_asked_for_afterwards(tmp_path, own, record):
    """The same estimate is ours to write again; asked without it, nothing is to be done."""
    path, out = record("a.wav"), tmp_path / "out"
    denoise([path], denoiser=own("Half"), out=out)

    second = denoise([path], denoiser=own("Half"), out=out, residual=True)
    third = denoise([path], denoiser=own("Half"), out=out)
    fourth = denoise([path], denoiser=own("Half"), out=out, residual=True)

    assert [states(each) for each in (second, third, fourth)] == [
        ["done"],
        ["finished"],
        ["finished"],
    ]


def test_what_stands_in_the_way_is_refused_unless_told(tmp_path, own, record):
    """Another's file, a changed one, other options, another denoiser, another recording."""
    path, out = record("a.wav"), tmp_path / "out"
    out.mkdir()
    (out / "a.wav").write_text("mine")

    def reason(**changed):
        options = {"denoiser": own("Half"), "out": out} | changed
        outcome = denoise([path], **options).outcomes[0]
        return outcome.reason or outcome.state

    assert "there already, and not of `mn denoise`" in reason()
    assert (out / "a.wav").read_text() == "mine"
    assert reason(overwrite=True) == "done"
    assert reason(overwrite=True) == "finished"
    assert "made by half of another recording, revision or options" in reason(strength=0.5)
    assert "made by half" in reason(denoiser=own("Same"))
    (out / "a.wav").write_bytes((out / "a.wav").read_bytes() + b"x")
    assert "changed since it was made" in reason()
    assert reason(overwrite=True, strength=0.5) == "done"
    record("a.wav", seconds=0.6)
    assert "made by half" in reason(strength=0.5)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read and write anything")
def test_permissions_are_told(tmp_path, own, record):
    """An unreadable recording is refused; a folder that cannot be written stops the command."""
    path, other = record("a.wav"), record("b.wav")
    path.chmod(0)
    summary = denoise([path, other], denoiser=own("Same"), out=tmp_path / "out")
    (tmp_path / "locked").mkdir(mode=0o500)

    assert states(summary) == ["refused", "done"]
    assert "Permission denied" in summary.outcomes[0].reason
    with pytest.raises(OutputError, match="cannot be written"):
        denoise([other], denoiser=own("Same"), out=tmp_path / "locked")


def test_a_place_that_is_no_folder_is_told(tmp_path, own, record):
    """Before any work."""
    (tmp_path / "out").write_text("a file")

    with pytest.raises(InputError, match="a file; expected a folder"):
        denoise([record("a.wav")], denoiser=own("Same"), out=tmp_path / "out")


def test_a_full_disk_leaves_no_half_file(tmp_path, own, record):
    """It stops the command; with room again, the same command finishes."""
    paths, out = (
        [record("small.wav", seconds=0.1), record("large.wav", seconds=3.0)],
        tmp_path / "out",
    )
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    try:
        with pytest.raises(OutputError, match=r"large\.wav: cannot be written"):
            denoise(paths, denoiser=own("Same"), out=out)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    assert files(out) == ["small.wav"]
    assert states(denoise(paths, denoiser=own("Same"), out=out)) == ["finished", "done"]


def test_a_failing_denoiser_fails_by_recording(tmp_path, own, record):
    """The others are done."""
    paths = [record("stereo.wav"), record("mono.wav", seconds=0.5, channels=1)]

    summary = denoise(paths, denoiser=own("Fails"), out=tmp_path / "out")

    assert states(summary) == ["refused", "done"]
    assert summary.outcomes[0].reason == "denoiser 'fails' raised RuntimeError: stereo!"
    assert files(tmp_path / "out") == ["mono.wav"]


@pytest.mark.parametrize(
    "case",
    [
        ({"denoiser": "weiner"}, UnknownName, "did you mean 'wiener'"),
        ({"strength": 1.5}, InputError, "strength is 1.5; expected 0"),
        ({"strength": float("nan")}, InputError, "strength is nan"),
        ({"precision": "float16"}, UnknownName, "unknown precision"),
        ({"precision": "bfloat16"}, InputError, "is no model"),
        ({"batch_size": 0}, InputError, "expected 1 or more"),
        ({"device": "abacus"}, InputError, "expected cpu, cuda"),
    ],
)
def test_options_without_sense_stop_before_any_work(tmp_path, own, record, case):
    """With one message."""
    options, error, text = case
    named = {"denoiser": own("Same"), "out": tmp_path / "out"} | options

    with pytest.raises(error, match=text):
        denoise([record("a.wav")], **named)
    assert not (tmp_path / "out").exists()


def test_nothing_to_denoise_is_a_mistake(tmp_path, own):
    """Not a success without work."""
    with pytest.raises(InputError, match="no recording was named"):
        denoise([], denoiser=own("Same"), out=tmp_path / "out")


def test_a_denoiser_that_needs_the_truth_is_refused(tmp_path, own, record):
    """With the reason; nobody's recording comes with its clean layer."""
    with pytest.raises(InputError, match="needs clean, which a recording alone does not tell"):
        denoise([record("a.wav")], denoiser=own("Oracle"), out=tmp_path / "out")


def test_weights_that_cannot_be_loaded_are_no_recordings_fault(tmp_path, own, record):
    """They stop the command, once."""
    with pytest.raises(DenoiserFailed, match="weights of another world"):
        denoise([record("a.wav")], denoiser=own("Unloadable"), out=tmp_path / "out")


def test_pictures_need_an_extra(tmp_path, own, record, monkeypatch):
    """Which is named before any work."""
    monkeypatch.setitem(sys.modules, "matplotlib", None)

    with pytest.raises(MissingExtra, match=r"pip install 'mn-dataset\[plots\]'"):
        denoise([record("a.wav")], denoiser=own("Same"), out=tmp_path, spectrogram=True)


def test_progress_counts_seconds_of_audio(tmp_path, own, record):
    """It never falls, and ends where the recordings end."""
    seen = []
    paths = [record("a.wav", seconds=3.0), record("b.wav", seconds=1.2), tmp_path / "none.wav"]

    denoise(
        paths,
        denoiser=own("Same"),
        out=tmp_path / "out",
        progress=lambda done, total: seen.append((done, total)),
    )

    assert seen == sorted(seen)
    assert seen[-1] == (4, 5)
    assert {total for _, total in seen} == {5}
    assert len({done for done, _ in seen}) == 5


COMMAND = """
import signal
import sys
from pathlib import Path
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
from benchmarks.denoise.denoise import denoise
try:
    print(denoise([Path(sys.argv[1])], denoiser=sys.argv[2], out=Path(sys.argv[3]),
                        residual=True))
except KeyboardInterrupt as stopped:
    sys.exit(f"stopped: {stopped}")
"""


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGKILL])
def test_a_stop_in_the_middle_is_resumed(tmp_path, own, record, sent):
    """Ctrl-C leaves whole files and says how many; a kill leaves what the next run clears away."""
    record("a.wav", seconds=0.5, channels=1)
    record("b.wav", seconds=4.0)
    out = tmp_path / "out"
    (tmp_path / "wait").touch()
    words = [sys.executable, "-c", COMMAND, tmp_path / "in", own("Stuck"), out]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 30
    while not (tmp_path / "reached").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(sent)
    _, said = process.communicate(timeout=120)
    left = files(out)
    (tmp_path / "wait").unlink()

    summary = denoise([tmp_path / "in"], denoiser=own("Stuck"), out=out, residual=True)

    if sent == signal.SIGINT:
        assert "stopped: 1 of 2 recordings finished" in said
        assert left == ["a.residual.wav", "a.wav"]
    else:
        assert {"a.residual.wav", "a.wav"} < set(left)
        assert not {"b.wav", "b.residual.wav"} & set(left)
    assert states(summary) == ["finished", "done"]
    assert files(out) == ["a.residual.wav", "a.wav", "b.residual.wav", "b.wav"]
    assert len(whole(out / "b.wav")) == 4 * 44_100


def test_two_commands_do_not_write_into_one_folder(tmp_path, own, record):
    """The second is told so, and the first is not disturbed."""
    record("b.wav", seconds=4.0)
    out = tmp_path / "out"
    (tmp_path / "wait").touch()
    words = [sys.executable, "-c", COMMAND, tmp_path / "in", own("Stuck"), out]
    with subprocess.Popen(words, stderr=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 30
        while not (tmp_path / "reached").exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        before = files(out)
        with pytest.raises(InputError, match=r"`mn denoise` .* writes there now"):
            denoise([tmp_path / "in"], denoiser=own("Same"), out=out)
        after = files(out)
        process.kill()

    assert before == after


@pytest.mark.parametrize("denoiser", ["mmse_stsa", "hum_notch"])
def test_a_classical_denoiser_waits_for_no_slow_import(tmp_path, record, denoiser):
    """Half of the seconds that a short recording took went to what measures loudness."""
    words = str(record("a.wav", rate=44_100)), denoiser, str(tmp_path / "out")
    script = (
        "import sys; from pathlib import Path; from benchmarks.denoise.denoise import denoise; "
        "denoise([Path(sys.argv[1])], denoiser=sys.argv[2], out=Path(sys.argv[3])); "
        "print({'scipy.signal', 'pyloudnorm', 'torch', 'pandas'} & sys.modules.keys())"
    )

    process = subprocess.run(
        [sys.executable, "-c", script, *words], capture_output=True, text=True, check=True
    )

    assert process.stdout.strip() == "set()"
