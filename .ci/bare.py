"""Run a command of Python's as on a bare machine, in a copy of the project that is removed again.

The machine has no ffmpeg, sox or Chromium, no corpus beside the project, and an empty home.
What is not ignored by git is copied, committed or not: python .ci/bare.py -m pytest
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
ABSENT = re.compile(r"ff(mpeg|probe|play)|soxi?|play|rec|chrom.*|google-chrome.*")
KEPT = re.compile(r"LANG|LC_.*|TMPDIR|.*_NUM_THREADS")


def copy_project(to: Path) -> None:
    """Copy what git knows, or would know."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, names.split("\0")):
        if (ROOT / name).exists():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, to / name, follow_symlinks=False)


def link_programs(to: Path) -> None:
    """Link every program of PATH that a bare machine has too; the first of a name counts."""
    for folder in map(Path, os.get_exec_path()):
        for program in folder.iterdir() if os.access(folder, os.R_OK) else ():
            link = to / program.name
            if not ABSENT.fullmatch(program.name) and not link.is_symlink():
                link.symlink_to(program.absolute())


def main(words: list[str]) -> int:
    """Run `python WORDS` and return its exit code."""
    with tempfile.TemporaryDirectory(prefix="bare-") as folder:
        project, programs, home = (Path(folder, name) for name in ("project", "programs", "home"))
        for path in (project, programs, home):
            path.mkdir()
        copy_project(project)
        link_programs(programs)
        variables = {name: value for name, value in os.environ.items() if KEPT.fullmatch(name)}
        variables |= {"PATH": str(programs), "HOME": str(home), "PYTHONPATH": str(project)}
        return subprocess.call([sys.executable, *words], cwd=project, env=variables)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
