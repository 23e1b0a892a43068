"""What a release says of itself is the same wherever it is said."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT = SETTINGS["project"]


def read_yaml(name: str) -> Any:
    return yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))


def test_the_citation_has_the_version_of_the_package() -> None:
    """It is repeated there alone."""
    assert read_yaml("CITATION.cff")["version"] == PROJECT["version"]


def test_the_changelog_begins_with_the_version_of_the_package() -> None:
    """What is released next has its section already, or it is the last release."""
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")

    titles = re.findall(r"^## (\S+) \(.+\)$", changelog, flags=re.MULTILINE)

    assert titles[0] == PROJECT["version"]
    assert len(titles) == len(set(titles))


def test_fragments_have_headings_that_the_changelog_knows() -> None:
    """Another one would stand there by itself."""
    categories = set(SETTINGS["tool"]["scriv"]["categories"])

    for fragment in (ROOT / "changelog.d").glob("*.md"):
        if fragment.name != "README.md":
            text = fragment.read_text(encoding="utf-8")
            assert text.strip(), fragment.name
            assert set(re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)) <= categories, (
                fragment.name
            )


def test_continuous_integration_runs_every_python_that_is_promised() -> None:
    """Those of the classifiers, from the least to the most that may be installed on."""
    matrix = read_yaml(".github/workflows/ci.yml")["jobs"]["test"]["strategy"]["matrix"]["python"]
    least, most = re.findall(r"3\.(\d+)", PROJECT["requires-python"])

    promised = [f"3.{minor}" for minor in range(int(least), int(most))]

    assert matrix == promised
    assert promised == [
        name.rpartition(" ")[2] for name in PROJECT["classifiers"] if re.search(r":: 3\.\d+$", name)
    ]
