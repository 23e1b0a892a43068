"""Programs, and estimates made elsewhere, are denoisers by a TOML file."""

import re
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.external.adapters import load_described
from benchmarks.harness.apply import load_denoiser
from benchmarks.harness.checks import DenoiserFailed
from benchmarks.leaderboard.run import bench
from benchmarks.report.summary import read_board
from mn_dataset.audio import io
from mn_dataset.audio.convert import resample
from mn_dataset.errors import InputError, UnknownName
from mn_dataset.mix.draw import draw
from mn_dataset.mix.manifest import read_manifest
from mn_dataset.mix.render import render

RATE = 44_100
PAGES = Path(__file__).parents[3] / "docs"
READ = "import soundfile, sys; x, r = soundfile.read(sys.argv[1]); "
WRITE = "soundfile.write(sys.argv[2], {}, r, subtype='FLOAT')"


SPLIT = """
import os
folder = sys.argv[2] + "/model/in"
os.makedirs(folder)
for name, gain in (("vocals", 0.25), ("no_vocals", 0.75)):
    soundfile.write(f"{folder}/{name}.wav", STEREO(gain * x), r, subtype="FLOAT")
"""
PARTS = {
    "voice": "{outdir}/model/in/vocals.wav",
    "accompaniment": "{outdir}/model/in/no_vocals.wav",
}


def toml(value):
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {toml(one)}" for key, one in value.items()) + " }"
    return str(value).lower() if isinstance(value, bool) else repr(value).replace("'", '"')


@pytest.fixture
def program(tmp_path):
    """Return a function that describes a program of ours, and loads it."""

    def made(body, *, name="mine", out="{out}", **fields):
        (tmp_path / "program.py").write_text(body, encoding="utf-8")
        words = [sys.executable, str(tmp_path / "program.py"), "{in}", out]
        lines = [f'name = "{name}"', f"command = {words!r}".replace("'", '"')]
        lines += [f"{key} = {toml(value)}" for key, value in fields.items()]
        path = tmp_path / f"{name}.toml"
        path.write_text("\n".join(lines), encoding="utf-8")
        return load_denoiser(str(path))

    return made


def clip(seconds=0.2, channels=1):
    time_s = np.arange(round(seconds * RATE)) / RATE
    tones = [0.5 * np.sin(2 * np.pi * 440 * (n + 1) * time_s) for n in range(channels)]
    return np.stack(tones)[None].astype(np.float32)


def test_a_program_reads_and_writes_floats(program):
    """Beyond full scale, too; each channel is a run of its own."""
    halved = program(READ + WRITE.format("0.5 * x"))
    given = 3 * clip(channels=2)

    np.testing.assert_array_equal(halved(given, RATE), 0.5 * given)
    assert halved.name == "mine"


def test_a_program_may_choose_the_name_of_its_output(program):
    """One WAV in a folder is the estimate."""
    body = READ + "soundfile.write(sys.argv[2] + '/any_DeepFilterNet3.wav', x, r, subtype='FLOAT')"

    np.testing.assert_array_equal(program(body, out="{outdir}")(clip(), RATE), clip())


def test_rate_and_latency_are_the_harness_s_work(program):
    """A program at 16 kHz that delays by 160 samples is in time at 44.1 kHz."""
    body = READ + "import numpy; assert r == 16000; "
    body += WRITE.format("numpy.concatenate([numpy.zeros(160), x])[:len(x)]")

    estimate = program(body, sampling_rate=16_000, latency=160)(clip(0.5), RATE)

    inside = slice(2_000, -2_000)
    np.testing.assert_allclose(estimate[..., inside], clip(0.5)[..., inside], atol=1e-3)


