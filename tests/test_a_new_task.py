"""A task that is defined in this module alone goes from drawing to a page.

Two microphones hear two players; the far one hears the first through a hall. Asked for are both
players, and the first as the hall has it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from benchmarks.contract import DenoiserSpec
from benchmarks.harness.apply import AppliedDenoiser, load_denoiser
from benchmarks.leaderboard.compare import compare
from benchmarks.leaderboard.run import bench
from benchmarks.leaderboard.verify import verify_run
from benchmarks.report.report import report
from mn_dataset.audio.corpus import Corpus
from mn_dataset.audio.response import quantise
from mn_dataset.errors import InputError
from mn_dataset.mix.dataset import read_audio, read_dataset
from mn_dataset.mix.draw import draw
from mn_dataset.mix.render import render
from mn_dataset.mix.verify import verify
from mn_dataset.records import SAMPLING_RATE, Layer, Recipe
from mn_dataset.seeds import generator
from mn_dataset.tasks import registry
from mn_dataset.tasks.columns import Column, label_column
from mn_dataset.tasks.facets import Axis, Facet
from mn_dataset.tasks.spec import Drawn, LayerRole, TaskSpec

TARGETS = ["first", "second", "hall"]
HALL = quantise(0.9 * 0.8 ** np.arange(40.0), name="hall", provenance="a decay, by hand")


def draw_duets(corpus: Corpus, *, split: str, seed: int, count: int) -> Drawn:
    """Both players near, at a ratio; far, the first through the hall and the second softly."""
    rows = []
    clips = corpus.of("clean", split)
    for number in range(count):
        stream = generator(seed, "duet", str(number))
        one, other = stream.shuffled(clips)[:2]
        ratio_db = 6.0 * (number % 2)
        layers = (
            Layer("first", one.id, 0, gain=1.0, input="near", target="first"),
            Layer("second", other.id, 0, snr_db=ratio_db, input="near", target="second"),
            Layer("first", one.id, 0, gain=0.5, response="hall", input="far", target="hall"),
            Layer("second", other.id, 0, gain=0.1, input="far"),
        )
        recipe = Recipe(
            id=f"{split}/{number:06d}",
            task="duet",
            split=split,
            seed=seed,
            num_samples=SAMPLING_RATE // 4,
            sampling_rate=SAMPLING_RATE,
            layers=layers,
            targets=tuple(TARGETS),
            labels=(("music", one.row.category), ("ratio_db", ratio_db)),
        )
        rows.append(recipe)
    return Drawn(rows, [HALL])


def source_of(layer: int, recipe: Recipe) -> str:
    return recipe.layers[layer].source_id


DUET = TaskSpec(
    name="duet",
    title="Duets before two microphones",
    description="Return both players, and the first as the hall has it.",
    activity="duet separation",
    roles=(
        LayerRole("first", "clean", "first players"),
        LayerRole("second", "clean", "second players"),
    ),
    facets=(
        Facet("music", "music", "kinds of music"),
        Facet("ratio_db", "ratio", "ratios", numeric=True),
    ),
    clusters=(
        Axis("first player", "first players", "first_id"),
        Axis("second player", "second players", "second_id"),
    ),
    draw=draw_duets,
    input_axis=True,
    columns=(
        label_column("music", pa.string()),
        label_column("ratio_db", pa.float64()),
        Column("first_id", pa.string(), partial(source_of, 0)),
        Column("second_id", pa.string(), partial(source_of, 1)),
    ),
    metrics=("si_sdr", "snr"),
)

SEPARATORS = """
import numpy as np
from benchmarks.contract import DenoiserSpec


class Halves:
    spec = DenoiserSpec(name="halves", task="duet", sampling_rate=22_050, channels=1, chunk=4096,
                        overlap=512)

    def __call__(self, batch, sampling_rate, *, side=None):
        near, far = batch[:, 0], batch[:, 1]
        return np.stack([near / 2, near / 2, far], axis=1)


class Bound:
    spec = DenoiserSpec(name="bound", task="duet", needs=frozenset({"clean"}))

    def __call__(self, batch, sampling_rate, *, side=None):
        return side["clean"]


class Mono:
    spec = DenoiserSpec(name="mono", task="duet")

    def __call__(self, batch, sampling_rate, *, side=None):
        return batch[:, :1]
