"""The revision tells version, package and file apart."""

import hashlib
from importlib.metadata import version

from benchmarks.contract import DenoiserSpec
from benchmarks.harness.revision import revision_of
from benchmarks.registry import Entry


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
