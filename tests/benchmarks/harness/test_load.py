"""A denoiser is made only of a declaration that makes sense."""

import hashlib
import re
from importlib.metadata import version

import pytest

from benchmarks import registry
from benchmarks.contract import DenoiserSpec
from benchmarks.harness import load
from benchmarks.harness.checks import DenoiserFailed
from benchmarks.harness.load import (
    construct,
    missing_requirement,
    read_spec,
    revision_of,
    shipped_weights,
    weights_of,
)
from benchmarks.registry import Entry
from mn_dataset.errors import InputError, MissingExtra


class Declares:
    """Anything with a spec."""

    def __init__(self, **fields):
        self.spec = DenoiserSpec(name="half", **fields)


@pytest.mark.parametrize(
    "fields",
    [
        {"task": "dance"},
        {"sampling_rate": 0},
        {"channels": 2},
        {"backend": "jax"},
        {"needs": frozenset({"score"})},
        {"latency": -1.0},
        {"latency": float("nan")},
        {"min_samples": 0},
        {"front_end": "no_such_denoiser"},
        {"front_end": "oracle_ratio_mask"},
        {"front_end": "musicecan_small"},
    ],
)
def test_a_field_that_makes_no_sense_is_named(fields):
    """The message names the field, what it is and what it should be."""
    field = next(iter(fields))

    with pytest.raises(InputError, match=rf"spec\.{field} is .*; expected"):
        read_spec(Declares(**fields), name="half")


def test_a_spec_of_another_kind_is_refused():
    """A class without a DenoiserSpec is no denoiser."""
    with pytest.raises(InputError, match="expected a DenoiserSpec"):
        read_spec(object, name="half")


def written(folder, body, *, attribute="Half"):
    """Write a person's file with a spec in a class."""
    path = folder / "my_denoiser.py"
    path.write_text(f"from benchmarks import DenoiserSpec\n{body}", encoding="utf-8")
    return Entry(f"{path}:{attribute}", str(path), attribute)


def test_a_missing_package_is_told_before_construction(tmp_path):
    """With the extra if there is one, by its own name otherwise."""
    body = "class Half:\n    spec = DenoiserSpec(name='half', package='no_such_package'{})\n"

    with pytest.raises(MissingExtra, match="baselines"):
        construct(written(tmp_path, body.format(", extra='baselines'")))
    with pytest.raises(InputError, match="pip install no_such_package"):
        construct(written(tmp_path, body.format("")))


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("class Half(:\n", "raised SyntaxError"),
        ("raise SystemExit(3)\n", "exited with 3"),
        (
            "class Half:\n    spec = DenoiserSpec(name='half')\n"
            "    def __init__(self, needed): ...\n",
            "raised TypeError",
        ),
    ],
)
def test_a_module_that_fails_is_the_denoisers_fault(tmp_path, body, reason):
    """Import and construction are guarded like the call."""
    with pytest.raises(DenoiserFailed, match=reason):
        construct(written(tmp_path, body))


def test_what_cannot_be_called_is_refused(tmp_path):
    """A spec alone does not denoise."""
    with pytest.raises(InputError, match="cannot be called"):
        construct(written(tmp_path, "class Half:\n    spec = DenoiserSpec(name='half')\n"))


def test_a_file_or_class_that_is_not_there_is_told(tmp_path):
    """The path or the class is named."""
    with pytest.raises(InputError, match="no such file"):
        construct(Entry("x", str(tmp_path / "none.py"), "Half"))
    with pytest.raises(InputError, match="defines no 'Whole'"):
        construct(written(tmp_path, "", attribute="Whole"))


def test_nothing_is_missing_without_a_package():
    """Core denoisers always run."""
    assert missing_requirement(DenoiserSpec(name="half")) is None
    assert missing_requirement(DenoiserSpec(name="half", package="numpy")) is None


def test_an_absent_package_is_named():
    """Ours comes with an extra, a third party's by its own name."""
    ours = missing_requirement(DenoiserSpec(name="a", package="no_such_package", extra="baselines"))
    theirs = missing_requirement(DenoiserSpec(name="b", package="no_such_package"))

    assert ours is not None
    assert ours.command == "pip install 'mn-dataset[baselines]'"
    assert theirs is not None
    assert theirs.command == "pip install no_such_package"


