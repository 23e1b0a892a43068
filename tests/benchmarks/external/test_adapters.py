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
READ = "import soundfile, sys; x, r = soundfile.read(sys.argv[1]); "
WRITE = "soundfile.write(sys.argv[2], {}, r, subtype='FLOAT')"


@pytest.fixture
def program(tmp_path):
    """Return a function that describes a program of ours, and loads it."""

    def made(body, *, name="mine", out="{out}", **fields):
        (tmp_path / "program.py").write_text(body, encoding="utf-8")
        words = [sys.executable, str(tmp_path / "program.py"), "{in}", out]
        lines = [f'name = "{name}"', f"command = {words!r}".replace("'", '"')]
        lines += [f"{key} = {value!r}".replace("'", '"') for key, value in fields.items()]
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


def test_every_recipe_of_the_docs_is_a_description(tmp_path):
    """Each TOML block of the page can be given to --denoisers, and names a model once."""
    page = Path(__file__).parents[3] / "docs" / "other-denoisers.md"
    blocks = re.findall(r"```toml\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    names = set()
    for block in blocks:
        path = tmp_path / "recipe.toml"
        path.write_text(block, encoding="utf-8")
        names.add(load_described(path).spec.name)

    assert len(names) == len(blocks) > 15
