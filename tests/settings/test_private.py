"""Nobody but its owner reads the data directory, whatever the umask and whatever it was before."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from places import ROOT

from nudge.processes import embedded
from nudge.settings.private import close_data_dir
from nudge.settings.settings import Settings

OPEN_SHELL = 'umask 000; exec "$@"'
OLD = ("lake/slot=banner", "reports", "spool", "store/appendonlydir", "metrics")


def open_ones(directory: Path) -> Iterator[str]:
    """Each path, sockets left out, that somebody else may use."""
    for path in (directory, *directory.rglob("*")):
        mode = path.lstat().st_mode
        if mode & 0o077 and not stat.S_ISSOCK(mode):
            yield f"{path.relative_to(directory)} {stat.S_IMODE(mode):o}"


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """A data directory as an earlier version left it: everybody reads it."""
    found = tmp_path / "data"
    for name in OLD:
        (found / name).mkdir(parents=True)
        (found / name / "rows.parquet").write_bytes(b"rows")
    for path in (found, *found.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return found


def test_s10_a_data_directory_that_was_open_is_closed(
    settings: Settings, data_dir: Path, tmp_path: Path
) -> None:
    """A command under umask 000 closes all that was there, and what it makes is closed as well."""
    environ = {**os.environ, **replace(settings, data_dir=data_dir).to_environ()}
    del environ["NUDGE_ADMIN_KEY"]  # so that secrets are made
    out = tmp_path / "backup"
    command = [sys.executable, "-m", "nudge", "backup", str(out)]
    subprocess.run(["sh", "-c", OPEN_SHELL, "sh", *command], env=environ, cwd=ROOT, check=True)
    assert list(open_ones(data_dir)) == []
    assert list(open_ones(out)) == []
    assert (data_dir / "lake" / "slot=banner" / "rows.parquet").read_bytes() == b"rows"


def test_s10_the_store_keeps_its_files_to_itself(settings: Settings) -> None:
    """The embedded server's directories, logs and socket are its owner's, under umask 000 too."""
    own = replace(settings, redis_url=None)
    before = os.umask(0)
    try:
        own.data_dir.mkdir(mode=0o700)
        embedded.start(own).stop()
    finally:
        os.umask(before)
    assert list(open_ones(own.data_dir)) == []
    assert (own.store_dir / embedded.AOF_NAME).is_dir()


def test_s10_what_cannot_be_closed_is_told(
    data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another user's directory, or one that all share, is told with its cure and left alone."""
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    (told,) = close_data_dir(shared)
    assert "NUDGE_DATA_DIR" in told
    assert stat.S_IMODE(shared.stat().st_mode) == 0o1777

    def refused(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(Path, "chmod", refused)
    (told,) = close_data_dir(data_dir)
    assert "chmod -R go=" in told
    assert close_data_dir(tmp_path / "none") == []
