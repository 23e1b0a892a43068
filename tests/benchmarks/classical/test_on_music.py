"""On real music under noise the blind denoisers help, and the oracle bounds them."""

import csv
from pathlib import Path

import numpy as np
import pytest

from benchmarks.harness.apply import load_denoiser
from mn_dataset.audio.io import read_pcm, to_float
from mn_dataset.seeds import generator

CORPUS = Path(__file__).parents[3] / "../shared/corpus/open"
SECONDS = 5
SNR_DB = 5
BLIND = ("spectral_subtraction", "wiener", "mmse_stsa", "mmse_lsa", "omlsa")

pytestmark = pytest.mark.skipif(
    not CORPUS.is_dir(), reason="the open corpus does not lie beside the project"
)


def recordings(table, key, *, start_s):
    """Return one training recording per category: the test split is for the leaderboard."""
    with (CORPUS / table).open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["split"] == "train"]
    first = {row["category"]: row["file"] for row in reversed(rows)}
    start, num_samples = start_s * 44_100, SECONDS * 44_100
    for category in key:
        signal = to_float(read_pcm(CORPUS / first[category], sampling_rate=44_100))[0]
        yield np.resize(signal[start:] if signal.size > start else signal, num_samples)


def at_snr(clean, noise):
    energy = np.square(clean, dtype=float).sum() / np.square(noise, dtype=float).sum()
    return (noise * np.sqrt(energy / 10 ** (SNR_DB / 10))).astype(np.float32)


def si_sdr_db(clean, estimate):
    clean, estimate = clean.astype(float), estimate.astype(float)
    target = clean * (estimate @ clean) / (clean @ clean)
    return 10 * np.log10((target @ target) / np.square(estimate - target).sum())


@pytest.fixture(scope="module")
def layers():
    """Return clean and noise layers, shape (noises, clips, time) each, by noise."""
    clean = np.stack(
        list(recordings("clean.csv", ("piano", "cello", "trumpet", "song"), start_s=2))
    )
    noises = dict(
        zip(
            ("stationary", "weather", "traffic", "crowd"),
            recordings("noise.csv", ("stationary", "weather", "traffic", "crowd"), start_s=0),
            strict=True,
        )
    )
    noises["white"] = generator(0, "test", "white").normals(clean.shape[-1])
    return {
        name: (clean, np.stack([at_snr(clip, noise) for clip in clean]))
        for name, noise in noises.items()
    }


def mean_gain_db(name, clean, noise):
    mixture = (clean + noise)[:, np.newaxis]
    side = {"clean": clean[:, np.newaxis], "noise": noise[:, np.newaxis]}
    estimate = load_denoiser(name)(mixture, 44_100, side=side)
    gains = [
        si_sdr_db(target, answer[0]) - si_sdr_db(target, given[0])
        for target, answer, given in zip(clean, estimate, mixture, strict=True)
    ]
    return float(np.mean(gains))


@pytest.mark.parametrize("name", BLIND)
def test_blind_denoisers_gain_on_white_noise_and_on_average(name, layers):
    """White noise is what a clip-wide spectrum can describe: 2 dB are certain there."""
    gains = {noise: mean_gain_db(name, *pair) for noise, pair in layers.items()}

    assert gains["white"] >= 2
    assert np.mean(list(gains.values())) > 0


def test_the_oracle_mask_bounds_the_blind_ones(layers):
    """On no noise does a blind denoiser come near the mask that is told both layers."""
    for pair in layers.values():
        assert mean_gain_db("oracle_ratio_mask", *pair) > mean_gain_db("mmse_stsa", *pair) + 2
