"""Sound tracks come out as the program ffmpeg gives them, and damage comes out as an error."""

from __future__ import annotations

import shutil
import subprocess
import sys

import numpy as np
import pytest
import soundfile

from mn_dataset.audio import io, libav
from mn_dataset.errors import AudioError
from mn_dataset.seeds import generator

RATE = 48_000
CODED = {  # and how many samples the encoder put before the sound without telling it
    ("a.m4a", "aac"): 0,
    ("a.mp4", "libmp3lame"): 0,
    ("a.mp4", "libopus"): 0,
    ("a.webm", "libopus"): 0,
    ("a.mkv", "vorbis"): 0,
    ("a.m4a", "alac"): 0,
    ("a.mov", "pcm_s24le"): 0,
    ("a.avi", "pcm_s16le"): 0,
    ("a.wv", "wavpack"): 0,
    ("a.aac", "aac"): 1_024,
    ("a.ts", "aac"): 1_024,
    ("a.flv", "aac"): 1_024,
    ("a.mpg", "mp2"): 481,
    ("a.wma", "wmav2"): -2_048,  # what its decoder needs to begin with is lost
}
NO_LENGTH = ("a.aac", "a.ts", "a.flv", "a.mpg", "a.wma")


def music(seconds: float = 1.0, channels: int = 2) -> np.ndarray:
    """Make noise below 4 kHz, which every codec keeps: (time, channels)."""
    count = round(seconds * RATE)
    noise = generator(0, "music", str(channels)).uniforms(count * channels).reshape(count, channels)
    spectrum = np.fft.rfft(noise - 0.5, axis=0)
    spectrum[round(4_000 * seconds) :] = 0.0
    samples = np.fft.irfft(spectrum, count, axis=0)
    return 0.5 * samples / np.abs(samples).max()


def decoded(path):
    with libav.sound_track(path) as track:
        return np.concatenate(list(track.blocks)), track


def lag(late: np.ndarray, early: np.ndarray) -> int:
    """Return by how many samples one (time,) lies behind the other."""
    size = len(late) + len(early)
    product = np.fft.rfft(late, size) * np.fft.rfft(early, size).conj()
    place = int(np.argmax(np.fft.irfft(product, size)))
    return place if place < len(late) else place - size


@pytest.mark.parametrize("coded", CODED)
def test_the_sound_begins_where_it_began(film, tmp_path, coded):
    """What an encoder puts before it is left out in every container that tells how much it is."""
    name, codec = coded
    samples = music()
    film(tmp_path / name, samples, codec=codec, rate=RATE)

    found, track = decoded(tmp_path / name)

    assert (track.sampling_rate, track.channels) == (RATE, 2)
    assert lag(found[:, 0], samples[:, 0]) == CODED[coded]


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")
@pytest.mark.parametrize("coded", CODED)
def test_samples_are_those_of_the_program(film, tmp_path, coded):
    """To a rounding of float32: the order of a codec's sums depends on the version."""
    name, codec = coded
    film(tmp_path / name, music(), codec=codec, rate=RATE)
    command = ["ffmpeg", "-v", "error", "-i", tmp_path / name, "-f", "f32le", "-"]
    program = subprocess.run(command, check=True, capture_output=True).stdout

    found, _ = decoded(tmp_path / name)

    expected = np.frombuffer(program, "<f4").reshape(-1, 2)
    # From version 9 on the program leaves out the padding at the end of an MP4 too: one frame.
    padding = 1_152 if name in ("a.m4a", "a.mp4") else 0
    assert 0 <= len(found) - len(expected) <= padding
    assert np.abs(found[: len(expected)] - expected).max() < 1e-6


@pytest.mark.parametrize(
    "case",
    [
        ("a.m4a", "aac", None, ""),
        ("a.m4a", "alac", "s16p", "PCM_16"),
        ("a.m4a", "alac", "s32p", "PCM_24"),
        ("a.mov", "pcm_u8", None, "PCM_16"),
        ("a.mov", "pcm_s24le", None, "PCM_24"),
        ("a.mka", "pcm_s32le", None, "FLOAT"),
        ("a.mka", "pcm_f32le", None, "FLOAT"),
    ],
)
def test_length_and_width_of_a_sound_track(film, tmp_path, case):
    """The width counts where nothing is lost."""
    name, codec, sample_format, encoding = case
    path = tmp_path / f"-odd 'name {name}"
    film(path, music(1.5), codec=codec, rate=RATE, sample_format=sample_format)

    _, track = decoded(path)

    assert track.encoding == encoding
    assert track.duration_s == pytest.approx(1.5, abs=0.05)  # a coder's last frame may be padded


@pytest.mark.parametrize("channels", [1, 3, 6, 8, 9, 16])
def test_every_sample_of_every_channel_is_there(film, tmp_path, channels):
    """A lossless sound track is the samples themselves, in their order, whatever its name."""
    path = tmp_path / "-y it's 100%d.mov"
    samples = (music(4.0, channels) * 32_768).astype(np.int16)
    film(path, samples / 32_768, codec="pcm_s16le", rate=32_000)

    with libav.sound_track(path) as track:
        rate, blocks = track.sampling_rate, list(track.blocks)
    with libav.sound_track(path) as track:
        next(track.blocks)  # leaving early leaves nothing behind

    assert rate == 32_000
    assert np.array_equal(np.concatenate(blocks) * 32_768, samples)
    assert max(block.size for block in blocks) < 2 * 2**17


