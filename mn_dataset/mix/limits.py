"""Say which numbers and empty cells the tables of recipes and of a dataset may hold."""

from __future__ import annotations

from mn_dataset.files.cells import EMPTY, MEASURED, Limits

MAX_SAMPLES = 2**28
"""Of one mixture: 101 minutes at 44.1 kHz, 512 MiB as 16-bit samples."""

_MAX_START = 2**40
_RATIO_DB = Limits(-200.0, 200.0)
_MAX_GAIN = 2.0**30

RECIPE = {
    "num_samples": Limits(1, MAX_SAMPLES),
    "sampling_rate": Limits(1, 1_000_000),
    "snr_db": _RATIO_DB,
    "layers.start": Limits(0, _MAX_START),
    "layers.fade": Limits(0, MAX_SAMPLES),
    "layers.delay": Limits(0, MAX_SAMPLES),
    "layers.gain": Limits(-_MAX_GAIN, _MAX_GAIN, empty=True),
    "layers.snr_db": Limits(-200.0, 200.0, empty=True),
    "layers.response": EMPTY,
    "layers.input": EMPTY,
    "layers.target": EMPTY,
}
"""Of the columns of recipes."""

MANIFEST = RECIPE | {
    "noise_gain": Limits(0.0, _MAX_GAIN),
    "gains": Limits(-_MAX_GAIN, _MAX_GAIN),
    "mix_gain": Limits(0.0, 1.0),
    "peak_dbfs": MEASURED,
    "ratios_db": MEASURED,
    "snr_db_achieved": MEASURED,
    "snr_power_db": MEASURED,
    "snr_variance_db": MEASURED,
    "snr_active_db": MEASURED,
    "snr_lufs_db": MEASURED,
}
"""Of the columns of a manifest."""
