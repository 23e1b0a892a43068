"""What a sound track's header states is known where ffprobe is, and nothing breaks where not."""

import shutil
import subprocess

import pytest

from mn_dataset.audio.ffmpeg import Facts, facts

needs_ffmpeg = pytest.mark.skipif(shutil.which("ffprobe") is None, reason="ffmpeg is not installed")


@needs_ffmpeg
@pytest.mark.parametrize(
    ("name", "words", "bits"),
    [
        ("a.m4a", ["-c:a", "aac"], 0),
        ("a.m4a", ["-c:a", "alac", "-sample_fmt", "s16p"], 16),
        ("a.m4a", ["-c:a", "alac", "-sample_fmt", "s32p"], 24),
        ("a.mov", ["-c:a", "pcm_s24le"], 24),
        ("a.mka", ["-c:a", "pcm_f32le"], 32),
    ],
)
def test_length_and_width_of_a_sound_track(tmp_path, name, words, bits):
    """Bits count where nothing is lost."""
    path = tmp_path / f"-odd 'name {name}"
    source = ["-f", "lavfi", "-i", "sine=440:duration=1.5:sample_rate=48000"]
    subprocess.run(["ffmpeg", "-v", "error", *source, *words, f"file:{path}"], check=True)

    found = facts(path)

    assert found.bits == bits
    assert found.duration_s == pytest.approx(1.5, abs=0.05)  # a coder's last frame may be padded


def test_what_cannot_be_asked_is_not_known(tmp_path, monkeypatch):
    """No such file, no audio, no program."""
    (tmp_path / "a.m4a").write_text("not audio")

    assert facts(tmp_path / "none") == facts(tmp_path / "a.m4a") == Facts(None, 0)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert facts(tmp_path / "a.m4a") == Facts()
