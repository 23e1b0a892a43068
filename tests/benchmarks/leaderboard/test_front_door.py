from __future__ import annotations

import doctest
from pathlib import Path

import pytest

import benchmarks


def test_the_examples_of_the_front_door_run(
    dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One after the other: a run is made, shown, compared with itself and verified."""
    monkeypatch.chdir(tmp_path)
    assert dataset == tmp_path / "dataset"
    names = {name: getattr(benchmarks, name) for name in benchmarks.__all__} | {"Path": Path}

    for name in ("bench", "report", "compare", "verify_run"):
        function = getattr(names[name], "__wrapped__", names[name])
        text = function.__doc__.replace("# doctest: +SKIP", "")
        example = doctest.DocTestParser().get_doctest(text, names, name, None, 0)
        results = doctest.DocTestRunner().run(example, clear_globs=False)
        assert (results.failed, results.attempted > 0) == (0, True)
