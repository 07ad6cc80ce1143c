"""The store is recognised, also by processes that start at the same moment."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from nudge.settings.settings import Settings
from nudge.store.keeping import identity
from nudge.store.keeping.fingerprint import read_note
from nudge.store.keeping.identity import recognise, store_id
from nudge.store.wire import client as clients
from nudge.store.wire.client import Client
from nudge.store.wire.keys import Keys


@pytest.fixture
def client(store_url: str) -> Iterator[Client]:
    client = clients.patient(store_url)
    yield client
    client.close()


@pytest.mark.parametrize("moment", ["read_note", "_hash", "_name"])
def test_of_two_first_processes_neither_finds_the_store_empty(
    client: Client,
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    moment: str,
) -> None:
    """Behind each step of the one the other makes its whole first start: both know the store."""
    keys, path = Keys(settings.namespace, 2), tmp_path / "store.json"
    step: Callable[..., Any] = getattr(identity, moment)

    def overtaken(*args: Any) -> Any:
        monkeypatch.undo()
        found = step(*args)
        assert recognise(client, keys, path) is None
        return found

    monkeypatch.setattr(identity, moment, overtaken)
    assert recognise(client, keys, path) is None
    assert recognise(client, keys, path) is None
    note = read_note(path)
    assert note is not None
    assert note.store == store_id(client, keys)
