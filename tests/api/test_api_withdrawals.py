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


def withdrawn(web: Web, count: int) -> None:
    """Plans of visitors who refused afterwards."""
    for number in range(count):
        who = f"gone{number}"
        tell(web, who, "consent", channel="sms", given=True)
        plan(web, who)
        event = {"event_id": f"no-{who}", "type": "consent", "visitor_id": who}
        event |= {"channel": "sms", "given": False}  # type: ignore[dict-item]
        web.send(event, key=web.secrets["ingest"])
    follow(web)


def acknowledge(web: Web, scheduler: str, token: str) -> Any:
    body = {"scheduler": scheduler, "acknowledge": token}
    return web.post(f"{PATH}/acknowledgements", body, web.secrets["schedule"])


def test_every_scheduler_gets_each_withdrawal_until_it_acknowledges(web: Web) -> None:
    """One that reads or acknowledges takes nothing from another; what is not said comes again."""
    withdrawn(web, 5)
    ids = {one["decision_id"] for one in listed(web)["withdrawals"]}
    assert len(ids) == 5
    for name in ("sms", "call"):
        seen: list[str] = []
        while True:
            page = listed(web, f"?scheduler={name}&limit=2")
            if page["acknowledge"] is None:
                break
            again = listed(web, f"?scheduler={name}&limit=2")
            assert again["withdrawals"] == page["withdrawals"]
            seen += [one["decision_id"] for one in page["withdrawals"]]
            done = acknowledge(web, name, page["acknowledge"])
            assert done.status_code == 200, done.text
            assert done.json["more"] == (len(seen) < 5)
        assert (len(seen), set(seen)) == (5, ids)


def test_an_acknowledgement_moves_forward_only(web: Web) -> None:
    """A late repetition of an earlier acknowledgement brings nothing back."""
    withdrawn(web, 3)
    first = listed(web, "?scheduler=sms&limit=1")["acknowledge"]
    acknowledge(web, "sms", listed(web, "?scheduler=sms")["acknowledge"])
    acknowledge(web, "sms", first)
    assert listed(web, "?scheduler=sms")["withdrawals"] == []


def test_a_place_in_the_future_hides_nothing_that_comes(web: Web) -> None:
    """A token behind the store's own time counts as that time."""
    partitions = web.service.store.keys.partitions
    token = ",".join(f"{p}:{10**17 - 1}" for p in range(partitions))
    assert acknowledge(web, "sms", token).status_code == 200
    withdrawn(web, 1)
    assert len(listed(web, "?scheduler=sms")["withdrawals"]) == 1


@pytest.mark.parametrize("token", ["", "x", "0:1,x", "99999:1"])
def test_tokens_that_are_none_are_refused(web: Web, token: str) -> None:
    """A text that is no token of a page is 422, and so is a name that does not fit."""
    assert acknowledge(web, "sms", token).status_code == 422
    assert acknowledge(web, "A B", "0:1").status_code == 422
    assert web.get(f"{PATH}?scheduler=A+B", "schedule").status_code == 422
