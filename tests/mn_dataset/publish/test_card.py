"""The card: generated from the data, valid where the Hub would judge it."""

from __future__ import annotations

import json
import re

import pyarrow.parquet as pq
import pytest

from mn_dataset.publish.card import HUB_LICENSES
from mn_dataset.publish.selection import pcm_hash

datasets = pytest.importorskip("datasets", reason="the extra `publish` is not installed")
huggingface_hub = pytest.importorskip(
    "huggingface_hub", reason="the extra `publish` is not installed"
)
metadata = pytest.importorskip("datasets.utils.metadata")


def known_sizes():
    folder = metadata.__file__.rpartition("/")[0]
    with open(f"{folder}/resources/size_categories.json", encoding="utf-8") as file:
        return json.load(file)


def test_the_front_matter_is_what_the_hub_takes(gated):
    """Its schema, its words for licences, sizes and tasks; a default; every split's files."""
    card = huggingface_hub.DatasetCard.load(gated / "README.md", ignore_metadata_errors=False)
    configs = metadata.MetadataConfigs.from_dataset_card_data(card.data)
    infos = datasets.info.DatasetInfosDict.from_dataset_card_data(card.data)

    assert card.data.license == ["cc-by-nc-3.0"]
    assert {name.lower() for name in HUB_LICENSES} >= set(card.data.license)
    assert set(card.data.size_categories) <= set(known_sizes())
    assert set(card.data.task_categories) <= set(metadata.known_task_ids)
    assert configs.get_default_config_name() == "default"
    assert list(configs) == [
        "default", "electrical", "weather", "traffic", "stationary", "recipe_only",
    ]  # fmt: skip
    for config in configs.values():
        for one in config["data_files"]:
            assert list(gated.glob(one["path"])), one
    assert infos["default"].splits["test"].num_examples == 12
    assert infos["recipe_only"].splits["test"].num_examples == 3


def test_what_is_withheld_loads_as_recipes(gated):
    """By the configuration `recipe_only`; the rest is the default."""
    recipes = datasets.load_dataset(str(gated), "recipe_only", split="test")

    assert recipes.num_rows == 3
    assert "noisy" not in recipes.column_names
    assert {len(text) for text in recipes["noisy_sha256"]} == {64}
    default = datasets.load_dataset(str(gated), split="test", streaming=True).decode(False)
    assert sum(1 for _ in default) == 12


def test_the_card_tells_what_is_in_the_data(gated):
    """Composition, licences with whom to name, what is withheld and why, the hash of it all."""
    text = (gated / "README.md").read_text(encoding="utf-8")
    rows = pq.read_table(gated / "manifest.parquet").to_pylist()

    assert "36 mixtures with their audio" in text
    assert "and 9 as recipes" in text
    assert "| 9 | CC-BY-NC-3.0 + CC-BY-SA-3.0: share-alike" in text
    assert "| piano | 3 | 3 | 3 | 3 |" in text
    assert "| test | 5 | song | 1 | 1 | 1 | 1 |" in text
    assert "traffic by somebody" in text
    assert f"`{pcm_hash(rows, ('noisy', 'clean', 'noise'))}`" in text
    assert "No take, and no group within a category, stands in two splits." in text
    assert "mn rebuild PATH_OR_REPO" in text
    assert "10.1109/taslp.2024.3378118" in text
    pictures = re.findall(r"!\[.*\]\((.*)\)", text)
    assert len(pictures) == 4
    for name in pictures:
        assert (gated / name).read_bytes().startswith(b"\x89PNG")
    assert not re.search(r"\{\{|\}\}(?!,)|None|nan", text.partition("## Citation")[0])
