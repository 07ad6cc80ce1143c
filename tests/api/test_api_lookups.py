"""Outcomes of decisions and exposures of quarantines over HTTP: looked up by a worker."""

from __future__ import annotations

import time
from collections.abc import Iterator
from threading import Event, Thread
from typing import Any

import pytest
from api_web import Web

from nudge import clock
from nudge.domain.identity.sealing import Sealer
from nudge.flows.folds.archive import ArchiveFold, ArchiveLimits
from nudge.flows.folds.attribute import AttributeFold
from nudge.lake.files.reader import Lake
from nudge.wiring.stores import patient_store
from nudge.workers.leases import Leases
from nudge.workers.reports.lookup_answers import lookup_kind
from nudge.workers.reports.report_loop import ReportLoop
from nudge.workers.runner import Runner

AMOUNT = 50


@pytest.fixture
def worker(web: Web) -> Iterator[None]:
    """A worker that looks up, in a thread."""
    settings = web.service.settings
    store, stop = patient_store(settings), Event()
    loop = ReportLoop(store, lookup_kind(store, settings), 5.0)
    thread = Thread(target=loop.run, args=(stop,))
    thread.start()
    yield
    stop.set()
    thread.join()
    store.close()


def fold(web: Web) -> None:
    """Attribute, and bring everything into the lake."""
    settings = web.service.settings
    store = patient_store(settings)
    runner = Runner(store, AttributeFold(store), "test")
    while runner.turn():
        pass
    seal = Sealer(settings.secret_key).seal_each
    leases = Leases(store, "archive", "test")
    leases.refresh()
    ArchiveFold(store, Lake(settings.lake_dir), seal, ArchiveLimits(every=0.0)).run(leases.held())
    store.close()


def told(web: Web, path: str) -> Any:
    """The answer to a question, once there is one."""
    until = time.monotonic() + 60.0
    while (response := web.get(path)).status_code == 202:
        assert time.monotonic() < until
        time.sleep(0.1)
    assert response.status_code == 200, response.text
    return response.json


def decided(web: Web, who: str, channel: str = "web") -> str:
    found = web.decide(visitor_id=who, channel=channel, slots=["denomination"])
    return str(found["decisions"]["denomination"]["decision_id"])


@pytest.mark.usefixtures("worker")
def test_what_came_of_a_decision_is_told_with_its_record(web: Web) -> None:
    """The exposure, the payment inside the window, and until when more counts; and the record."""
    paid, unpaid = decided(web, "v-1"), decided(web, "v-2")
    event = {"event_id": "e-1", "type": "paid", "visitor_id": "v-1", "amount": AMOUNT}
    web.post("/v1/events", {"events": [event]}, web.secrets["ingest"])
    fold(web)
    new = told(web, f"/v1/decisions/{decided(web, 'v-3')}/outcome")
    assert (new["decision"], new["outcome"]) == (None, None)
    found = told(web, f"/v1/decisions/{paid}/outcome")
    outcome = found["outcome"]
    assert (outcome["conversions"], outcome["revenue"]) == (1, AMOUNT)
    assert outcome["shown_at"] <= outcome["rewarded_at"] <= outcome["matures_at"]
    assert not outcome["matured"]
    kept: Any = web.get(f"/v1/decisions/{paid}").json
    assert {**found["decision"], "at": ""} == {**kept, "at": ""}
    other = told(web, f"/v1/decisions/{unpaid}/outcome")["outcome"]
    assert (other["conversions"], other["revenue"], other["rewarded_at"]) == (0, 0, None)


@pytest.mark.usefixtures("worker")
def test_what_a_quarantine_holds_is_counted_by_slot_and_by_its_scope(web: Web) -> None:
    """Exposures of the interval, and of its channel where it has one; also once it is released."""
    for who, channel in (("v-1", "web"), ("v-2", "web"), ("v-3", "wap")):
        decided(web, who, channel)
    fold(web)
    now = clock.now()
    asked = {"from": now - 600, "to": now + 600, "why": "the gateway was down"}
    scopes: list[dict[str, Any]] = [{}, {"scope": {"channel": "wap"}}]
    made = [web.post("/v1/quarantines", asked | x, web.secrets["admin"]).json for x in scopes]
    every, one = (told["id"] for told in made if told)
    found = told(web, f"/v1/quarantines/{every}/exposures")
    assert found["slots"] == [{"slot": "denomination", "exposures": 3}]
    assert told(web, f"/v1/quarantines/{one}/exposures")["exposures"] == 1
    path = f"/v1/quarantines/{one}/actions"
    web.post(path, {"action": "release"}, web.secrets["admin"])
    assert told(web, f"/v1/quarantines/{one}/exposures")["exposures"] == 1


def test_an_id_that_nobody_gave_out_asks_no_worker(web: Web) -> None:
    """An unknown id is told at once: a stranger's guesses fill no queue."""
    assert web.get("/v1/decisions/abc/outcome").status_code == 404
    assert web.get("/v1/quarantines/q-000000000000/exposures").status_code == 404
    assert not list(web.service.store.client.scan(f"{web.service.store.keys.config('job')}:*"))
