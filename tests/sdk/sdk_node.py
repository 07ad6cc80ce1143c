"""The SDK's files, and what node says of them."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any, Final

from browsers import node
from places import ROOT

from nudge.api.sdk_files import read_sdk_files

SDK: Final = ROOT / "sdk"
RULES: Final = Path(__file__).with_name("node") / "rules.js"
VERSIONS: Final = ROOT / "nudge" / "api" / "static" / "sdk"
SERVED: Final = VERSIONS / read_sdk_files().current / "nudge.js"


def run_node(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a script."""
    return subprocess.run([node(), *arguments], capture_output=True, text=True, check=False)


def play_rules(file: Path, kind: str) -> dict[str, Any]:
    """Return what happened in each rule of `rules.js`, by its name."""
    done = run_node(str(RULES), str(file), kind)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found
