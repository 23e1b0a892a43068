"""A task that is defined here goes from drawing to samples in memory, through every module."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mn_dataset.audio import io
from mn_dataset.audio.level import CEILING
from mn_dataset.audio.response import quantise
from mn_dataset.audio.segment import fade_for
from mn_dataset.errors import InputError, RecipeError, UnknownName
from mn_dataset.mix.dataset import read_audio, read_dataset
from mn_dataset.mix.draw import draw
from mn_dataset.mix.mixture import mix
from mn_dataset.mix.recipes import read_recipes, write_recipes
from mn_dataset.mix.render import JOURNAL, render
from mn_dataset.mix.scaling import sums_of
from mn_dataset.mix.source_cache import SourceCache
from mn_dataset.mix.verify import verify
from mn_dataset.records import SAMPLING_RATE, Layer, Recipe
from mn_dataset.seeds import generator
from mn_dataset.tasks import registry
from mn_dataset.tasks.columns import SNR_DEFINITION, Column, label_column
from mn_dataset.tasks.drawing import splits_of
from mn_dataset.tasks.facets import Axis, Facet
from mn_dataset.tasks.spec import Drawn, Expectation, LayerRole, TaskSpec

HALL = quantise(0.9 * 0.8 ** np.arange(40.0), name="hall", provenance="a decay, by hand")
DELAY = 441
HUM_DB = 12.0


def draw_rehearsals(corpus, *, split=None, seed=0, count=20, ratio_db=3.0, seconds=0.5):
    """Two players and two microphones: the far one hears a hall, a delay and a hum."""
    rows = []
    for name in splits_of(corpus, split, ("clean", "noise")):
        for number in range(count):
            stream = generator(seed, "rehearsal", f"{name}/{number}")
            melody, rhythm = stream.shuffled(corpus.of("clean", name))[:2]
            hum = stream.choice(corpus.of("noise", name))
            length = round(seconds * SAMPLING_RATE)
            start = stream.integer(melody.entry.frames - length)
            fade = fade_for(hum.entry.frames, length)
            layers = (
                Layer("melody", melody.id, start, gain=1.0, input="near", target="melody"),
                Layer("rhythm", rhythm.id, 0, snr_db=ratio_db, input="near", target="rhythm"),
                Layer("melody", melody.id, start, gain=0.5, response="hall", input="far"),
                Layer("rhythm", rhythm.id, 0, gain=0.7, delay=DELAY, input="far"),
                Layer("hum", hum.id, 0, fade, snr_db=HUM_DB, input="far"),
                Layer("melody", melody.id, start, gain=1.0, response="hall", target="wet"),
            )
            labels = (("piece", melody.row.category), ("ratio_db", ratio_db))
            rows.append(
                Recipe(
                    id=f"{name}/{number:06d}",
                    task="rehearsal",
                    split=name,
                    seed=seed,
                    num_samples=length,
                    sampling_rate=SAMPLING_RATE,
                    layers=layers,
                    targets=("melody", "rhythm", "wet"),
                    labels=labels,
                )
            )
    return Drawn(rows, [HALL])


def expectations(recipe):
    return [Expectation("ratio_db", "0 or more", recipe.label("ratio_db") >= 0)]


def source_of(number, recipe):
    return recipe.layers[number].source_id


REHEARSAL = TaskSpec(
    name="rehearsal",
    title="Rehearsals of two players",
    description="Return both players, and the melody as the hall has it.",
    roles=(
        LayerRole("melody", "clean", "melodies"),
        LayerRole("rhythm", "clean", "rhythms"),
        LayerRole("hum", "noise", "hums"),
    ),
    facets=(Facet("piece", "piece", "pieces"), Facet("ratio_db", "ratio", "ratios", numeric=True)),
    clusters=(
        Axis("melody", "melodies", "melody_id"),
        Axis("rhythm", "rhythms", "rhythm_id"),
    ),
    draw=draw_rehearsals,
    expectations=expectations,
    kept=("hum",),
    input_axis=True,
    columns=(
        SNR_DEFINITION,
        label_column("piece", pa.string()),
        label_column("ratio_db", pa.float64()),
        Column("melody_id", pa.string(), partial(source_of, 0)),
        Column("rhythm_id", pa.string(), partial(source_of, 1)),
    ),
)


def tree(folder):
    """Hash every file of a folder."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(autouse=True)
def rehearsal():
    with registry.registered(REHEARSAL) as task:
        yield task


@pytest.fixture(scope="module")
def recipes(tiny):
    with registry.registered(REHEARSAL):
        return draw(tiny, task="rehearsal", split="test", seed=3)


@pytest.fixture(scope="module")
def dataset(tiny, recipes, tmp_path_factory):
    with registry.registered(REHEARSAL):
        return render(recipes, tiny, tmp_path_factory.mktemp("built") / "dataset")


