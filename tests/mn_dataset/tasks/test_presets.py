from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mn_dataset import tables
from mn_dataset.audio import io
from mn_dataset.audio.corpus import open_corpus
from mn_dataset.audio.level import FULL_SCALE, round_gain
from mn_dataset.mix.draw import draw
from mn_dataset.mix.mixture import mix
from mn_dataset.mix.source_cache import SourceCache
from mn_dataset.records import SAMPLING_RATE, Layer, Recipe
from mn_dataset.tables import Row
from mn_dataset.tasks.denoise import labels

ARCHIVE = Path(__file__).parents[4] / "shared" / "parity" / "open.npz"


@pytest.fixture(params=[0, 1])
def answered(request):
    """Two 16-bit files, what was drawn, and the float32 mixture of the official code."""
    if not ARCHIVE.is_file():
        pytest.skip("the reference's answers do not lie beside the project")
    with np.load(ARCHIVE) as archive:
        begin = f"mix/{request.param}/"
        names = [name for name in archive.files if name.startswith(begin)]
        return {name.removeprefix(begin): archive[name] for name in names}


def corpus_of(folder, files):
    for role, samples in files.items():
        (folder / role).mkdir(parents=True)
        io.write_wav(folder / role / "0.wav", samples, sampling_rate=SAMPLING_RATE)
        category = "piano" if role == "clean" else "traffic"
        row = Row(id=f"{role}/0", file=f"{role}/0.wav", category=category, split="train")
        tables.write_table(tables.table_path(folder, role), [row])
    return open_corpus(folder)


def test_layers_are_those_of_the_official_generator(answered, tmp_path):
    """Peak of the whole file, variance SNR, level on amplitude: equal within 16-bit rounding.

    The official code leaves what is beyond full scale; ours brings it below by one stored gain.
    """
    corpus = corpus_of(tmp_path, {"clean": answered["clean_file"], "noise": answered["noise_file"]})
    peak = np.abs(answered["clean_file"].astype(int)).max()
    level = 10 ** (float(answered["scale_db10"]) / 10)
    snr_db = float(answered["snr_db"])
    recipe = Recipe(
        id="train/0",
        task="denoise",
        split="train",
        seed=0,
        num_samples=44_100,
        sampling_rate=SAMPLING_RATE,
        layers=(
            Layer(
                "clean",
                "clean/0",
                int(answered["start"]),
                gain=round_gain(FULL_SCALE / peak * level),
                input="noisy",
                target="clean",
            ),
            Layer("noise", "noise/0", 0, 0, snr_db=snr_db, input="noisy"),
        ),
        targets=("clean",),
        snr_definition="variance",
        labels=labels("traffic", "piano", snr_db),
    )

    mixture = mix(recipe, SourceCache(corpus))

    for found, wanted in ((mixture.files["clean"], "clean"), (mixture.files["noisy"], "noisy")):
        # Half a step of each layer is rounding; the gain of the noise meets the SNR within
        # 0.001 dB, a ten-thousandth of its peak.
        steps = found / mixture.mix_gain - answered[wanted] * FULL_SCALE
        assert np.abs(steps).max() < 2 / mixture.mix_gain + 1e-4 * FULL_SCALE
    assert abs(mixture.ratios_db[1]["variance"] - snr_db) <= 0.001


def test_the_preset_follows_the_script(real_corpus):
    """5 s, variance, first samples of any noise, two bands, the doubled level scale."""
    recipes = draw(real_corpus, split="test", preset="musicecan-2024")
    noise_splits = {real_corpus.sources[r.layer("noise").source_id].row.split for r in recipes}
    levels = [
        r.layer("clean").gain * real_corpus.sources[r.layer("clean").source_id].entry.peak / 32_768
        for r in recipes
    ]

    assert {r.num_samples for r in recipes} == {220_500}
    assert {r.snr_definition for r in recipes} == {"variance"}
    assert {r.layer("noise").start for r in recipes} == {0}
    assert noise_splits == {"train", "validation", "test"}
    assert sum(2 <= r.snr_db <= 6 for r in recipes) == sum(6 <= r.snr_db <= 12 for r in recipes)
    assert 10 ** (-12 / 20) <= min(levels) < 0.5
    assert 1.5 < max(levels) <= 10 ** (8 / 20)
    mixture = mix(recipes[0], SourceCache(real_corpus))
    assert abs(mixture.ratios_db[1]["variance"] - recipes[0].snr_db) <= 0.01
