"""Node and chromium for the tests of the SDK: playwright brings the one, Debian the other."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any, Final

from places import ROOT
from playwright._impl._driver import compute_driver_executable

from nudge.api.sdk_files import read_sdk_files

SDK: Final = ROOT / "sdk"
RULES: Final = Path(__file__).with_name("node") / "rules.js"
VERSIONS: Final = ROOT / "nudge" / "api" / "static" / "sdk"
SERVED: Final = VERSIONS / read_sdk_files().current / "nudge.js"


def node() -> str:
    """The node of playwright's driver: no other one has to be installed."""
    return str(compute_driver_executable()[0])


def run_node(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a script."""
    return subprocess.run([node(), *arguments], capture_output=True, text=True, check=False)


def play_rules(file: Path, kind: str) -> dict[str, Any]:
    """Return what happened in each rule of `rules.js`, by its name."""
    done = run_node(str(RULES), str(file), kind)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def chromium() -> str:
    """The browser; without it a test fails and says what to do."""
    found = shutil.which("chromium")
    assert found, "no chromium: `apt-get install chromium` (.ci/run does), then run the tests again"
    return found
