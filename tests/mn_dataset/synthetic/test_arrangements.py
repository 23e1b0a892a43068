"""A stranger's ear, played by simple classifiers, tells the categories and classes apart."""

import numpy as np
import pytest
from scipy import fft, signal
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from mn_dataset.audio.io import read_pcm
from mn_dataset.records import SAMPLING_RATE
from mn_dataset.synthetic.corpus import plans

CLASSIFIERS = {
    "nearest": KNeighborsClassifier(1),
    "discriminant": LinearDiscriminantAnalysis(solver="lsqr", shrinkage=0.5),
    "bayes": GaussianNB(var_smoothing=0.1),
    "vectors": SVC(C=10.0),
}


def spectrogram(samples):
    """Power at 2048 samples per frame of a recording scaled to one RMS: level tells nothing."""
    sound = samples / samples.std()
    _, _, frames = signal.stft(sound, SAMPLING_RATE, nperseg=2048, noverlap=1024)
    return np.abs(frames) ** 2


def mel_filters(bands=40, low_hz=40.0, high_hz=16_000.0):
    edges_mel = np.linspace(*(2595 * np.log10(1 + np.array([low_hz, high_hz]) / 700)), bands + 2)
    edges_hz = 700 * (10 ** (edges_mel / 2595) - 1)
    f = np.fft.rfftfreq(2048, 1 / SAMPLING_RATE)[np.newaxis]
    low, mid, high = (edges_hz[i : i + bands, np.newaxis] for i in range(3))
    return np.maximum(0.0, np.minimum((f - low) / (mid - low), (high - f) / (high - mid)))


def mel_statistics(power):
    """Mean, spread and mean change of 40 log-mel bands."""
    mel = np.log(mel_filters() @ power + 1e-6)
    change = np.abs(np.diff(mel, axis=1))
    return np.concatenate([mel.mean(axis=1), mel.std(axis=1), change.mean(axis=1)])


def cepstral_statistics(power):
    """Mean and spread of 20 cepstral coefficients, and spread of their change."""
    cepstrum = fft.dct(np.log(mel_filters() @ power + 1e-6), axis=0, norm="ortho")[:20]
    change = np.diff(cepstrum, axis=1)
    return np.concatenate([cepstrum.mean(axis=1), cepstrum.std(axis=1), change.std(axis=1)])


def scalar_statistics(power):
    """Quartiles over time of centroid, bandwidth, flatness, level, flux and contrast."""
    f = np.fft.rfftfreq(2048, 1 / SAMPLING_RATE)[:, np.newaxis]
    share = power / (power.sum(axis=0) + 1e-12)
    centroid = (f * share).sum(axis=0)
    width = np.sqrt(((f - centroid) ** 2 * share).sum(axis=0))
    level = np.log(power + 1e-7)
    flatness = level.mean(axis=0) - np.log(power.mean(axis=0) + 1e-7)
    loudness = np.log(power.sum(axis=0) + 1e-3)
    flux = np.append(np.maximum(np.diff(level, axis=1), 0.0).mean(axis=0), 0.0)
    ordered = np.sort(level, axis=0)
    contrast = ordered[-50:].mean(axis=0) - ordered[:500].mean(axis=0)
    curves = (np.log(centroid + 1), np.log(width + 1), flatness, loudness, flux, contrast)
    return np.concatenate([np.percentile(curve, [10, 25, 50, 75, 90]) for curve in curves])


FEATURES = {
    "mel": mel_statistics,
    "cepstrum": cepstral_statistics,
    "scalars": scalar_statistics,
}


@pytest.fixture(scope="module", params=["clean", "noise"])
def heard(request, synthetic):
    """Names and features of all recordings of a role."""
    chosen = [plan for plan in plans() if plan.role == request.param]
    powers = [
        spectrogram(read_pcm(synthetic / f"{plan.id}.wav", sampling_rate=SAMPLING_RATE))
        for plan in chosen
    ]
    names = np.array([plan.category for plan in chosen])
    return names, {
        name: np.array([feature(power) for power in powers]) for name, feature in FEATURES.items()
    }


@pytest.mark.parametrize("features", FEATURES)
@pytest.mark.parametrize("classifier", CLASSIFIERS)
def test_two_examples_of_each_name_suffice_to_tell_the_rest(heard, features, classifier):
    """Trained on two recordings of each name, at least 80 % of the others are named rightly."""
    names, described = heard
    table, right = described[features], []
    for choice in range(6):
        rng = np.random.default_rng(choice)
        taught = np.concatenate(
            [rng.choice(np.flatnonzero(names == name), 2, replace=False) for name in set(names)]
        )
        asked = np.setdiff1d(np.arange(len(names)), taught)
        model = make_pipeline(StandardScaler(), CLASSIFIERS[classifier])
        model.fit(table[taught], names[taught])
        right.append(np.mean(model.predict(table[asked]) == names[asked]))

    # Chance is 11 % of nine categories and 20 % of five classes.
    assert np.mean(right) >= 0.8


@pytest.mark.parametrize("plan", [p for p in plans() if p.role == "clean"], ids=lambda p: p.id)
def test_no_clip_is_a_loop(synthetic, plan):
    """No clip equals itself moved by 0.05 to 2 s: bars and beats return, samples do not."""
    x = read_pcm(synthetic / f"{plan.id}.wav", sampling_rate=SAMPLING_RATE).astype(np.float64)
    lags = np.arange(SAMPLING_RATE // 20, 2 * SAMPLING_RATE + 1)

    products = np.fft.irfft(np.abs(np.fft.rfft(x, 2**20)) ** 2)[lags]
    energy = np.append(0.0, np.cumsum(x**2))
    likeness = products / np.sqrt(energy[len(x) - lags] * (energy[-1] - energy[lags]))

    # A loop with a fresh start scores 1; sustained tones alone, at their period, reach 0.75.
    assert likeness.max() < 0.9