def test_surround_sound_keeps_its_channels(film, tmp_path):
    """In the order that WAV has them in, which is not the order that AAC codes them in."""
    samples = music(channels=6)
    samples[:, 3] *= 0.0  # the low-frequency channel holds no noise up to 4 kHz
    film(tmp_path / "a.m4a", samples, codec="aac", rate=RATE)

    found, _ = decoded(tmp_path / "a.m4a")

    shared = found[: len(samples)].T @ samples
    assert np.argmax(shared, axis=0)[[0, 1, 2, 4, 5]].tolist() == [0, 1, 2, 4, 5]


def test_the_first_of_several_tracks_is_heard(film, tmp_path):
    """Pictures, a cover among them, are passed over."""
    film(tmp_path / "a.mp4", music(channels=1), music(), codec="alac", rate=RATE, picture="mpeg4")

    found, track = decoded(tmp_path / "a.mp4")

    assert track.channels == 1
    assert len(found) == RATE


def test_a_picture_alone_is_no_sound_track(film, tmp_path):
    """Nor is an empty one."""
    film(tmp_path / "mute.mp4", codec="aac", picture="mpeg4")

    with pytest.raises(AudioError, match="holds no sound track"):
        decoded(tmp_path / "mute.mp4")


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9, 0.99])
@pytest.mark.parametrize("coded", [coded for coded in CODED if coded[0] not in NO_LENGTH])
def test_a_recording_of_which_the_end_is_missing_is_refused(film, tmp_path, coded, share, capfd):
    """In every container that states its length; with the same reason each time, and no chatter."""
    name, codec = coded
    film(tmp_path / name, music(3.0), codec=codec, rate=RATE)
    whole = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(whole[: int(len(whole) * share)])

    reasons = []
    for _ in range(2):
        with pytest.raises(AudioError, match=name) as caught:
            io.read_any(tmp_path / name)
        reasons.append(str(caught.value))

    assert reasons[0] == reasons[1]
    assert capfd.readouterr() == ("", "")


def test_damage_that_could_be_played_over_is_damage(film, tmp_path):
    """The reason is what libav says of it; its reports go where they went before."""
    logging = pytest.importorskip("av.logging", reason="the extra `decode` is not installed")
    film(tmp_path / "a.m4a", music(), codec="aac", rate=RATE)
    damaged = bytearray((tmp_path / "a.m4a").read_bytes())
    damaged[9_000:9_100] = bytes(100)
    (tmp_path / "a.m4a").write_bytes(damaged)

    with pytest.raises(AudioError, match=r"a\.m4a: cannot be decoded \(.+\); get the file again"):
        decoded(tmp_path / "a.m4a")
    assert (logging.get_level(), logging.get_skip_repeated()) == (None, True)


def test_a_change_of_rate_or_channels_is_refused(film, tmp_path):
    """Two recordings in a row are no recording."""
    film(tmp_path / "a.aac", music(), codec="aac", rate=RATE)
    film(tmp_path / "b.aac", music(channels=1), codec="aac", rate=RATE)
    both = (tmp_path / "a.aac").read_bytes() + (tmp_path / "b.aac").read_bytes()
    (tmp_path / "a.aac").write_bytes(both)

    with pytest.raises(AudioError, match="changes from 48000 Hz and 2 channels to 48000 Hz and 1"):
        decoded(tmp_path / "a.aac")


def test_no_other_file_is_read(tmp_path):
    """A playlist in a video's clothes could name any file of the machine."""
    soundfile.write(tmp_path / "secret.wav", music(), RATE)
    (tmp_path / "a.mp4").write_text(f"#EXTM3U\n#EXTINF:1,\n{tmp_path / 'secret.wav'}\n")
    (tmp_path / "b.mp4").write_text(f"ffconcat version 1.0\nfile '{tmp_path / 'secret.wav'}'\n")

    for name in ("a.mp4", "b.mp4"):
        with pytest.raises(AudioError, match="cannot be decoded"):
            decoded(tmp_path / name)


def test_a_file_that_hangs_is_given_up(film, tmp_path, monkeypatch):
    """It is named as such after a while."""
    film(tmp_path / "a.m4a", music(), codec="aac", rate=RATE)
    monkeypatch.setattr(libav, "PATIENCE_S", 0.0)

    with pytest.raises(AudioError, match="no answer in 0 s"):
        decoded(tmp_path / "a.m4a")


def test_without_the_package_the_cure_is_named(tmp_path, monkeypatch):
    """It is one command of pip."""
    (tmp_path / "a.m4a").write_bytes(b"\0\0\0\x18ftypM4A ")
    monkeypatch.setitem(sys.modules, "av", None)

    with pytest.raises(AudioError, match=r"run: pip install 'mn-dataset\[decode\]'"):
        io.read_any(tmp_path / "a.m4a")
