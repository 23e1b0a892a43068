"""Shards and the configurations over them: no byte is stored twice."""

from __future__ import annotations

import pyarrow.parquet as pq
import pytest

from mn_dataset.records import NOISE_CLASSES

datasets = pytest.importorskip("datasets", reason="the extra `publish` is not installed")
load_dataset = datasets.load_dataset


def test_a_noise_class_is_a_configuration_over_the_same_files(published):
    """No byte is stored twice."""
    found = load_dataset(str(published), "traffic")

    for split in found.values():
        assert set(split["noise_class"]) == {NOISE_CLASSES.index("traffic")}
    assert sum(split.num_rows for split in found.values()) == 9
    stored = [path.stat().st_size for path in published.glob("data/*")]
    rows = sum(pq.read_metadata(path).num_rows for path in published.glob("data/*"))
    assert rows == 45
    assert sum(stored) < 45 * 3 * 2 * 66_150