"""


@pytest.fixture(scope="module", autouse=True)
def duet() -> Iterator[None]:
    with registry.registered(DUET):
        yield


@pytest.fixture(scope="module")
def dataset(tiny: Corpus, tmp_path_factory: pytest.TempPathFactory) -> Path:
    recipes = draw(tiny, task="duet", split="test", seed=3, count=16)
    return render(recipes, tiny, tmp_path_factory.mktemp("duets") / "dataset", workers=2)


@pytest.fixture(scope="module")
def separators(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    path = tmp_path_factory.mktemp("separators") / "separators.py"
    path.write_text(SEPARATORS, encoding="utf-8")
    return {name: f"{path}:{name.title()}" for name in ("halves", "bound", "mono")}


@pytest.fixture(scope="module")
def run(
    dataset: Path, separators: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Two separators and the row that does nothing, scored by processes that know no duets."""
    folder = tmp_path_factory.mktemp("runs") / "run"
    names = ["noisy", separators["halves"], separators["bound"]]
    bench(dataset, names, folder, workers=2, examples=2)
    report(folder)
    return folder


def test_the_dataset_is_what_its_recipes_say(dataset: Path) -> None:
    """Two inputs, three targets, and the first is near what it is asked for."""
    assert verify(dataset) == []
    read = read_dataset(dataset)
    for mixture in read.mixtures:
        audio = read_audio(dataset, mixture)
        assert [*audio.inputs, *audio.targets] == ["near", "far", *TARGETS]
        near = audio.targets["first"] + audio.targets["second"]
        np.testing.assert_array_equal(audio.inputs["near"], near)


def test_samples_in_memory_are_those_of_the_files(tiny: Corpus, dataset: Path) -> None:
    """One tensor per input and target."""
    torch_dataset = pytest.importorskip("mn_dataset.mix.torch_dataset", reason="needs torch")
    recipes = draw(tiny, task="duet", split="test", seed=3, count=16)
    mixture = read_dataset(dataset).mixtures[5]

    item = torch_dataset.MixtureDataset(tiny, recipes)[5]

    audio = read_audio(dataset, mixture)
    for name, wave in {**audio.inputs, **audio.targets}.items():
        np.testing.assert_array_equal(item[name].numpy(), wave)


def test_scores_name_their_target(run: Path) -> None:
    """In the table, in the journals, and in the leaderboard, which has their mean too."""
    scores = pd.read_parquet(run / "scores.parquet")
    assert len(scores) == 16 * 3 * len(TARGETS) * 2
    assert scores["target"].unique().tolist() == TARGETS
    (journal,) = (run / "journal").glob("halves*")
    keys = json.loads(journal.read_text(encoding="utf-8").splitlines()[0])["scores"]
    expected = {f"{metric}@1/{target}" for metric in ("si_sdr", "snr") for target in TARGETS}
    assert set(keys) == expected

    table = pd.read_csv(run / "leaderboard.csv", dtype={"ratio_db": str})

    assert table.columns[:5].tolist() == ["denoiser", "music", "ratio_db", "target", "metric"]
    whole = table[(table["music"] == "all") & (table["ratio_db"] == "all")]
    means = whole[whole["metric"] == "snr"].pivot(index="denoiser", columns="target", values="mean")
    values = scores[scores["metric"] == "snr"].groupby(["denoiser", "target"])["value"].mean()
    for (name, target), value in values.items():
        assert means.loc[name, target] == pytest.approx(value, rel=1e-4)
    assert means.loc["halves", "all"] == pytest.approx(means.loc["halves", TARGETS].mean(), 1e-4)
    assert np.isfinite(whole[["ci_low", "ci_high"]].to_numpy()).all()
    assert set(whole.loc[whole["denoiser"] == "halves", "rank"]) == {1}


def test_the_row_that_does_nothing_has_each_input_in_turn(dataset: Path, run: Path) -> None:
    """As the estimate of each target; what is told the targets returns them."""
    scores = pd.read_parquet(run / "scores.parquet")
    keys = ["denoiser", "mixture_id", "target"]
    snrs = scores[scores["metric"] == "snr"].set_index(keys)["value"]
    for mixture in read_dataset(dataset).mixtures:
        audio = read_audio(dataset, mixture)
        estimates = [audio.inputs["near"], audio.inputs["far"], audio.inputs["near"]]
        for estimate, (name, target) in zip(estimates, audio.targets.items(), strict=True):
            rest = np.square(estimate - target, dtype=float).sum()
            snr_db = 10 * np.log10(np.square(target, dtype=float).sum() / rest)
            assert snrs["noisy", mixture.id, name] == pytest.approx(snr_db, abs=1e-6)
            assert snrs["bound", mixture.id, name] == 100.0


