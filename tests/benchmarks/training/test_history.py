"""The curve has one line per step, none twice and none torn."""

from benchmarks.training.history import HEADER, History, StepRecord


def record(step, **fields):
    fixed = {"epoch": 0, "loss": 0.5, "learning_rate": 1e-3, "grad_norm": 2.0, "skipped": 0}
    return StepRecord(**{"step": step, "seconds": 1.5, **fixed, **fields})


def test_lines_are_what_was_measured(tmp_path):
    """Validation stands in the line of its step, and nothing where there was none."""
    history = History(tmp_path)
    history.rewind(0)
    history.append(record(1))
    history.append(record(2, si_sdr_db=7.25, gain_db=-0.5, loss=float("nan")))

    assert history.path.read_text(encoding="utf-8") == (
        f"{HEADER}\n1,0,0.5,0.001,2.0,0,1.5,,\n" + "2,0,nan,0.001,2.0,0,1.5,7.25,-0.5\n"
    )


def test_what_comes_again_is_not_there_twice(tmp_path):
    """Lines after the checkpoint go, and so does one that a kill tore."""
    history = History(tmp_path)
    history.rewind(0)
    for step in (1, 2, 3, 10):
        history.append(record(step))
    before = history.path.read_bytes()
    history.path.write_bytes(before + b"2,0,0.")

    history.rewind(3)

    kept = history.path.read_text(encoding="utf-8").splitlines()
    assert [line.split(",")[0] for line in kept] == ["step", "1", "2", "3"]
    assert list(tmp_path.iterdir()) == [history.path]


def test_a_validation_that_came_late_stands_in_the_line_of_its_step(tmp_path):
    """As if it had come at once."""
    amended, whole = History(tmp_path / "amended"), History(tmp_path / "whole")
    for history in (amended, whole):
        history.path.parent.mkdir()
        history.rewind(0)
        history.append(record(1))
    amended.append(record(2))
    whole.append(record(2, si_sdr_db=7.25, gain_db=-0.5))

    amended.amend(2, si_sdr_db=7.25, gain_db=-0.5)

    assert amended.path.read_bytes() == whole.path.read_bytes()
