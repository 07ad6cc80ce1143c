"""Tests of `nudge history`: the command on an embedded store, killed and begun again."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

from places import ROOT

from nudge.processes import embedded
from nudge.settings.settings import load

SMALL = ("--days", "3", "--visitors", "20", "--customers", "30")


def _history(directory: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "nudge", "history", *SMALL, "--json"]
    return subprocess.Popen(
        [*command, "--data-dir", str(directory)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_history_that_was_killed_begins_anew(tmp_path: Path) -> None:
    """A kill in the middle costs the history alone: the next command makes a whole one.

    A third one is refused: an installation in which something happened gets no history.
    """
    directory = tmp_path / "data"
    first = _history(directory)
    assert first.stderr is not None
    for line in first.stderr:
        if line.startswith("history:"):
            break
    first.send_signal(signal.SIGKILL)
    first.wait()
    assert json.loads((directory / "history.json").read_text("utf-8"))["state"] == "making"
    second = _history(directory)
    out, told = second.communicate()
    assert second.returncode == 0, told
    assert json.loads(out)["decisions"] > 0
    assert json.loads((directory / "history.json").read_text("utf-8"))["state"] == "made"
    store = embedded.start(load(overrides={"NUDGE_DATA_DIR": str(directory)}))
    try:
        verify = [sys.executable, "-m", "nudge", "verify", "--data-dir", str(directory)]
        done = subprocess.run(verify, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    finally:
        store.stop()
    third = _history(directory)
    _, told = third.communicate()
    assert third.returncode != 0
    assert "has data already" in told
