"""The breaker of a hot client whose store is away."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from nudge.errors import StoreAwayError
from nudge.processes import embedded
from nudge.processes.embedded import EmbeddedStore
from nudge.settings.settings import Settings
from nudge.store.wire import client as clients
from nudge.store.wire.client import Client

TIMEOUT = 0.05
BACK = 5.0
"""Generous seconds for the probe to see the store again."""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EmbeddedStore]:
    settings = Settings(
        secret_key=b"s" * 32, admin_key="a" * 20, page_key="p" * 20, data_dir=tmp_path / "d"
    )
    settings.data_dir.mkdir()
    running = embedded.start(settings)
    yield running
    os.kill(running.pid, signal.SIGCONT)
    running.stop()


@pytest.fixture
def hot(store: EmbeddedStore) -> Iterator[Client]:
    client = clients.hot(store.url, TIMEOUT)
    client.call("SET", "k", "v")
    yield client
    client.close()


def until_closed(client: Client) -> None:
    assert client.breaker
    deadline = time.monotonic() + BACK
    while client.breaker.is_open:
        assert time.monotonic() < deadline, "the breaker stayed open"
        time.sleep(0.01)


def test_one_unanswered_call_opens_and_a_probe_closes(
    store: EmbeddedStore, hot: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the store frozen one call waits its time-out; the next fail at once; it comes back."""
    os.kill(store.pid, signal.SIGSTOP)
    with pytest.raises(StoreAwayError):
        hot.call("GET", "k")
    assert hot.breaker
    assert hot.breaker.is_open
    sent: list[object] = []
    execute = hot._execute
    monkeypatch.setattr(hot, "_execute", lambda *c: (sent.append(c[0]), execute(*c))[1])
    for _ in range(100):
        with pytest.raises(StoreAwayError, match="probed"):
            hot.call("GET", "k")
    assert "GET" not in sent
    os.kill(store.pid, signal.SIGCONT)
    until_closed(hot)
    assert hot.call("GET", "k") == b"v"


def test_a_store_that_cannot_write_is_away(store: EmbeddedStore, hot: Client) -> None:
    """Out of memory is absence, and reads that still work do not close the breaker."""
    hot.call("CONFIG", "SET", "maxmemory", "1")
    with pytest.raises(StoreAwayError):
        hot.call("SET", "k", "w")
    time.sleep(0.5)
    assert hot.breaker
    assert hot.breaker.is_open
    patient = clients.patient(store.url)
    patient.call("CONFIG", "SET", "maxmemory", "0")
    patient.close()
    until_closed(hot)
    hot.call("SET", "k", "w")
