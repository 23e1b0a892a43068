"""A run ends by its limits, by validation or by a signal, and keeps what it has reached."""

import os
import signal
import threading
from types import SimpleNamespace

import pytest

torch = pytest.importorskip("torch", reason="needs: pip install 'mn-dataset[train]'")

from benchmarks.layers import weights_file  # noqa: E402 - once torch is there
from benchmarks.training import checkpoint, loop  # noqa: E402
from benchmarks.training.loop import deferred_signals  # noqa: E402
from mn_dataset.errors import MnError, OutputError  # noqa: E402


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_is_noted_and_the_second_stops(number):
    """And what was there before is there again afterwards."""
    before = signal.getsignal(number)

    with deferred_signals() as request:
        os.kill(os.getpid(), number)
        assert request.received
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), number)

    assert signal.getsignal(number) is before


def test_a_launchers_copy_of_a_signal_is_no_second_one(monkeypatch):
    """It passes on what a terminal has sent to all; a later one stops."""
    monkeypatch.setenv("WORLD_SIZE", "2")
    clock = iter((10.0, 11.0, 15.0))
    monkeypatch.setattr(loop, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    request = loop.StopRequest()

    request.receive(signal.SIGINT, None)
    request.receive(signal.SIGINT, None)

    assert request.received
    with pytest.raises(KeyboardInterrupt):
        request.receive(signal.SIGTERM, None)


def test_another_thread_takes_no_signals():
    """Python hands them to the main one."""
    seen = []

    def enter():
        with deferred_signals() as request:
            seen.append(request.received)

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()

    assert seen == [False]


def test_ctrl_c_ends_the_step_keeps_it_and_can_be_continued(masking, unbroken, tmp_path, same):
    """The outcome says that it was interrupted."""
    stopped, remaining_s = tmp_path / "stopped", []

    def interrupt(done, total):
        remaining_s.append(total - done)
        if len(remaining_s) == 3:
            os.kill(os.getpid(), signal.SIGINT)

    outcome = masking(stopped, progress=interrupt)

    assert (outcome.interrupted, outcome.steps) == (True, 4)
    assert str(outcome).startswith("4 steps; interrupted\nbest in validation: ")
    assert str(outcome).endswith(
        f"use it as masking@{stopped}\nto continue, resume with the same arguments"
    )
    assert checkpoint.load_newest(stopped / "checkpoints")[1].step == 4
    assert not masking(stopped, resume=True).interrupted
    assert same(unbroken, stopped)


def test_a_run_that_was_stopped_in_its_last_step_is_validated_when_it_is_resumed(
    masking, unbroken, tmp_path, same
):
    """Its weights are shipped, and it ends as one that was not stopped."""
    stopped = tmp_path / "stopped"
    with pytest.MonkeyPatch.context() as patch:
        # Asked for before the first step, noticed after it.
        patch.setattr(loop.StopRequest, "__init__", lambda self: setattr(self, "received", True))
        assert masking(stopped, limits__max_steps=1).interrupted
    assert not (stopped / weights_file.WEIGHTS_NAME).exists()

    outcome = masking(stopped, resume=True, limits__max_steps=1)
    masking(tmp_path / "once", limits__max_steps=1)

    assert (outcome.reason, outcome.best_step) == ("all steps are done", 1)
    assert same(stopped, tmp_path / "once")
    assert masking(stopped, resume=True, limits__max_steps=1) == outcome


@pytest.mark.parametrize(
    "writer", ["safetensors.torch.save_file", "benchmarks.training.monitor.SummaryWriter"]
)
def test_a_full_disk_is_told_with_place_and_cure(masking, tmp_path, monkeypatch, writer):
    """Whoever writes: weights or TensorBoard."""

    def full(*arguments, **options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(writer, full)
    with pytest.raises(OutputError, match=r"run.*No space left on device\); free some space"):
        masking(tmp_path / "run", limits__max_steps=1)


def test_validation_that_gets_no_better_ends_it(masking, tmp_path):
    """A network that cannot learn has its best at once."""
    outcome = masking(
        tmp_path / "run",
        network="Copying",
        validation__patience=2,
        validation__every_steps=1,
        limits__max_steps=50,
    )

    assert outcome.reason == "validation got no better"
    assert outcome.steps == 3
    assert outcome.best_step == 1


def test_epochs_and_minutes_end_it_too(masking, tmp_path):
    """Three steps an epoch; a millisecond is over after one step, and is counted over resumes."""
    epochs = masking(tmp_path / "epochs", limits={"max_epochs": 2})
    minutes = masking(tmp_path / "minutes", limits={"max_minutes": 1e-5})
    again = masking(tmp_path / "minutes", resume=True, limits={"max_minutes": 1e-5})

    assert (epochs.steps, epochs.reason) == (6, "all steps are done")
    assert (minutes.steps, minutes.reason) == (1, "the time is up")
    assert again == minutes


def test_steps_without_a_number_end_it_with_what_to_do(masking, tmp_path):
    """After as many in a row as the configuration allows."""
    with pytest.raises(MnError, match=r"step 3: .* not finite in 3 steps in a row; lower"):
        masking(tmp_path / "run", network="Breaking", optimizer__max_skipped=3)


def test_a_network_without_a_score_is_never_shipped(masking, tmp_path):
    """It is no best one, and the run says that there is none."""
    outcome = masking(tmp_path / "run", network="Breaking", limits__max_steps=4)

    assert outcome.best_db is None
    assert not (tmp_path / "run" / weights_file.WEIGHTS_NAME).exists()
