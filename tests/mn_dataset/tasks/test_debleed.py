"""Microphones hear each other's sources: as drawn, to the sample, whatever simulates it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mn_dataset import tables
from mn_dataset.audio import io
from mn_dataset.audio.corpus import Corpus, open_corpus
from mn_dataset.errors import InputError, MissingExtra, RecipeError, UnknownName
from mn_dataset.mix.draw import draw
from mn_dataset.mix.manifest import read_manifest
from mn_dataset.mix.mixture import Mixture, mix
from mn_dataset.mix.recipes import Recipes, read_recipes, write_recipes
from mn_dataset.mix.render import render
from mn_dataset.mix.source_cache import SourceCache
from mn_dataset.mix.validate import refuse_malformed
from mn_dataset.mix.verify import verify
from mn_dataset.publish.publish import publish
from mn_dataset.publish.rebuild import rebuild
from mn_dataset.records import SAMPLING_RATE, Recipe
from mn_dataset.tasks.debleed import SPEC
from mn_dataset.tasks.paths import TARGETS, matrix_of

KINDS = ("linear", "convolutive", "room")
ROOMS = KINDS[1:]


@pytest.fixture(autouse=True)
def library():
    """Most of what is asked here is drawn by it."""
    pytest.importorskip("pyroomacoustics", reason="the extra `rooms` is not installed")


def drawn(corpus: Corpus, **options: object) -> Recipes:
    defaults = {"split": "train", "stems": 3, "seconds": 0.5, "seed": 1}
    return draw(corpus, task="debleed", **defaults | options)


def mixed(corpus: Corpus, recipes: Recipes, number: int = 0) -> Mixture:
    return mix(recipes[number], SourceCache(corpus, recipes.responses))


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def arrival(recipes: Recipes, layer) -> float:
    """When the loudest of a layer comes, in samples, between them."""
    response = next(one for one in recipes.responses if one.name == layer.response)
    amplitudes = response.amplitudes
    top = int(np.argmax(amplitudes))
    low, mid, high = amplitudes[top - 1 : top + 2]
    return layer.delay + top + 0.5 * (low - high) / (low - 2 * mid + high)


@pytest.mark.parametrize("kind", KINDS)
def test_drawing_twice_gives_the_same_table(songs, kind, tmp_path):
    """Responses included; another seed gives another one."""
    for name, seed in (("one", 1), ("two", 1), ("other", 2)):
        write_recipes(tmp_path / name / "recipes.parquet", drawn(songs, bleed=kind, seed=seed))

    one, two, other = (bytes_of(tmp_path / name) for name in ("one", "two", "other"))
    assert one == two
    assert one["recipes.parquet"] != other["recipes.parquet"]
    assert len(one) == (1 if kind == "linear" else 2)


def test_a_matrix_is_drawn_per_song(songs):
    """Its own gains in [0.6, 1], the others in [0.05, 0.31]; the same wherever the song begins."""
    recipes = drawn(songs, count=6)

    for recipe in recipes:
        own = [layer.gain for layer in recipe.layers if layer.role == "own"]
        others = [layer.gain for layer in recipe.layers if layer.role == "bleed"]
        assert all(0.6 <= gain <= 1.0 for gain in own)
        assert all(0.05 <= gain <= 0.31 for gain in others)
    gains = {tuple(layer.gain for layer in recipe.layers) for recipe in recipes}
    assert len(gains) == 2  # songs with three stems


def test_bleed_may_be_equal(songs):
    """At −20 dB everywhere: a tenth."""
    (recipe, _) = drawn(songs, bleed_db=-20)

    assert {(layer.role, round(layer.gain, 6)) for layer in recipe.layers} == {
        ("own", 1.0),
        ("bleed", 0.1),
    }


@pytest.mark.parametrize("kind", KINDS)
def test_images_and_bleed_add_up_to_the_microphone(songs, kind):
    """Exactly; an image is what the own layers make."""
    recipes = drawn(songs, bleed=kind)

    mixture = mixed(songs, recipes)

    for name in recipes[0].targets:
        heard = [
            samples
            for layer, samples in zip(recipes[0].layers, mixture.layers, strict=True)
            if layer.input == f"{name}_mic"
        ]
        np.testing.assert_array_equal(sum(heard), mixture.inputs[f"{name}_mic"])
        np.testing.assert_array_equal(heard[0], mixture.targets[name])


def test_the_matrix_is_recovered_from_files(songs, tmp_path):
    """A = X S⁺ with the dry sources, to the rounding to 16 bits."""
    recipes = drawn(songs, target="dry")
    folder = render(recipes, songs, tmp_path / "dataset")

    for row in read_manifest(folder):
        x, s = (
            np.stack(
                [io.read_pcm(folder / file, sampling_rate=SAMPLING_RATE) for file in row[kind]]
            )
            for kind in ("inputs", "targets")
        )
        found = x.astype(float) @ np.linalg.pinv(s.astype(float))
        song = songs.sources[row["song_id"]].row.song
        np.testing.assert_allclose(found, matrix_of(song, 3, seed=1), atol=1e-4)


@pytest.mark.parametrize("kind", ROOMS)
def test_every_path_has_a_delay_of_its_own(songs, kind):
    """Between samples; in a room per song of 15 ms at most, and as far as it is to the source."""
    recipes = drawn(songs, bleed=kind)

    provenance = {one.name: json.loads(one.provenance) for one in recipes.responses}
    for recipe in recipes:
        times = [arrival(recipes, layer) for layer in recipe.layers]
        pairs = list(zip(recipe.layers, times, strict=True))
        bleeding = [at for layer, at in pairs if layer.role == "bleed"]
        assert max(bleeding) <= (0.015 if kind == "convolutive" else 0.15) * SAMPLING_RATE
        assert any(abs(at - round(at)) > 0.1 for at in bleeding)
        if kind == "convolutive":
            assert len({round(one, 4) for one in times}) == len(times)
        for layer, at in pairs:
            room = provenance[layer.response]
            source, mic = (int(word) for word in layer.response.split(": ")[-1].split(" to "))
            distance = np.linalg.norm(
                np.array(room["sources_m"][source]) - room["microphones_m"][mic]
            )
            if layer.role == "own":
                assert at == pytest.approx(distance / 343 * SAMPLING_RATE, abs=0.3)


def test_songs_have_rooms_of_their_own_and_a_given_room_is_one(songs):
    """In the one the places change, in the other the responses too."""
    own = drawn(songs, bleed="convolutive", count=6)
    given = drawn(songs, bleed="room", count=6, room_m=(12, 9, 5), rt60_s=0.3)

    assert len(own.responses) == 2 * 9
    assert len({one.name for one in own.responses}) == 2 * 9
    assert len(given.responses) == 9
    assert {tuple(json.loads(one.provenance)["room_m"]) for one in given.responses} == {
        (12.0, 9.0, 5.0)
    }


@pytest.mark.parametrize("kind", ROOMS)
def test_targets_are_what_their_names_say(songs, kind):
    """The direct path is in step with the image and at its level; the dry source is neither."""
    mixtures = {target: mixed(songs, drawn(songs, bleed=kind, target=target)) for target in TARGETS}

    name = mixtures["dry"].recipe.targets[0]
    image, dry, direct = (mixtures[one].targets[name].astype(float) for one in TARGETS)
    for target in TARGETS:
        mic = mixtures[target].inputs[f"{name}_mic"] / mixtures[target].mix_gain
        reference = mixtures["image"].inputs[f"{name}_mic"] / mixtures["image"].mix_gain
        np.testing.assert_allclose(mic, reference, atol=6)  # each layer is rounded
    layer = mixtures["dry"].recipe.layers[-3]
    assert (layer.role, layer.gain, layer.response, layer.delay) == ("truth", 1.0, None, 0)
    segment = songs.read(layer.source_id)[layer.start :][: len(dry)]
    np.testing.assert_allclose(dry, segment * mixtures["dry"].mix_gain, atol=0.51)
    size = 2 * len(image)
    heard, *others = (np.fft.rfft(wave, size) for wave in (image, dry, direct))
    lags = [int(np.argmax(np.fft.irfft(heard * other.conj()))) for other in others]
    assert lags[0] > 10
    assert lags[1] == 0
    level = (image @ direct) / (direct @ direct)
    level *= mixtures["direct"].mix_gain / mixtures["image"].mix_gain
    assert level == pytest.approx(1.0, abs=0.1)


@pytest.mark.parametrize("target", TARGETS)
def test_the_table_says_what_is_to_be_returned(songs, target, tmp_path):
    """By the layers; and it is read back."""
    recipes = drawn(songs, bleed="convolutive", target=target)
    write_recipes(tmp_path / "recipes.parquet", recipes)

    again = read_recipes(tmp_path / "recipes.parquet")

    kinds = next(column for column in SPEC.columns if column.name == "target_kind")
    assert again == recipes
    assert {kinds.value(recipe) for recipe in again} == {target}
    refuse_malformed(again)


def spoiled(recipe: Recipe, number: int, **fields: object) -> Recipe:
    layers = list(recipe.layers)
    layers[number] = replace(layers[number], **fields)
    return replace(recipe, layers=tuple(layers))


def test_targets_of_several_kinds_are_refused(songs):
    """In one recipe, and targets that are made of what bleeds or of another recording."""
    image = drawn(songs, bleed="convolutive")[0]
    direct = drawn(songs, bleed="convolutive", target="direct")[0]

    for recipe in (
        spoiled(direct, 0, target=direct.targets[0]),
        spoiled(image, 1, target=image.targets[1]),
        spoiled(direct, -1, start=direct.layers[-1].start + 441),
        spoiled(direct, -1, source_id=direct.layers[0].source_id),
        spoiled(image, 0, role="bleed"),
    ):
        with pytest.raises(RecipeError, match="expected"):
            refuse_malformed([recipe])


@pytest.fixture(scope="module")
def recipes(songs) -> Recipes:
    """Eight mixtures with rooms of their own, four in two splits."""
    pytest.importorskip("pyroomacoustics", reason="the extra `rooms` is not installed")
    return drawn(songs, bleed="convolutive", target="direct", split=("train", "test"), count=4)


@pytest.fixture(scope="module")
def dataset(songs, recipes, tmp_path_factory) -> Path:
    return render(recipes, songs, tmp_path_factory.mktemp("debleed") / "dataset")


def test_a_dataset_is_what_its_recipes_say(dataset):
    """Every file, and its card tells what was simulated and what is to be returned."""
    assert verify(dataset) == []
    card = (dataset / "README.md").read_text(encoding="utf-8")
    assert "Bleed is **convolutive**" in card
    assert "Targets are **direct**" in card


def test_two_workers_write_the_same_bytes(songs, recipes, dataset, tmp_path):
    """And rendering needs no rooms: their responses stand beside the recipes."""
    assert bytes_of(render(recipes, songs, tmp_path / "two", workers=2)) == bytes_of(dataset)


_KILLED = """
import sys, time
from pathlib import Path
sys.modules["pyroomacoustics"] = None
from mn_dataset.audio.corpus import open_corpus
from mn_dataset.mix.recipes import read_recipes
from mn_dataset.mix.render import render
render(read_recipes(Path(sys.argv[1])), open_corpus(Path(sys.argv[2])), sys.argv[3],
       progress=lambda done, total: time.sleep(0.2))
