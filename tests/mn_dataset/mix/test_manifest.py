from __future__ import annotations

from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mn_dataset.errors import DatasetError
from mn_dataset.mix.draw import draw
from mn_dataset.mix.manifest import file_groups, files_of, manifest_fields, read_manifest
from mn_dataset.mix.recipe_rows import recipe_fields
from mn_dataset.mix.render import render
from mn_dataset.tasks.denoise import SPEC

LISTS = replace(SPEC, named_files=None, kept=())


@pytest.fixture(scope="module")
def dataset(tiny, tmp_path_factory):
    recipes = draw(tiny, split="test", snr_db=(5,), count=2)
    return render(recipes, tiny, tmp_path_factory.mktemp("manifest") / "dataset")


def test_the_columns_of_denoise_are_those_that_travel():
    """Names and order, as the page on files says."""
    names = [field.name for field in manifest_fields(SPEC)]

    assert names == [
        *("id", "task", "split", "seed", "num_samples", "sampling_rate", "layers", "targets"),
        *("snr_db", "snr_definition", "music_category", "noise_class"),
        *("clean_id", "noise_id", "clean_start", "noise_start"),
        *("snr_db_achieved", "snr_power_db", "snr_variance_db", "snr_active_db", "snr_lufs_db"),
        *("noise_gain", "mix_gain", "peak_dbfs", "noisy", "clean", "noise"),
        *("noisy_sha256", "clean_sha256", "noise_sha256"),
    ]
    assert names[:16] == [field.name for field in recipe_fields(SPEC)]


def test_the_layers_of_denoise_keep_their_seven_fields():
    """What follows from the task is not stored."""
    layers = next(field for field in recipe_fields(SPEC) if field.name == "layers")
    names = [layers.type.value_type.field(n).name for n in range(layers.type.value_type.num_fields)]

    assert names == ["role", "source_id", "start", "fade", "gain", "snr_db", "response"]


def test_other_tasks_name_their_files_in_lists():
    """Paths, names and hashes; the names of targets move to a column of their own."""
    names = [field.name for field in manifest_fields(LISTS)]
    files = ["input_names", "inputs", "inputs_sha256", "target_names", "targets", "targets_sha256"]

    assert names[-6:] == files
    assert names.count("targets") == 1


def test_cells_and_files_are_each_others_inverse():
    """In columns of their own and in lists."""
    files = [("noisy", "audio/a.wav", "0" * 64)]
    for task in (SPEC, LISTS):
        group = file_groups(task)[0]
        assert list(group.files(group.cells(files))) == files


def test_files_come_in_the_order_of_writing(dataset):
    """Inputs, targets, and what else is kept."""
    row = read_manifest(dataset)[0]

    assert [name for name, _, _ in files_of(SPEC, row)] == ["noisy", "clean", "noise"]


def test_a_folder_without_a_whole_manifest_is_no_dataset(dataset, tmp_path):
    """Nothing, a damaged table, one of too few columns, and one of no task that is known."""
    with pytest.raises(DatasetError, match="not a dataset"):
        read_manifest(tmp_path)
    table = pq.read_table(dataset / "manifest.parquet")
    place = table.column_names.index("task")
    unknown = pa.array(["denoize"] * len(table))
    for other, text in (
        (table.drop_columns(["mix_gain"]), "lacks the columns mix_gain"),
        (table.drop_columns(["task"]), "lacks the columns task"),
        (table.set_column(place, "task", unknown), "not known here; did you mean 'denoise'"),
    ):
        pq.write_table(other, tmp_path / "manifest.parquet")
        with pytest.raises(DatasetError, match=text):
            read_manifest(tmp_path)
    (tmp_path / "manifest.parquet").write_bytes(b"PAR1")
    with pytest.raises(DatasetError, match="not readable as Parquet"):
        read_manifest(tmp_path)
