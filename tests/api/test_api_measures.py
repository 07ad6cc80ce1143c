"""Measures over HTTP: what is due for a case, why not, and a grant that happens once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from api_web import Web

from nudge.clock import now
from nudge.config.documents.document import ConfigDocument
from nudge.domain.care.case import Case
from nudge.domain.care.warning_rule import CaseKind
from nudge.domain.journal.records import Decision, Event, Exposure, Reward
from nudge.domain.slots.slot import Availability
from nudge.flows.care import case_actions
from nudge.flows.care.case_list import CaseQuestion, list_cases
from nudge.flows.folds.attribute import AttributeFold
from nudge.flows.folds.care import CareFold
from nudge.flows.folds.fold import Fold
from nudge.flows.folds.learn import LearnFold
from nudge.workers.runner import Runner

CONTACT = """
spacing = "24h"
complaint_pause = "180d"
[caps]
day = 1
[[channels]]
name = "call"
consent = "unless_refused"
[[purposes]]
name = "winback"
[[purposes]]
name = "promotion"
"""
MEASURES = """
[[measures]]
name = "reward"
title = { zh = "唤醒奖励", en = "Reward" }
when = { all = [{ attribute = "stage", is = "warning" }, { attribute = "tier", is = "mid" }] }
within = "3d"
group = "retention"
held_share = 0
"""
WARNINGS = """
agents = ["ann", "bo"]
[[outcomes]]
name = "stays"
[[rules]]
name = "low"
when = { event = "feedback", score_at_most = 5 }
"""
BENEFITS = {"monthly_credit", "reactivation_reward", "data_package"}


def put(web: Web, name: str, text: str) -> None:
    store = web.service.store
    before = store.documents.current().get(name)
    revision = before.revision + 1 if before else 1
    assert store.documents.put(ConfigDocument(name, revision, text), revision - 1, {})
    web.service.refresh()


@pytest.fixture
def ruled(web: Web) -> Web:
    """A site with a measure for the mid tier in warning, and nobody held out by the slot."""
    for name in ("lexicon.toml", "winback.toml", "worklist.toml"):
        put(web, name, "")  # the shipped ones name more channels, or take long to read
    put(web, "contact.toml", CONTACT)
    put(web, "warnings.toml", WARNINGS)
    put(web, "measures.toml", MEASURES)
    change(web, holdout=0.0, comparison={"share": 0.0})
    return web


def change(web: Web, **more: Any) -> None:
    path, key = "/v1/slots/retention_offer", web.secrets["admin"]
    tag = web.get(path).headers["ETag"]
    headers = {"Authorization": f"Bearer {key}", "If-Match": tag}
    response = web.http.patch(path, json=more, headers=headers)
    assert response.status_code == 200, response.text
    web.service.refresh()


def only(web: Web, slot: str, benefit: str) -> None:
    """Leave a slot one variant that may be chosen: a benefit of the group of the measures."""
    store = web.service.store
    now_ = store.slots.current()[slot]
    fallback = now_.fallback_for("default")
    variants = [
        replace(
            one,
            enabled=one.name == benefit,
            availability=Availability(exclusive="retention" if one.name == benefit else ""),
        )
        for one in now_.variants
        if one.name in (benefit, fallback)
    ]
    terms = replace(now_, revision=now_.revision + 1, variants=tuple(variants), comparison=None)
    assert store.slots.put(terms, now_)
    web.service.refresh()


def fold(web: Web) -> None:
    """Let both folds catch up with what they write themselves."""
    store = web.service.patient
    book = web.service.configuration.rule_book
    folds: tuple[Fold[Any], ...] = (CareFold(store, lambda: book), AttributeFold(store))
    runners = [Runner(store, one, f"test-{one.name}") for one in folds]
    while sum([one.turn() for one in runners]):
        pass
    for one in runners:
        one._release()


def tell(web: Web, *events: dict[str, object]) -> None:
    web.send(*events, key=web.secrets["ingest"])
    fold(web)


def falling(web: Web, visitor: str) -> None:
    """Have somebody of the mid tier spend less: three payments of 200, then three of 80."""
    at = now()
    tell(
        web,
        *(
            {
                "event_id": f"p{number}",
                "type": "paid",
                "visitor_id": visitor,
                "amount": 200 if number < 3 else 80,
                "at": at - (6 - number) * 86_400 + 9,
            }
            for number in range(6)
        ),
    )


def cases(web: Web, kind: CaseKind = CaseKind.MEASURE) -> list[Case]:
    return list(list_cases(web.service.patient, CaseQuestion(kind=kind)).cases)


def look(web: Web, case: str) -> Any:
    response = web.get(f"/v1/worklist/{case}/measure", "admin")
    assert response.status_code == 200, response.text
    return response.json


def grant(web: Web, case: str, **body: object) -> Any:
    return web.post(f"/v1/worklist/{case}/measure", body, web.secrets["admin"])


def eligible(told: Any) -> set[str]:
    return {one["variant"] for one in told["variants"] if one["may"]}


def granted(web: Web) -> list[Event]:
    return [one for one in web.events() if one.type == "benefit_granted"]


def test_a_measure_is_due_and_its_slot_decides_once(ruled: Web) -> None:
    """The case has its measure and date; the grant is a decision that is logged and explained."""
    falling(ruled, "ada")
    (case,) = cases(ruled)
    told = look(ruled, case.id)
    assert (told["measure"], told["may"], told["channel"]) == ("reward", True, "call")
    assert told["due"] == ruled.service.calendar.label(case.opened + 3 * 86_400)
    assert eligible(told) == {"reactivation_reward", "data_package", "service_call"}
    answer = grant(ruled, case.id, action_id="a-1", by="ann")
    assert answer.status_code == 200, answer.text
    first = answer.json["granted"]
    fold(ruled)
    assert grant(ruled, case.id, action_id="a-1", by="ann").json["granted"] == first
    assert grant(ruled, case.id, action_id="a-2", by="bo").json["granted"] == first
    explained = ruled.get(f"/v1/decisions/{first['decision_id']}").json
    assert explained["variant"] == first["variant"]
    assert 0 < explained["propensity"] <= 1
    again = look(ruled, case.id)
    assert (again["reason"], again["measure"]) == ("granted", "reward")


def test_a_grant_is_an_exposure_and_a_payment_rewards_it(ruled: Web) -> None:
    """The chain of a slot holds: granted, exposed once, paid, rewarded, counted."""
    falling(ruled, "ada")
    (case,) = cases(ruled)
    variant = grant(ruled, case.id, by="ann").json["granted"]["variant"]
    fold(ruled)
    tell(ruled, {"event_id": "new", "type": "paid", "visitor_id": "ada", "amount": 100})
    records = [one.record for one in ruled.entries()]
    (decision,) = [one for one in records if isinstance(one, Decision)]
    (exposure,) = [one for one in records if isinstance(one, Exposure)]
    (reward,) = [one for one in records if isinstance(one, Reward)]
    assert (exposure.slot, exposure.variant) == ("retention_offer", variant)
    assert (reward.decision, reward.conversions) == (exposure.decision, 1)
    assert (decision.page, decision.channel, decision.by_page) == ("worklist", "call", False)
    learning = Runner(ruled.service.patient, LearnFold(ruled.service.patient), "test-learn")
    while learning.turn():
        pass
    learning._release()
    (row,) = ruled.service.store.counts.totals("retention_offer")
    assert (row.variant, row.trials, row.conversions, row.value) == (variant, 1, 1, 10_000)


def test_who_has_a_subsidy_gets_no_second_one(ruled: Web) -> None:
    """Must show: in warning, with a subsidy; the case says why in both languages, and refuses."""
    tell(
        ruled,
        {"event_id": "b", "type": "benefit_granted", "visitor_id": "ada", "group": "retention"},
    )
    falling(ruled, "ada")
    (case,) = cases(ruled)
    told = look(ruled, case.id)
    assert (told["may"], told["reason"], eligible(told)) == (
        False,
        "has_benefit",
        {"service_call"},
    )
    assert "惠不重叠" in told["why"]["zh"]
    assert "never a second one" in told["why"]["en"]
    (row,) = ruled.get("/v1/worklist?kind=measure").json["cases"]
    assert (row["sentence"]["zh"], row["measure"]["why"]) == ("唤醒奖励", told["why"])
    table = ruled.get("/v1/worklist?kind=measure&format=csv").get_data(as_text=True)
    assert "惠不重叠" in table
    back = {one["variant"]: one["reason"] for one in told["variants"]}
    assert {back[name] for name in BENEFITS - {"monthly_credit"}} == {"exclusive:retention"}
    answer = grant(ruled, case.id)
    assert (answer.status_code, answer.json["code"]) == (409, "measure_refused")
    assert "惠不重叠" in answer.json["errors"]["measure"][1]
    assert len(granted(ruled)) == 1
    assert not [one for one in ruled.entries() if isinstance(one.record, Decision)]


def test_who_was_offered_another_benefit_gets_no_second_one(ruled: Web) -> None:
    """Must show: a standing offer of the group binds, whatever slot made it."""
    falling(ruled, "ada")
    only(ruled, "banner", "video")
    shown = ruled.decide(
        ruled.key("decide", "ingest"), visitor_id="ada", slots=["banner"], page="home"
    )
    assert shown["decisions"]["banner"]["variant"] == "video"
    (case,) = cases(ruled)
    told = look(ruled, case.id)
    assert (told["may"], told["reason"]) == (False, "offered_other")
    (row,) = ruled.get("/v1/worklist?kind=measure").json["cases"]
    assert row["measure"]["why"] == told["why"]
    assert "一人一价" in told["why"]["zh"]
    assert "one person, one price" in told["why"]["en"]
    assert grant(ruled, case.id).status_code == 409


def test_two_agents_at_once_grant_one(ruled: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two who grant at the same moment one does, and nobody a second one."""
    monkeypatch.setattr(case_actions, "PATIENCE", 0.1)  # no fold runs meanwhile
    only(ruled, "retention_offer", "data_package")
    falling(ruled, "ada")
    (case,) = cases(ruled)
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda who: grant(ruled, case.id, by=who), ("ann", "bo")))
    fold(ruled)
    told = {one.json["granted"]["decision_id"] for one in answers if one.status_code == 200}
    assert {one.status_code for one in answers} <= {200, 412}
    assert len(told) == 1
    kinds = [one.type for one in ruled.events()]
    assert (kinds.count("shown"), kinds.count("benefit_granted")) == (1, 1)
    assert look(ruled, case.id)["granted"]["decision_id"] in told


