"""Songs are drawn and mixed as voice and accompaniment, at the ratio asked, to the sample."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from mn_dataset import tables
from mn_dataset.audio import io
from mn_dataset.audio.corpus import Corpus, open_corpus
from mn_dataset.build import build
from mn_dataset.errors import InputError, RecipeError, UnknownName
from mn_dataset.mix.dataset import read_dataset
from mn_dataset.mix.draw import draw
from mn_dataset.mix.manifest import read_manifest
from mn_dataset.mix.mixture import Mixture, mix
from mn_dataset.mix.recipes import Recipes
from mn_dataset.mix.render import render
from mn_dataset.mix.source_cache import SourceCache
from mn_dataset.mix.verify import verify
from mn_dataset.publish.publish import publish
from mn_dataset.records import SAMPLING_RATE, SNR_DEFINITIONS, Recipe


def drawn(corpus: Corpus, **options: object) -> Recipes:
    return draw(corpus, task="separate", **{"split": "train", "seed": 1} | options)


def songs_in(corpus: Corpus, recipe: Recipe, role: str) -> list[str]:
    layers = [layer for layer in recipe.layers if layer.role == role]
    return [corpus.sources[layer.source_id].row.song for layer in layers]


def mixed(corpus: Corpus, recipe: Recipe) -> Mixture:
    return mix(recipe, SourceCache(corpus))


def energy(samples: io.Pcm) -> float:
    return float(np.square(samples, dtype=np.float64).sum())


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_every_sung_song_comes_once_at_every_ratio(songs):
    """By default, with all of its stems at one position; who does not sing is no mixture."""
    recipes = drawn(songs, snr_db=(-5, 0, 5))

    assert len(recipes) == 2 * 3
    ratios: Counter[float] = Counter(recipe.snr_db for recipe in recipes)
    assert ratios == {-5.0: 2, 0.0: 2, 5.0: 2}
    for recipe in recipes:
        (song,) = {*songs_in(songs, recipe, "voice"), *songs_in(songs, recipe, "accompaniment")}
        assert len(recipe.layers) == len(songs.songs("train")[song])
        assert {layer.start for layer in recipe.layers} == {0}
        assert recipe.num_samples == songs.sources[recipe.layers[0].source_id].entry.frames
    pairs = {(songs_in(songs, recipe, "voice")[0], recipe.snr_db) for recipe in recipes}
    assert pairs == {(name, ratio) for name in ("train_one", "train_two") for ratio in (-5, 0, 5)}


def test_backing_voices_are_of_the_voice(songs):
    """What is sung is known by name."""
    voices = {
        songs.sources[layer.source_id].row.category
        for recipe in drawn(songs)
        for layer in recipe.layers
        if layer.role == "voice"
    }

    assert voices == {"vocals", "VOX1", "BGVOX"}


@pytest.mark.parametrize("definition", SNR_DEFINITIONS)
def test_the_ratio_is_met_and_the_targets_add_up(songs, definition):
    """Under every definition; the balance of the accompaniment is that of the recording."""
    for recipe in drawn(songs, snr_db=(-5, 7), snr_definition=definition):
        mixture = mixed(songs, recipe)

        voice, rest = mixture.targets["voice"], mixture.targets["accompaniment"]
        np.testing.assert_array_equal(mixture.inputs["mixture"], voice + rest)
        assert mixture.ratios_db[-1] is not None
        assert mixture.ratios_db[-1][definition] == pytest.approx(recipe.snr_db, abs=0.01)
        if definition == "power":
            ratio_db = 10 * np.log10(energy(voice) / energy(rest))
            assert ratio_db == pytest.approx(recipe.snr_db, abs=0.01)
        gains = {
            gain
            for gain, layer in zip(mixture.gains, recipe.layers, strict=True)
            if layer.role == "accompaniment"
        }
        assert len(gains) == 1


def test_at_0_db_both_sides_have_one_norm(songs):
    """Which is what scaling both to unit norm comes to, but for the level of their sum."""
    for recipe in drawn(songs, snr_db=(0,)):
        mixture = mixed(songs, recipe)

        norms = [np.sqrt(energy(mixture.targets[name])) for name in recipe.targets]
        assert norms[0] == pytest.approx(norms[1], rel=2e-3)  # 0.01 dB, and rounding


def test_stems_have_gains_of_their_own_and_the_ratio_is_met(songs):
    """The ratio is solved for the accompaniment as it was balanced anew."""
    recipes = drawn(songs, snr_db=(3,), count=6, stem_gain_db=(-6, 6))

    shares = {layer.gain for recipe in recipes for layer in recipe.layers}
    assert len(shares) == sum(len(recipe.layers) for recipe in recipes)
    assert all(share is not None and 0.5 < share < 2.0 for share in shares)
    for recipe in recipes:
        mixture = mixed(songs, recipe)
        voice, rest = (energy(mixture.targets[name]) for name in recipe.targets)
        assert 10 * np.log10(voice / rest) == pytest.approx(3, abs=0.01)
        pairs = zip(mixture.gains, recipe.layers, strict=True)
        factors = [gain / layer.gain for gain, layer in pairs if layer.role == "accompaniment"]
        # Gains have 24 bits.
        np.testing.assert_allclose(factors, factors[0], rtol=1e-6)


@pytest.mark.parametrize("side", ["voice", "accompaniment"])
def test_one_side_is_shifted_in_a_circle(songs, side):
    """The other one begins as the song does; the stems of a side stay together."""
    other = {"voice": "accompaniment", "accompaniment": "voice"}[side]
    recipes = drawn(songs, shift=side, count=8)

    starts = {
        role: [{one.start for one in recipe.layers if one.role == role} for recipe in recipes]
        for role in (side, other)
    }
    assert all(len(of_side) == 1 for role in starts for of_side in starts[role])
    assert {start for of_side in starts[other] for start in of_side} == {0}
    assert len({start for of_side in starts[side] for start in of_side}) > 4
    recipe = recipes[0]
    layer = next(layer for layer in recipe.layers if layer.role == side)
    whole = songs.read(layer.source_id)
    number = recipe.layers.index(layer)
    mixture = mixed(songs, recipe)
    gain = mixture.gains[number] * mixture.mix_gain
    expected = np.rint(np.roll(whole, -layer.start).astype(float) * gain)
    np.testing.assert_array_equal(mixture.layers[number], expected)


def test_a_pair_is_of_two_songs(songs):
    """The unsung song accompanies too; a mixture is as long as the shorter one."""
    recipes = drawn(songs, mixing="paired", count=24)

    accompanists = set()
    for recipe in recipes:
        (voice,) = set(songs_in(songs, recipe, "voice"))
        (accompaniment,) = set(songs_in(songs, recipe, "accompaniment"))
        assert voice != accompaniment
        accompanists.add(accompaniment)
        frames = [songs.sources[layer.source_id].entry.frames for layer in recipe.layers]
        assert recipe.num_samples == min(frames)
        mixed(songs, recipe)
    assert accompanists == {"train_one", "train_two", "train_three"}


def test_a_pair_is_of_two_groups_where_there_are_two(songs_folder, tmp_path):
    """Excerpts of one song are no pair."""
    root = Path(shutil.copytree(songs_folder, tmp_path / "songs"))
    rows = tables.parse_table(root / "stems.csv")
    grouped = [
        tables.Row(**{**vars(row), "group": "" if "three" in row.song else row.split})
        for row in rows
    ]
    tables.write_table(root / "stems.csv", grouped)
    corpus = open_corpus(root)

    for recipe in drawn(corpus, mixing="paired", count=8):
        assert set(songs_in(corpus, recipe, "accompaniment")) == {"train_three"}


def in_tempo(folder: Path, root: Path, **tempos: str) -> Corpus:
    """Copy the corpus, and write down the tempos of its songs."""
    shutil.copytree(folder, root)
    rows = [
        tables.Row(
            **{
                **vars(row),
                "further": (("tempo_bpm", tempos[row.song.rpartition("_")[2]]),),
            }
        )
        for row in tables.parse_table(root / "stems.csv")
    ]
    tables.write_table(root / "stems.csv", rows)
    return open_corpus(root)


@pytest.mark.parametrize(
    ("tempos", "pairs"),
    [
        (("100", "104", "90"), {("one", "two"), ("two", "one")}),
        (("100", "202", "90"), {("one", "two"), ("two", "one")}),
        (("100", "70", "48.1"), {("one", "three")}),
        (("100", "96", "199"), {("one", "three"), ("two", "three")}),
    ],
)
def test_a_pair_is_of_like_tempo_if_asked(songs_folder, tmp_path, tempos, pairs):
    """Within 4 % of one another, of half or of twice; who finds no partner is not mixed."""
    corpus = in_tempo(
        songs_folder, tmp_path / "songs", **dict(zip(("one", "two", "three"), tempos, strict=True))
    )

    recipes = drawn(corpus, mixing="paired", count=16, tempo_tolerance=0.04)

    names = [
        tuple(
            songs_in(corpus, recipe, role)[0].removeprefix("train_")
            for role in ("voice", "accompaniment")
        )
        for recipe in recipes
    ]
    assert set(names) == pairs


def test_pairs_of_like_tempo_need_tempos(songs, songs_folder, tmp_path):
    """The song that has none is named, and a split without a pair says what it lacks."""
    for tempo in ("", "fast", "0", "inf"):
        corpus = in_tempo(songs_folder, tmp_path / f"x{tempo}", one="100", two=tempo, three="90")
        with pytest.raises(RecipeError, match=r"the song 'train_two' has no tempo.*tempo_bpm"):
            drawn(corpus, mixing="paired", tempo_tolerance=0.04)
    corpus = in_tempo(songs_folder, tmp_path / "apart", one="100", two="130", three="80")
    with pytest.raises(RecipeError, match=r"paired mixing needs .* tempo within 0\.04"):
        drawn(corpus, mixing="paired", tempo_tolerance=0.04)


def test_incoherent_stems_are_of_any_song_and_place(songs):
    """The names are those of one song; each stem is dealt evenly."""
    recipes = drawn(songs, mixing="incoherent", count=20, seconds=0.5)

    basses: Counter[str] = Counter()
    for recipe in recipes:
        names = [songs.sources[layer.source_id].row.category for layer in recipe.layers]
        assert names in (["vocals", "bass", "drums"], ["VOX1", "BGVOX", "guitar"])
        rest = [layer for layer in recipe.layers if layer.role == "accompaniment"]
        basses.update(layer.source_id for layer in rest if layer.source_id.endswith("bass"))
        mixed(songs, recipe)
    assert basses == {"stem/train_one/bass": 5, "stem/train_three/bass": 5}


def test_a_range_of_ratios_is_drawn_from(songs):
    """For training."""
    ratios = [recipe.snr_db for recipe in drawn(songs, snr_db=((-5, 5),), count=12)]

    assert len(set(ratios)) == 12
    assert min(ratios) >= -5.0
    assert max(ratios) <= 5.0


def test_silent_stems_are_left_out(songs_folder, tmp_path):
    """A song whose voice is silent is no song to separate."""
    root = Path(shutil.copytree(songs_folder, tmp_path / "songs"))
    frames = len(io.read_pcm(root / "train_one/bass.wav", sampling_rate=SAMPLING_RATE))
    silence = np.zeros(frames, np.int16)
    io.write_wav(root / "train_one/bass.wav", silence, sampling_rate=SAMPLING_RATE)

    recipes = drawn(open_corpus(root))
    used = {layer.source_id for recipe in recipes for layer in recipe.layers}
    assert "stem/train_one/drums" in used
    assert "stem/train_one/bass" not in used

    io.write_wav(root / "train_one/vocals.wav", silence, sampling_rate=SAMPLING_RATE)
    corpus = open_corpus(root)
    voices = {song for one in drawn(corpus) for song in songs_in(corpus, one, "voice")}
    assert voices == {"train_two"}


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"mixing": "pairs"}, UnknownName, "mixing 'pairs'; did you mean 'paired'"),
        ({"shift": "music"}, UnknownName, "shift 'music'"),
        ({"stem_gain_db": (6, -6)}, InputError, r"stem_gain_db is \(6, -6\); expected two finite"),
        (
            {"tempo_tolerance": 0.04},
            InputError,
            "mixing is 'coherent'; only songs that are 'paired'",
        ),
        ({"tempo_tolerance": 0.5, "mixing": "paired"}, InputError, "expected 0 to under 1/3"),
        ({"seconds": 60}, RecipeError, "train: .* dB cannot be drawn: stem/.* a song is never"),
        ({"snr_db": (200,)}, RecipeError, "train: 200 dB cannot be drawn: .*LSB RMS"),
        ({"per_cell": 2}, InputError, "the task 'separate' is drawn without `per_cell`"),
    ],
)
def test_what_cannot_be_meant_or_drawn_is_refused(songs, options, error, message):
    """Before anything is rendered."""
    with pytest.raises(error, match=message):
        drawn(songs, **options)


def test_a_corpus_without_stems_is_told_so(tiny):
    """Clips and noises are no songs in stems."""
    with pytest.raises(InputError, match="no stem is in the split 'train'"):
        drawn(tiny)


def test_songs_without_a_voice_cannot_be_separated(songs_folder, tmp_path):
    """The split says how many songs it has, and what is needed."""
    root = Path(shutil.copytree(songs_folder, tmp_path / "songs"))
    rows = tables.parse_table(root / "stems.csv")
    tables.write_table(root / "stems.csv", [row for row in rows if "three" in row.song])

    message = "has 1 songs, of which 0 are sung; coherent mixing needs a song with a voice and, in"
    with pytest.raises(RecipeError, match=message):
        drawn(open_corpus(root))


def test_huang_shifts_the_accompaniment_of_train_by_steps_of_0_625_s(songs):
    """At 0 dB, whole; test songs come once and are not shifted."""
    train, test = (drawn(songs, split=split, preset="huang-2014") for split in ("train", "test"))

    starts = {
        role: sorted({one.start for r in train for one in r.layers if one.role == role})
        for role in ("voice", "accompaniment")
    }
    # The songs last 1.8 s.
    assert starts == {"voice": [0], "accompaniment": [0, 27_562, 55_125]}
    assert (len(train), len(test)) == (2 * 3, 2)
    assert {layer.start for recipe in test for layer in recipe.layers} == {0}
    assert {recipe.snr_db for recipe in (*train, *test)} == {0.0}
    assert len(drawn(songs, preset="huang-2014", count=2)) == 2
    mixture = mixed(songs, train[-1])
    voice, rest = (energy(mixture.targets[name]) for name in train[-1].targets)
    assert 10 * np.log10(voice / rest) == pytest.approx(0, abs=0.01)


def test_a_preset_fixes_the_rest(songs):
    """What it would contradict is refused, as is a name that nobody knows."""
    with pytest.raises(InputError, match="the preset 'huang-2014' fixes ratios"):
        drawn(songs, preset="huang-2014", snr_db=(5,))
    with pytest.raises(UnknownName, match="preset 'huang-2015'; did you mean 'huang-2014'"):
        drawn(songs, preset="huang-2015")


@pytest.fixture(scope="module")
def options() -> dict[str, object]:
    """Everything at once."""
    return {
        "snr_db": (0, (-5, 5)),
        "count": 9,
        "mixing": "paired",
        "shift": "accompaniment",
        "stem_gain_db": (-3, 3),
        "seconds": 0.5,
        "seed": 4,
    }


@pytest.fixture(scope="module")
def built(
    songs: Corpus, options: dict[str, object], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Twenty-seven mixtures in three splits."""
    return build(songs, tmp_path_factory.mktemp("built") / "dataset", task="separate", **options)


