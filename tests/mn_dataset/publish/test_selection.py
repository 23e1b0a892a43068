"""The gate: which mixtures are published with audio, and what is said of the others."""

from __future__ import annotations

import shutil

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mn_dataset.errors import DatasetError, InputError
from mn_dataset.publish.selection import select


def test_a_mixture_carries_the_licence_and_the_credits_of_its_works(licensed):
    """One licence where one satisfies both."""
    selection = select(licensed(clean="CC-BY-3.0", noise="CC-BY-SA-3.0"))

    assert selection.withheld == {}
    row = selection.rows[0]
    assert row["license"] == "CC-BY-SA-3.0"
    assert row["source_licenses"] == ["CC-BY-3.0", "CC-BY-SA-3.0"]


def test_what_no_licence_satisfies_is_withheld_and_counted(licensed):
    """By the pair: the same clip passes with another noise."""
    crowd = {f"crowd_{split}_{n}": "CC-BY-SA-4.0" for split in ("train", "test") for n in (0, 1)}
    selection = select(licensed(clean="CC-BY-NC-3.0", noise="CC0-1.0", **crowd))

    withheld = {row["noise_class"] for row in selection.without_audio}
    assert withheld == {"crowd"}
    assert {row["split"] for row in selection.without_audio} == {"train", "test"}
    reason = next(iter(selection.reasons))
    assert reason.startswith("CC-BY-NC-3.0 + CC-BY-SA-4.0: share-alike")
    assert selection.reasons[reason] == len(selection.without_audio) == 6


@pytest.mark.parametrize("unknown", ["", "free sound effects website"])
def test_an_unknown_licence_is_withheld_until_a_person_allows_any(licensed, unknown):
    """Its mixtures then say that nothing is known."""
    folder = licensed(noise=unknown)

    assert select(folder).with_audio == ()
    allowed = select(folder, license_allow=["any"])
    assert len(allowed.with_audio) == 45
    assert allowed.rows[0]["license"] == f"CC0-1.0 AND {unknown}" if unknown else "NOASSERTION"


def test_no_derivatives_is_never_published(licensed):
    """Whatever a person allows."""
    selection = select(licensed(clean="CC-BY-ND-4.0"), license_allow=["any"])

    assert selection.with_audio == ()
    assert "no derivatives" in next(iter(selection.reasons))


def test_a_person_may_allow_less_than_the_table(licensed):
    """By SPDX id, or everything that is free."""
    folder = licensed(clean="CC-BY-NC-3.0")

    assert len(select(folder).with_audio) == 45
    assert select(folder, license_allow=["free"]).with_audio == ()
    assert len(select(folder, license_allow=["CC-BY-NC-3.0", "CC0-1.0"]).with_audio) == 45
    with pytest.raises(InputError, match="unknown licence"):
        select(folder, license_allow=["CC-BY-5.0"])


def test_a_task_that_is_not_known_is_refused_by_name(built, tmp_path):
    """With those that are."""
    shutil.copytree(built, tmp_path / "d")
    table = pq.read_table(tmp_path / "d/manifest.parquet")
    tasks = pa.array(["remix"] * table.num_rows)
    changed = table.set_column(table.column_names.index("task"), "task", tasks)
    pq.write_table(changed, tmp_path / "d/manifest.parquet")

    with pytest.raises(DatasetError, match=r"of the task remix, which is not known .* denoise"):
        select(tmp_path / "d")


def test_an_unfinished_dataset_is_refused(built, tmp_path):
    """By what it lacks."""
    shutil.copytree(built, tmp_path / "d")
    (tmp_path / "d/sources.parquet").unlink()

    with pytest.raises(DatasetError, match=r"no sources\.parquet"):
        select(tmp_path / "d")