def test_two_cases_of_a_visitor_grant_one_benefit(ruled: Web) -> None:
    """A warning and a measure of one visitor: the second one is sent to the first."""
    only(ruled, "retention_offer", "data_package")
    falling(ruled, "ada")
    tell(ruled, {"event_id": "f", "type": "feedback", "visitor_id": "ada", "score": 1})
    (measure,), (warning,) = cases(ruled), cases(ruled, CaseKind.WARNING)
    assert look(ruled, warning.id)["measure"] == "reward"
    assert grant(ruled, warning.id).json["granted"]["variant"] == "data_package"
    refused = grant(ruled, measure.id)  # the folds have not seen the first one yet
    assert (refused.status_code, warning.id in refused.json["message"]) == (409, True)
    fold(ruled)
    assert look(ruled, measure.id)["reason"] == "has_benefit"
    assert len(granted(ruled)) == 1


def test_who_may_not_be_contacted_is_granted_nothing(ruled: Web) -> None:
    """The contact policy is asked first; a contact that was made is the one that tells it."""
    falling(ruled, "ada")
    no = {"event_id": "c", "type": "consent", "visitor_id": "ada", "channel": "call"}
    tell(ruled, no | {"given": False})
    (case,) = cases(ruled)
    told = look(ruled, case.id)
    assert (told["may"], told["reason"], told["channel"]) == (False, "no_contact", None)
    assert told["why"]["zh"].startswith("现在不能联系")
    assert grant(ruled, case.id).status_code == 409
    path = f"/v1/warnings/{case.id}/actions"
    assert ruled.post(path, {"action": "contact"}, ruled.secrets["admin"]).status_code == 200
    fold(ruled)
    assert look(ruled, case.id)["may"]


