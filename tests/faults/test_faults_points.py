"""Fault points: named, each in one place, and nothing at all unless a test arms them."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

from places import ROOT

from nudge import faults
from nudge.store.folds.folds import FOLDS

WALK = "import sys; from nudge import faults; faults.arm(sys.argv[1] or None); faults.point('a.b')"


def passed(directory: str) -> int:
    done = subprocess.run([sys.executable, "-c", WALK, directory], cwd=ROOT, check=False)
    return done.returncode


def test_the_list_of_points_is_what_the_code_passes() -> None:
    """A point that is not listed would be tested by nobody; one that is not passed, by nothing."""
    sources = [path.read_text() for path in (ROOT / "nudge").rglob("*.py")]
    found = {one for text in sources for one in re.findall(r'faults\.point\("([^"]+)"\)', text)}
    commits = {f"{fold}.{side}_commit" for fold in FOLDS for side in ("before", "after")}
    assert found | commits == set(faults.POINTS)


def test_a_point_kills_one_process_once(tmp_path: Path) -> None:
    """A process that takes the file away dies as of kill -9; the next and an unarmed one pass."""
    (tmp_path / "a.b").touch()
    assert passed("") == 0
    assert passed(os.fspath(tmp_path)) == -signal.SIGKILL
    assert passed(os.fspath(tmp_path)) == 0
