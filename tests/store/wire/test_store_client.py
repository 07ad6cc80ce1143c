"""The client: one call, one answer, whatever happens in between."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from redis import ConnectionPool
from redis.connection import AbstractConnection

from nudge.errors import StoreError
from nudge.store.store import Store
from nudge.store.wire.links import LINKS, AnswerCount


def place(store: Store) -> tuple[list[str], list[int]]:
    """To take four places of an hour."""
    return [store.keys.config("capacity", "sms")], [0, 7, 100, 4]


def reserved(store: Store) -> Any:
    """Four places of an hour, by a script."""
    return store.client.run("reserve", *place(store))


CALLS: dict[str, tuple[Callable[[Store], Any], int]] = {
    "script": (reserved, 0),
    "command": (lambda store: store.client.call("TYPE", store.keys.config("capacity", "sms")), 0),
    "commands": (
        lambda store: store.client.call_each([("TYPE", store.keys.config("slots"))] * 5),
        2,
    ),
    "pipeline": (lambda store: store.client.run_each("reserve", [place(store)] * 5), 2),
    "run ahead": (lambda store: [*store.client.run_ahead("reserve", [place(store)] * 5)], 2),
    "walk": (lambda store: [*store.client.scan("*")], 0),
    "all servers": (lambda store: store.client.memories(), 0),
}
"""Each kind of call, and how many of its answers come before the interruption."""


@pytest.mark.parametrize("kind", CALLS)
def test_a_call_that_is_broken_off_leaves_no_answer(
    store: Store, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """A call interrupted between sending and reading leaves the next caller no answer.

    It comes after the pool has looked whether something came.
    """
    call, answered = CALLS[kind]
    # A connection to each server is there, and each server has the script.
    assert reserved(store) == [4]
    store.client.memories()
    read, left = AbstractConnection.read_response, [None] * answered

    def interrupted(*args: Any, **options: Any) -> object:
        if not left:
            raise KeyboardInterrupt
        left.pop()
        return read(*args, **options)

    with monkeypatch.context() as patch:
        patch.setattr(AbstractConnection, "read_response", interrupted)
        with pytest.raises(KeyboardInterrupt):
            call(store)
    monkeypatch.setattr(AbstractConnection, "can_read", lambda *_, **__: False)
    for _ in range(5):
        assert store.client.call("HLEN", store.keys.config("nothing")) == 0
        assert all("used_memory" in one for one in store.client.memories())


@pytest.mark.parametrize("kind", ["script", "command", "pipeline"])
def test_a_call_that_was_answered_keeps_its_connection(
    store: Store, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """A call whose answers were all read, refusals too, costs the next one no new connection."""
    call, _ = CALLS[kind]
    call(store)
    store.client.call("SET", store.keys.config("capacity", "sms"), "no hash")
    with pytest.raises(StoreError):
        reserved(store)
    assert store.client.call("HLEN", store.keys.config("nothing")) == 0

    def connected(*_: object) -> object:
        raise AssertionError("a new connection")

    monkeypatch.setattr(AbstractConnection, "on_connect", connected)
    store.client.call("DEL", store.keys.config("capacity", "sms"))
    call(store)


@pytest.mark.parametrize("url", ["redis://host", "rediss://host", "unix:///socket"])
def test_each_way_to_a_server_counts_its_answers(url: str) -> None:
    """A link is of the library's kind for the address, TLS where that is asked for, and counts."""
    link = LINKS[url.partition(":")[0]]
    assert issubclass(link, ConnectionPool.from_url(url).connection_class)
    assert issubclass(link, AnswerCount)