def test_a_few_samples_more_or_less_at_the_end_are_forgiven(program):
    """Sox loses a block; fifty milliseconds are the limit."""
    shorter = program(READ + WRITE.format("x[:-1000]"))

    estimate = shorter(clip(), RATE)

    np.testing.assert_array_equal(estimate[..., :-1000], clip()[..., :-1000])
    assert not estimate[..., -1000:].any()


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("import sys; sys.exit('no model there')", r"ended with 1: no model there"),
        ("pass", "wrote 0 WAV files, expected one"),
        (READ + WRITE.format("x[:100]"), r"returned shape \(1, 1, 100\), expected \(1, 1, 8820\)"),
        (READ + "r = 8000; " + WRITE.format("x"), r"returned shape \(1, 1, 48\d+\)"),
        (READ + "x[5] = float('nan'); " + WRITE.format("x"), "NaN"),
        ("import time; time.sleep(60)", "took longer than 0.5 s"),
    ],
)
def test_what_a_program_does_wrong_is_told(program, body, message):
    """As one error that names it."""
    timeout = 0.5 if "sleep" in body else 30.0

    with pytest.raises(DenoiserFailed, match=f"'mine'.*{message}"):
        program(body, timeout_s=timeout)(clip(), RATE)


def test_a_program_that_is_not_there_is_told(tmp_path):
    """When it is called, as a package would be."""
    path = tmp_path / "gone.toml"
    path.write_text('name = "gone"\ncommand = ["no-such-program", "{in}", "{out}"]')

    with pytest.raises(DenoiserFailed, match="no-such-program: no such program"):
        load_denoiser(str(path))(clip(), RATE)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name = 3", "expected a name, and either command"),
        ('name = "a"', "either command"),
        ('name = "a"\ncommand = ["x"]\nfolder = "y"', "either command"),
        ('name = "a"\ncommand = ["x", "{in}"]', r"command is \['x', '{in}'\]; expected"),
        ('name = "a"\ncommand = "x {in} {out}"', "expected a list of words"),
        ('name = "a"\ncommand = ["{in}", "{out}"]\nlatencie = 1', "did you mean 'latency'"),
        ('name = "a"\nfolder = "y"', "dataset"),
        ('name = "a"\nfolder = "y"\ndataset = "z"\nfile = "one.wav"', r"file is 'one\.wav'"),
        ('name = "a"\nfolder = "y"\ndataset = "z"\nsampling_rate = 16000', "leave it away"),
        ("name = ", "not TOML"),
        (
            'name = "a"\ntask = "sing"\nfolder = "y"\ndataset = "z"',
            "task is 'sing'; expected one of",
        ),
        (
            'name = "a"\ntask = "separate"\ncommand = ["{in}", "{outdir}"]',
            "targets is {}; expected a file for each of voice, accompaniment, with {outdir} in it",
        ),
        (
            'name = "a"\ntask = "separate"\ncommand = ["{in}", "{out}"]\n'
            '[targets]\nvoice = "{outdir}/v.wav"\naccompaniment = "{outdir}/a.wav"',
            r"expected a list of words with {in} and {outdir}",
        ),
        (
            'name = "a"\ntask = "separate"\nfolder = "y"\ndataset = "z"\n'
            '[targets]\nvoice = "v.wav"\naccompaniment = "{id}.wav"',
            "with {id} or {name} in it",
        ),
        (
            'name = "a"\ntask = "separate"\nfolder = "y"\ndataset = "z"\nfile = "{id}.wav"',
            "file is for one target; expected targets",
        ),
        (
            'name = "a"\ncommand = ["{in}", "{out}"]\n[targets]\nvoice = "{outdir}/v.wav"',
            "the task 'denoise' has one target alone",
        ),
    ],
)
def test_a_description_that_makes_no_sense_is_refused(tmp_path, text, message):
    """Naming file and field."""
    path = tmp_path / "bad.toml"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(InputError, match=rf"bad\.toml.*{message}"):
        load_denoiser(str(path))


def test_a_description_that_is_not_there_is_told(tmp_path):
    """Not as an unknown name."""
    with pytest.raises(InputError, match=r"none\.toml: cannot be read"):
        load_denoiser(str(tmp_path / "none.toml"))
    with pytest.raises(UnknownName):
        load_denoiser("none")


