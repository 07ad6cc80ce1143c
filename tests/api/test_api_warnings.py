"""Churn warnings over HTTP: listed in pages, shown, and steps of people that may be repeated."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from api_web import Web, bearer

from nudge.config.documents.document import ConfigDocument
from nudge.domain.care.rule_book import RuleBook
from nudge.flows.folds.care import CareFold

PATH = "/v1/warnings"
RULES = """
agents = ["ann", "bo"]
[[outcomes]]
name = "stays"
[[rules]]
name = "low"
title = { zh = "评价低", en = "A low score" }
when = { event = "feedback", score_at_most = 5 }
[[rules]]
name = "complains"
when = { event = "complaint" }
level = "critical"
"""


@pytest.fixture
def ruled(web: Web) -> Web:
    """A site with rules of its own."""
    assert web.service.store.documents.put(ConfigDocument("warnings.toml", 1, RULES), 0, {})
    web.service.refresh()
    return web


def fold(web: Web) -> None:
    """Let the fold catch up."""
    store, book = web.service.patient, RuleBook(web.service.configuration.warnings)
    made = CareFold(store, lambda: book)
    for p in store.keys.every_partition():
        lease = store.folds.seize(p, made.name, "test", 60.0)
        state = made.prepare(p)
        while entries := store.journal.read(p, lease.position, made.batch):
            state, commit = made.handle(p, state, entries)
            lease = store.folds.commit(lease, commit)
        store.folds.release(lease)


def say(
    web: Web, visitor: str, name: str, score: int = 2, scene: str = "shop", **more: Any
) -> None:
    event = {"event_id": name, "type": "feedback", "visitor_id": visitor}
    web.send(event | {"scene": scene, "score": score} | more)


def listed(web: Web, query: str = "", scope: str = "read") -> Any:
    response = web.get(f"{PATH}{query}", scope)
    assert response.status_code == 200, response.text
    return response.json


def act(web: Web, name: str, key: str = "admin", **body: object) -> Any:
    return web.post(f"{PATH}/{name}/actions", body, web.secrets[key])


def test_warnings_are_listed_in_pages(ruled: Web) -> None:
    """The latest opening comes first; the cursor goes on, and filters choose."""
    for number in range(5):
        say(ruled, f"v-{number}", f"f{number}", scene=("shop", "app")[number % 2])
    fold(ruled)
    first = listed(ruled, "?limit=2")
    second = listed(ruled, f"?limit=2&cursor={first['cursor']}")
    third = listed(ruled, f"?limit=2&cursor={second['cursor']}")
    every = [one["id"] for page in (first, second, third) for one in page["warnings"]]
    assert every == [one["id"] for one in listed(ruled)["warnings"]]
    assert (len(set(every)), third["cursor"]) == (5, "")
    assert len(listed(ruled, "?scene=app")["warnings"]) == 2
    assert listed(ruled, "?level=critical")["warnings"] == []
    told = {one["sentence"]["zh"] for page in (first, second, third) for one in page["warnings"]}
    assert told == {"评价低，场景：shop，评分：2", "评价低，场景：app，评分：2"}


def test_a_warning_is_followed_up_until_it_is_closed(ruled: Web) -> None:
    """Each step has its person and its time; the list knows who has it."""
    say(ruled, "v-1", "f1")
    fold(ruled)
    (one,) = listed(ruled, "?state=open")["warnings"]
    steps = (
        {"action": "assign", "to": "ann", "by": "bo"},
        {"action": "contact", "by": "ann", "note": "called 13812345678"},
        {"action": "outcome", "outcome": "stays", "by": "ann"},
        {"action": "close", "by": "ann"},
    )
    for step in steps:
        assert act(ruled, one["id"], **step).status_code == 200
        fold(ruled)
    assert listed(ruled, "?state=unclosed")["warnings"] == []
    (closed,) = listed(ruled, "?assignee=ann&state=closed")["warnings"]
    assert [x["who"] for x in closed["steps"]] == ["nudge", "bo", "ann", "ann", "ann"]
    assert closed["took"].keys() == {"assigned", "contacted", "outcome", "closed"}
    assert (closed["outcome"], closed["revision"]) == ("stays", 4)
    shown = ruled.get(f"{PATH}/{one['id']}", "admin").json
    assert shown["steps"][2]["note"] == "called xxxxxxxxxxx"
    reopened = act(ruled, one["id"], action="reopen")
    assert reopened.json["state"] == "open"


def test_an_action_is_done_once(ruled: Web) -> None:
    """A repeat of an action, before or after the fold, gives the same case and no step more."""
    say(ruled, "v-1", "f1")
    fold(ruled)
    (one,) = listed(ruled)["warnings"]
    for _ in range(3):
        assert act(ruled, one["id"], action="contact", action_id="c-1").json["state"] == "contacted"
        fold(ruled)
    assert len(listed(ruled)["warnings"][0]["steps"]) == 2


def test_who_acts_on_an_old_reading_is_told(ruled: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    """412 by the revision, and where another action waits for the fold for too long."""
    monkeypatch.setattr("nudge.flows.care.case_actions.PATIENCE", 0.0)
    say(ruled, "v-1", "f1")
    fold(ruled)
    (one,) = listed(ruled)["warnings"]
    assert act(ruled, one["id"], action="assign", to="ann", revision=0).status_code == 200
    assert act(ruled, one["id"], action="assign", to="bo").status_code == 412
    fold(ruled)
    assert act(ruled, one["id"], action="assign", to="bo", revision=0).status_code == 412
    assert act(ruled, one["id"], action="assign", to="bo", revision=1).status_code == 200


def test_a_step_waits_for_the_one_before(ruled: Web) -> None:
    """An outcome and the close behind it are two calls in a row: the second knows the first."""
    say(ruled, "v-1", "f1")
    fold(ruled)
    (one,) = listed(ruled)["warnings"]
    first = act(ruled, one["id"], action="outcome", outcome="stays", action_id="a1")
    again = act(ruled, one["id"], action="outcome", outcome="stays", action_id="a1")
    assert (first.json["revision"], again.json["revision"]) == (1, 1)
    with ThreadPoolExecutor(1) as worker:
        closing = worker.submit(act, ruled, one["id"], action="close", revision=1)
        time.sleep(0.2)
        fold(ruled)
        assert closing.result().status_code == 200
    fold(ruled)
    assert listed(ruled)["warnings"][0]["state"] == "closed"


@pytest.mark.parametrize(
    "body",
    [
        {"action": "assign"},
        {"action": "assign", "to": "nobody"},
        {"action": "outcome"},
        {"action": "outcome", "outcome": "unknown"},
        {"action": "close"},
        {"action": "contact", "outcome": "stays"},
        {"action": "contact", "by": "nobody"},
        {"action": "join"},
    ],
)
def test_a_step_that_does_not_fit_is_refused(ruled: Web, body: dict[str, Any]) -> None:
    """The answer names the field, and the case stays as it is."""
    say(ruled, "v-1", "f1")
    fold(ruled)
    (one,) = listed(ruled)["warnings"]
    response = act(ruled, one["id"], **body)
    assert response.status_code == 422
    assert response.json["errors"]
    fold(ruled)
    assert listed(ruled)["warnings"] == [one]


def test_what_was_written_is_for_those_who_see_the_visitor(ruled: Web) -> None:
    """A key that reads has words alone; one with admin has the text, numbers masked in it."""
    text = "别再打 13812345678 了"
    say(ruled, "v-1", "f1", text=text)
    ingest = ruled.secrets["ingest"]
    named = {"event_id": "i", "type": "identified", "visitor_id": "v-1", "msisdn": "13912345678"}
    ruled.send(named, key=ingest)
    fold(ruled)
    (one,) = listed(ruled)["warnings"]
    plain = ruled.get(f"{PATH}/{one['id']}", "read").json
    assert not {"text", "numbers"} & plain.keys()
    shown = ruled.get(f"{PATH}/{one['id']}", "admin")
    assert shown.json["text"] == "别再打 xxxxxxxxxxx 了"
    (masked,) = shown.json["numbers"]
    visitor = ruled.get("/v1/visitors/v-1", "admin").json
    assert masked in [x["masked"] for x in visitor["numbers"]]
    assert "13912345678" not in shown.text


def test_the_warnings_of_a_visitor_are_found_by_id(ruled: Web) -> None:
    """A key that may see the visitor asks by the id of the operator's own systems."""
    say(ruled, "v-1", "f1")
    say(ruled, "v-2", "f2")
    fold(ruled)
    (mine,) = listed(ruled, "?visitor_id=v-1", "admin")["warnings"]
    assert mine["subject"] == ruled.get("/v1/visitors/v-1", "admin").json["subject"]
    assert ruled.get(f"{PATH}?visitor_id=v-1", "read").status_code == 403
    assert listed(ruled, "?visitor_id=v-9", "admin")["warnings"] == []


