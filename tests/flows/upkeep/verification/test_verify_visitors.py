"""Verify visitors: a state that is not what its visitor's records come to is named."""

from __future__ import annotations

from pathlib import Path
from threading import Event, Thread

import pytest
from flow_web import SERVER, Web

from nudge.domain.choosing.requests import EventRequest
from nudge.flows.folds.attribute import AttributeFold
from nudge.flows.upkeep.verification import verify_visitors as verifying
from nudge.flows.upkeep.verification.verify_visitors import verify_visitors
from nudge.lake.files.history import History
from nudge.lake.files.reader import Lake

VISITORS = 60


def visit(web: Web, first: int, count: int) -> None:
    """Visitors who see a page; every third pays."""
    for i in range(first, first + count):
        web.ask(f"v{i}")
        if i % 3 == 0:
            paid = EventRequest(f"e{i}", "paid", f"v{i}", None, None, {"amount": 50})
            web.recorder.record([paid], SERVER, 1_790_000_000.0)


def attribute(web: Web, batch: int = 7) -> None:
    """Let attribute catch up."""
    fold = AttributeFold(web.store, batch)
    for p in web.store.keys.every_partition():
        lease = web.store.folds.seize(p, fold.name, "test", 60)
        state = fold.prepare(p)
        while entries := web.store.journal.read(p, lease.position, batch):
            state, made = fold.handle(p, state, entries)
            lease = web.store.folds.commit(lease, made)


def differences(web: Web, path: Path) -> list[str]:
    read = web.store.journal.read
    history = History(Lake(path / "lake"), web.sealer.unseal, read)
    found = verify_visitors(web.store, history, lambda _: None, every=True)
    return [str(one) for one in found]


@pytest.fixture
def visited(web: Web) -> Web:
    visit(web, 0, VISITORS)
    attribute(web)
    return web


def subject_of(web: Web, partition: int) -> str:
    entries = web.store.journal.read(partition, 0, 100)
    return next(e.record.subject for e in entries if e.record.kind == "decision")


def test_states_agree_with_their_replay(visited: Web, tmp_path: Path) -> None:
    """However attribute cut its batches, each state is what the visitor's records come to."""
    assert differences(visited, tmp_path) == []


def test_every_way_to_be_wrong_is_named(visited: Web, tmp_path: Path) -> None:
    """A state that is lost, unreadable or nobody's, and one that is missing in the list."""
    store = visited.store
    store.client.call("DEL", store.keys.visitor(0, subject_of(visited, 0)))
    store.client.call("SET", store.keys.visitor(1, subject_of(visited, 1)), b"\xff")
    store.client.call(
        "SET", store.keys.visitor(2, "f" * 32), store.client.call("GET", one(visited, 3))
    )
    store.client.call("ZREM", store.keys.open(4), subject_of(visited, 4))
    lines = differences(visited, tmp_path)
    assert [line.split(":")[0].split(" of ")[0] for line in lines] == [
        "p=0 state",
        "p=0 open exposures",
        "p=1 state",
        "p=1 open exposures",
        "p=2 state",
        "p=2 open exposures",
        "p=4 open exposures",
    ]
    assert "found none" in lines[0]
    assert "expected none" in lines[4]


def one(web: Web, partition: int) -> str:
    return web.store.keys.visitor(partition, subject_of(web, partition))


def test_it_may_run_while_attribute_does(visited: Web, tmp_path: Path) -> None:
    """States are compared at the position at which they were read: lag is no difference."""
    stop = Event()

    def go_on() -> None:
        i = VISITORS
        while not stop.is_set():
            visit(visited, i, 3)
            attribute(visited, 2)
            i += 3

    thread = Thread(target=go_on)
    thread.start()
    found = [differences(visited, tmp_path) for _ in range(3)]
    stop.set()
    thread.join()
    assert found == [[], [], []]


def test_a_sample_looks_at_a_share_of_the_visitors(
    visited: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a long partition only some visitors are replayed, always the same ones."""
    monkeypatch.setattr(verifying, "SAMPLE", 5)
    for p in visited.store.keys.every_partition():
        for entry in visited.store.journal.read(p, 0, 1000):
            if entry.record.kind == "decision":
                visited.store.client.call(
                    "DEL", visited.store.keys.visitor(p, entry.record.subject)
                )
    read = visited.store.journal.read
    history = History(Lake(tmp_path / "lake"), visited.sealer.unseal, read)
    found = verify_visitors(visited.store, history, lambda _: None, every=False)
    named = {one.what for one in found if one.what.startswith("state")}
    assert 0 < len(named) < VISITORS
