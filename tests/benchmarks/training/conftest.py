"""Give the tests of training a corpus that can be learned, and networks small enough to do it."""

import csv
import shutil

import numpy as np
import pytest

from benchmarks.training.config_file import from_tables
from mn_dataset import seeds, tables
from mn_dataset.audio import io
from mn_dataset.audio.corpus import open_corpus
from mn_dataset.records import ROLES, SAMPLING_RATE
from mn_dataset.tables import Row

SECONDS = 2.0

NETWORKS = '''
import torch
from torch import nn

from benchmarks import DenoiserSpec
from benchmarks.layers import stft, weights_file


class Masks(nn.Module):
    """Two masks of the input's magnitudes."""

    def __init__(self, config):
        super().__init__()
        self.config, width = config, config["width"]
        self.body = nn.Sequential(nn.Conv2d(1, width, 3, padding=1), nn.ELU(),
                                  nn.Dropout(config["dropout"]),
                                  nn.Conv2d(width, width, (3, 1), padding=(1, 0)), nn.ELU())
        self.heads = nn.ModuleList(nn.Conv2d(width, 1, 1) for _ in range(2))

    def forward(self, spectra):
        magnitude = spectra.square().sum(dim=1, keepdim=True).add(1e-6).log()
        features = self.body(magnitude)
        return tuple(spectra * head(features).sigmoid() for head in self.heads)


class Copies(nn.Module):
    """Returns its input; its one weight has no say."""

    def __init__(self, config):
        super().__init__()
        self.config = config
        self.weight = nn.Parameter(torch.ones(1))

    def forward(self, spectra):
        return spectra + 0 * self.weight, spectra + 0 * self.weight


class Breaks(Copies):
    """Returns no number."""

    def forward(self, spectra):
        return spectra * self.weight * float("nan"), spectra


class _Model:
    def load(self, device, checkpoint, *, precision="float32"):
        self.network = weights_file.load(
            checkpoint, self.build, model=self.spec.name, device=device
        )

    def __call__(self, batch, sampling_rate, *, side=None):
        return stft.estimate(self.network, batch[:, 0])[:, None]


def spec(name):
    return DenoiserSpec(name=name, sampling_rate=44100, channels=1, backend="torch", learned=True)


class Masking(_Model):
    spec = spec("masking")

    def build(self, *, width=4, dropout=0.0, input_rms=0.035):
        return Masks({"width": width, "dropout": dropout, "input_rms": input_rms})


class Copying(_Model):
    spec = spec("copying")

    def build(self, *, input_rms=0.035):
        return Copies({"input_rms": input_rms})


class Breaking(_Model):
    spec = spec("breaking")

    def build(self, *, input_rms=0.035):
        return Breaks({"input_rms": input_rms})
'''


@pytest.fixture(scope="session")
def networks(tmp_path_factory):
    """Path of a file with learned denoisers; name one as f"{networks}:Masking"."""
    path = tmp_path_factory.mktemp("networks") / "networks.py"
    path.write_text(NETWORKS, encoding="utf-8")
    return path


def melody(name):
    """Return decaying harmonics, four notes a second."""
    time_s = np.arange(round(SECONDS * SAMPLING_RATE)) / SAMPLING_RATE
    notes = seeds.generator(0, "a melody", name).uniforms(int(4 * SECONDS) + 1)
    pitch_hz = 220 * 2 ** (np.floor(24 * notes) / 12)[(4 * time_s).astype(int)]
    since_s = time_s % 0.25
    wave = sum(np.sin(2 * np.pi * n * pitch_hz * since_s) / n for n in (1, 2, 3))
    return np.rint(6000 * wave * np.exp(-6 * since_s)).astype(np.int16)


def hiss(name):
    """Return white noise."""
    draws = seeds.generator(0, "test hiss", name).normals(round(SECONDS * SAMPLING_RATE))
    return np.rint(2000 * draws).clip(-32768, 32767).astype(np.int16)


