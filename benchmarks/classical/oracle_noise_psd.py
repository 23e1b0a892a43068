"""A gain rule over the true mean spectrum of the noise: a bound for every tracker."""

from __future__ import annotations

from collections.abc import Mapping

from benchmarks.classical.mmse_lsa import MmseLsa
from benchmarks.contract import Batch, DenoiserSpec
from benchmarks.signal.stft import power_of, stft_at


class OracleNoisePsd:
    """The log-spectral amplitude estimator over the mean power of the true noise."""

    spec = DenoiserSpec(
        name="oracle_noise_psd",
        needs=frozenset({"noise"}),
        citation="Ephraim and Malah, IEEE TASSP 33(2) 1985, doi:10.1109/TASSP.1985.1164550",
    )

    def __call__(self, batch: Batch, sampling_rate: int, *, side: Mapping[str, Batch]) -> Batch:
        """Return the denoised batch; ``side`` holds its noise layer."""
        stft = stft_at(sampling_rate)
        spectrum = stft.forward(batch)
        noise = power_of(stft.forward(side["noise"])).mean(axis=-2, keepdims=True)
        spectrum *= MmseLsa().gain(power_of(spectrum), noise)
        return stft.inverse(spectrum, num_samples=batch.shape[-1])
