"""Eligible visitors over HTTP: counted by the rules that serve, from the log and what is known."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from threading import Event, Thread
from typing import Any

import pytest
from api_web import Web
from werkzeug.test import TestResponse

from nudge.domain.identity.sealing import Sealer
from nudge.flows.folds.archive import ArchiveFold, ArchiveLimits
from nudge.flows.folds.attribute import AttributeFold
from nudge.lake.files.reader import Lake
from nudge.wiring.stores import patient_store
from nudge.workers.leases import Leases
from nudge.workers.reports.audience_answers import audience_kind
from nudge.workers.reports.report_loop import ReportLoop
from nudge.workers.runner import Runner

PEOPLE = 80
PATH = "/v1/slots/banner/eligible"


@pytest.fixture
def busy(web: Web) -> Web:
    """Visitors of WAP and web, half of whom paid 50 yuan."""
    for number in range(PEOPLE):
        who, wap = f"v-{number}", number % 2
        tier = {"city_tier": str(1 + number % 2)}
        web.decide(visitor_id=who, channel="wap" if wap else "web", slots=["banner"], context=tier)
        if number < PEOPLE // 2:
            paid = {"event_id": f"{who}-p", "type": "paid", "visitor_id": who, "amount": 50}
            web.post("/v1/events", {"events": [paid]}, web.secrets["ingest"])
    fold(web)
    return web


def fold(web: Web) -> None:
    """Bring what happened into the states and into the lake."""
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


@pytest.fixture
def worker(web: Web) -> Iterator[None]:
    """A worker that counts visitors, in a thread."""
    settings = web.service.settings
    store, stop = patient_store(settings), Event()
    loop = ReportLoop(store, audience_kind(store, settings), 5.0)
    thread = Thread(target=loop.run, args=(stop,))
    thread.start()
    yield
    stop.set()
    thread.join()
    store.close()


def asked(web: Web, body: object, query: str = "") -> TestResponse:
    """The answer to a question, once there is one."""
    until = time.monotonic() + 60.0
    while (response := web.post(f"{PATH}{query}", body, web.secrets["read"])).status_code == 202:
        assert response.headers["Location"].startswith("/v1/jobs/")
        assert time.monotonic() < until
        time.sleep(0.1)
    return response


def told(web: Web, body: object, query: str = "") -> Any:
    response = asked(web, body, query)
    assert response.status_code == 200, response.text
    return response.json


@pytest.mark.usefixtures("worker")
def test_visitors_are_counted_by_what_decisions_and_states_know(busy: Web) -> None:
    """No limit lets all pass; a logged attribute, a state's, channel and both are counted right."""
    every = told(busy, {})
    assert (every["visitors"], every["eligible"], every["sampled"]) == (PEOPLE, PEOPLE, None)
    assert every["interval"] is None
    assert "80" in every["headline"]["zh"]
    tier = told(busy, {"when": {"attribute": "city_tier", "is": "2"}})
    assert (tier["eligible"], tier["share"], tier["remarks"]) == (40, 0.5, [])
    assert told(busy, {"channels": ["wap"]})["eligible"] == PEOPLE // 2
    paid = told(busy, {"when": {"attribute": "last_amount", "at_least": 50}})
    assert (paid["eligible"], paid["undecided"]) == (40, 40)
    assert paid["known"] == [{"attribute": "last_amount", "share": 0.5}]
    assert "50.0%" in paid["remarks"][0]["zh"]
    both = {"channels": ["wap"], "when": {"attribute": "last_amount", "at_least": 50}}
    assert told(busy, both)["eligible"] == PEOPLE // 4


@pytest.mark.usefixtures("worker")
def test_what_nobody_logs_is_told_in_words(busy: Web) -> None:
    """An attribute that no decision logs and no state knows: no number, and the reason."""
    found = told(busy, {"when": {"attribute": "shoe_size", "above": 40}})
    assert (found["hidden"], found["decidable"]) == (False, False)
    assert (found["eligible"], found["share"], found["undecided"]) == (None, None, PEOPLE)
    assert "无法判断" in found["headline"]["zh"]
    assert "shoe_size" in found["remarks"][0]["en"]
    known = {"attribute": "city_tier", "is": "2"}
    both = told(busy, {"when": {"any": [{"attribute": "shoe_size", "above": 40}, known]}})
    assert (both["decidable"], both["eligible"]) == (True, 40)


@pytest.mark.usefixtures("worker")
def test_few_visitors_are_not_counted(busy: Web) -> None:
    """A count below 20 might tell of a person: it is hidden, and so are values that few have."""
    rule = {"all": [{"attribute": "city_tier", "is": "2"}, {"attribute": "page", "is": "none"}]}
    found = told(busy, {"when": rule})
    assert (found["hidden"], found["eligible"], found["share"]) == (True, None, None)
    values = {one["attribute"]: one["values"] for one in found["attributes"]}
    assert {one["visitors"] for one in values["city_tier"]} == {40}
    assert all(one["visitors"] >= 20 for found in values.values() for one in found)


@pytest.mark.parametrize(
    ("body", "key"),
    [
        ({"when": {"attribute": "city", "equals": "x"}}, "when.equals"),
        ({"when": {"all": [{"attribute": "a", "above": "x"}]}}, "when.all[0].above"),
        ({"when": {"attribute": "a"}}, "when"),
        ({"channels": ["fax"]}, "channels[0]"),
        ({"then": 1}, "then"),
        ({"when": {"attribute": "number", "is": "13812345678"}}, "when"),
    ],
)
def test_a_rule_is_refused_with_row_and_cure(web: Web, body: object, key: str) -> None:
    """Whatever a slot would refuse is refused here, with the key of its row and a cure."""
    response = web.post(PATH, body, web.secrets["read"])
    assert response.status_code == 422
    errors = json.loads(response.data)["errors"]
    assert list(errors) == [key]
    assert re.search("[;:] ", errors[key][0])


@pytest.mark.parametrize("days", ["0", "91", "x", "-1", "1.5", "²", ""])
def test_days_are_a_whole_number(web: Web, days: str) -> None:
    """A number of days that is none, or too many, is refused with the range."""
    response = web.post(f"{PATH}?days={days}", {}, web.secrets["read"])
    assert response.status_code == 422
    assert "1 to 90" in json.loads(response.data)["errors"]["days"][0]


def test_who_may_ask(web: Web) -> None:
    """The question needs the scope `read`, and a slot that is there."""
    assert web.post(PATH, {}, web.secrets["decide"]).status_code == 403
    assert web.post("/v1/slots/none/eligible", {}, web.secrets["read"]).status_code == 404


@pytest.mark.usefixtures("worker")
def test_a_slot_without_visitors_says_so(web: Web) -> None:
    """An empty lake has nobody to count: a sentence, and no share."""
    found = told(web, {})
    assert (found["visitors"], found["share"], found["exposures_a_day"]) == (0, None, 0.0)
    assert "saw no visitor" in found["headline"]["en"]
