"""Several processes learn what one does, share their work, and end together."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="needs: pip install 'mn-dataset[train]'")

from safetensors.torch import load_file  # noqa: E402 - once torch is there

from benchmarks.layers import weights_file  # noqa: E402
from benchmarks.training import launch  # noqa: E402
from benchmarks.training.engine import open_engine  # noqa: E402
from benchmarks.training.train import train  # noqa: E402
from mn_dataset.errors import InputError  # noqa: E402

MN = "import sys\nfrom benchmarks.cli import main\n\nif __name__ == '__main__':\n    main()\n"
CONFIG = """
loss = [{{ mae = 1.0 }}, {{ mae = 0.5 }}]
[data]
segment_s = 0.4
batch = 4
accumulate = 2
items_per_epoch = 10
workers = 0
[optimizer]
learning_rate = 1e-2
[validation]
every_steps = 4
mixtures = 3
seconds = 0.4
[limits]
max_steps = {steps}
checkpoint_steps = 2
"""
ACCELERATE = (
    *("-m", "accelerate.commands.launch", "--multi_gpu", "--num_processes", "2"),
    *("--num_machines", "1", "--mixed_precision", "no", "--dynamo_backend", "no"),
)
TOLERANCE = 1e-4  # sums of gradients in another order, in float32


@pytest.fixture
def command(networks, learnable_folder, tmp_path):
    """Return a function that gives the words of `mn train`, after Python's own."""
    (tmp_path / "mn.py").write_text(MN, encoding="utf-8")

    def words(out, *more, steps=8):
        config = tmp_path / f"{steps}.toml"
        config.write_text(CONFIG.format(steps=steps), encoding="utf-8")
        arguments = ("--data", learnable_folder, "--out", tmp_path / out, "--config", config)
        return list(
            map(str, (tmp_path / "mn.py", "train", f"{networks}:Masking", *arguments, *more))
        )

    return words


def started(words, **changes):
    """Start Python with one thread, in a group of processes of its own."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", **changes}
    return subprocess.Popen(
        [sys.executable, *words],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def launched(words):
    """Start two processes as a launcher would, without one."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        group = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(probe.getsockname()[1])}
    group |= {"WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2"}
    return [started(words, RANK=rank, LOCAL_RANK=rank, **group) for rank in ("0", "1")]


def ranks(parent, count=2):
    """Return the numbers of the training processes below a launcher, by rank."""
    numbers = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if f"PPid:\t{parent}\n" in (folder / "status").read_text():
                environment = (folder / "environ").read_bytes().split(b"\0")
                rank = [one[5:] for one in environment if one.startswith(b"RANK=")]
                numbers |= {int(one): int(folder.name) for one in rank}
    assert len(numbers) == count
    return numbers


