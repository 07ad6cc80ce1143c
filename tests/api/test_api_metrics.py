"""Figures of the work behind the pages, read at each scrape."""

from __future__ import annotations

import time
from dataclasses import replace

from api_web import Web

from nudge.config.slot_change import Edit
from nudge.domain.people.room import Dropped, dropped_text
from nudge.flows.upkeep.apply import patch
from nudge.store.folds.folds import DROPPED
from nudge.wiring.web import create_app

LEFT = (Dropped("exposure", "page", 3),)


def lines(web: Web) -> set[str]:
    return set(web.http.get("/metrics").text.splitlines())


def test_o03_a_worker_that_died_leaves_no_figure(web: Web) -> None:
    """Lag, lease, policy, job and alarm are told as they are; a lease that ran out is none."""
    service = web.service
    service.look()
    web.decide()
    store = service.store
    assert store.folds.acquire(3, "attribute", "worker", 60.0)
    lease = store.snapshots.acquire("banner", "worker", 5.0)
    assert lease
    store.snapshots.publish(lease, b"", time.time() - 50, [])
    assert web.get("/v1/funnel").status_code == 202
    seen = patch(store, "prefill", {"mode": "frozen"}, 2, Edit("test", "", 1.0))
    assert seen.slot.mode == "frozen"
    service.refresh()
    told = [one for one in web.http.get("/readyz").json["warnings"] if "slot_frozen" in one]
    assert [one.split()[1] for one in told] == ["prefill"]
    waiting = sum(store.journal.last_position(p) for p in store.keys.every_partition())
    store.client.call("HSET", store.keys.fold(1, "attribute"), DROPPED, dropped_text(LEFT))
    found = lines(web)
    assert 'nudge_dropped_total{source="page",what="exposure"} 3.0' in found
    assert f'nudge_fold_lag_entries{{fold="attribute"}} {float(waiting)}' in found
    assert 'nudge_worker_up{fold="attribute"} 1.0' in found
    assert 'nudge_worker_up{fold="learn"} 0.0' in found
    assert 'nudge_jobs{state="waiting"} 1.0' in found
    assert 'nudge_alarms{kind="slot_frozen"} 1.0' in found
    [age] = [one for one in found if one.startswith("nudge_publish_age_seconds{")]
    assert 50 <= float(age.split()[1]) < 110
    store.client.call("HSET", store.keys.fold(3, "attribute"), "until", 1)
    assert 'nudge_worker_up{fold="attribute"} 0.0' in lines(web)


def test_o03_without_the_store_the_alarm_is_what_is_left(web: Web) -> None:
    """Nothing is told that could be old."""
    web.service.refresh()
    away = create_app(replace(web.service.settings, redis_url="redis://127.0.0.1:1"))
    found = lines(Web(away, {}))
    assert 'nudge_alarms{kind="store_away"} 1.0' in found
    assert not any(one.startswith("nudge_fold_lag") for one in found)
