"""Work lists over HTTP: pages by due time, assignments, hand-overs, the next case, outcomes."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import pytest
from api_web import Web

from nudge.config.documents.document import ConfigDocument
from nudge.domain.care.rule_book import RuleBook
from nudge.domain.contact.contact_words import REASON_SENTENCES
from nudge.flows.folds.attribute import AttributeFold
from nudge.flows.folds.care import CareFold
from nudge.flows.folds.fold import Fold

PATH = "/v1/worklist"
RULES = """
[[outcomes]]
name = "stays"
kept = true
[[outcomes]]
name = "unreachable"
reached = false
[[rules]]
name = "low"
title = { zh = "评价低", en = "A low score" }
when = { event = "feedback", score_at_most = 5 }
[[rules]]
name = "complains"
when = { event = "complaint" }
level = "critical"
"""
WORK = """
[[teams]]
name = "care"
title = { zh = "关怀组", en = "Care" }
[[agents]]
name = "ann"
team = "care"
capacity = 3
[[agents]]
name = "bo"
team = "care"
capacity = 6
[[agents]]
name = "cy"
away = ["2020-01-01..2099-01-01"]
[[ageing]]
level = "critical"
due = "1h"
[[ageing]]
due = "2d"
[costs]
hour = 36
contacts = { call = 0.5 }
[contacts]
channels = ["call", "push"]
"""


@pytest.fixture
def ruled(web: Web) -> Web:
    """A site with rules and agents of its own."""
    for name, text in (("warnings.toml", RULES), ("worklist.toml", WORK)):
        assert web.service.store.documents.put(ConfigDocument(name, 1, text), 0, {})
    web.service.refresh()
    return web


def fold(web: Web, made: Fold[Any] | None = None) -> None:
    """Let the fold catch up; the fold of cases unless another is given."""
    store, book = web.service.patient, RuleBook(web.service.configuration.warnings)
    made = made or CareFold(store, lambda: book)
    for p in store.keys.every_partition():
        lease = store.folds.seize(p, made.name, "test", 60.0)
        state = made.prepare(p)
        while entries := store.journal.read(p, lease.position, made.batch):
            state, commit = made.handle(p, state, entries)
            lease = store.folds.commit(lease, commit)
        store.folds.release(lease)


def open_cases(web: Web, count: int, first: int = 0) -> None:
    """Open cases of so many visitors."""
    web.send(
        *(
            {"event_id": f"f{n}", "type": "feedback", "visitor_id": f"v-{n}", "scene": "shop"}
            | {"score": 2}
            for n in range(first, first + count)
        )
    )
    fold(web)


def complain(web: Web, visitor: str) -> None:
    event = {"event_id": f"c-{visitor}", "type": "complaint", "visitor_id": visitor}
    web.send(event, key=web.secrets["ingest"])
    fold(web)


def listed(web: Web, query: str = "", scope: str = "read") -> list[Any]:
    response = web.get(f"{PATH}{query}", scope)
    assert response.status_code == 200, response.text
    found: list[Any] = response.json["cases"]
    return found


def post(web: Web, path: str, status: int = 200, **body: object) -> Any:
    response = web.post(f"{PATH}/{path}", body, web.secrets["admin"])
    assert response.status_code == status, response.text
    return response.json


def test_what_is_due_first_comes_first_in_pages(ruled: Web) -> None:
    """A critical case, due within the hour, is before those of two days; the cursor goes on."""
    open_cases(ruled, 5)
    complain(ruled, "v-9")
    every = listed(ruled)
    assert [one["level"] for one in every] == ["critical", *["warning"] * 5]
    assert [one["due"] for one in every] == sorted(one["due"] for one in every)
    found, cursor = [], ""
    while True:
        page = ruled.get(f"{PATH}?limit=2" + (f"&cursor={cursor}" if cursor else "")).json
        found += [one["id"] for one in page["cases"]]
        cursor = page["cursor"]
        if not cursor:
            break
    assert found == [one["id"] for one in every]
    assert [one["level"] for one in listed(ruled, "?level=critical")] == ["critical"]
    assert listed(ruled, "?overdue=true") == []
    assert len(listed(ruled, "?due_before=2099-01-01T00:00:00Z&kind=warning")) == 6


def test_a_row_says_by_which_channel_and_when_or_why_not(ruled: Web) -> None:
    """Without consent nobody is called; after a complaint nobody is pushed."""
    open_cases(ruled, 1)
    (one,) = listed(ruled)
    call, push = one["reach"]
    assert (call["channel"], call["allowed"], call["from"]) == ("call", False, None)
    assert (call["reason"], call["text"]["zh"]) == (
        "no_consent",
        REASON_SENTENCES["no_consent"]["zh"],
    )
    assert push["channel"] == "push"
    assert push["from"]
    assert (one["team"], one["portfolio"], one["overdue"]) == ("", "", 0.0)


def test_a_wrong_parameter_is_named(ruled: Web) -> None:
    """A parameter that does not fit is refused by its name, and not read as something else."""
    asked = ("kind=other", "state=gone", "level=high", "overdue=perhaps", "due_before=tomorrow")
    asked += ("limit=0", "limit=1001", "cursor=x", "cursor=bmFuIDA", "format=xml")
    for query in asked:
        response = ruled.get(f"{PATH}?{query}")
        assert response.status_code == 422, query
        assert response.json["errors"].keys() == {query.partition("=")[0]}


def test_held_out_cases_are_for_admins_alone(ruled: Web) -> None:
    """A key that may only read learns nothing of who is held out."""
    assert ruled.get(f"{PATH}?held=true").status_code == 403
    assert listed(ruled, "?held=true", "admin") == []


def test_a_team_gets_cases_by_the_capacity_of_its_agents(ruled: Web) -> None:
    """Of six cases the agent with twice the capacity gets four; a repeat changes nothing."""
    open_cases(ruled, 6)
    ids = [one["id"] for one in listed(ruled)]
    body = {"ids": ids, "to": "care", "action_id": "a-1", "by": "ann"}
    dry = post(ruled, "assignments", **body, dry_run=True)
    assert (dry["counts"]["assigned"], dry["dry_run"]) == (6, True)
    fold(ruled)
    assert len(listed(ruled, "?unassigned=true")) == 6
    first = post(ruled, "assignments", **body)
    fold(ruled)
    again = post(ruled, "assignments", **body)
    assert first["counts"] == {"assigned": 6, "unchanged": 0, "refused": 0}
    assert again["counts"] == {"assigned": 0, "unchanged": 6, "refused": 0}
    assert {one["id"]: one["to"] for one in again["cases"]} == {
        one["id"]: one["to"] for one in first["cases"]
    }
    assert (len(listed(ruled, "?assignee=ann")), len(listed(ruled, "?assignee=bo"))) == (2, 4)
    (one, *_) = listed(ruled, "?team=care&assignee=ann")
    assert one["steps"][1]["facts"] == {"by": "load", "team": "care"}
    assert (one["steps"][1]["who"], one["team"], one["portfolio"]) == ("ann", "care", "")


def test_more_than_a_team_can_hold_stays_with_a_reason(ruled: Web) -> None:
    """Nine cases fill the team; the tenth is refused, and says why."""
    open_cases(ruled, 10)
    done = post(ruled, "assignments", filter={"kind": "warning"}, to="care")
    assert done["counts"] == {"assigned": 9, "unchanged": 0, "refused": 1}
    (why,) = {one["why"] for one in done["cases"] if one["status"] == "refused"}
    assert "has room" in why
    assert done["cursor"] == ""


def test_a_request_that_names_nobody_is_refused(ruled: Web) -> None:
    """A name that is not listed, and a request without cases, say what to do."""
    assert "worklist.toml" in post(ruled, "assignments", 422, ids=["0-1"], to="dan")["message"]
    assert post(ruled, "assignments", 422, to="ann")["errors"].keys() == {"ids"}
    assert post(ruled, "assignments", 422, ids=["0-1"])["errors"].keys() == {"to"}
    assert post(ruled, "handovers", 422, to="ann", **{"from": "ann"})["errors"].keys() == {"to"}
    unknown = post(ruled, "assignments", ids=["0-1", "x"], to="ann")
    assert unknown["counts"]["refused"] == 2


def test_a_handover_moves_each_case_once(ruled: Web) -> None:
    """All of bo's cases go to the others of the team; a repeat of the call moves nothing back."""
    open_cases(ruled, 3)
    post(ruled, "assignments", filter={}, to="bo")
    fold(ruled)
    done = post(ruled, "handovers", to="care", action_id="h-1", **{"from": "bo"})
    fold(ruled)
    assert done["counts"]["assigned"] == 3
    assert {one["to"] for one in done["cases"]} == {"ann"}
    again = post(ruled, "handovers", to="care", action_id="h-1", **{"from": "bo"})
    assert again["cases"] == []
    (one, *_) = listed(ruled, "?assignee=ann")
    assert one["steps"][-1]["facts"]["by"] == "handover"
    assert one["revision"] == 2


