"""The Wiener filter is the lowest of the rules over one a priori SNR."""

import numpy as np

from benchmarks.classical.mmse_lsa import lsa_gain
from benchmarks.classical.mmse_stsa import stsa_gain
from benchmarks.classical.wiener import wiener_gain


def test_the_rules_are_ordered_and_meet_at_high_snr():
    """Wiener ≤ log-spectral ≤ spectral amplitude (Jensen); all are 1 at 60 dB."""
    prior = np.logspace(-3, 6, 40, dtype=np.float32)[:, np.newaxis]
    posterior = np.logspace(-3, 6, 40, dtype=np.float32)[np.newaxis]

    wiener, lsa, stsa = (rule(prior, posterior) for rule in (wiener_gain, lsa_gain, stsa_gain))

    slack = 1 + 1e-5  # float32
    assert (wiener <= lsa * slack).all()
    assert (lsa <= stsa * slack).all()
    np.testing.assert_allclose([lsa[-1, -1], stsa[-1, -1]], 1.0, atol=1e-5)