def test_a_forgotten_visitor_has_no_warning_left(ruled: Web) -> None:
    """The case ends with the erasure."""
    say(ruled, "v-1", "f1")
    fold(ruled)
    headers = bearer(ruled.secrets["admin"])
    assert ruled.http.delete("/v1/visitors/v-1", headers=headers).status_code == 200
    fold(ruled)
    assert listed(ruled)["warnings"] == []


def test_the_list_is_a_file_for_spreadsheets(ruled: Web) -> None:
    """CSV has a row for each warning; what looks like a formula is quoted."""
    say(ruled, "v-1", "f1", scene="=1+1")
    fold(ruled)
    response = ruled.get(f"{PATH}?format=csv", "read")
    head, row = response.data.decode().lstrip("\ufeff").splitlines()
    assert head.startswith("id,subject,state,level,rule,scene")
    assert ",'=1+1," in row


@pytest.mark.parametrize(
    "query", ["state=x", "level=loud", "limit=0", "limit=x", "cursor=x", "format=x", "who=ann"]
)
def test_a_question_that_does_not_fit_is_refused(web: Web, query: str) -> None:
    """An unknown word, number, cursor or parameter is named."""
    response = web.get(f"{PATH}?{query}", "read")
    assert response.status_code in {400, 422}
    assert response.json["errors"]


def test_unknown_warnings_and_strangers_are_refused(web: Web) -> None:
    """There is no warning by that id; a key that reads takes no step."""
    for name in ("none", "0-00", "999-0", "-"):
        assert web.get(f"{PATH}/{name}", "read").status_code == 404
        assert act(web, name, action="contact").status_code == 404
    assert act(web, "0-00", key="read", action="contact").status_code == 403