def test_two_agents_at_once_never_take_the_same(ruled: Web) -> None:
    """Six calls at once, of two agents, take six cases; a repeat gives its own again."""
    open_cases(ruled, 9)

    def take(number: int) -> str:
        agent = ("ann", "bo")[number % 2]
        case = post(ruled, "next", agent=agent, action_id=f"n-{number}")["case"]
        return str(case["id"])

    with ThreadPoolExecutor(6) as pool:
        taken = list(pool.map(take, range(6)))
    assert len(set(taken)) == 6
    assert [take(number) for number in range(6)] == taken
    fold(ruled)
    assert [take(number) for number in range(6)] == taken
    assert len(listed(ruled, "?assignee=ann")) == 3
    full = post(ruled, "next", 422, agent="ann")
    assert "capacity" in full["message"]
    assert "is away" in post(ruled, "next", 422, agent="cy")["message"]
    assert "not listed" in post(ruled, "next", 422, agent="dan")["message"]


def test_the_next_case_is_none_where_nothing_is_left(ruled: Web) -> None:
    """An agent without a case to take gets null, and no error."""
    assert post(ruled, "next", agent="ann")["case"] is None


def test_a_contact_has_time_and_cost_and_counts_under_the_policy(ruled: Web) -> None:
    """An hour of an agent and a call have their price; nobody is called again within a day."""
    consent = {"event_id": "y", "type": "consent", "visitor_id": "v-0", "channel": "call"}
    ruled.send(consent | {"given": True}, key=ruled.secrets["ingest"])
    open_cases(ruled, 1)
    fold(ruled, AttributeFold(ruled.service.patient))
    (one,) = listed(ruled)
    assert one["reach"][0]["reason"] in ("", "quiet_hours", "holiday", "weekday")
    body = {"action": "contact", "channel": "call", "seconds": 100, "reached": True, "by": "ann"}
    called = time.time()
    done = post(ruled, f"{one['id']}/actions", **body, action_id="k-1")
    facts = {"channel": "call", "seconds": 100.0, "reached": True, "cost": 0.5}
    assert done["steps"][-1]["facts"] == facts | {"purpose": "winback"}
    fold(ruled)
    fold(ruled, AttributeFold(ruled.service.patient))
    (after,) = listed(ruled, "?state=contacted")
    again = [datetime.fromisoformat(way["from"]).timestamp() for way in after["reach"]]
    assert min(again) >= called + 86_400
    wrong = post(ruled, f"{one['id']}/actions", 422, action="contact", channel="pigeon")
    assert "contact.toml" in wrong["message"]
    assert (
        "seconds" in post(ruled, f"{one['id']}/actions", 422, action="close", seconds=1)["errors"]
    )