def test_estimates_in_a_folder_are_benched_by_the_mixtures_ids(tiny, tmp_path):
    """One that lies there is scored, one that does not is named; a changed one is scored again."""
    recipes = draw(tiny, split="test", snr_db=(5.0,), per_cell=1, seconds=0.5)
    render(recipes, tiny, tmp_path / "built")
    rows = read_manifest(tmp_path / "built")
    for row in rows[1:]:
        samples = io.read_pcm(tmp_path / "built" / row["clean"], sampling_rate=RATE)
        place = tmp_path / "estimates" / f"{row['id']}.wav"
        place.parent.mkdir(parents=True, exist_ok=True)
        io.write_wav(place, samples // 2, sampling_rate=RATE)
    page = tmp_path / "theirs.toml"
    page.write_text(f'name = "theirs"\nfolder = "estimates"\ndataset = "{tmp_path / "built"}"\n')

    names = ["noisy", str(page)]
    run = bench(
        tmp_path / "built", names, tmp_path / "run", metrics=["si_sdr"], workers=0, examples=0
    )

    board = read_board(run)
    assert board.run["coverage"]["theirs"]["si_sdr"]["raised"] == 1
    assert board.over_all("si_sdr").set_index("denoiser").loc["theirs", "mean"] > 40
    first = load_denoiser(str(page)).revision
    io.write_wav(tmp_path / f"estimates/{rows[0]['id']}.wav", samples, sampling_rate=RATE)
    assert load_denoiser(str(page)).revision != first


@pytest.mark.parametrize(
    ("place", "file"),
    [
        ("{id}.wav", ""),
        ("{name}.wav", ""),
        ("{name}.noisy.wav", ""),
        ("out/{name}_enhanced.wav", "out/{name}_enhanced.wav"),
    ],
)
def test_estimates_are_found_where_a_script_put_them(tiny, tmp_path, place, file):
    """By id, by name, by the noisy file's name, or where the description says; at any rate."""
    recipes = draw(tiny, split="test", snr_db=(5.0,), count=1, seconds=0.5)
    render(recipes, tiny, tmp_path / "built")
    (row,) = read_manifest(tmp_path / "built")[:1]
    noisy = io.read_pcm(tmp_path / "built" / row["noisy"], sampling_rate=RATE) / 32768
    path = tmp_path / "theirs" / place.format(id=row["id"], name=row["id"].rpartition("/")[2])
    path.parent.mkdir(parents=True)
    narrow = resample(noisy, from_rate=RATE, to_rate=16_000)
    io.write_wav(path, np.rint(16_384 * narrow).astype(np.int16), sampling_rate=16_000)
    page = tmp_path / "theirs.toml"
    lines = ['name = "theirs"', 'folder = "theirs"', f'dataset = "{tmp_path / "built"}"']
    page.write_text("\n".join(lines + ([f'file = "{file}"'] if file else [])))

    batch = noisy.astype(np.float32)[None, None]
    estimate = load_denoiser(str(page))(batch, RATE)

    assert estimate.shape == batch.shape
    low = resample(resample(noisy, from_rate=RATE, to_rate=16_000), from_rate=16_000, to_rate=RATE)
    # 16 bits, and a sample more at the end of one of the two.
    np.testing.assert_allclose(estimate[0, 0, :-9], 0.5 * low[: noisy.size - 9], atol=1e-3)


@pytest.mark.parametrize("shape", ["numpy.stack([{}, {}], 1)", "{}"])
def test_a_separator_writes_a_file_for_each_target(program, shape):
    """Each channel is a run of its own; the stereo that a program makes of mono is averaged."""
    body = (
        READ
        + "import numpy"
        + SPLIT.replace("STEREO(gain * x)", shape.format("gain * x", "gain * x"))
    )
    separator = program(body, out="{outdir}", task="separate", targets=PARTS)
    given = clip(channels=2)

    estimates = separator(given, RATE)

    np.testing.assert_array_equal(estimates, np.stack([0.25 * given, 0.75 * given], axis=1))
    assert separator.spec.task == "separate"


def test_a_program_may_be_handed_all_channels_at_once(program):
    """What it swaps is swapped."""
    split = SPLIT.replace("STEREO(gain * x)", "gain * x[:, ::-1]")
    separator = program(
        READ + split, out="{outdir}", task="separate", targets=PARTS, multichannel=True
    )
    given = clip(channels=2)

    voice = separator(given, RATE)[:, 0]

    np.testing.assert_array_equal(voice, 0.25 * given[:, ::-1])


def test_a_mono_answer_to_all_channels_is_repeated(program):
    """The same on either side."""
    split = SPLIT.replace("STEREO(gain * x)", "gain * x.mean(axis=1)")
    separator = program(
        READ + split, out="{outdir}", task="separate", targets=PARTS, multichannel=True
    )
    given = clip(channels=2)

    accompaniment = separator(given, RATE)[:, 1]

    middle = given.mean(axis=1, keepdims=True).repeat(2, axis=1)
    np.testing.assert_allclose(accompaniment, 0.75 * middle, atol=1e-7)


def test_what_a_program_leaves_out_may_go_to_one_target(program):
    """As the remainder: nothing above a narrow separator's band vanishes."""
    body = READ + SPLIT.replace("STEREO(gain * x)", "0.5 * gain * x")
    separator = program(
        body, out="{outdir}", task="separate", targets=PARTS, remainder="accompaniment"
    )

    estimates = separator(clip(), RATE)

    np.testing.assert_array_equal(estimates[:, 0], 0.125 * clip())
    np.testing.assert_allclose(estimates.sum(axis=1), clip(), atol=1e-7)


def test_a_target_that_a_program_did_not_write_is_told(program):
    """With what it wrote instead."""
    body = READ + SPLIT.replace("STEREO(gain * x)", "gain * x")
    targets = PARTS | {"voice": "{outdir}/other/in/vocals.wav"}
    separator = program(body, out="{outdir}", task="separate", targets=targets)

    with pytest.raises(
        DenoiserFailed,
        match=r"wrote no {outdir}/other/in/vocals.wav for voice; found model/in/no_vocals.wav, ",
    ):
        separator(clip(), RATE)


def test_other_channels_than_were_handed_over_are_told(program):
    """Three are neither two nor one."""
    body = READ + "import numpy" + SPLIT.replace("STEREO(gain * x)", "numpy.c_[x, x[:, :1]]")
    separator = program(body, out="{outdir}", task="separate", targets=PARTS, multichannel=True)

    with pytest.raises(DenoiserFailed, match=r"wrote 3 channels in vocals\.wav, expected 2"):
        separator(clip(channels=2), RATE)


@pytest.mark.parametrize(
    ("places", "targets"),
    [
        ({target: f"{{id}}.{target}.wav" for target in PARTS}, None),
        ({target: f"{{name}}.mixture.{target}.wav" for target in PARTS}, None),
        ({target: f"{{name}}/{target}_1.wav" for target in PARTS},) * 2,
    ],
)
def test_a_folder_holds_a_file_for_each_target(songs, tmp_path, places, targets):
    """Beside each other by the mixture's id or name, as `mn separate` calls them, or as said."""
    recipes = draw(songs, task="separate", split="test", snr_db=(0.0,), count=1, seconds=0.5)
    render(recipes, songs, tmp_path / "built")
    (row,) = read_manifest(tmp_path / "built")
    mixture = io.read_pcm(tmp_path / "built" / row["inputs"][0], sampling_rate=RATE)
    for place, share in zip(places.values(), (4, 2), strict=True):
        name = row["id"].rpartition("/")[2]
        path = tmp_path / "theirs" / place.format(id=row["id"], name=name)
        path.parent.mkdir(parents=True, exist_ok=True)
        io.write_wav(path, mixture // share, sampling_rate=RATE)
    page = tmp_path / "theirs.toml"
    lines = ['name = "theirs"', 'task = "separate"', 'folder = "theirs"']
    lines += [f'dataset = "{tmp_path / "built"}"']
    page.write_text("\n".join(lines + ([f"targets = {toml(targets)}"] if targets else [])))
    batch = (mixture / 32768).astype(np.float32)[None, None]

    estimates = load_denoiser(str(page))(batch, RATE)

    expected = [np.float32(mixture // share) / 32768 for share in (4, 2)]
    np.testing.assert_array_equal(estimates[0, :, 0], np.stack(expected))


@pytest.mark.parametrize(
    ("file", "least"), [("other-denoisers.md", 16), ("other-separators.md", 4)]
)
def test_every_recipe_of_the_docs_is_a_description(tmp_path, file, least):
    """Each TOML block of the page can be given to --denoisers, and names a model once."""
    blocks = re.findall(r"```toml\n(.*?)```", (PAGES / file).read_text("utf-8"), re.DOTALL)
    names = set()
    for block in blocks:
        path = tmp_path / "recipe.toml"
        path.write_text(block, encoding="utf-8")
        names.add(load_described(path).spec.name)

    assert len(names) == len(blocks) >= least
