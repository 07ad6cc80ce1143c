"""Back up, lose everything but the lake, restore, rebuild: nothing differs, and it goes on."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from rebuild_site import (
    accept,
    archive,
    differences,
    fold_all,
    learned,
    look,
    opened,
    rebuild,
    rebuild_whole,
    states,
    wiped,
)
from worker_site import Site

from nudge import cli as entry
from nudge.lake.files.reader import Lake
from nudge.store.keeping import backup_file
from nudge.store.keeping.identity import WrongStore


def restore(site: Site, path: Path) -> None:
    lake = Lake(site.settings.lake_dir)
    site.store.backup.restore(backup_file.read(path), lake.last)


@pytest.fixture
def known(site: Site) -> Site:
    """Folded; in the lake to a part, and trimmed there; something waits for each fold."""
    site.store.identity.recognise(site.settings.store_note)
    site.visit(range(160))
    fold_all(site)
    archive(site)
    for p in site.store.keys.every_partition():
        site.store.client.call("XTRIM", site.store.keys.journal(p), "MINID", "20-0")
    site.visit(range(160, 240))
    fold_all(site)
    site.visit(range(240, 260))
    return site


def test_all_is_as_it_was(known: Site, tmp_path: Path) -> None:
    """Counts and states come back to the bit, every check holds, and nothing is written twice."""
    before = learned(known), states(known), opened(known), known.records()
    path, _ = backup_file.write(tmp_path, known.store.backup.frames())
    wiped(known)
    restore(known, path)
    assert known.records() == before[3]
    assert not any(one.differences for one in rebuild_whole(known))
    assert (learned(known), states(known), opened(known)) == before[:3]
    assert known.store.identity.recognise(known.settings.store_note) is None
    assert differences(known) == []
    fold_all(known)
    archive(known)
    assert differences(known) == []
    known.visit(range(260, 300))
    fold_all(known)
    archive(known)
    assert differences(known) == []


def test_the_commands_do_it(known: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """backup, restore --replace, rebuild, verify: each ends with 0, and says what comes next."""
    for name, value in known.settings.to_environ().items():
        monkeypatch.setenv(name, value)

    def run(*arguments: str) -> str:
        done = CliRunner().invoke(entry.cli, list(arguments))
        assert done.exit_code == 0, (arguments, done.output, done.exception)
        return done.output

    before = learned(known), states(known)
    assert "records and keys" in run("backup", str(tmp_path / "b"))
    known.store.client.call("DEL", known.store.keys.journal(0), known.store.keys.seq(0))
    assert "store_older" in CliRunner().invoke(entry.cli, ["store", "status"]).output
    assert "nudge rebuild" in run("restore", str(tmp_path / "b"), "--replace")
    assert "the store is the known one" in run("store", "status")
    assert "attribute: rebuilt" in run("rebuild")
    assert "agree" in run("verify")
    assert run("verify", "--json").strip() == "[]"
    assert (learned(known), states(known)) == before
    assert "nothing to accept" in run("store", "accept", "--yes")


def test_a_backup_of_a_store_that_was_replaced_since(known: Site, tmp_path: Path) -> None:
    """A restored backup is meant: it is this installation's store, only older."""
    path, _ = backup_file.write(tmp_path, known.store.backup.frames())
    wiped(known)
    look(known)
    accept(known)
    wiped(known)
    restore(known, path)
    known.store.identity.adopt(known.settings.store_note)
    assert look(known) == WrongStore("store_older")
    rebuild(known)
    accept(known)
    rebuild(known)
    fold_all(known)
    archive(known)
    assert look(known) is None
    assert not [line for line in differences(known) if "totals" in line or "position" in line]


def test_a_backup_that_is_older_than_the_lake_is_accepted(known: Site, tmp_path: Path) -> None:
    """Records that came after it are counted from the lake, and no position is given twice."""
    path, _ = backup_file.write(tmp_path, known.store.backup.frames())
    fold_all(known)
    known.visit(range(260, 300))
    fold_all(known)
    archive(known)
    wiped(known)
    restore(known, path)
    wrong = known.store.identity.recognise(known.settings.store_note)
    assert wrong
    assert wrong.reason == "store_older"
    rebuild(known)
    accept(known)
    rebuild(known)
    fold_all(known)
    archive(known)
    known.visit(range(300, 340))
    fold_all(known)
    archive(known)
    assert not [line for line in differences(known) if "totals" in line or "position" in line]