def test_outcomes_come_once_by_the_row(ruled: Web) -> None:
    """A row that comes twice is one; a row that does not fit says why, and costs itself alone."""
    open_cases(ruled, 2)
    first, second = (one["id"] for one in listed(ruled))
    row = {"case": first, "outcome": "stays", "agent": "ann", "channel": "call", "seconds": 60}
    row |= {"at": time.time() - 60, "note": "rang 13812345678", "close": "yes", "reached": 1}
    rows = [row, {"case": second, "outcome": "gone"}, {"case": "9-1", "outcome": "stays"}, 7]
    done = post(ruled, "outcomes", rows=rows)
    assert done["counts"] == {"taken": 1, "known": 0, "refused": 3}
    assert [one["status"] for one in done["rows"]] == ["taken", *["refused"] * 3]
    assert "[[outcomes]]" in done["rows"][1]["why"]
    fold(ruled)
    assert post(ruled, "outcomes", rows=[row, row])["counts"]["known"] == 2
    shown = ruled.get(f"{PATH}/{first}", "admin").json
    steps = [(x["action"], x["who"]) for x in shown["steps"]]
    assert steps == [("open", "nudge"), ("contact", "ann"), ("outcome", "ann"), ("close", "ann")]
    assert shown["steps"][1]["note"] == "rang xxxxxxxxxxx"
    assert "note" not in ruled.get(f"{PATH}/{first}").json["steps"][1]
    assert [one["id"] for one in listed(ruled, "?state=closed")] == [first]