def test_the_slots_holdout_is_granted_no_benefit(ruled: Web) -> None:
    """A visitor who is held out in the slot is told of no benefit; nobody sees it before."""
    change(ruled, holdout=0.9999999)
    falling(ruled, "ada")
    (case,) = cases(ruled)
    assert look(ruled, case.id)["may"]
    found = grant(ruled, case.id).json["granted"]
    fold(ruled)
    assert (found["variant"], found["group"], found["amount"]) == ("service_call", None, 0.0)
    assert (granted(ruled), [one.type for one in ruled.events()].count("shown")) == ([], 1)


def test_a_held_or_closed_case_and_a_wrong_call_are_told_so(ruled: Web) -> None:
    """Nothing is granted where nobody acts; a mistake of the caller names its field."""
    put(ruled, "measures.toml", MEASURES.replace("held_share = 0", "held_share = 0.9"))
    for number in range(8):
        falling(ruled, f"v{number}")
    held = next(one for one in cases(ruled) if one.held)
    assert look(ruled, held.id)["reason"] == "held"
    assert grant(ruled, held.id).status_code == 409
    assert grant(ruled, "0-" + "0" * 18).status_code == 404
    assert grant(ruled, held.id, by="eve").json["errors"].keys() == {"by"}
    assert grant(ruled, held.id, colour="red").status_code == 422
    key = ruled.secrets["read"]
    assert ruled.post(f"/v1/worklist/{held.id}/measure", {}, key).status_code == 403


def test_the_measures_are_listed_as_they_are_configured(ruled: Web) -> None:
    """A list has the rule and the terms of each measure."""
    (one,) = ruled.get("/v1/measures").json["measures"]
    assert (one["measure"], one["slot"], one["within"]) == ("reward", "retention_offer", 259_200)
    assert one["when"]["all"][0] == {"attribute": "stage", "is": "warning"}
