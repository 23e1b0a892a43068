"""Every denoiser is described, whether it can run or not."""

import json
import subprocess
import sys

import pytest

from benchmarks import registry
from benchmarks.harness.listing import describe_denoisers
from benchmarks.registry import Entry

KEYS = [
    "assumes",
    "available",
    "install",
    "license",
    "name",
    "needs",
    "parameters",
    "rank_group",
    "reason",
    "sampling_rate",
    "task",
    "weights",
]


def test_every_row_has_the_same_keys_and_is_json():
    """What `mn denoisers --json` prints."""
    rows = describe_denoisers()

    assert {tuple(sorted(row)) for row in rows} == {tuple(KEYS)}
    assert json.loads(json.dumps(rows)) == rows
    assert {"noisy", "wiener", "oracle_ratio_mask"} <= {row["name"] for row in rows}


def test_an_oracle_shows_what_it_is_told():
    """Needs and rank group come from the spec."""
    row = next(row for row in describe_denoisers() if row["name"] == "oracle_ratio_mask")

    assert (row["needs"], row["rank_group"], row["parameters"]) == (["clean", "noise"], "oracle", 0)


def test_what_a_denoiser_assumes_is_shown():
    """Nothing, for most of them."""
    assumed = {row["name"]: row["assumes"] for row in describe_denoisers()}

    assert assumed["least_squares"] == "instantaneous mixing"
    assert assumed["noisy"] == ""


def test_listing_imports_no_optional_package():
    """It is quick, and works without any of them."""
    script = (
        "import sys; from benchmarks.harness.listing import describe_denoisers as d; d();"
        "print(sorted({'noisereduce', 'torch', 'pesq', 'pystoi'} & set(sys.modules)))"
    )

    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "[]"


def other(folder, body):
    path = folder / "other.py"
    path.write_text(f"from benchmarks import DenoiserSpec\n{body}", encoding="utf-8")
    return Entry("other", str(path), "Other")


@pytest.mark.parametrize(
    ("body", "reason", "install"),
    [
        (
            "class Other:\n    spec = DenoiserSpec(name='other', package='no_such_package')\n",
            "the package 'no_such_package' is not installed",
            "pip install no_such_package",
        ),
        ("raise ImportError('gone')\n", "raised ImportError: gone", None),
        ("Other = 3\n", "denoiser 'other': 'spec' is None", None),
    ],
)
def test_what_cannot_run_says_why(monkeypatch, tmp_path, body, reason, install):
    """A third party's fault takes no other row with it."""
    entries = {"noisy": registry.denoiser("noisy"), "other": other(tmp_path, body)}
    monkeypatch.setattr(registry, "denoisers", lambda: entries)

    fine, broken = describe_denoisers()

    assert (fine["available"], fine["reason"], fine["install"]) == (True, None, None)
    assert not broken["available"]
    assert broken["reason"].startswith(reason)
    assert broken["install"] == install
    assert sorted(broken) == KEYS


def test_a_model_without_weights_says_how_to_train_it():
    """It is listed, and can be run with weights that are named."""
    pytest.importorskip("torch", reason="needs: pip install 'mn-dataset[torch]'")
    row = next(row for row in describe_denoisers() if row["name"] == "two_stage_unet")

    assert (row["weights"], row["available"]) == (None, False)
    assert row["reason"] == "no weights ship; run two_stage_unet@RUN"
    assert row["install"] == "mn train two_stage_unet --data CORPUS --out RUN"