def test_the_summary_tells_each_agent_and_team(ruled: Web) -> None:
    """Open and closed cases are counted where they are, and those of nobody by themselves."""
    open_cases(ruled, 4)
    ids = [one["id"] for one in listed(ruled)]
    post(ruled, "assignments", ids=ids[:3], to="ann")
    fold(ruled)
    post(ruled, "outcomes", rows=[{"case": ids[0], "outcome": "stays", "close": True}])
    fold(ruled)
    found = ruled.get(f"{PATH}/summary").json
    ann = next(one for one in found["agents"] if one["name"] == "ann")
    assert (ann["open"], ann["closed_today"], ann["capacity"], ann["overdue"]) == (2, 1, 3, 0)
    (care,) = found["teams"]
    assert (care["open"], care["capacity"], care["closed_today"]) == (2, 9, 1)
    assert (found["unassigned"], found["open"], found["overdue"]) == (1, 3, 0)
    assert next(one for one in found["agents"] if one["name"] == "cy")["away"]


def test_the_list_as_csv_has_a_row_for_each_case(ruled: Web) -> None:
    """A spreadsheet gets what the list shows, and the cursor in a header."""
    open_cases(ruled, 2)
    response = ruled.get(f"{PATH}?format=csv&limit=1")
    head, *rows = response.text.lstrip("\ufeff").splitlines()
    assert head.startswith("id,kind,subject,state,level")
    assert len(rows) == 1
    assert response.headers["X-Cursor"]


def test_the_portfolio_names_who_had_the_last_case(ruled: Web) -> None:
    """The agent of a visitor's last case is named on the next one."""
    open_cases(ruled, 1)
    (one,) = listed(ruled)
    post(ruled, f"{one['id']}/actions", action="assign", to="bo")
    complain(ruled, "v-0")
    first, _ = listed(ruled)
    assert (first["level"], first["portfolio"]) == ("critical", "bo")


def test_the_visitor_of_a_case_is_shown_without_an_id(ruled: Web) -> None:
    """The same as by an id of the visitor's, but for the id; for whom the scope allows it."""
    open_cases(ruled, 1)
    (case,) = listed(ruled)
    path = f"{PATH}/{case['id']}/visitor"
    found: Any = ruled.get(path, "admin").json
    mine: Any = ruled.get("/v1/visitors/v-0", "admin").json
    assert found.keys() == mine.keys() - {"visitor_id"}
    assert found["subject"] == mine["subject"] == case["subject"]
    assert found["attributes"] == mine["attributes"]
    assert found["texts"] == mine["texts"]
    assert ruled.get(path, "read").status_code == 403
    assert ruled.get(f"{PATH}/0-{'0' * 18}/visitor", "admin").status_code == 404


def test_the_setup_has_the_words_that_steps_take(ruled: Web) -> None:
    """Every assignee and outcome of the setup is taken by a step; one that is not there is not."""
    open_cases(ruled, 1)
    told = ruled.get(f"{PATH}/setup").json
    kinds = {one["name"]: one["kind"] for one in told["assignees"]}
    assert kinds.items() >= {("care", "team"), ("ann", "agent"), ("cy", "agent")}
    assert told["assignees"][0]["title"] == {"zh": "关怀组", "en": "Care"}
    marks = {one["name"]: (one["reached"], one["kept"]) for one in told["outcomes"]}
    assert marks == {"stays": (True, True), "unreachable": (False, False)}
    assert {"low", "complains", "proposal"} <= {one["name"] for one in told["rules"]}
    assert "call" in told["channels"]
    (case,) = listed(ruled)
    for name in kinds:
        post(ruled, f"{case['id']}/actions", action="assign", to=name)
        fold(ruled)
    for name in marks:
        post(ruled, f"{case['id']}/actions", action="outcome", outcome=name)
        fold(ruled)
    post(ruled, f"{case['id']}/actions", 422, action="assign", to="nobody")
