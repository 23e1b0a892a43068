"""A task that is defined here is published, read, described and rebuilt as `denoise` is."""

from __future__ import annotations

import io
import json
import tarfile
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import soundfile

import mn_dataset as mn
from mn_dataset.audio import io as audio_io
from mn_dataset.audio.response import quantise
from mn_dataset.mix.dataset import read_dataset
from mn_dataset.mix.draw import draw
from mn_dataset.mix.render import render
from mn_dataset.publish.parquet import rows
from mn_dataset.publish.publish import publish
from mn_dataset.publish.rebuild import rebuild
from mn_dataset.records import SAMPLING_RATE, Layer, Recipe
from mn_dataset.tasks import registry
from mn_dataset.tasks.columns import SNR_DEFINITION, Column, label_column
from mn_dataset.tasks.drawing import splits_of
from mn_dataset.tasks.facets import Axis, Facet
from mn_dataset.tasks.spec import Drawn, LayerRole, TaskSpec

datasets = pytest.importorskip("datasets", reason="the extra `publish` is not installed")

ROOM = quantise(0.9 * 0.7 ** np.arange(20.0), name="room", provenance="a decay, by hand")
SAMPLES = SAMPLING_RATE // 2


def draw_duets(corpus, *, split=None, seed=0):
    """Two clips in one input, the second as a room has it."""
    recipes = []
    for name in splits_of(corpus, split, ("clean",)):
        clips = corpus.of("clean", name)
        for number in range(4):
            first, second = clips[number % len(clips)], clips[(number + 1) % len(clips)]
            size = "small" if number % 2 else "large"
            ratio_db = float(number)
            layers = (
                Layer("melody", first.id, 0, gain=1.0, input="mixture", target="melody"),
                Layer(
                    "rhythm", second.id, 0, snr_db=ratio_db, input="mixture", target="rhythm",
                    response="room",
                ),
            )  # fmt: skip
            recipes.append(
                Recipe(
                    id=f"{name}/{number:06d}",
                    task="duet",
                    split=name,
                    seed=seed,
                    num_samples=SAMPLES,
                    sampling_rate=SAMPLING_RATE,
                    layers=layers,
                    targets=("melody", "rhythm"),
                    labels=(("size", size), ("ratio_db", ratio_db)),
                )
            )
    return Drawn(recipes, [ROOM])


def source_of(number, recipe):
    return recipe.layers[number].source_id


DUET = TaskSpec(
    name="duet",
    title="Duets in a room",
    description="Return both players.",
    roles=(LayerRole("melody", "clean", "melodies"), LayerRole("rhythm", "clean", "rhythms")),
    facets=(
        Facet("size", "room size", "room sizes", ("small", "large")),
        Facet("ratio_db", "ratio", "ratios", numeric=True),
    ),
    clusters=(
        Axis("melody", "melodies", "melody_id"),
        Axis("rhythm", "rhythms", "rhythm_id"),
    ),
    draw=draw_duets,
    columns=(
        SNR_DEFINITION,
        label_column("size", pa.string()),
        label_column("ratio_db", pa.float64()),
        Column("melody_id", pa.string(), partial(source_of, 0)),
        Column("rhythm_id", pa.string(), partial(source_of, 1)),
    ),
)


@pytest.fixture(autouse=True)
def registered():
    with registry.registered(DUET):
        yield


@pytest.fixture(scope="module")
def duets(tiny, tmp_path_factory):
    with registry.registered(DUET):
        recipes = draw(tiny, task="duet", split=("train", "test"))
        return render(recipes, tiny, tmp_path_factory.mktemp("duets") / "dataset")


@pytest.fixture(scope="module")
def truth(duets):
    """SHA-256 of the samples of input and targets, by id."""
    with registry.registered(DUET):
        mixtures = read_dataset(duets).mixtures
    return {mixture.id: [file.sha256 for file in mixture.files] for mixture in mixtures}


@pytest.fixture(scope="module")
def out(duets, tmp_path_factory):
    folder = tmp_path_factory.mktemp("published-duets") / "out"
    with registry.registered(DUET):
        record = publish(duets, folder)
    assert record.mixtures_with_audio == record.mixtures == 8
    return folder


def pcm_sha256(content):
    samples, _ = soundfile.read(io.BytesIO(content), dtype="int16")
    return audio_io.pcm_sha256(samples)