def test_recipes_and_responses_survive_their_tables(recipes, tmp_path):
    """The response stands beside the table that names it; without it the table is refused."""
    path = tmp_path / "recipes.parquet"
    write_recipes(path, recipes)

    assert read_recipes(path) == recipes
    assert read_recipes(path).responses == (HALL,)
    (tmp_path / "responses.parquet").unlink()
    with pytest.raises(InputError, match=r"responses\.parquet: no such file"):
        read_recipes(path)


def test_layers_of_every_sum_add_up_to_it(tiny, recipes):
    """In integers: inputs, targets and what is kept; nothing is beyond the ceiling."""
    sources = SourceCache(tiny, recipes.responses)
    for recipe in recipes:
        mixture = mix(recipe, sources)

        parts = sums_of(recipe, REHEARSAL).parts
        assert list(mixture.files) == ["near", "far", "melody", "rhythm", "wet", "hum"]
        for name, samples in mixture.files.items():
            layers = [mixture.layers[number].astype(np.int32) for number in parts[name]]
            assert np.array_equal(np.sum(layers, axis=0), samples)
            assert np.abs(samples.astype(np.int32)).max() <= CEILING


def test_a_layer_sounds_through_its_response_and_after_its_delay(tiny, recipes):
    """Convolution and delay are what the direct sums of integers say."""
    recipe = recipes[0]
    mixture = mix(recipe, SourceCache(tiny, recipes.responses))
    melody, rhythm = (
        tiny.read(layer.source_id)[layer.start : layer.start + recipe.num_samples].astype(np.int64)
        for layer in recipe.layers[:2]
    )
    convolved = np.convolve(melody, HALL.taps.astype(np.int64))[: recipe.num_samples]
    late = np.concatenate([np.zeros(DELAY), rhythm[:-DELAY]])

    def scaled(values, gain):
        return np.rint(values * (gain * mixture.mix_gain)).astype(np.int64)

    room = convolved * 2.0**-HALL.scale_bits
    assert np.array_equal(mixture.layers[2], scaled(room, 0.5))
    assert np.array_equal(mixture.layers[3], scaled(late, mixture.gains[3]))
    assert np.array_equal(mixture.targets["wet"], scaled(room, 1.0))


def test_ratios_are_met_in_every_input(tiny, recipes):
    """Each is to the layers of the input's first role; those of the reference have none."""
    mixture = mix(recipes[0], SourceCache(tiny, recipes.responses))

    def power(number):
        return np.mean(mixture.layers[number].astype(np.float64) ** 2)

    assert [ratio is None for ratio in mixture.ratios_db] == [True, False, True, False, False, True]
    for number, reference, asked in ((1, 0, 3.0), (4, 2, HUM_DB)):
        achieved = 10 * np.log10(power(reference) / power(number))
        assert achieved == pytest.approx(asked, abs=0.01)
        assert mixture.ratios_db[number]["power"] == pytest.approx(achieved, abs=1e-9)


def test_several_layers_of_a_role_have_one_ratio_together(tiny, recipes):
    """Their sum is what is measured, and one gain meets it."""
    first, second = recipes[0].layers[:2]
    others = [layer for layer in recipes[1].layers if layer.role == "rhythm"]
    layers = (
        replace(first, target=None),
        second,
        replace(others[0], snr_db=second.snr_db, target="rhythm"),
    )
    recipe = replace(recipes[0], layers=layers, targets=("rhythm",))

    mixture = mix(recipe, SourceCache(tiny))

    above, below = (
        np.mean(samples.astype(np.float64) ** 2)
        for samples in (mixture.layers[0], mixture.targets["rhythm"])
    )
    assert 10 * np.log10(above / below) == pytest.approx(3.0, abs=0.01)
    assert mixture.gains[1] == mixture.gains[2]


def test_processes_that_do_not_know_the_task_make_the_same_bytes(tiny, recipes, dataset, tmp_path):
    """Its description travels with the work."""
    assert tree(render(recipes, tiny, tmp_path / "two", workers=2)) == tree(dataset)