"""


def test_a_killed_render_resumes_to_the_same_bytes(songs, songs_folder, recipes, dataset, tmp_path):
    """kill −9 after the first mixtures, where pyroomacoustics is not installed."""
    table, out = tmp_path / "recipes.parquet", tmp_path / "out"
    write_recipes(table, recipes)
    command = [sys.executable, "-c", _KILLED, table, songs_folder, out]
    process = subprocess.Popen([str(word) for word in command])
    while len(list(out.glob("audio/*/*.wav"))) < 9:
        time.sleep(0.01)
        assert process.poll() is None
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert not (out / "manifest.parquet").exists()

    render(read_recipes(table), songs, out)

    assert bytes_of(out) == bytes_of(dataset)


def test_the_manifest_has_the_ratio_of_own_to_bleed(dataset, recipes, songs):
    """Per input, of the samples as they stand there."""
    rows = {row["id"]: row for row in read_manifest(dataset)}
    cache = SourceCache(songs, recipes.responses)

    for recipe in recipes[:2]:
        layers = mix(recipe, cache).layers
        for layer, ratio_db in zip(recipe.layers, rows[recipe.id]["ratios_db"], strict=True):
            if layer.role != "bleed":
                assert ratio_db is None
                continue
            own, bleed = (
                sum(
                    samples.astype(float)
                    for one, samples in zip(recipe.layers, layers, strict=True)
                    if (one.input, one.role) == (layer.input, role)
                )
                for role in ("own", "bleed")
            )
            expected = 10 * np.log10((own @ own) / (bleed @ bleed))
            assert ratio_db == pytest.approx(expected, abs=1e-6)


def test_a_publication_is_rebuilt(dataset, songs, tmp_path):
    """From recipes and responses alone; the card says what an image is, and a direct path."""
    publish(dataset, tmp_path / "recipes", recipe_only=True)
    again = rebuild(tmp_path / "recipes", songs, tmp_path / "again")

    expected, found = bytes_of(dataset), bytes_of(again)
    assert {name for name in found if found[name] != expected.get(name)} <= {"README.md"}
    card = (tmp_path / "recipes" / "README.md").read_text(encoding="utf-8")
    assert "pretty_name: Sessions of several microphones with bleed" in card
    assert "`target_kind`" in card


@pytest.mark.parametrize("kind", KINDS)
def test_clips_of_different_categories_are_a_session(tiny, kind, tmp_path):
    """Each at a position of its own; without stems they are what is drawn."""
    recipes = drawn(tiny, bleed=kind, split=None, stems=3, count=5)

    for recipe in recipes:
        used = [tiny.sources[one.source_id] for one in recipe.layers if one.role == "own"]
        assert [source.row.category for source in used] == ["cello", "piano", "song"]
        assert {source.row.split for source in used} == {recipe.split}
        assert recipe.targets == ("cello", "piano", "song")
    starts = {(layer.source_id, layer.start) for one in recipes for layer in one.layers}
    assert len(starts) > 18
    assert verify(render(recipes, tiny, tmp_path / "dataset")) == []


def test_clips_of_one_group_are_in_no_session_together(tiny_folder, tmp_path):
    """One take may be in two categories."""
    root = Path(shutil.copytree(tiny_folder, tmp_path / "tiny"))
    rows = tables.parse_table(root / "clean.csv")
    grouped = [replace(row, group="take" if row.category != "cello" else "") for row in rows]
    tables.write_table(root / "clean.csv", grouped)

    assert len(drawn(open_corpus(root), stems=2, count=4)) == 4
    with pytest.raises(RecipeError, match="clips of 2 groups and categories that differ"):
        drawn(open_corpus(root), stems=3)


@pytest.fixture
def both(songs_folder, tiny_folder, tmp_path) -> Corpus:
    """Songs in stems, and clips and noises."""
    root = Path(shutil.copytree(songs_folder, tmp_path / "both"))
    shutil.copytree(tiny_folder, root, dirs_exist_ok=True)
    return open_corpus(root)


def test_stems_are_preferred_and_clips_may_be_asked(both, songs, tiny, tmp_path):
    """The corpus hash is that of the tables that are drawn from."""
    stems, clips = drawn(both, count=2), drawn(both, count=2, sources="clips")

    assert stems.corpus_hash == songs.hash
    assert clips.corpus_hash == tiny.hash
    assert {both.sources[one.source_id].role for row in stems for one in row.layers} == {"stem"}
    assert {both.sources[one.source_id].role for row in clips for one in row.layers} == {"clean"}
    for number, recipes in enumerate((stems, clips)):
        assert verify(render(recipes, both, tmp_path / str(number))) == []


def quietened(folder: Path, root: Path, quiet_from: float, *files: str) -> Corpus:
    """Return a copy of a corpus in which some files are nearly silent from some second on."""
    shutil.copytree(folder, root)
    for file in files:
        samples = io.read_pcm(root / file, sampling_rate=SAMPLING_RATE).copy()
        samples[round(quiet_from * SAMPLING_RATE) :] //= 4000
        io.write_wav(root / file, samples, sampling_rate=SAMPLING_RATE)
    return open_corpus(root)


def test_positions_at_which_a_source_is_silent_are_not_drawn(songs_folder, tmp_path):
    """Of a song of 1.8 s whose drums end after 0.6 s."""
    corpus = quietened(songs_folder, tmp_path / "songs", 0.6, "train_one/drums.wav")

    recipes = drawn(corpus, count=20)

    latest = {
        song: max(
            layer.start / SAMPLING_RATE
            for recipe in recipes
            for layer in recipe.layers
            if song in layer.source_id
        )
        for song in ("train_one", "train_two")
    }
    assert latest["train_one"] <= 0.6
    assert latest["train_two"] > 1.0


def test_songs_in_which_a_source_is_silent_are_left_out(songs_folder, tmp_path):
    """And if none is left, the first one is named, and who does not sound."""
    quiet = quietened(songs_folder, tmp_path / "one", 0.0, "train_one/drums.wav")
    recipes = drawn(quiet, count=4)
    assert {layer.source_id.split("/")[1] for one in recipes for layer in one.layers} == {
        "train_two"
    }

    silent = ("train_one/drums.wav", "train_two/guitar.wav")
    with pytest.raises(RecipeError, match=r"of 'train_one', 'drums' is above -40 dBFS for 0.0 s"):
        drawn(quietened(songs_folder, tmp_path / "all", 0.0, *silent))


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"bleed": "rom"}, UnknownName, "unknown bleed 'rom'; did you mean 'room'"),
        ({"target": "wet"}, UnknownName, "unknown target 'wet'"),
        ({"sources": "hits"}, UnknownName, "unknown sources 'hits'"),
        ({"stems": 1}, InputError, "stems is 1; expected 2 or more"),
        ({"stems": 4}, RecipeError, "no song of the split 'train' has 4 stems"),
        ({"bleed_db": 3}, InputError, "bleed_db is 3; expected a number of dB below 0"),
        ({"bleed_db": -20, "bleed": "room"}, InputError, "it is for linear alone"),
        ({"rt60_s": 0.3}, InputError, "rt60_s is 0.3, and bleed is 'linear'"),
        ({"rt60_s": 0, "bleed": "room"}, InputError, "rt60_s is 0; expected a time above 0"),
        ({"room_m": (3, 4), "bleed": "room"}, InputError, "expected length, width and height"),
        ({"room_m": (1, 1, 2), "bleed": "room"}, InputError, "ask for a larger room"),
        ({"sources": "clips"}, InputError, "no clip is in the split 'train'"),
    ],
)
def test_what_cannot_be_meant_or_drawn_is_refused(songs, options, error, message):
    """Naming what was found and what was expected."""
    with pytest.raises(error, match=message):
        drawn(songs, **options)


def test_a_stage_holds_a_dozen(tiny_folder, tmp_path):
    """More microphones would be closer to others than to their own sources."""
    root = Path(shutil.copytree(tiny_folder, tmp_path / "many"))
    rows = tables.parse_table(root / "clean.csv")
    stems = [
        replace(rows[0], id=f"stem/{number}", category=f"voice {number}", song="choir")
        for number in range(13)
    ]
    tables.write_table(root / "stems.csv", stems)
    corpus = open_corpus(root)

    assert len(drawn(corpus, stems=13, bleed="room").responses) == 13**2
    with pytest.raises(InputError, match=r"stems is 13; a stage .* has room for 12"):
        drawn(corpus, stems=13, bleed="convolutive")


def test_only_rooms_need_the_extra(songs, monkeypatch):
    """And they name it."""
    monkeypatch.setitem(sys.modules, "pyroomacoustics", None)

    assert len(drawn(songs)) == 2
    with pytest.raises(MissingExtra, match=r"mn-dataset\[rooms\]"):
        drawn(songs, bleed="convolutive")


def test_rooms_are_drawn_from_the_command_line(mn, songs_folder, tmp_path):
    """With their responses beside the table."""
    table = tmp_path / "recipes.parquet"
    words = "--task debleed --stems 3 --seconds 0.5 --split test --bleed room --target direct"

    code, _, error = mn(
        "draw", songs_folder, *words.split(), "--room-m", 9, 7, 3, "--rt60-s", 0.3, "--out", table
    )

    assert code == 0, error
    recipes = read_recipes(table)
    assert {response.name[:20] for response in recipes.responses} == {"room 9x7x3 m, 0.3 s,"}
    assert len(recipes.responses) == 9 + 3
