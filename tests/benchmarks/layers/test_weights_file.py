"""A file of weights builds its network again, and refuses what it is not."""

import json
import time

import pytest

torch = pytest.importorskip("torch", reason="needs: pip install 'mn-dataset[torch]'")
pytest.importorskip("safetensors", reason="needs: pip install 'mn-dataset[torch]'")

from safetensors.torch import save_file  # noqa: E402 - once it is there

from benchmarks.layers import weights_file  # noqa: E402
from mn_dataset.errors import InputError  # noqa: E402


class Line(torch.nn.Module):
    """y = a x + b on vectors of a size."""

    def __init__(self, *, size=3):
        super().__init__()
        self.config = {"size": size}
        self.a = torch.nn.Parameter(torch.arange(size, dtype=torch.float32))
        self.register_buffer("b", torch.full((size,), 0.5))

    def forward(self, x):
        return self.a * x + self.b


def written(folder, **options):
    path = folder / "weights.safetensors"
    weights_file.save(path, Line(**options), model="line", facts={"steps": 7, "licence": "CC0-1.0"})
    return path


def test_a_network_comes_back_as_it_was(tmp_path):
    """Config, parameters and buffers; ready for inference."""
    network = weights_file.load(written(tmp_path, size=5), Line, model="line")

    assert network.config == {"size": 5}
    assert not network.training
    assert torch.equal(network(torch.ones(5)), torch.arange(5) + 0.5)


def test_the_card_is_read_without_the_weights(tmp_path):
    """Model, config, facts, and how many numbers were learned: the buffer was not."""
    card = weights_file.read_card(written(tmp_path))

    assert (card.model, card.config, card.parameters) == ("line", {"size": 3}, 3)
    assert card.facts == {"steps": 7, "licence": "CC0-1.0"}


def test_equal_networks_give_equal_bytes(tmp_path):
    """The hash of a file of weights is the revision of the denoiser."""
    (tmp_path / "again").mkdir()

    assert written(tmp_path).read_bytes() == written(tmp_path / "again").read_bytes()


def test_others_may_read_it(tmp_path):
    """As far as the person lets them read any file."""
    (tmp_path / "plain").touch()

    assert written(tmp_path).stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_a_failed_write_leaves_the_file_that_was_there(tmp_path):
    """And nothing half-written beside it."""
    path = written(tmp_path)
    before = path.read_bytes()
    broken = Line()
    broken.config = {"size": {1}}

    with pytest.raises(TypeError):
        weights_file.save(path, broken, model="line")

    assert (list(tmp_path.iterdir()), path.read_bytes()) == ([path], before)


def test_another_models_weights_are_named(tmp_path):
    """With what to type instead."""
    path = written(tmp_path)

    with pytest.raises(InputError, match=f"holds 'line', not 'curve'; use line@{path}"):
        weights_file.load(path, Line, model="curve")


def test_tensors_that_do_not_fit_are_refused(tmp_path):
    """A config that was tampered with builds another network."""
    path = tmp_path / "weights.safetensors"
    words = {"model": "line", "config": {"size": 4}, "parameters": 4, "facts": {}}
    save_file(Line(size=3).state_dict(), path, metadata={"mn-network-1": json.dumps(words)})

    with pytest.raises(InputError, match="do not fit its own config"):
        weights_file.load(path, Line, model="line")


@pytest.mark.parametrize("content", [b"", b"text", b"\xff" * 64, b"\x08\0\0\0\0\0\0\0{}      "])
def test_what_is_no_file_of_weights_is_refused(tmp_path, content):
    """Empty, text, random bytes, and a safetensors file without a network."""
    path = tmp_path / "weights.safetensors"
    path.write_bytes(content)

    with pytest.raises(InputError, match=str(path)):
        weights_file.read_card(path)


@pytest.mark.parametrize("words", ["{", "null", "{}", '{"model": "line", "config": 3}'])
def test_a_damaged_card_is_refused(tmp_path, words):
    """Whatever stands where the words should."""
    path = tmp_path / "weights.safetensors"
    save_file(Line().state_dict(), path, metadata={"mn-network-1": words})

    with pytest.raises(InputError, match="damaged"):
        weights_file.read_card(path)


def test_a_file_that_is_not_there_is_named(tmp_path):
    """A mistyped path is the user's."""
    with pytest.raises(InputError, match=r"none\.safetensors: no such file"):
        weights_file.read_card(tmp_path / "none.safetensors")


class Tower(torch.nn.Module):
    """As many numbers as are asked for, a module each."""

    def __init__(self, *, size=3):
        super().__init__()
        self.config = {"size": size}
        self.levels = torch.nn.ModuleList(torch.nn.Linear(1, 1) for _ in range(size))


def test_a_config_that_asks_for_a_giant_is_refused_at_once(tmp_path):
    """Ten million modules for two hundred bytes: making them ends at the first few dozen."""
    path = tmp_path / "weights.safetensors"
    network = Tower()
    network.config = {"size": 10**7}
    weights_file.save(path, network, model="tower")
    began = time.perf_counter()

    with pytest.raises(InputError, match="builds no network: it asks for more than 88 tensors"):
        weights_file.load(path, Tower, model="tower")
    assert time.perf_counter() - began < 5.0
    assert weights_file.load(_written_tower(tmp_path), Tower, model="tower").config == {"size": 9}


def _written_tower(folder):
    path = folder / "tower.safetensors"
    weights_file.save(path, Tower(size=9), model="tower")
    return path


@pytest.mark.parametrize("config", [{"size": -1}, {"size": "x"}, {"sice": 3}, {"size": None}])
def test_a_config_that_builds_nothing_is_refused(tmp_path, config):
    """Other words, other types."""
    path = tmp_path / "weights.safetensors"
    network = Line()
    network.config = config
    weights_file.save(path, network, model="line")

    with pytest.raises(InputError, match="config"):
        weights_file.load(path, Line, model="line")