def test_a_killed_rendering_resumes_to_the_same_bytes(
    tiny, tiny_folder, recipes, dataset, tmp_path
):
    """What was finished stays, and the rest is rendered."""
    write_recipes(tmp_path / "recipes.parquet", recipes)
    out = tmp_path / "out"
    script = (
        "import importlib.util, sys, time; from pathlib import Path\n"
        "from mn_dataset.audio.corpus import open_corpus\n"
        "from mn_dataset.mix.recipes import read_recipes\n"
        "from mn_dataset.mix.render import render\n"
        "from mn_dataset.tasks.registry import registered\n"
        "spec = importlib.util.spec_from_file_location('toy', sys.argv[4])\n"
        "toy = importlib.util.module_from_spec(spec); spec.loader.exec_module(toy)\n"
        "with registered(toy.REHEARSAL):\n"
        "    render(read_recipes(Path(sys.argv[1])), open_corpus(Path(sys.argv[2])), sys.argv[3],\n"
        "           progress=lambda done, total: time.sleep(0.1))\n"
    )
    words = [sys.executable, "-c", script, tmp_path / "recipes.parquet", tiny_folder, out, __file__]
    process = subprocess.Popen([str(word) for word in words])
    while len(list(out.glob("audio/test/*.wav"))) < 18:
        time.sleep(0.01)
        assert process.poll() is None
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert (out / JOURNAL).is_file()
    kept = (out / "audio/test/000000.wet.wav").stat().st_mtime_ns

    render(recipes, tiny, out)

    assert tree(out) == tree(dataset)
    assert (out / "audio/test/000000.wet.wav").stat().st_mtime_ns == kept


def test_the_folder_is_proven(tiny, recipes, tmp_path):
    """A sound one has no fault; a changed sample, ratio or name, or a lost response is one."""
    folder = render(recipes, tiny, tmp_path / "dataset", rows=["0", "1"])
    assert verify(folder, workers=2) == []

    path = folder / "audio/test/000001.far.wav"
    content = bytearray(path.read_bytes())
    content[1000] ^= 1
    path.write_bytes(bytes(content))
    table = pq.read_table(folder / "manifest.parquet")
    rows = table.to_pylist()
    rows[0]["ratios_db"][1] += 0.5
    rows[0]["target_names"][2] = "dry"
    pq.write_table(pa.Table.from_pylist(rows, schema=table.schema), folder / "manifest.parquet")

    faults = {(fault.kind, fault.file): fault.text for fault in verify(folder)}
    assert set(faults) == {
        ("changed", "audio/test/000001.far.wav"),
        ("contradiction", "manifest.parquet"),
    }
    (folder / "responses.parquet").unlink()
    with pytest.raises(InputError, match=r"responses\.parquet: no such file"):
        verify(folder)


def test_a_wrong_sum_is_found_though_its_hash_is_right(tiny, recipes, tmp_path):
    """The near microphone hears the two players and nothing else."""
    folder = render(recipes, tiny, tmp_path / "dataset", rows=["0"])
    samples = io.read_pcm(folder / "audio/test/000000.near.wav", sampling_rate=SAMPLING_RATE).copy()
    samples[7] += 1
    io.write_wav(folder / "audio/test/000000.near.wav", samples, sampling_rate=SAMPLING_RATE)
    table = pq.read_table(folder / "manifest.parquet")
    rows = table.to_pylist()
    rows[0]["inputs_sha256"][0] = io.pcm_sha256(samples)
    pq.write_table(pa.Table.from_pylist(rows, schema=table.schema), folder / "manifest.parquet")

    audio, manifest = map(str, verify(folder))
    assert audio == "audio/test/000000.near.wav: contradiction: near − melody is not rhythm"
    assert manifest.startswith("manifest.parquet: changed")  # the card has its hash


def test_the_manifest_names_inputs_and_targets_in_lists(dataset):
    """Paths, names and hashes, and what was measured of each layer."""
    row = pq.read_table(dataset / "manifest.parquet").to_pylist()[0]

    assert row["inputs"] == ["audio/test/000000.near.wav", "audio/test/000000.far.wav"]
    assert row["input_names"] == ["near", "far"]
    assert row["target_names"] == ["melody", "rhythm", "wet"]
    assert [Path(path).name for path in row["targets"]] == [
        "000000.melody.wav",
        "000000.rhythm.wav",
        "000000.wet.wav",
    ]
    assert len(row["targets_sha256"]) == 3
    assert row["kept_names"] == ["hum"]
    assert len(row["gains"]) == len(row["ratios_db"]) == len(row["layers"]) == 6
    assert row["layers"][3]["delay"] == DELAY
    assert row["layers"][5]["input"] is None


def test_the_reader_gives_rows_and_audio_of_the_task(dataset, recipes):
    """Labels in the order of the facets, clusters in that of the axes, sounds by name."""
    read = read_dataset(dataset)
    mixture, recipe = read.mixtures[0], recipes[0]

    audio = read_audio(dataset, mixture)

    assert read.task is REHEARSAL
    assert mixture.labels == (recipe.label("piece"), 3.0)
    assert mixture.cluster_ids == (recipe.layers[0].source_id, recipe.layers[1].source_id)
    assert list(audio.inputs) == ["near", "far"]
    assert list(audio.targets) == ["melody", "rhythm", "wet"]
    assert list(audio.kept) == ["hum"]
    assert read.task.stack_inputs(audio.inputs).shape == (2, 1, recipe.num_samples)
    near = audio.targets["melody"] + audio.targets["rhythm"]
    assert np.array_equal(audio.inputs["near"], near)


