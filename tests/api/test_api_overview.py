"""The overview over HTTP: what it says with data and without, and what it costs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from threading import Event as Stop
from threading import Thread
from typing import Any

import pytest
from api_web import Web

from nudge.flows.folds.archive import ArchiveFold, ArchiveLimits
from nudge.flows.folds.attribute import AttributeFold
from nudge.flows.folds.learn import LearnFold
from nudge.lake.files.reader import Lake
from nudge.store.wire.client import Client
from nudge.wiring.stores import patient_store
from nudge.workers.leases import Leases
from nudge.workers.reports.answers import Answers
from nudge.workers.reports.report_loop import ReportLoop
from nudge.workers.runner import Runner

PEOPLE = 120


@pytest.fixture
def busy(web: Web) -> Web:
    """Visitors of whom a third paid; folded and archived."""
    for number in range(PEOPLE):
        who = f"v-{number}"
        web.decide(visitor_id=who, slots=["denomination", "banner"])
        if number % 3 == 0:
            event = {"event_id": f"e-{number}", "type": "paid", "visitor_id": who, "amount": 50}
            web.post("/v1/events", {"events": [event]}, web.secrets["ingest"])
    fold(web)
    return web


def fold(web: Web) -> None:
    """The work of the folds, until nothing is left."""
    settings = web.service.settings
    store = patient_store(settings)
    for one in (AttributeFold(store), LearnFold(store)):
        runner = Runner(store, one, "test")
        while runner.turn():
            pass
    seal = web.service.sealer.seal_each
    archive = ArchiveFold(store, Lake(settings.lake_dir), seal, ArchiveLimits(every=0.0))
    leases = Leases(store, "archive", "test")
    leases.refresh()
    archive.run(leases.held())
    store.close()


@pytest.fixture
def worker(web: Web) -> Iterator[None]:
    """A report worker that answers for the overview, in a thread."""
    settings = web.service.settings
    store, stop = patient_store(settings), Stop()
    (kind,) = (one for one in Answers(store, settings).kinds if one.name == "overview")
    loop = ReportLoop(store, kind, 5.0)
    thread = Thread(target=loop.run, args=(stop,))
    thread.start()
    yield
    stop.set()
    thread.join()
    store.close()


def told(web: Web) -> Any:
    """The overview with the report's figures, once there are some."""
    until = time.monotonic() + 120.0
    while (answer := web.get("/v1/overview").json)["as_of"] is None:
        assert time.monotonic() < until, answer
        time.sleep(0.1)
    return answer


def counted(web: Web, monkeypatch: pytest.MonkeyPatch) -> int:
    """The round trips of one overview."""
    trips = 0

    def count(method: Any) -> Any:
        def counting(self: Client, *args: Any, **more: Any) -> Any:
            nonlocal trips
            trips += 1
            return method(self, *args, **more)

        return counting

    with monkeypatch.context() as patch:
        for name in ("_send", "call_each", "run_each"):
            patch.setattr(Client, name, count(getattr(Client, name)))
        assert web.get("/v1/overview").status_code == 200
    return trips


def test_before_any_data_it_says_what_to_do(web: Web) -> None:
    """Without a report, figures are null and the job that makes them is told; slots are there."""
    found: Any = web.get("/v1/overview").json
    assert (found["as_of"], found["conversion"], found["lift"]) == (None, None, None)
    assert found["job"]["kind"] == "overview"
    assert {one["state"] for one in found["slots"]} == {"no_report"}
    assert found["counts"]["alarms"] == 0
    assert found["zh"]
    assert found["en"]


@pytest.mark.usefixtures("worker")
def test_an_installation_without_decisions_is_told_so(web: Web) -> None:
    """With a report of an empty lake the headline says that nothing was decided, and the cure."""
    found = told(web)
    assert "Nothing was decided yet" in found["en"]
    assert found["conversion"]["verdict"] == "nothing"


@pytest.mark.usefixtures("worker")
def test_figures_of_the_lake_and_of_this_second_are_one_answer(busy: Web) -> None:
    """Hours, lift and verdicts come from the report; shares, modes and counts are of now."""
    found = told(busy)
    assert len(found["conversion"]["hours"]) == 24
    assert sum(one["visits"] for one in found["conversion"]["hours"]) == 0, "no step was sent"
    lift = found["lift"]["holdout"]
    if lift is not None:
        assert lift["visitors"] + lift["compared_visitors"] == PEOPLE
    lines = {one["slot"]: one for one in found["slots"]}
    denomination = lines["denomination"]
    assert denomination["exposures"] > 0
    assert denomination["zh"] != denomination["en"]
    assert sum(one["share"] for one in denomination["shares"]) == pytest.approx(1.0)
    assert all(one["mode"] == "live" for one in lines.values())


def test_what_changed_is_told_with_who_and_why(web: Web) -> None:
    """A frozen slot stands in the changes, by its mode, with the reason that was given."""
    web.http.patch(
        "/v1/slots/banner?why=complaints",
        json={"mode": "frozen"},
        headers={"Authorization": f"Bearer {web.secrets['admin']}", "If-Match": "*"},
    )
    found: Any = web.get("/v1/overview").json
    line = next(one for one in found["changes"] if one["object"] == "slot:banner")
    assert (line["zh"], line["en"]) == ("已冻结。", "It was frozen.")
    assert line["why"] == "complaints"
    assert next(one for one in found["slots"] if one["slot"] == "banner")["state"] == "frozen"
    (made,) = [one for one in found["changes"] if one["action"] == "slot_made"]
    assert made["en"] == f"{len(found['slots'])} slots are new.", "one call, one line"


@pytest.mark.usefixtures("worker")
def test_its_cost_does_not_grow_with_decisions(busy: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    """The round trips to the store are bounded by slots and partitions, whatever was decided."""
    told(busy)
    before = counted(busy, monkeypatch)
    for number in range(PEOPLE):
        busy.decide(visitor_id=f"w-{number}", slots=["denomination", "banner"])
    fold(busy)
    assert counted(busy, monkeypatch) <= before + 5, "a newer report may be asked for"
    assert before <= 120


def test_the_overview_needs_the_scope_read(web: Web) -> None:
    """A key without the scope is refused, and unknown parameters are refused with a cure."""
    assert web.get("/v1/overview", "decide").status_code == 403
    refused = web.get("/v1/overview?page=2")
    assert refused.status_code == 422
    assert "page" in refused.json["errors"]  # type: ignore[index]
