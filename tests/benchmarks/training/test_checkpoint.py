"""A checkpoint is whole or none, and the newest whole one is found."""

import json
import logging

import pytest

torch = pytest.importorskip("torch", reason="needs: pip install 'mn-dataset[train]'")

from safetensors import SafetensorError  # noqa: E402 - once torch is there
from safetensors.torch import save_file  # noqa: E402

from benchmarks.training import checkpoint  # noqa: E402 - once torch is there
from benchmarks.training.progress import Progress  # noqa: E402
from mn_dataset.errors import DatasetError, OutputError  # noqa: E402


def tensors(value):
    return {"a": torch.full((3,), float(value)), "b": torch.tensor([1], dtype=torch.uint8)}


def keep(folder, step, *, keep=9, **fields):
    checkpoint.save(folder, tensors(step), Progress(step=step, **fields), keep=keep)


def steps(folder):
    return [int(path.name.removeprefix("step-")) for path in checkpoint.list_checkpoints(folder)]


def test_what_was_kept_comes_back(tmp_path):
    """Tensors and progress, bit for bit."""
    fields = {"seconds": 0.1 + 0.2, "best_db": -1 / 3, "best_step": 2, "stale": 1, "skipped": 3}
    keep(tmp_path, 12, **fields)

    loaded, progress = checkpoint.load_newest(tmp_path)

    assert progress == Progress(step=12, **fields)
    assert all(torch.equal(loaded[name], value) for name, value in tensors(12).items())


def test_the_latest_and_the_best_are_kept(tmp_path):
    """The others go."""
    for step in (2, 4, 6, 8, 10):
        keep(tmp_path, step, keep=2, best_step=min(step, 4))

    assert steps(tmp_path) == [4, 8, 10]


def test_without_any_there_is_none(tmp_path):
    """Neither in an empty folder nor without one."""
    assert checkpoint.load_newest(tmp_path) is None
    assert checkpoint.load_newest(tmp_path / "none") is None


@pytest.mark.parametrize("harm", ["truncate tensors", "no progress", "torn progress", "no tensors"])
def test_one_that_is_not_whole_is_passed_over(tmp_path, caplog, harm):
    """An earlier one is taken, and it is said."""
    keep(tmp_path, 1)
    keep(tmp_path, 2)
    newest = tmp_path / "step-00000002"
    if harm == "truncate tensors":
        content = (newest / checkpoint.TENSORS).read_bytes()
        (newest / checkpoint.TENSORS).write_bytes(content[:-1])
    elif harm == "torn progress":
        (newest / checkpoint.PROGRESS).write_text('{"step": 2, ', encoding="utf-8")
    else:
        name = checkpoint.PROGRESS if harm == "no progress" else checkpoint.TENSORS
        (newest / name).unlink()

    with caplog.at_level(logging.WARNING):
        _, progress = checkpoint.load_newest(tmp_path)

    assert progress.step == 1
    assert "step-00000002: not whole" in caplog.text


def test_one_that_lacks_tensors_is_passed_over(tmp_path):
    """It can be read, and is not what was written."""
    keep(tmp_path, 1)
    keep(tmp_path, 2)
    save_file({"a": torch.zeros(3)}, tmp_path / "step-00000002" / checkpoint.TENSORS)

    assert checkpoint.load_newest(tmp_path)[1].step == 1


@pytest.mark.parametrize(
    "wrong",
    [{"step": "2"}, {"step": 1}, {"seconds": None}, {"stale": -1}, {"best_db": "much"}, {"ste": 2}],
)
def test_one_whose_progress_has_no_sense_is_passed_over(tmp_path, wrong):
    """By type, by value, by name, and by the step that its folder is of."""
    keep(tmp_path, 1)
    keep(tmp_path, 2)
    path = tmp_path / "step-00000002" / checkpoint.PROGRESS
    fields = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(fields | wrong), encoding="utf-8")

    assert checkpoint.load_newest(tmp_path)[1].step == 1


def test_folders_of_other_names_are_none_of_ours(tmp_path):
    """A copy that somebody made stays, and is not read."""
    keep(tmp_path, 4)
    for name in ("step-abc", "step-00000004 (copy)", "step-"):
        (tmp_path / name).mkdir()

    keep(tmp_path, 5, keep=1, best_step=5)

    assert steps(tmp_path) == [5]
    assert checkpoint.load_newest(tmp_path)[1].step == 5
    assert (tmp_path / "step-00000004 (copy)").is_dir()


def test_where_none_is_whole_nothing_is_begun(tmp_path):
    """Each is named with its fault, and what to do."""
    for step in (1, 2):
        keep(tmp_path, step)
        (tmp_path / f"step-0000000{step}" / checkpoint.TENSORS).write_bytes(b"none")

    with pytest.raises(
        DatasetError, match=r"step-00000002 is not whole \(.*step-00000001.*choose another folder"
    ):
        checkpoint.load_newest(tmp_path)


def test_what_it_says_of_the_progress_can_be_amended(tmp_path):
    """After a validation that changed no tensor."""
    keep(tmp_path, 3)

    checkpoint.amend_progress(
        tmp_path, Progress(step=3, best_db=1.5, best_step=3, validated_step=3)
    )

    loaded, progress = checkpoint.load_newest(tmp_path)
    assert (progress.best_db, progress.validated_step) == (1.5, 3)
    assert torch.equal(loaded["a"], tensors(3)["a"])


def test_a_step_that_is_kept_again_is_replaced(tmp_path):
    """As after a damaged one."""
    keep(tmp_path, 3)
    checkpoint.save(tmp_path, tensors(7), Progress(step=3), keep=1)

    loaded, _ = checkpoint.load_newest(tmp_path)

    assert torch.equal(loaded["a"], torch.full((3,), 7.0))
    assert steps(tmp_path) == [3]


@pytest.mark.parametrize(
    "fault", [OSError(28, "No space left on device"), SafetensorError("No space left on device")]
)
def test_a_full_disk_leaves_what_was_there(tmp_path, monkeypatch, fault):
    """And says what to do, whether the system says it, or safetensors for it."""
    keep(tmp_path, 1)

    def full(*arguments):
        raise fault

    monkeypatch.setattr(checkpoint, "save_file", full)
    with pytest.raises(
        OutputError, match=r"00002: .* \(No space left on device\); free some space"
    ):
        keep(tmp_path, 2)

    assert [path.name for path in tmp_path.iterdir()] == ["step-00000001"]
