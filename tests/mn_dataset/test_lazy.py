"""Public names are imported on first use, and stay what they are after it."""

import importlib
import inspect
import subprocess
import sys

import pytest

import benchmarks
import mn_dataset


@pytest.mark.parametrize("package", [mn_dataset, benchmarks], ids=lambda package: package.__name__)
def test_every_public_name_is_exported(package):
    """The sorted list of names is what can be imported, and what completion offers."""
    assert sorted(package.__all__) == package.__all__ == dir(package)
    for name in package.__all__:
        assert callable(getattr(package, name))


@pytest.mark.parametrize("name", ["build", "check", "curate", "fetch", "publish", "split"])
def test_a_function_can_be_called_before_and_after_its_package_is_imported(name):
    """Python binds the package to the name of the function."""
    package = importlib.import_module(f"mn_dataset.{name}")

    assert getattr(mn_dataset, name) is package
    assert package.__wrapped__.__name__ == name
    assert inspect.signature(package) == inspect.signature(package.__wrapped__)


def test_a_callable_package_calls_its_function(tiny_folder):
    """With arguments and options, and returns what it returns."""
    importlib.import_module("mn_dataset.check.corpus")

    assert not [one for one in mn_dataset.check(tiny_folder) if one.severity == "error"]


@pytest.mark.parametrize("package", [mn_dataset, benchmarks], ids=lambda package: package.__name__)
def test_an_unknown_name_is_an_attribute_error(package):
    """As in any module."""
    with pytest.raises(AttributeError, match="no attribute 'load_separator'"):
        package.load_separator  # noqa: B018 (the access is the test)


@pytest.mark.parametrize("package", ["mn_dataset", "benchmarks"])
def test_importing_a_package_imports_nothing_heavy(package):
    """numpy and the rest come with the module that needs them."""
    script = f"import sys, {package}; print('numpy' in sys.modules)"

    process = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    assert process.stdout.strip() == "False"
