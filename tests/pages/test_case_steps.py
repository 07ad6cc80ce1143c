"""Steps on one case by forms: each once, under the agent's name, and nothing lost where two act."""

from __future__ import annotations

from typing import Any

import pytest
from page_site import PageSite
from werkzeug.test import TestResponse
from work_site import cases, fold, open_warnings, set_up, spend_less

from nudge.domain.journal.records import Decision


@pytest.fixture
def work(site: PageSite) -> PageSite:
    """A site with three warnings."""
    set_up(site)
    open_warnings(site)
    return site


def step(site: PageSite, case: str, **form: str) -> TestResponse:
    client = site.client("agent", "en")
    found: TestResponse = client.post(f"/work/cases/{case}/steps", data=form)
    return found


def told(site: PageSite, case: str) -> Any:
    fold(site)
    return site.web.get(f"/v1/worklist/{case}", "admin").json


def test_a_case_is_followed_from_the_list_to_its_outcome(work: PageSite) -> None:
    """Assign, contact, outcome with a note, close: each step stands in the history, by name."""
    name = cases(work)[1]["id"]
    answer = step(work, name, action="assign", to="agent", revision="0", back="/work?whose=all")
    assert answer.status_code == 303
    assert answer.location.startswith(f"/work?whose=all&case={name}&seen=1")
    told(work, name)
    form = {"channel": "call", "reached": "true", "minutes": "2,5"}
    assert step(work, name, action="contact", **form).status_code == 303
    told(work, name)
    note = "打给 13800138000"
    answer = step(work, name, action="outcome", outcome="stays", note=note, close="true")
    assert (answer.status_code, answer.location) == (303, "/work")
    found = told(work, name)
    assert (found["state"], found["outcome"], found["assignee"]) == ("closed", "stays", "agent")
    assert [one["who"] for one in found["steps"]] == ["nudge", "agent", "agent", "agent"]
    assert found["steps"][2]["facts"]["seconds"] == 150.0
    assert found["steps"][3]["note"] == "打给 xxxxxxxxxxx"
    page = work.text(f"/work?state=closed&case={name}", language="en")
    for words in ("Assigned to Agent one.", "Contacted (call), reached.", "打给 xxxxxxxxxxx"):
        assert words in page
    assert step(work, name, action="reopen", note="again").status_code == 303
    assert told(work, name)["state"] == "open"


def test_a_form_that_is_sent_twice_is_one_step(work: PageSite) -> None:
    """The id of the action stands in the form: a double click changes nothing more."""
    name = cases(work)[1]["id"]
    form = {"action": "contact", "channel": "call", "reached": "false", "action_id": "a-1"}
    for _ in range(2):
        assert step(work, name, revision="0", **form).status_code == 303
        fold(work)
    assert [one["action"] for one in told(work, name)["steps"]] == ["open", "contact"]


def test_who_comes_second_is_told_who_was_faster_and_loses_nothing(work: PageSite) -> None:
    """The page names the other's step, shows the case as it is, and keeps what was typed."""
    name = cases(work)[1]["id"]
    assign = {"action": "assign", "to": "bo", "by": "bo"}
    work.web.post(f"/v1/worklist/{name}/actions", assign, work.web.secrets["admin"])
    fold(work)
    note = "she asked for a call at six"
    answer = step(work, name, action="outcome", outcome="stays", note=note, revision="0")
    assert answer.status_code == 412
    assert "bo was faster: “Assigned to Agent two.”" in answer.text
    assert f'value="{note}"' in answer.text
    assert '<option value="stays" selected>' in answer.text
    assert told(work, name)["outcome"] == ""
    again = step(work, name, action="outcome", outcome="stays", note=note, revision="1")
    assert again.status_code == 303
    assert told(work, name)["outcome"] == "stays"


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"action": "outcome"}, "Choose the outcome first"),
        ({"action": "outcome", "outcome": "gone"}, "This outcome is not known any more"),
        ({"action": "assign", "to": "nobody"}, "Nobody of this name takes cases"),
        ({"action": "contact", "minutes": "many"}, "The minutes have to be a number"),
        ({"action": "contact", "minutes": "nan"}, "The minutes have to be a number"),
        ({"action": "contact", "channel": "pigeon"}, "This channel is not in the contact rules"),
        ({"action": "contact", "note": "x" * 501}, "The note is too long"),
        ({"action": "open"}, "This is not a step on a case"),
        ({}, "This is not a step on a case"),
    ],
)
def test_a_step_that_does_not_fit_is_told_in_words(
    work: PageSite, form: dict[str, str], words: str
) -> None:
    """The form is refused with its cure, and the case stays as it is."""
    name = cases(work)[1]["id"]
    answer = step(work, name, revision="0", **form)
    assert answer.status_code in {400, 422}
    assert words in answer.text
    assert len(told(work, name)["steps"]) == 1