@pytest.fixture(scope="session")
def learnable_folder(tmp_path_factory):
    """Melodies and white noise: what a few convolutions can tell apart within seconds."""
    root = tmp_path_factory.mktemp("corpora") / "learnable"
    rows = {role: [] for role in ROLES}
    for split, count in (("train", 3), ("validation", 2), ("test", 1)):
        for role, category, make in (("clean", "piano", melody), ("noise", "stationary", hiss)):
            for number in range(count):
                name = f"{role}/{split}_{number}"
                (root / role).mkdir(parents=True, exist_ok=True)
                io.write_wav(root / f"{name}.wav", make(name), sampling_rate=SAMPLING_RATE)
                row = Row(id=name, file=f"{name}.wav", category=category, split=split)
                rows[role].append(row)
    for role in ROLES:
        tables.write_table(tables.table_path(root, role), rows[role])
    return root


@pytest.fixture(scope="session")
def learnable(learnable_folder):
    """The same, opened."""
    return open_corpus(learnable_folder)


@pytest.fixture
def relabelled(learnable_folder, tmp_path):
    """Return a function that copies the corpus and changes cells of some of its rows."""

    def change(**cells):
        root = tmp_path / "relabelled"
        shutil.copytree(learnable_folder, root)
        for role in ROLES:
            path = tables.table_path(root, role)
            rows = tables.parse_table(path)
            changes = {row.id: cells.get(row.id.replace("/", "_"), {}) for row in rows}
            tables.write_table(path, [Row(**{**vars(row), **changes[row.id]}) for row in rows])
        return root

    return change


@pytest.fixture(scope="session")
def quick():
    """Return a function that gives the tables of a short run, changed by dotted names."""

    def configured(**changes):
        configuration = {
            "loss": [{"mae": 1.0}, {"mae": 0.5}],
            "data": {"segment_s": 0.4, "batch": 2, "items_per_epoch": 6, "workers": 0},
            "optimizer": {"learning_rate": 1e-2, "clip_norm": 5.0, "ema_decay": 0.9},
            "validation": {"every_steps": 4, "mixtures": 3, "seconds": 0.5},
            "limits": {"max_steps": 8, "checkpoint_steps": 2, "log_steps": 2},
        }
        for name, value in changes.items():
            section, _, field = name.partition("__")
            if field:
                configuration[section][field] = value
            else:
                configuration[section] = value
        return from_tables(configuration, where="the test")

    return configured


@pytest.fixture(scope="session")
def masking(networks, learnable_folder, quick):
    """Return a function that trains the small network with dropout."""
    options = {"seed", "resume", "progress", "device"}
    from benchmarks.training.train import train  # noqa: PLC0415 - once torch is there

    def run(out, *, network="Masking", data=learnable_folder, **changes):
        arguments = {name: changes.pop(name) for name in options & changes.keys()}
        dropout = {"model": {"dropout": 0.2}} if network == "Masking" else {}
        return train(
            f"{networks}:{network}", data, out, config=quick(**dropout | changes), **arguments
        )

    return run


@pytest.fixture(scope="session")
def unbroken(masking, tmp_path_factory):
    """The folder of a run of eight steps that nothing stopped."""
    run = tmp_path_factory.mktemp("runs") / "unbroken"
    masking(run)
    return run


@pytest.fixture(scope="session")
def history():
    """Return a function that reads the history of a run, without the seconds."""

    def read(run):
        with (run / "history.csv").open(encoding="utf-8") as lines:
            return [{**row, "seconds": ""} for row in csv.DictReader(lines)]

    return read


@pytest.fixture(scope="session")
def state():
    """Return a function that loads the tensors of a run's newest checkpoint."""
    from benchmarks.training import checkpoint  # noqa: PLC0415 - once torch is there

    return lambda run: checkpoint.load_newest(run / "checkpoints")[0]


@pytest.fixture(scope="session")
def same(history, state):
    """Return a function: whether two runs ended in equal weights, averages, moments and curves."""
    import torch  # noqa: PLC0415 - an extra
    from safetensors.torch import load_file  # noqa: PLC0415 - an extra

    def compare(one, other):
        first, second = state(one), state(other)
        shipped = [load_file(run / "weights.safetensors") for run in (one, other)]
        return (
            first.keys() == second.keys()
            and all(torch.equal(first[name], second[name]) for name in first)
            and all(torch.equal(shipped[0][name], shipped[1][name]) for name in shipped[0])
            and history(one) == history(other)
        )

    return compare
