"""Say what the files of a run folder hold, so that one from elsewhere is refused at the door."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from mn_dataset.files.cells import EMPTY, Limits
from mn_dataset.mix.limits import MAX_SAMPLES

_NAMES = [str]
_OPTIONAL_TEXT = (str, None)
_OPTIONAL_NUMBER = (float, None)

_ESTIMATE = {
    "denoiser": str,
    "revision": str,
    "file": str,
    "target?": str,
    "residual?": str,
    "attenuated_db?": float,
    "level_db?": _OPTIONAL_NUMBER,
    "residual_raised_db?": float,
    "residual_level_db?": _OPTIONAL_NUMBER,
}

EXAMPLE: Any = {
    "mixture_id": str,
    "duration_s?": float,
    "level_db?": {"*": _OPTIONAL_NUMBER},
    "estimates": [_ESTIMATE],
    "why?": str,
    "sources?": [dict.fromkeys(("id", "source", "license", "attribution", "url"), str)],
}
"""One example of run.json, beside a path per input and target, and a label per facet."""

DENOISER: Any = {
    "name": str,
    "rank_group?": str,
    "revision": str,
    "request?": str,
    "assumes?": _OPTIONAL_TEXT,
    "license?": _OPTIONAL_TEXT,
    "citation?": _OPTIONAL_TEXT,
    "trained_on?": _OPTIONAL_TEXT,
    "needs?": (_NAMES, None),
    "weights?": ({"facts?": ({"data?": Any}, None)}, None),
}

METRIC: Any = {
    "name": str,
    "unit": str,
    "version": int,
    "higher_is_better": bool,
    "negligible?": float,
    "every?": int,
    "definition?": str,
    "range?": [_OPTIONAL_NUMBER],
}

RUN: Any = {
    "settings?": {"*": str},
    "dataset?": dict,
    "denoisers?": [DENOISER],
    "metrics?": [METRIC],
    "examples?": [EXAMPLE],
    "started?": str,
    "finished?": _OPTIONAL_TEXT,
    "cost?": ({"*": float}, None),
}
"""A run.json of any state."""

COMPARED: Any = RUN | {"denoisers": [DENOISER], "metrics": [METRIC]}
"""What is needed of a run to compare it with another."""

FINISHED: Any = RUN | {
    "settings": {"manifest_sha256": str, "device": str, "*": str},
    "dataset": {
        "name": str,
        "path?": str,
        "manifest_sha256": str,
        "corpus": _OPTIONAL_TEXT,
        "corpus_hash": _OPTIONAL_TEXT,
        "dataset_version": _OPTIONAL_TEXT,
        "generator_version?": _OPTIONAL_TEXT,
        "mixtures": int,
        "splits": {"*": int},
        "recipe_seeds?": [int],
        "origins": {"*": int},
        "uncovered?": _NAMES,
    },
    "denoisers": [DENOISER | {"rank_group": str}],
    "metrics": [METRIC],
    "not_installed": [{"name": str, "install": str}],
    "environment": {
        "python": str,
        "platform": str,
        "cpu": str,
        "cores": int,
        "packages": {"*": str},
    },
    "seed": int,
    "workers?": (int, None),
    "command_line": _NAMES,
    "started": str,
    "finished": str,
    "coverage": {"*": {"*": {"*": int}}},
    "alignment?": {"*": {"told?": str}},
    "examples": [EXAMPLE],
}
"""That of a run that was finished."""

TIMING = pa.schema(
    [
        ("denoiser", pa.string()),
        ("revision", pa.string()),
        ("real_time_factor", pa.float64()),
        ("real_time_factor_p95", pa.float64()),
        ("parameters", pa.int64()),
        ("macs_per_s", pa.float64()),
        ("peak_memory_mb", pa.float64()),
        ("device", pa.string()),
        ("audio_s", pa.float64()),
    ]
)
"""Columns of timing.parquet."""

_NUMBERS = {"parameters": pa.float64()}  # as pandas writes a column of which some are unknown
_NAMED = ("mixture_id", "task", "denoiser", "revision", "target", "metric", "reason")

COLUMNS = {
    "scores.parquet": pa.schema(
        [*((name, pa.string()) for name in _NAMED), ("value", pa.float64())]
    ),
    "mixtures.parquet": pa.schema(
        [("mixture_id", pa.string()), ("num_samples", pa.int64()), ("sampling_rate", pa.int64())]
    ),
    "timing.parquet": pa.schema(
        [(field.name, _NUMBERS.get(field.name, field.type)) for field in TIMING]
    ),
}
"""Columns of the tables, those of facets and recordings left out."""

_COST = Limits(0.0, 1e15, empty=True)

LIMITS = {
    "value": Limits(-1e12, 1e12, empty=True, undefined=True),  # NaN, but not infinity
    "reason": EMPTY,
    "num_samples": Limits(1, MAX_SAMPLES),
    "sampling_rate": Limits(1, 1_000_000),
    **dict.fromkeys(("real_time_factor", "real_time_factor_p95", "audio_s"), _COST),
    **dict.fromkeys(("peak_memory_mb", "parameters", "macs_per_s"), _COST),
}
"""Of their cells."""