@pytest.mark.parametrize(
    "back", ["https://evil.example/work", "//evil.example", "/\\evil.example", "/users", "\x00", ""]
)
def test_a_form_leads_back_to_a_list_of_this_site_only(work: PageSite, back: str) -> None:
    """The link that a form carries is read as filters, and never followed."""
    name = cases(work)[1]["id"]
    answer = step(work, name, action="contact", channel="call", reached="true", back=back)
    assert answer.status_code == 303
    assert answer.location.startswith(f"/work?case={name}")


def test_the_next_case_is_taken_by_who_is_signed_in(work: PageSite) -> None:
    """An agent gets a case whose person may be contacted; nothing is left in the end."""
    client = work.client("agent", "en")
    first = client.post("/work/next", data={"action_id": "n-1"})
    assert first.status_code == 303
    fold(work)
    assert client.post("/work/next", data={"action_id": "n-1"}).location == first.location
    (mine,) = cases(work, "?assignee=agent")
    assert f"case={mine['id']}" in first.location
    assert mine["level"] == "warning"
    for _ in range(3):
        last = client.post("/work/next")
        fold(work)
    assert last.location == "/work"
    assert "There is no case of nobody" in client.get("/work").text


def test_a_measure_is_looked_at_and_then_granted_once(work: PageSite) -> None:
    """Looking draws nothing; granting tells what the slot drew, and a second time the same."""
    spend_less(work, "ada")
    (due,) = cases(work, "?kind=measure")
    client = work.client("agent", "en")
    path = f"/work/cases/{due['id']}/grant"
    page = client.get(path).text
    assert "The slot draws one of 3 variants that may be granted; it costs at most ¥20." in page
    assert not [one for one in work.web.entries() if isinstance(one.record, Decision)]
    form = {"action_id": "g-1", "revision": "0", "why": "asked for it"}
    assert client.post(path, data=form).status_code == 303
    fold(work)
    assert client.post(path, data=form).status_code == 303
    fold(work)
    steps = [one for one in told(work, due["id"])["steps"] if one["action"] == "grant"]
    assert [(one["who"], one["note"]) for one in steps] == [("agent", "asked for it")]
    page = work.client("admin", "en").get(f"/work?case={due['id']}").text
    assert "Granted on " in page
    assert "/explain?decision=" in page


def test_a_measure_that_may_not_be_granted_says_why(work: PageSite) -> None:
    """A case for which nothing is due is refused in words, and so is one that somebody changed."""
    name = cases(work)[1]["id"]
    client = work.client("agent", "en")
    answer = client.post(f"/work/cases/{name}/grant", data={"why": "x"})
    assert answer.status_code == 409
    assert "No measure is due for this visitor now." in answer.text
    assert client.get("/work/cases/1-nothing/grant").status_code == 404
    spend_less(work, "ada")
    (due,) = cases(work, "?kind=measure")
    step(work, due["id"], action="assign", to="bo")
    fold(work)
    stale = client.post(f"/work/cases/{due['id']}/grant", data={"why": "x", "revision": "0"})
    assert stale.status_code == 412
    assert "nothing was granted" in stale.text
