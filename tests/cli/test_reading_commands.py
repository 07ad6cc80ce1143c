"""Commands that read leave an empty store empty, so that a backup can still be restored into it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from builders import decision
from click.testing import CliRunner, Result
from places import ROOT

from nudge import cli as entry
from nudge.domain.identity.sealing import Sealer
from nudge.domain.journal.records import Ref
from nudge.flows.upkeep.setup.page_key import register_page_key
from nudge.settings.settings import Settings
from nudge.store.keeping.backup import NotEmptyError
from nudge.store.store import Store
from nudge.wiring.stores import patient_store
from nudge.wiring.web import create_app

READING = (
    ("store", "status"),
    ("store", "status", "--json"),
    ("store", "accept"),
    ("keys", "list"),
    ("quarantine", "list"),
    ("check",),
    ("apply", str(ROOT / "config" / "slots"), "--dry-run"),
    ("funnel",),
    ("report", "--month"),
    ("report", "--week"),
    ("explain", "ID"),
    ("verify",),
    ("evaluate", "--log", "lake", "--slot", "banner", "--target", "uniform"),
    ("export", "--format", "csv", "--slot", "banner", "OUT"),
    ("people", "split", "one", "other", "--dry-run"),
    ("erase", "nobody", "--yes"),
    ("backup", "BACKUP"),
)


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    store = patient_store(settings)
    yield store
    store.close()


def run(settings: Settings, *words: str) -> Result:
    return CliRunner().invoke(entry.cli, words, env=settings.to_environ())


def keys(store: Store) -> set[str]:
    return set(store.client.scan(f"{store.keys.namespace}:*"))


def test_o02_reading_writes_nothing(settings: Settings, store: Store, tmp_path: Path) -> None:
    """On an empty store, known here or not, no command that reads makes a key or a note."""
    unknown = Sealer(settings.secret_key).seal(Ref(0, 7))
    places = {"ID": unknown, "OUT": str(tmp_path / "out.csv"), "BACKUP": str(tmp_path / "b")}
    for words in READING:
        done = run(settings, *(places.get(word, word) for word in words))
        assert done.exit_code in (0, 1), (words, done.output)
        assert keys(store) == set(), words
        assert not settings.store_note.exists(), words
    store.identity.recognise(settings.store_note)
    note = settings.store_note.read_bytes()
    store.backup.remove()
    done = run(settings, "store", "status")
    assert done.exit_code == 1
    assert "store_empty" in done.output
    assert keys(store) == set()
    assert settings.store_note.read_bytes() == note


def test_o02_a_start_on_an_empty_store_leaves_room_for_a_restore(
    settings: Settings, store: Store, tmp_path: Path
) -> None:
    """A web that found the store lost marked it; the backup comes back over the marks all the same.

    What is somebody's is refused by name, with the cure.
    """
    store.identity.recognise(settings.store_note)
    store.journal.append_decisions(0, [decision("1" * 32)], 60)
    (tmp_path / "b").mkdir()
    assert run(settings, "backup", str(tmp_path / "b")).exit_code == 0
    store.backup.remove()
    create_app(settings).extensions["nudge"].look()
    register_page_key(store, settings)
    assert run(settings, "store", "status").exit_code == 1
    assert keys(store)
    done = run(settings, "restore", str(tmp_path / "b"))
    assert done.exit_code == 0, done.output
    assert store.journal.last_position(0) == 1
    other = replace(settings, namespace=f"{settings.namespace}-2", data_dir=tmp_path / "other")
    assert run(other, "apply", str(ROOT / "config" / "slots")).exit_code == 0
    refused = run(other, "restore", str(tmp_path / "b")).exception
    assert isinstance(refused, NotEmptyError)
    assert "slots 1" in str(refused)
    assert "--replace" in str(refused)
