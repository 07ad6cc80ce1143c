"""The synthetic walk over HTTP: it finds what fails, and teaches nothing."""

from __future__ import annotations

from typing import Any

import pytest
from api_web import Web, listening
from child_processes import free_port

from nudge.client.api import Api, Patience, ServiceTarget
from nudge.client.walk import SMS_SLOT, ServiceWalk
from nudge.domain.alarms.watch_plan import WatchPlan
from nudge.domain.journal.records import Decision, Exposure
from nudge.flows.folds.attribute import AttributeFold
from nudge.flows.folds.learn import LearnFold
from nudge.flows.folds.monitor import MonitorFold
from nudge.flows.upkeep.verification.verify_minutes import read_moment
from nudge.settings.settings import Settings
from nudge.store.store import Store
from nudge.workers.runner import Runner

ONCE = Patience(timeout=10.0, tries=1)


def walk(url: str, key: str) -> str:
    return ServiceWalk(Api(ServiceTarget(url, key), ONCE)).run()


def fold_all(store: Store) -> None:
    folds: list[Any] = [AttributeFold(store), LearnFold(store), MonitorFold(store, WatchPlan)]
    for fold in folds:
        runner = Runner(store, fold, f"test-{fold.name}")
        while runner.turn():
            pass


def test_a_walk_goes_through_and_teaches_nothing(web: Web, settings: Settings) -> None:
    """Its decisions stand in the journal; no exposure, bucket, total or minute has them."""
    store = web.service.store
    with listening(web) as url:
        assert walk(url, settings.admin_key or "") == ""
        assert walk(url, settings.admin_key or "") == ""
    fold_all(store)
    decided = [e.record for e in web.entries() if isinstance(e.record, Decision)]
    slots = set(store.slots.current()) - {SMS_SLOT}
    assert {one.reason for one in decided} == {"shadow"}
    assert sorted(one.slot for one in decided) == sorted([*slots, *slots])
    assert not [e for e in web.entries() if isinstance(e.record, Exposure)]
    assert not any(web.get(f"/v1/slots/{slot}/performance").json["by_reason"] for slot in slots)
    for p in store.keys.every_partition():
        moment = read_moment(store, p)
        assert moment is not None
        assert not any(moment.minutes.values())
        assert [store.counts.blocks(p, slot) for slot in slots] == [[]] * len(slots)


def test_a_walk_names_the_step_that_fails(
    web: Web, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody listens; a key that may not read; a page's decisions that others answer."""
    key = settings.admin_key or ""
    assert walk(f"http://127.0.0.1:{free_port()}", key) == "health"
    with listening(web) as url:
        assert walk(url, web.key("decide")) == "slots"
        with monkeypatch.context() as patch:
            patch.setattr(Api, "post", lambda *_: {"decisions": {}})
            assert walk(url, key) == "decisions"