def wait_for(holds, *, seconds):
    """Wait until something holds."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def is_gone(number):
    """Tell whether a process has ended, whoever is to bury it."""
    try:
        return "State:\tZ" in Path(f"/proc/{number}/status").read_text()
    except OSError:
        return True


def assert_alike(run, other, history):
    """Compare curves and weights of two runs."""
    lines = list(zip(history(run), history(other), strict=True))
    assert lines
    for one, two in lines:
        for name in ("loss", "si_sdr_db", "gain_db"):
            assert float(one[name] or 0) == pytest.approx(float(two[name] or 0), abs=TOLERANCE)
    weights = [load_file(folder / weights_file.WEIGHTS_NAME) for folder in (run, other)]
    assert all(
        torch.allclose(weights[0][name], weights[1][name], rtol=0, atol=TOLERANCE)
        for name in weights[0]
    )


def test_two_processes_learn_what_one_does_with_twice_the_batch(
    command, networks, learnable_folder, history, tmp_path
):
    """And the first of them answers for both."""
    answers = [process.communicate(timeout=100) for process in launched(command("two", "--json"))]
    train(f"{networks}:Masking", learnable_folder, tmp_path / "one", config=tmp_path / "8.toml")

    assert json.loads(answers[0][0])["steps"] == 8
    assert answers[1][0] == ""
    assert_alike(tmp_path / "one", tmp_path / "two", history)


@pytest.fixture
def several(monkeypatch):
    """Say what a launcher says to the first of two processes."""
    for name, value in {"RANK": "0", "LOCAL_RANK": "0"}.items():
        monkeypatch.setenv(name, value)
    for name in ("WORLD_SIZE", "LOCAL_WORLD_SIZE"):
        monkeypatch.setenv(name, "2")


def test_processes_on_one_numbered_gpu_are_refused(several):
    """Each is to take one of its own."""
    with pytest.raises(InputError, match=r"device is cuda:0, .*; expected cuda"):
        open_engine("cuda:0", "float32").__enter__()


def test_a_torch_without_the_means_to_share_gradients_is_refused(several, monkeypatch):
    """Before anything is waited for."""
    monkeypatch.setattr(torch.distributed, "is_backend_available", lambda name: False)

    with pytest.raises(InputError, match="share gradients by nccl, which this torch lacks"):
        open_engine("cuda", "float32").__enter__()


def test_more_processes_than_gpus_are_refused(several, monkeypatch):
    """With both counts."""
    monkeypatch.setattr(torch.distributed, "is_backend_available", lambda name: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)

    with pytest.raises(InputError, match="2 processes were started here, and there are 1 GPUs"):
        open_engine("cuda", "float32").__enter__()


def test_a_launcher_that_starts_one_process_in_place_of_several_is_noticed(monkeypatch):
    """As accelerate does on a processor without MPI."""
    monkeypatch.setenv("ACCELERATE_USE_CPU", "True")
    monkeypatch.setenv("MASTER_PORT", "29500")

    with pytest.raises(InputError, match="start it with multi_gpu in place of cpu"):
        open_engine("cpu", "float32").__enter__()


def test_a_process_that_is_alone_speaks_and_keeps_its_signals():
    """Nothing was launched."""
    before = signal.getsignal(signal.SIGTERM)

    with launch.as_one_of_several():
        assert signal.getsignal(signal.SIGTERM) is before

    assert launch.is_first()
    assert not launch.is_one_of_several()


@pytest.mark.stress
@pytest.mark.parametrize("killed", [(0, 1), (0,), (1,)])
def test_a_killed_launch_ends_with_one_line_and_resumes_exactly(
    command, same, state, tmp_path, killed
):
    """Whichever of the processes are killed, with `accelerate launch` and its gloo."""
    started([*ACCELERATE, *command("whole", steps=20)]).communicate(timeout=400)
    process = started([*ACCELERATE, *command("cut", steps=20)])
    wait_for((tmp_path / "cut/checkpoints/step-00000006").is_dir, seconds=300)
    numbers = ranks(process.pid)
    for rank in killed:
        os.kill(numbers[rank], signal.SIGKILL)
    wait_for(lambda: all(map(is_gone, numbers.values())), seconds=60)
    errors = process.communicate(timeout=60)[1]
    assert [line[:3] for line in errors.splitlines()].count("mn:") == 2 - len(killed)
    assert not (tmp_path / "cut/checkpoints/step-00000020").exists()

    resumed = started([*ACCELERATE, *command("cut", "--resume", steps=20)])
    answer, errors = resumed.communicate(timeout=400)
    assert "20 steps; all steps are done" in answer, errors

    assert same(tmp_path / "whole", tmp_path / "cut")


@pytest.mark.stress
def test_the_processes_end_with_their_launcher(command, tmp_path):
    """When it is killed, nobody else could end them."""
    process = started([*ACCELERATE, *command("orphans", steps=100_000)])
    wait_for((tmp_path / "orphans/history.csv").is_file, seconds=300)
    numbers = ranks(process.pid)

    process.kill()

    wait_for(lambda: all(map(is_gone, numbers.values())), seconds=60)
    process.communicate(timeout=10)


@pytest.mark.stress
def test_a_taken_port_keeps_nobody_out(command, tmp_path):
    """`accelerate launch` chooses another than its own."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 29500))
        taken.listen()
        process = started([*ACCELERATE, *command("beside")])
        answer = process.communicate(timeout=300)[0]

    assert answer.count("8 steps; all steps are done") == 1
