"""What is a recording, and how its outputs are called, is settled before any work."""

import os

import pytest

from benchmarks.denoise.denoise import denoise
from benchmarks.denoise.outputs import output_names
from benchmarks.recordings.jobs import Candidate, find_candidates, plan_job
from mn_dataset.errors import InputError


def states(summary):
    return [outcome.state for outcome in summary.outcomes]


def test_outputs_are_named_after_their_recording(record, tmp_path):
    """Below the folder that was named; another container becomes WAV."""
    record("side A/tape.ogg", format="OGG", subtype="VORBIS")

    (candidate,) = find_candidates([tmp_path / "in"], out=tmp_path / "out")
    names = output_names(residual=True, spectrogram=True)
    job = plan_job(candidate, names, out=tmp_path / "out")

    assert [str(name) for name in job.paths] == [
        *("side A/tape.wav", "side A/tape.residual.wav", "side A/tape.spectrogram.png"),
    ]
    assert (job.sampling_rate, job.channels, job.own_form) == (44_100, 2, False)


def test_a_file_that_is_not_there_is_a_candidate_with_a_reason(tmp_path):
    """The others go on."""
    (candidate,) = find_candidates([tmp_path / "none.wav"], out=tmp_path)

    assert isinstance(candidate, Candidate)
    assert candidate.reason == "no such file or folder"


def test_names_that_would_clash_are_an_error_before_any_work(tmp_path, own, record):
    """Two recordings of one name; an estimate in a recording's place."""
    first, second = record("x/a.wav"), record("y/a.wav")
    out = tmp_path / "out"

    with pytest.raises(InputError, match="would both become"):
        denoise([first, second], denoiser=own("Same"), out=out)
    with pytest.raises(InputError, match="take the place of the recording"):
        denoise([first], denoiser=own("Same"), out=first.parent)
    assert not out.exists()
    assert states(denoise([first, first], denoiser=own("Same"), out=out)) == ["done"]


def test_names_that_would_meet_keep_their_suffix(tmp_path, own, record):
    """One tape in two forms, and a recording that is called like a residual."""
    record("tape.wav"), record("tape.flac"), record("a.wav"), record("a.residual.wav")
    out = tmp_path / "out"

    summary = denoise([tmp_path / "in"], denoiser=own("Same"), out=out, residual=True)

    assert states(summary) == ["done"] * 4
    assert {path.name for path in out.glob("[!.]*")} == {
        *("tape.wav", "tape.residual.wav", "tape.flac", "tape.residual.flac"),
        *("a.wav", "a.wav.residual.wav", "a.residual.wav", "a.residual.wav.residual.wav"),
    }


def test_estimates_of_another_folder_are_no_recordings(tmp_path, own, record):
    """Two outputs inside the input: the first is not denoised again into the second."""
    record("a.wav")
    inside = tmp_path / "in"

    denoise([inside], denoiser=own("Same"), out=inside / "first")
    summary = denoise([inside], denoiser=own("Same"), out=inside / "second")

    assert states(summary) == ["done"]
    assert states(denoise([inside / "first"], denoiser=own("Same"), out=tmp_path / "x")) == ["done"]


def test_a_link_to_a_recording_is_not_overwritten(tmp_path, own, record):
    """The place is known by what it is, not by how it is called."""
    path = record("a.wav")
    out = tmp_path / "out"
    out.mkdir()
    os.link(path, out / "a.wav")

    with pytest.raises(InputError, match="take the place of the recording"):
        denoise([path], denoiser=own("Same"), out=out, overwrite=True)


def test_outputs_inside_the_folder_are_no_recordings(tmp_path, own, record):
    """The second run sees what the first one saw."""
    record("a.wav")
    folder = tmp_path / "in"

    denoise([folder], denoiser=own("Same"), out=folder / "clean")
    summary = denoise([folder], denoiser=own("Same"), out=folder / "clean")

    assert states(summary) == ["finished"]


def test_what_is_no_recording_at_all_is_named(tmp_path, own):
    """A path that is not there, a folder without audio."""
    (tmp_path / "bare").mkdir()

    summary = denoise(
        [tmp_path / "none.wav", tmp_path / "bare"], denoiser=own("Same"), out=tmp_path / "out"
    )

    assert states(summary) == ["refused", "refused"]
    assert "no such file" in str(summary)
    assert "a folder without recordings" in str(summary)
    assert not (tmp_path / "out").exists()
