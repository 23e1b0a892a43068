"""Several corpora are learned from together, and validated with the first."""

import shutil

import pytest

from benchmarks.training.config import Config, Data, Limits, Validation
from benchmarks.training.data.base import facts
from benchmarks.training.data.open import open_material
from mn_dataset import tables
from mn_dataset.errors import InputError
from mn_dataset.records import ROLES

CONFIG = Config(
    data=Data(segment_s=0.5, batch=2, items_per_epoch=6),
    validation=Validation(mixtures=2, seconds=0.5),
    limits=Limits(max_steps=1),
)


@pytest.fixture
def tunes(tiny, tmp_path):
    """Two corpora: the tiny one, and its train split under other ids, with other samples."""
    other = tmp_path / "other"
    shutil.copytree(tiny.root, other)
    for role in ROLES:
        path = tables.table_path(other, role)
        rows = [
            tables.Row(**{**vars(row), "id": f"{row.id}_b", "group": f"{row.group}_b"})
            for row in tables.parse_table(path)
        ]
        tables.write_table(path, rows)
    return tiny.root, other


def test_others_give_their_train_split_only(tunes):
    """What is validated with is the first one's."""
    first, _ = tunes
    alone = open_material([first], CONFIG, seed=0)

    found = open_material(tunes, CONFIG, seed=0)

    told, before = facts(found), facts(alone)
    assert told["name"] == f"{first.name}+other"
    ids = before["train"]["ids"]
    assert told["train"]["ids"] == sorted([*ids, *(f"{name}_b" for name in ids)])
    assert told["validation"] == before["validation"]
    drawn = {found.item(0, index).id for index in range(6)}
    assert len(drawn) == 6


def test_two_recordings_of_one_id_are_refused(tunes):
    """Which of them a recipe means could not be told."""
    first, _ = tunes

    with pytest.raises(InputError, match=r"clean/cello_train_0 is in .* too"):
        open_material([first, first], CONFIG, seed=0)


def test_a_built_dataset_stands_alone(tunes, tmp_path):
    """Its SNRs and levels are its own."""
    (tmp_path / "built").mkdir()
    (tmp_path / "built/manifest.parquet").touch()

    with pytest.raises(InputError, match="a built dataset is learned from alone"):
        open_material([tunes[0], tmp_path / "built"], CONFIG, seed=0)
