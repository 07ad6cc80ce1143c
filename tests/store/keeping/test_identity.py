"""The store is recognised, also by processes that start at the same moment."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from nudge.settings.settings import Settings
from nudge.store.keeping import identity
from nudge.store.keeping.fingerprint import read_note
from nudge.store.keeping.identity import StoreIdentity
from nudge.store.store import Store
from nudge.store.wire import client as clients
from nudge.store.wire.keys import Keys


@pytest.fixture
def store(store_url: str, settings: Settings) -> Iterator[Store]:
    store = Store(clients.patient(store_url), Keys(settings.namespace, 2))
    yield store
    store.close()


@pytest.mark.parametrize("moment", ["read_note", "_hash", "_name"])
def test_of_two_first_processes_neither_finds_the_store_empty(
    store: Store,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    moment: str,
) -> None:
    """Behind each step of the one the other makes its whole first start: both know the store."""
    path = tmp_path / "store.json"
    of = identity if moment == "read_note" else StoreIdentity
    step: Callable[..., Any] = getattr(of, moment)

    def overtaken(*args: Any) -> Any:
        monkeypatch.undo()
        found = step(*args)
        assert store.identity.recognise(path) is None
        return found

    monkeypatch.setattr(of, moment, overtaken)
    assert store.identity.recognise(path) is None
    assert store.identity.recognise(path) is None
    note = read_note(path)
    assert note is not None
    assert note.store == store.identity.store_id()