def test_an_absent_program_is_named():
    """With the command that a Debian user types."""
    lacks = missing_requirement(DenoiserSpec(name="a", program="no-such-program"))

    assert lacks is not None
    assert (lacks.kind, lacks.command) == ("program", "apt-get install no-such-program")
    assert missing_requirement(DenoiserSpec(name="b", program="python3")) is None


def test_a_builtin_is_its_version():
    """Nothing else decides its output."""
    entry = Entry("half", "benchmarks.classical.half", "Half")

    assert revision_of(entry, DenoiserSpec(name="half", version="3")) == "3"


def test_the_package_behind_it_counts():
    """Another version of the library is another denoiser; import names are resolved."""
    entry = Entry("half", "benchmarks.external.half", "Half")

    assert revision_of(entry, DenoiserSpec(name="half", package="numpy")) == (
        f"1+numpy-{version('numpy')}"
    )


def test_a_persons_file_counts_by_its_bytes(tmp_path):
    """An edited file is another revision."""
    path = tmp_path / "own.py"
    path.write_bytes(b"# half\n")
    entry = Entry(f"{path}:Half", str(path), "Half")

    expected = hashlib.sha256(b"# half\n").hexdigest()[:12]
    assert revision_of(entry, DenoiserSpec(name="half")) == f"1+{expected}"


LEARNED = DenoiserSpec(name="net", learned=True)


def test_a_denoiser_without_weights_needs_none():
    """And is refused any."""
    spec = DenoiserSpec(name="half")

    assert weights_of(spec, None) is None
    with pytest.raises(InputError, match="'half' has no weights to load"):
        weights_of(spec, registry.split_checkpoint("half@run")[1])


def test_a_learned_one_without_weights_names_the_command():
    """What to type, and what to name afterwards."""
    command = re.escape("`mn train net --data CORPUS --out RUN` and name it net@RUN")

    with pytest.raises(InputError, match=command):
        weights_of(LEARNED, None)


def test_a_run_folder_stands_for_its_weights(tmp_path):
    """So does the file itself."""
    file = tmp_path / "weights.safetensors"
    file.touch()

    assert weights_of(LEARNED, tmp_path) == weights_of(LEARNED, file) == file


@pytest.mark.parametrize("name", ["", "none.safetensors"])
def test_a_checkpoint_that_is_not_there_is_named(tmp_path, name):
    """A run that was never trained, and a mistyped file."""
    with pytest.raises(InputError, match=rf"net@{re.escape(str(tmp_path / name))}: no "):
        weights_of(LEARNED, tmp_path / name)


def test_weights_that_ship_are_found_by_the_models_name(tmp_path, monkeypatch):
    """One file in the folder of weights."""
    monkeypatch.setattr(load, "SHIPPED", tmp_path)
    (tmp_path / "net.safetensors").touch()

    assert shipped_weights(LEARNED) == weights_of(LEARNED, None) == tmp_path / "net.safetensors"
    assert shipped_weights(DenoiserSpec(name="net")) is None


def test_two_checkpoints_of_a_model_are_two_rows(tmp_path):
    """A row is called by its run or its file, wherever it stands."""
    (tmp_path / "runs" / "v1.5").mkdir(parents=True)

    assert load.label("net", tmp_path / "runs" / "v1.5") == "net@v1.5"
    assert load.label("net", tmp_path / "best.safetensors") == "net@best"


def test_the_revision_is_the_hash_of_the_weights(tmp_path):
    """The same weights are the same denoiser."""
    file = tmp_path / "weights.safetensors"
    file.write_bytes(b"numbers")

    revision = revision_of(Entry("net", "", "Net"), LEARNED, weights=file)

    assert revision == hashlib.sha256(b"numbers").hexdigest()


def test_a_persons_own_code_counts_beside_its_weights(tmp_path):
    """An edited file is another revision, whatever weights it loads."""
    file, own = tmp_path / "weights.safetensors", tmp_path / "own.py"
    file.write_bytes(b"numbers")
    entry = Entry("own", str(own), "Net")

    own.write_bytes(b"# one")
    first = revision_of(entry, LEARNED, weights=file)
    own.write_bytes(b"# two")

    assert revision_of(entry, LEARNED, weights=file) != first