def test_lists_of_inputs_and_targets_are_lists_of_audio(out, truth):
    """Their names stand beside them; the task's classes are classes, each a configuration."""
    split = datasets.load_dataset(str(out), split="test", streaming=True).decode(False)
    published = list(split)

    for row in published:
        cells = [pcm_sha256(cell["bytes"]) for cell in (*row["inputs"], *row["targets"])]
        assert cells == truth[row["id"]]
        assert (row["input_names"], row["target_names"]) == (["mixture"], ["melody", "rhythm"])
    assert len(published) == 4
    assert split.features["size"] == datasets.ClassLabel(names=["small", "large"])
    small = datasets.load_dataset(str(out), "small", split="test", streaming=True).decode(False)
    assert [row["ratio_db"] for row in small] == [1.0, 3.0]


def test_rows_and_items_are_read_back(out, truth):
    """As samples without torch; as tensors by the files' names."""
    for row in rows(out, "train"):
        hashes = [audio_io.pcm_sha256(wave) for wave in (*row["inputs"], *row["targets"])]
        assert hashes == truth[row["id"]]
        assert row["size"] in ("small", "large")

    pytest.importorskip("torch", reason="the extra `torch` is not installed")

    items = list(mn.PublishedDataset(out, split="test"))
    assert len(items) == 4
    for item in items:
        assert set(item) == {"mixture", "melody", "rhythm", "id", "size", "ratio_db"}
        assert item["melody"].shape == (1, SAMPLES)
        samples = (item["mixture"].numpy()[0] * 32_768).astype(np.int16)
        assert audio_io.pcm_sha256(samples) == truth[item["id"]][0]


def test_the_other_layouts_hold_the_same_samples(duets, truth, tmp_path):
    """AudioFolder and WebDataset."""
    publish(duets, tmp_path / "folder", layout="audiofolder")
    publish(duets, tmp_path / "tar", layout="webdataset")

    found = {}
    for path in (tmp_path / "folder/data").glob("*/metadata.parquet"):
        for row in pq.read_table(path).to_pylist():
            names = [*row["inputs_file_names"], *row["targets_file_names"]]
            found[row["id"]] = [pcm_sha256((path.parent / name).read_bytes()) for name in names]
    assert found == truth
    for path in (tmp_path / "tar/data").iterdir():
        with tarfile.open(path) as tar:
            members = {member.name: tar.extractfile(member).read() for member in tar}
        for name in (name for name in members if name.endswith(".json")):
            key = name.removesuffix(".json")
            parts = ("inputs.0", "targets.0", "targets.1")
            hashes = [pcm_sha256(members[f"{key}.{part}.flac"]) for part in parts]
            assert hashes == truth[json.loads(members[name])["id"]]


def test_the_card_speaks_of_the_task(out):
    """Its title, description, facets and roles; nothing of noise, of music, or of their paper."""
    text = (out / "README.md").read_text(encoding="utf-8")
    croissant = json.loads((out / "croissant.json").read_text(encoding="utf-8"))

    assert "\n# Duets in a room\n" in text
    assert "\nReturn both players.\n" in text
    assert "| room size | mixtures |\n| --- | --- |\n| small | 4 |\n| large | 4 |" in text
    assert "| split | ratio in dB | small | large |" in text
    assert "| test | 3 | 1 | 0 |" in text
    assert "| split | mixtures | hours | melodies | rhythms |" in text
    assert 'row["inputs"][0]["bytes"]' in text
    assert "Mixtures per room size and ratio" in text
    assert "000000: large, ratio 0 dB" in text
    for word in ("a noise", "SNR in dB", "MusicECAN", "## Citation"):
        assert word not in text, word
    assert "citeAs" not in croissant
    assert croissant["description"].startswith("8 duets in a room with their audio")


def test_a_publication_without_audio_is_rebuilt(duets, tiny, tmp_path):
    """The room responses travel with the recipes."""
    publish(duets, tmp_path / "recipes", recipe_only=True)
    again = rebuild(tmp_path / "recipes", tiny, tmp_path / "again")

    assert (tmp_path / "recipes/responses.parquet").is_file()
    for path in duets.rglob("*"):
        if path.is_file() and path.name != "README.md":
            assert (again / path.relative_to(duets)).read_bytes() == path.read_bytes(), path
