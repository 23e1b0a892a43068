"""Give the tests one small built dataset, and its publication."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mn_dataset.audio.corpus import Corpus
from mn_dataset.build import build
from mn_dataset.publish.publish import publish

os.environ["HF_HUB_OFFLINE"] = "1"  # before `datasets` is imported: nothing may ask the network


@pytest.fixture(scope="session", autouse=True)
def hub_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep `datasets` out of the user's cache."""
    datasets = pytest.importorskip("datasets", reason="the extra `publish` is not installed")
    huggingface_hub = pytest.importorskip(
        "huggingface_hub", reason="the extra `publish` is not installed"
    )

    folder = tmp_path_factory.mktemp("hf")
    datasets.config.HF_DATASETS_CACHE = folder / "datasets"
    datasets.disable_progress_bars()
    huggingface_hub.utils.disable_progress_bars()


@pytest.fixture(scope="session")
def built(tiny: Corpus, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty-five mixtures of 1.5 s: three categories, five classes, three splits."""
    return build(tiny, tmp_path_factory.mktemp("built") / "dataset", snr_db=(5,), per_cell=1)


@pytest.fixture(scope="session")
def published(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Their publication, in several shards and row groups per cell."""
    out = tmp_path_factory.mktemp("published") / "folder"
    publish(built, out, shard_bytes=2 * 3 * 2 * 66_150)
    return out


@pytest.fixture(scope="session")
def gated(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A publication in which crowd noise is withheld."""
    root = tmp_path_factory.mktemp("gated")
    shutil.copytree(built, root / "d")
    table = pq.read_table(root / "d/sources.parquet")
    rows = table.to_pylist()
    for row in rows:
        row["license"] = "CC-BY-SA-3.0" if row["category"] == "crowd" else "CC-BY-NC-3.0"
        row["attribution"] = f"{row['category']} by somebody"
    pq.write_table(pa.Table.from_pylist(rows, schema=table.schema), root / "d/sources.parquet")
    publish(root / "d", root / "out")
    return root / "out"


@pytest.fixture
def licensed(built: Path, tmp_path: Path) -> Callable[..., Path]:
    """Return a function that copies the dataset and states licences by id or role."""

    def change(**licenses: str) -> Path:
        root = tmp_path / "licensed"
        shutil.copytree(built, root)
        table = pq.read_table(root / "sources.parquet")
        rows = table.to_pylist()
        for row in rows:
            role, _, name = row["id"].partition("/")
            row["license"] = licenses.get(name, licenses.get(role, row["license"]))
        changed = pa.Table.from_pylist(rows, schema=table.schema)
        pq.write_table(changed, root / "sources.parquet")
        return root

    return change
