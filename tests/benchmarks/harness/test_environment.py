"""Versions, machine and time are recorded as they are."""

import platform
from datetime import datetime
from importlib.metadata import version

from benchmarks.harness import environment as module
from benchmarks.harness.environment import environment, now


def test_installed_packages_have_their_version_and_others_are_left_out(monkeypatch):
    """A number may depend on each of them."""
    monkeypatch.setattr(module, "PACKAGES", ("numpy", "no-such-package"))

    assert environment()["packages"] == {"numpy": version("numpy")}


def test_the_processor_is_named_where_the_platform_tells_it(tmp_path, monkeypatch):
    """By /proc/cpuinfo on Linux, else by its architecture."""
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text("processor\t: 0\nmodel name\t: Some CPU @ 2 GHz\n")
    monkeypatch.setattr(module, "_CPUINFO", cpuinfo)
    assert environment()["cpu"] == "Some CPU @ 2 GHz"

    cpuinfo.unlink()
    assert environment()["cpu"] in (platform.processor(), platform.machine())


def test_the_time_is_in_utc_to_the_second():
    """One form for every file."""
    time = datetime.fromisoformat(now())

    assert time.utcoffset().total_seconds() == 0
    assert time.microsecond == 0