def test_a_built_dataset_is_what_its_recipes_say(built):
    """Its files add up, its sources name songs, its scores are clustered by them."""
    assert verify(built) == []
    assert len(read_manifest(built)) == 27
    dataset = read_dataset(built)
    for mixture in dataset.mixtures:
        voice, accompaniment = dataset.clusters_of(mixture)
        assert voice.startswith(f"{mixture.split}_")
        assert voice != accompaniment
    card = (built / "README.md").read_text(encoding="utf-8")
    assert "Songs as mixtures of voice and accompaniment" in card
    assert "`voice + accompaniment == mixture`" in card


def test_workers_and_a_stopped_run_give_the_same_bytes(songs, built, options, tmp_path):
    """Two processes, and one that goes on after three mixtures."""
    recipes = draw(songs, task="separate", **options)
    assert len(recipes) == 27
    two = build(songs, tmp_path / "two", task="separate", workers=2, **options)

    class Stop(Exception):
        pass

    def stop(done: int, total: int) -> None:
        if total == 27 and done == 3:
            raise Stop

    with pytest.raises(Stop):
        build(songs, tmp_path / "again", task="separate", progress=stop, **options)
    again = build(songs, tmp_path / "again", task="separate", **options)

    expected = bytes_of(built)
    assert bytes_of(two) == expected
    assert bytes_of(again) == expected


