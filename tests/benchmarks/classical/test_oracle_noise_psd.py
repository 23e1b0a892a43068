"""The true spectrum of the noise bounds what a tracker can do."""

import numpy as np

from benchmarks.harness.apply import load_denoiser
from mn_dataset.seeds import generator

RATE = 44_100


def test_the_true_spectrum_of_the_noise_beats_guessing_it():
    """Held notes, which a quantile takes for noise."""
    time_s = np.arange(4 * RATE) / RATE
    clean = sum(np.sin(2 * np.pi * hz * time_s) for hz in (440.0, 880.0)).astype(np.float32)
    noise = 0.3 * generator(0, "test", "white").normals(len(clean)).astype(np.float32)
    mixture = (clean + noise)[None, None]

    def error(name):
        estimate = load_denoiser(name)(mixture, RATE, side={"noise": noise[None, None]})
        return np.square(estimate[0, 0] - clean).sum()

    assert error("oracle_noise_psd") < 0.5 * error("mmse_lsa")
    assert load_denoiser("oracle_noise_psd").spec.rank_group == "oracle"