def test_the_page_shows_targets_facets_and_players(run: Path) -> None:
    """And the tables for people speak of the task."""
    page = (run / "index.html").read_text(encoding="utf-8")
    text = (run / "leaderboard.md").read_text(encoding="utf-8")
    data = json.loads(page.partition('id="data">')[2].partition("</script>")[0])

    assert "<h1>Duet separation leaderboard</h1>" in page
    assert text.startswith("# Duet separation leaderboard: corpus tiny, split test, 16 mixtures")
    assert "the mean by target\n\n| denoiser          |  first | second |   hall |" in text
    assert "first and 6 second players (or their groups) are what is counted" in text
    assert [facet["name"] for facet in data["facets"]] == ["music", "ratio", "target"]
    assert data["axes"]["target"] == TARGETS
    assert data["axes"]["ratio_db"] == ["0", "6"]
    assert {clip[3] for clip in data["worst"]["mixtures"]} == {0, 1, 2}
    for example in data["examples"]:
        assert (example["inputs"], example["targets"]) == (["near", "far"], TARGETS)
        assert set(example["layers"]) == {"near", "far", *TARGETS}
        assert set(example["estimates"]) == {"halves", "bound"}
        for players in example["estimates"].values():
            assert {name: set(parts) for name, parts in players.items()} == {
                target: {"estimate", "residual"} for target in TARGETS
            }
        assert set(example["target_scores"]) == set(TARGETS)
        assert len(example["sources"]) == 2


def test_a_second_run_does_nothing_and_proves_the_first(
    dataset: Path, separators: dict[str, str], run: Path
) -> None:
    """No score is made again but by verification, and then it is the same."""
    before = {path: path.read_bytes() for path in (run / "journal").iterdir()}
    names = ["noisy", separators["halves"], separators["bound"]]

    bench(dataset, names, run, workers=0, examples=2)

    assert {path: path.read_bytes() for path in (run / "journal").iterdir()} == before
    mine = separators["halves"].rpartition(":")[0]
    verification = verify_run(run, sample="6", workers=2, trust=[mine])
    assert (verification.scores, verification.mismatches) == (6 * len(TARGETS) * 2, ())
    rows = compare(run, run).rows
    assert set(rows["target"]) == {"all", *TARGETS}
    assert (rows["difference"] == 0.0).all()


def test_a_wrong_number_of_targets_is_told_apart(
    dataset: Path, separators: dict[str, str], tmp_path: Path
) -> None:
    """By shape, as a broken contract; the others are unharmed."""
    bench(dataset, ["noisy", separators["mono"]], tmp_path / "run", workers=0, examples=1)
    report(tmp_path / "run")

    scores = pd.read_parquet(tmp_path / "run" / "scores.parquet")
    reasons = {name: set(rows["reason"]) for name, rows in scores.groupby("denoiser")}
    assert reasons["mono"] == {"wrong_shape"}
    assert "wrong_shape" not in reasons["noisy"]


def test_denoisers_of_another_task_are_refused(
    dataset: Path, separators: dict[str, str], tmp_path: Path
) -> None:
    """Before any work, with the names that would do."""
    message = "the denoiser 'wiener' is for the task 'denoise'; expected one for 'duet'"
    with pytest.raises(InputError, match=message):
        bench(dataset, ["wiener"], tmp_path / "run", workers=0)


def test_channels_and_pieces_are_taken_apart_and_put_together(separators: dict[str, str]) -> None:
    """A denoiser for mono at another rate sees every channel of both inputs, in pieces."""
    halves = load_denoiser(separators["halves"])
    noise = np.random.default_rng(0).normal(size=(3, 2, 2, 30_000)).astype(np.float32)
    smooth = np.cumsum(0.01 * noise, axis=-1, dtype=np.float32) * np.hanning(30_000).astype("f4")

    estimates = halves(smooth, SAMPLING_RATE, num_targets=3)

    assert estimates.shape == (3, 3, 2, 30_000)
    expected = np.stack([smooth[:, 0] / 2, smooth[:, 0] / 2, smooth[:, 1]], axis=1)
    # At half the rate the top is lost of a spectrum that falls by 6 dB per octave.
    np.testing.assert_allclose(estimates, expected, atol=0.02)
    with pytest.raises(InputError, match=r"expected \(batch, inputs, channels, time\)"):
        halves(smooth[:, 0], SAMPLING_RATE, num_targets=3)


def test_an_applied_denoiser_knows_its_task() -> None:
    """By the name in its spec."""

    class Any:
        spec = DenoiserSpec(name="any", task="duet")

        def __call__(self, batch, sampling_rate, *, side=None):
            return batch

    assert AppliedDenoiser(Any()).task is DUET