def test_recipes_are_rendered_apart_from_drawing(mn, songs_folder, built, tmp_path):
    """By the command line, which knows the options of the task."""
    table, folder = tmp_path / "recipes.parquet", tmp_path / "dataset"
    words = "--snr-db 0 -5:5 --count 9 --mixing paired --shift accompaniment --stem-gain-db -3:3"
    words += " --seconds 0.5 --seed 4"

    drawing = mn("draw", songs_folder, "--task", "separate", "--out", table, *words.split())
    rendering = mn("render", table, "--corpus", songs_folder, "--out", folder, "--workers", 1)

    assert (drawing[0], rendering[0]) == (0, 0), drawing[2] + rendering[2]
    assert (folder / "manifest.parquet").read_bytes() == (built / "manifest.parquet").read_bytes()


def test_the_corpus_hash_is_of_the_stems_alone(songs, songs_folder, tmp_path):
    """A corpus may come to have clips and noises; its mixtures of stems are the same."""
    root = Path(shutil.copytree(songs_folder, tmp_path / "songs"))
    io.write_wav(root / "clip.wav", np.arange(44_100, dtype=np.int16), sampling_rate=SAMPLING_RATE)
    clip = tables.Row(id="clean/1", file="clip.wav", category="harp", split="train")
    tables.write_table(root / "clean.csv", [clip])
    tables.write_table(root / "noise.csv", [])
    both = open_corpus(root)

    recipes = drawn(songs, seconds=0.5)

    assert both.hash != songs.hash
    assert drawn(both, seconds=0.5).corpus_hash == recipes.corpus_hash == songs.hash
    assert verify(render(recipes, both, tmp_path / "dataset")) == []


def test_a_publication_names_songs_and_both_targets(built, tmp_path):
    """With the licence of every stem."""
    datasets = pytest.importorskip("datasets", reason="the extra `publish` is not installed")
    publish(built, tmp_path / "published")

    published = str(tmp_path / "published")
    rows = datasets.load_dataset(published, split="test", cache_dir=str(tmp_path / "cache"))

    assert len(rows) == 9
    assert {"inputs", "targets", "snr_db", "voice_id"} <= set(rows.column_names)
    assert set(map(tuple, rows["target_names"])) == {("voice", "accompaniment")}
    card = (tmp_path / "published" / "README.md").read_text(encoding="utf-8")
    assert "pretty_name: Mixtures of voice and accompaniment" in card
    assert json.loads((tmp_path / "published" / "croissant.json").read_text(encoding="utf-8"))
