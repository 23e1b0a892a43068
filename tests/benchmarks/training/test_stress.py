"""What takes minutes: learning on real recordings, and several processes."""

import json
import subprocess
import sys
from dataclasses import replace

import pytest

torch = pytest.importorskip("torch", reason="needs: pip install 'mn-dataset[train]'")

from safetensors.torch import load_file  # noqa: E402 - once torch is there

from benchmarks.layers import weights_file  # noqa: E402
from benchmarks.training.config_file import load_config  # noqa: E402
from benchmarks.training.train import train  # noqa: E402

SCRIPT = """
import sys
from benchmarks.training.train import train

if __name__ == "__main__":
    train(sys.argv[1], sys.argv[2], sys.argv[3], config=sys.argv[4])
"""


@pytest.mark.stress
def test_five_minutes_of_an_eighth_of_the_widths_pass_the_test_of_learning(real_corpus, tmp_path):
    """Real recordings, validated on groups that it never heard."""
    config = replace(load_config("cpu", max_minutes=5), model={"width_multiplier": 1 / 8})

    outcome = train("musicecan", real_corpus.root, tmp_path / "run", config=config)

    description = json.loads((tmp_path / "run/train.json").read_text(encoding="utf-8"))
    assert description["parameters"] < 1_200_000
    assert outcome.learned, f"{outcome.best_db} dB after {outcome.steps} steps"


@pytest.mark.stress
def test_two_processes_learn_what_one_does(networks, learnable_folder, tmp_path):
    """They share every batch and every validation."""
    (tmp_path / "script.py").write_text(SCRIPT, encoding="utf-8")
    (tmp_path / "config.toml").write_text(
        "loss = [{ mae = 1.0 }]\n"
        "[data]\nsegment_s = 0.4\nbatch = 4\naccumulate = 2\nitems_per_epoch = 10\nworkers = 0\n"
        "[validation]\nevery_steps = 4\nmixtures = 3\nseconds = 0.4\n"
        "[limits]\nmax_steps = 8\n",
        encoding="utf-8",
    )
    launch = ("-m", "torch.distributed.run", "--nproc_per_node", "2")
    for name, words in (("one", ()), ("two", launch)):
        arguments = (
            f"{networks}:Masking",
            learnable_folder,
            tmp_path / name,
            tmp_path / "config.toml",
        )
        command = [sys.executable, *words, tmp_path / "script.py", *arguments]
        subprocess.run(list(map(str, command)), check=True)

    one, two = (load_file(tmp_path / name / weights_file.WEIGHTS_NAME) for name in ("one", "two"))

    # Sums of gradients in another order, in float32.
    assert all(torch.allclose(one[name], two[name], rtol=0, atol=1e-6) for name in one)
