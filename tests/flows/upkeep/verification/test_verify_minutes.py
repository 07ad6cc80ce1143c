"""Verify minutes: a count of `monitor` that is not what the records come to is named."""

from __future__ import annotations

from pathlib import Path

import pytest
from flow_web import SERVER, Web

from nudge import clock
from nudge.domain.alarms.watch_plan import WatchedStage, WatchPlan
from nudge.domain.choosing.requests import EventRequest
from nudge.flows.folds.monitor import RECENT, MonitorFold
from nudge.flows.upkeep.verification.verify_minutes import verify_minutes
from nudge.lake.files.history import History
from nudge.lake.files.reader import Lake

PLAN = WatchPlan(
    (
        WatchedStage("method", (("step", "method", ""),)),
        WatchedStage("paid", (("paid", "", "server"),)),
    )
)


def visit(web: Web, first: int, count: int) -> None:
    """Visitors who choose a method; every third pays."""
    for i in range(first, first + count):
        web.ask(f"v{i}")
        told = [("step", {"step": "method", "method": "wechat"})]
        told += [("paid", {"amount": 50})] if i % 3 == 0 else []  # type: ignore[dict-item]
        events = [
            EventRequest(f"{kind}{i}", kind, f"v{i}", None, None, fields)  # type: ignore[arg-type]
            for kind, fields in told
        ]
        web.recorder.record(events, SERVER, clock.now())


def count(web: Web, batch: int = 7) -> None:
    """Let monitor catch up."""
    fold = MonitorFold(web.store, lambda: PLAN, batch)
    for p in web.store.keys.every_partition():
        lease = web.store.folds.seize(p, fold.name, "test", 60)
        state = fold.prepare(p)
        while entries := web.store.journal.read(p, lease.position, batch):
            state, made = fold.handle(p, state, entries)
            lease = web.store.folds.commit(lease, made)


def differences(web: Web, path: Path, changed_at: float = 0.0) -> list[str]:
    history = History(Lake(path / "lake"), web.sealer.unseal, web.store.journal.read)
    found = verify_minutes(web.store, history, PLAN, changed_at, lambda _: None)
    return [str(one) for one in found]


@pytest.fixture
def visited(web: Web) -> Web:
    visit(web, 0, 40)
    count(web)
    return web


def minutes_of(web: Web, partition: int) -> list[str]:
    (kept,) = web.store.folds.read_fields(partition, "monitor", "minutes")
    return (kept or "").split()


def test_minutes_agree_with_their_replay(visited: Web, tmp_path: Path) -> None:
    """However monitor cut its batches, and whatever it has not read yet."""
    assert any(minutes_of(visited, p) for p in visited.store.keys.every_partition())
    visit(visited, 40, 10)
    assert differences(visited, tmp_path) == []


def test_a_wrong_count_is_named(visited: Web, tmp_path: Path) -> None:
    """One too many and one that is lost: a line for each minute, with both numbers."""
    store = visited.store
    p = next(p for p in store.keys.every_partition() if minutes_of(visited, p))
    minute = minutes_of(visited, p)[-1]
    key = store.keys.minutes(p, int(minute))
    store.client.call("HINCRBY", key, "paid\x1es", 1)
    (line,) = differences(visited, tmp_path)
    assert f"p={p} counts of minute {minute}" in line
    assert "1 too many and 0 missing" in line
    store.client.call("DEL", key)
    (line,) = differences(visited, tmp_path)
    assert "0 too many" in line


def test_counts_of_another_plan_are_passed_by(visited: Web, tmp_path: Path) -> None:
    """Counts of before cannot be made again where other stages are watched since an hour."""
    p = next(p for p in visited.store.keys.every_partition() if minutes_of(visited, p))
    key = visited.store.keys.minutes(p, int(minutes_of(visited, p)[-1]))
    visited.store.client.call("HINCRBY", key, "paid\x1es", 1)
    assert differences(visited, tmp_path, clock.now()) == []
    assert len(differences(visited, tmp_path, clock.now() - 2 * RECENT)) == 1
