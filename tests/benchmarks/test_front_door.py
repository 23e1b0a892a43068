"""The front door is light and honest."""

import subprocess
import sys

import pytest

import benchmarks


def test_every_public_name_opens():
    """The sorted list of names is what can be imported."""
    assert sorted(benchmarks.__all__) == benchmarks.__all__
    for name in benchmarks.__all__:
        assert getattr(benchmarks, name).__name__ == name


def test_an_unknown_name_is_an_attribute_error():
    """As in any module."""
    with pytest.raises(AttributeError, match="no attribute 'load_separator'"):
        benchmarks.load_separator  # noqa: B018 (the access is the test)


def test_importing_the_package_imports_nothing_heavy():
    """numpy and the rest come with the room that needs them."""
    script = "import sys, benchmarks; print('numpy' in sys.modules)"

    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "False"
