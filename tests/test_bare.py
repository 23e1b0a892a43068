"""`make test-bare` hides what a bare machine lacks, whatever this one has."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.skipif(not (ROOT / ".git").exists(), reason="only a clone can be copied")
QUESTION = """
import json, os, shutil, sys
from pathlib import Path
import mn_dataset
print(json.dumps({
    "programs": [name for name in ("ffmpeg", "sox", "chromedriver", "sh") if shutil.which(name)],
    "code": mn_dataset.__file__,
    "beside": sorted(path.name for path in Path("..").iterdir()),
    "home": os.listdir(Path.home()),
    "files": sorted(path.name for path in Path().glob("*.toml")),
}))
sys.exit(3)
"""


def test_what_a_bare_machine_lacks_is_hidden(tmp_path):
    """Programs, the corpus beside the project and the home; the exit code comes through."""
    for name in ("ffmpeg", "sox", "chromedriver"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    surroundings = os.environ | {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
    assert shutil.which("sox", path=surroundings["PATH"])

    done = subprocess.run(
        [sys.executable, ROOT / ".ci" / "bare.py", "-c", QUESTION],
        env=surroundings,
        capture_output=True,
        text=True,
        check=False,
    )

    answer = json.loads(done.stdout)
    assert done.returncode == 3
    assert answer["programs"] == ["sh"]
    assert not Path(answer["code"]).is_relative_to(ROOT)
    assert answer["beside"] == ["home", "programs", "project"]
    assert answer["home"] == []
    assert answer["files"] == ["pyproject.toml"]
    assert not Path(answer["code"]).exists()