def test_samples_in_memory_are_those_of_the_files(tiny, recipes, dataset):
    """Every file is a tensor, in any number of loader processes."""
    torch_dataset = pytest.importorskip("mn_dataset.mix.torch_dataset", reason="needs torch")
    loader = importlib.import_module("torch.utils.data").DataLoader
    stream = torch_dataset.MixtureDataset(tiny, recipes)
    rows = {mixture.id: mixture for mixture in read_dataset(dataset).mixtures}

    for item in loader(stream, batch_size=None, num_workers=2):
        files = rows[item["id"]].files
        for file in files:
            samples = io.read_pcm(dataset / file.path, sampling_rate=SAMPLING_RATE)
            assert np.array_equal(32_768 * item[file.name].numpy()[0], samples)
        assert set(item) == {file.name for file in files} | {"id", "piece", "ratio_db"}


def test_the_card_speaks_of_the_task(dataset):
    """Its title, its cells, its recordings."""
    card = (dataset / "README.md").read_text(encoding="utf-8")

    assert card.startswith("# Rehearsals of two players\n\n20 mixtures")
    assert "* In 16-bit samples the layers of an input add up to it, exactly." in card
    assert "## Mixtures per piece\n\n| piece | mixtures |" in card
    assert "| split | mixtures | melodies | rhythms | hums |" in card


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        ((0, {"role": "drums"}), "each of a role among hum, melody, rhythm"),
        ((0, {"gain": None, "snr_db": 3.0}), "the first role of an input with a gain"),
        ((2, {"response": "cellar"}), "unknown response 'cellar'"),
        ((3, {"delay": 22_050}), "each of a role among"),
        ((5, {"target": None}), "those of the layers"),
        ((1, {"target": "../evil"}), "those of the layers"),
        ((4, {"input": "../evil"}), "names of files that differ"),
        ((4, {"input": "wet"}), "names of files that differ"),
    ],
)
def test_recipes_that_cannot_be_rendered_are_refused(tiny, recipes, tmp_path, changed, text):
    """By recipe and column, before anything is written."""
    number, change = changed
    layers = list(recipes[0].layers)
    layers[number] = replace(layers[number], **change)
    spoiled = replace(recipes, rows=(replace(recipes[0], layers=tuple(layers)),))

    with pytest.raises((RecipeError, UnknownName), match=text):
        render(spoiled, tiny, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_a_recipe_against_the_tasks_own_expectation_is_refused(tiny, recipes, tmp_path):
    """The message is the task's."""
    labels = (("piece", "cello"), ("ratio_db", -1.0))
    spoiled = replace(recipes, rows=(replace(recipes[0], labels=labels),))

    with pytest.raises(RecipeError, match=r"ratio_db is -1\.0; expected 0 or more"):
        render(spoiled, tiny, tmp_path / "out")


def test_layers_are_not_augmented_unless_the_task_says_so(recipes):
    """A chain is refused by the task's name."""
    with pytest.raises(RecipeError, match="'rehearsal' are not augmented"):
        recipes.augmented(importlib.import_module("mn_dataset.mix.augment.chain").LIGHT)


def test_the_command_line_draws_and_builds_a_task_by_name(mn, tiny_folder, tmp_path):
    """Options that the task does not have, and tasks that nobody has, are refused."""
    out = tmp_path / "recipes.parquet"
    common = ["--task", "rehearsal", "--split", "test", "--count", 3, "--seed", 5]

    assert mn("draw", tiny_folder, "--out", out, *common)[0] == 0
    assert len(read_recipes(out)) == 3
    assert mn("build", tiny_folder, "--out", tmp_path / "built", *common, "--workers", 1)[0] == 0
    assert mn("verify", tmp_path / "built")[0] == 0
    code, _, error = mn("draw", tiny_folder, "--out", out, *common, "--per-cell", 2)
    assert code == 1
    assert "the task 'rehearsal' is drawn without --per-cell" in error
    code, _, error = mn("draw", tiny_folder, "--out", out, "--task", "rehersal")
    assert code == 1
    assert "unknown task 'rehersal'; did you mean 'rehearsal'?" in error


def test_a_task_without_a_drawing_says_so(tiny):
    """Its recipes come from elsewhere."""
    with (
        registry.registered(replace(REHEARSAL, name="silent", draw=None)),
        pytest.raises(InputError, match="'silent' are not drawn"),
    ):
        draw(tiny, task="silent")
