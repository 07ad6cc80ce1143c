"""GET /v1/sms/withdrawals: pages, parameters, and what a scheduler sees after a merging."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from api_web import Web

from nudge.clock import now
from nudge.config.documents.contact_file import load_contact
from nudge.flows.folds.attribute import AttributeFold
from nudge.flows.folds.plan_review import PlanReview
from nudge.workers.runner import Runner

PATH = "/v1/sms/withdrawals"


def follow(web: Web) -> None:
    """The work of a worker with the events."""
    service = web.service
    review = PlanReview(service.patient, load_contact(service.settings.config_dir))
    runner = Runner(service.patient, AttributeFold(service.patient, plan_review=review), "me")
    while runner.turn():
        pass
    runner._release()


def tell(web: Web, visitor: str, kind: str, **fields: object) -> None:
    event = {"event_id": f"{kind}-{visitor}", "type": kind, "visitor_id": visitor, **fields}
    response = web.post("/v1/events", {"events": [event]}, web.secrets["ingest"])
    assert response.json["accepted"] == 1, response.text
    follow(web)


def plan(web: Web, visitor: str) -> Any:
    body = {"visitor_id": visitor}
    return web.post("/v1/sms/timings", body, web.secrets["schedule"]).json


def listed(web: Web, query: str = "") -> Any:
    response = web.get(f"{PATH}{query}", "schedule")
    assert response.status_code == 200, response.text
    return response.json


def test_f12_the_plan_of_the_other_id_is_listed(web: Web) -> None:
    """Two ids with a plan each turn out to be one: one plan is listed, and named when asked."""
    before = now()
    for one in ("ada", "ben"):
        tell(web, one, "consent", channel="sms", given=True)
    ids = {plan(web, one)["decision_id"] for one in ("ada", "ben")}
    assert listed(web)["withdrawals"] == []
    tell(web, "ada", "identified", other_id="ben")
    standing = plan(web, "ada")
    (gone,) = ids - {standing["decision_id"]}
    assert standing["displaces"] == [gone]
    told = listed(web, f"?since={before}")
    (one,) = told["withdrawals"]
    assert (one["decision_id"], one["reason"]) == (gone, "merged")
    assert (one["channel"], one["purpose"]) == ("sms", "reminder")
    assert datetime.fromisoformat(one["send_at"]).timestamp() > now()
    assert told["next"] is None
    assert listed(web, f"?since={told['until']}")["withdrawals"] == []


def test_f12_pages_end_and_go_on(web: Web) -> None:
    """Each entry once, by `next`; the end is the moment of the first page."""
    visitors = [f"v-{n}" for n in range(5)]
    for one in visitors:
        tell(web, one, "consent", channel="sms", given=True)
        assert plan(web, one)["send_at"]
    for one in visitors:
        tell(web, one, "complaint")
    found: list[str] = []
    query = "?limit=2"
    while True:
        page = listed(web, query)
        found += [one["decision_id"] for one in page["withdrawals"]]
        assert len(page["withdrawals"]) <= 2
        if page["next"] is None:
            break
        query = f"?limit=2&cursor={page['next']}"
    whole = listed(web)["withdrawals"]
    assert found == [one["decision_id"] for one in whole]
    assert len(set(found)) == len(visitors)
    assert {one["reason"] for one in whole} == {"complaint"}


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("?since=yesterday", "since"),
        ("?since=1795734600000", "since"),
        ("?limit=0", "limit"),
        ("?limit=1001", "limit"),
        ("?limit=x", "limit"),
        ("?cursor=x", "cursor"),
        ("?cursor=1-1-1&since=2026-01-01T00:00:00Z", "since"),
        ("?from=2026-01-01T00:00:00Z", "from"),
        ("?limit=1&limit=2", "limit"),
    ],
)
def test_f12_a_parameter_that_does_not_fit_is_told(web: Web, query: str, name: str) -> None:
    """Also one that is unknown: nothing is ignored in silence."""
    response = web.get(f"{PATH}{query}", "schedule")
    assert response.status_code == 422
    assert list(response.json["errors"]) == [name]


def test_f12_a_plus_sign_in_a_time_may_stand_as_it_is(web: Web) -> None:
    """A zone that is written without escaping means a plus."""
    assert listed(web, "?since=2026-01-01T00:00:00+08:00")["withdrawals"] == []


def test_f12_only_schedulers_see_the_list(web: Web) -> None:
    """A page's key does not."""
    assert web.get(PATH, "decide").status_code == 403
