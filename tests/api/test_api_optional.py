"""Optional fields that do not fit never cost the fact; the amounts of gateways; doors over HTTP."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from api_web import ASK, Web, bearer, served

from nudge.domain.journal.records import Event
from nudge.settings.settings import Settings

BAD_NUMBERS = ["14912345678", "1440012345678", "99", "", None, [], {"a": 1}, "1.38E+10", True]


def paid(event_id: str, **more: object) -> dict[str, object]:
    """A payment as a gateway reports it."""
    return {"event_id": event_id, "type": "paid", "visitor_id": "v-1", "amount": 50} | more


def sent(web: Web, *events: object, scope: str = "ingest") -> Any:
    """The answer to a batch of a server."""
    return web.send(*events, key=web.secrets[scope])


def kept(web: Web, event_id: str) -> Event:
    """The event in the journal, without the fields that the service itself adds."""
    (found,) = (one for one in web.events() if one.event_id == event_id)
    own = {name: value for name, value in found.fields.items() if not name.startswith("~")}
    return replace(found, fields=own)


@pytest.mark.parametrize("number", BAD_NUMBERS)
def test_f10_a_bad_number_costs_no_payment(web: Web, number: object) -> None:
    """The payment counts, the number is left out, the answer says so and does not repeat it."""
    told = sent(web, paid("p", msisdn=number))
    assert (told["accepted"], told["rejected"]) == (1, [])
    (warning,) = told["warnings"]
    assert (warning["event_id"], warning["field"]) == ("p", "msisdn")
    assert "left out" in warning["message"]
    assert not number or str(number) not in str(told)
    assert kept(web, "p").fields == {"amount": 50}


def test_f10_a_configured_range_is_a_number(settings: Settings) -> None:
    """Ranges that the library lacks are the operator's: `[identity] number_ranges`."""
    ranges = ("149xxxxxxxx", "1440xxxxxxxxx")
    for web in served(replace(settings, identity_number_ranges=ranges)):
        told = sent(web, paid("p", msisdn="14912345678"), paid("q", msisdn=1440012345678))
        assert (told["accepted"], "warnings" in told) == (2, False)


OPTIONAL: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({"type": "paid", "amount": 5}, {"decision_id": "undefined"}, "decision_id"),
    ({"type": "paid", "amount": 5}, {"decision_id": None}, "decision_id"),
    ({"type": "paid", "amount": 5}, {"decision_id": "x" * 65}, "decision_id"),
    ({"type": "paid", "amount": 5}, {"decision_id": 5}, "decision_id"),
    ({"type": "paid", "amount": 5}, {"amount_fen": "many"}, "amount_fen"),
    ({"type": "payment_failed"}, {"reason": "x" * 65}, "reason"),
    ({"type": "payment_failed"}, {"reason": 7}, "reason"),
    ({"type": "payment_failed"}, {"method": "a\u0000b"}, "method"),
    ({"type": "payment_failed"}, {"method": None}, "method"),
    ({"type": "feedback"}, {"score": 11}, "score"),
    ({"type": "feedback"}, {"score": "good"}, "score"),
    ({"type": "feedback"}, {"score": -0.5}, "score"),
    ({"type": "feedback"}, {"score": True}, "score"),
    ({"type": "feedback"}, {"score": "nan"}, "score"),
    ({"type": "feedback"}, {"score": [9]}, "score"),
    ({"type": "feedback"}, {"scene": ""}, "scene"),
    ({"type": "feedback"}, {"scene": "a\nb"}, "scene"),
    ({"type": "feedback"}, {"touch_point": "x" * 65}, "touch_point"),
    ({"type": "feedback"}, {"touch_point": None}, "touch_point"),
    ({"type": "feedback"}, {"leaving": "bored"}, "leaving"),
    ({"type": "winback_outcome"}, {"leaving": 5}, "leaving"),
    ({"type": "feedback"}, {"text": "x" * 1001}, "text"),
    ({"type": "feedback"}, {"text": 5}, "text"),
    ({"type": "step", "step": "amount"}, {"amount": -1}, "amount"),
    ({"type": "step", "step": "amount"}, {"amount": 1.234}, "amount"),
    ({"type": "step", "step": "amount"}, {"amount": "much"}, "amount"),
    ({"type": "step", "step": "number"}, {"msisdn": "138"}, "msisdn"),
    ({"type": "step", "step": "number"}, {"msisdn": "13812345678"}, "msisdn"),
    ({"type": "step", "step": "number"}, {"device_token": "x" * 513}, "device_token"),
    ({"type": "sms_sent"}, {"purpose": "no such purpose"}, "purpose"),
    ({"type": "sms_clicked"}, {"token": "x" * 513}, "token"),
    ({"type": "winback_outcome"}, {"outcome": ["recharged"]}, "outcome"),
    ({"type": "identified", "other_id": "w-1"}, {"msisdn": "149"}, "msisdn"),
]


@pytest.mark.parametrize(("event", "more", "field"), OPTIONAL)
def test_f10_an_optional_field_never_costs_the_event(
    web: Web, event: dict[str, Any], more: dict[str, Any], field: str
) -> None:
    """Whatever the field and its mistake: the event counts without it, with one warning."""
    told = sent(web, {"event_id": "e", "visitor_id": "v-1"} | event | more)
    assert (told["accepted"], told["rejected"]) == (1, []), told
    assert [(one["event_id"], one["field"]) for one in told["warnings"]] == [("e", field)]
    assert field not in kept(web, "e").fields


NEEDED: list[dict[str, Any]] = [
    {"type": "paid"},
    {"type": "paid", "amount": 0},
    {"type": "paid", "amount": "much"},
    {"type": "paid", "amount": 50, "amount_fen": 50},
    {"type": "paid", "amount": 50, "at": 1795734600000},
    {"type": "paid", "amount": 50, "at": "yesterday"},
    {"type": "paid", "amount": 50, "visitor_id": "undefined"},
    {"type": "paid", "amount": 50, "visitor_id": "half \ud83d"},
    {"type": "paid", "amount": 50, "event_id": "half \ud83d"},
    {"type": "paid", "amount": 50, "event_id": None},
    {"type": "paid", "amount": 50, "amuont": 50},
    {"type": "step", "step": "nowhere"},
    {"type": "consent", "channel": "sms"},
    {"type": "consent", "channel": "carrier pigeon", "given": False},
    {"type": "consent", "channel": "sms", "given": "perhaps"},
    {"type": "contacted", "channel": "sms", "purpose": "no such purpose"},
    {"type": "identified", "msisdn": "149"},
    {"type": "benefit_granted", "group": ""},
    {"type": "shown", "decision_id": "undefined"},
]


@pytest.mark.parametrize("event", NEEDED)
def test_f10_what_the_fact_needs_is_still_needed(web: Web, event: dict[str, Any]) -> None:
    """A required field, the time, and an unknown field cost their event, and nothing beside it."""
    told = sent(web, {"event_id": "e", "visitor_id": "v-1"} | event, paid("good"))
    assert (told["accepted"], len(told["rejected"])) == (1, 1), told
    assert "warnings" not in told


def test_f10_a_rejected_event_has_no_warnings(web: Web) -> None:
    """Warnings are of events that were taken, and of no others."""
    told = sent(web, paid("old", at=1_600_000_000, msisdn="149"))
    assert (told["accepted"], "warnings" in told) == (0, False)
    assert told["rejected"][0]["code"] == "too_old"


def test_f10_an_event_s_warnings_are_its_own(web: Web) -> None:
    """An order's number may be the id of two events: what became of one is not the other's."""
    old = {"event_id": "o", "type": "payment_failed", "visitor_id": "v-1", "at": 1_600_000_000}
    told = sent(web, old | {"method": 5}, paid("o", msisdn="149"))
    assert (told["accepted"], len(told["rejected"])) == (1, 1)
    assert [one["field"] for one in told["warnings"]] == ["msisdn"]


def test_f10_the_visitor_of_a_decision_needs_no_id(web: Web) -> None:
    """An id that stands for nobody is left out where the decision tells whose event it is."""
    decision = web.decide()["decisions"]["banner"]["decision_id"]
    told = sent(web, paid("p", visitor_id="undefined", decision_id=decision))
    assert (told["accepted"], told["warnings"][0]["field"]) == (1, "visitor_id")


LEFT_OUT: list[tuple[dict[str, Any], list[str]]] = [
    ({"msisdn": "14912345678"}, ["msisdn"]),
    ({"msisdn": 5}, ["msisdn"]),
    ({"device_token": 5}, ["device_token"]),
    ({"device_token": "x" * 513}, ["device_token"]),
    ({"link_token": ""}, ["link_token"]),
    ({"context": {"stage": "growth", "list": [1]}}, ["context.list"]),
    ({"context": {"": 1, "x" * 65: 2}}, ["context.", "context." + "x" * 64]),
    ({"context": {"long": "x" * 201, "deep": {}}}, ["context.long", "context.deep"]),
    ({"context": [1]}, ["context"]),
    ({"context": None}, ["context"]),
    ({"context": {f"a{i}": i for i in range(51)}}, ["context"]),
    ({"context": {f"a{i}": i for i in range(51)} | {"bad": []}}, ["context.bad", "context"]),
]


@pytest.mark.parametrize(("more", "fields"), LEFT_OUT)
def test_f10_a_page_always_gets_an_answer(
    web: Web, more: dict[str, Any], fields: list[str]
) -> None:
    """Context, number and tokens that do not fit are left out of the decision, and told."""
    told = web.decide(**more)
    assert set(told["decisions"]) == set(ASK["slots"])
    assert sorted(one["field"] for one in told["warnings"]) == sorted(fields)


def test_f10_the_rest_of_the_context_counts(web: Web) -> None:
    """A wrong attribute leaves the others as they are."""
    told = web.decide(context={"stage": "growth", "wrong": [1]}, slots=["denomination"])
    made = told["decisions"]["denomination"]["decision_id"]
    assert web.get(f"/v1/decisions/{made}").json["context"]["stage"] == "growth"
    assert "warnings" not in web.decide()


def bulk(web: Web, *visitors: object) -> Any:
    """The results of a bulk request."""
    body = {k: v for k, v in ASK.items() if k != "visitor_id"} | {"visitors": visitors}
    answer = web.post("/v1/decisions", body, web.service.settings.admin_key)
    assert answer.status_code == 200, answer.text
    return answer.json["results"]


def test_f20_each_visitor_is_answered_or_refused_by_index(web: Web) -> None:
    """A bad id refuses its visitor, a bad number is left out; the others are answered."""
    found = bulk(
        web,
        {"visitor_id": "v-1"},
        {"visitor_id": ""},
        {"visitor_id": "v-3", "msisdn": "149"},
        {"visitor_id": "undefined"},
        "v-5",
        {},
        {"visitor_id": "v-7", "nmae": 1},
        {"visitor_id": 480001.0},
    )
    assert [one["visitor_id"] for one in found] == [
        *("v-1", "", "v-3", "undefined", None, None, "v-7", "480001")
    ]
    assert ["code" in one for one in found] == [
        *(False, True, False, True, True, True, True, False)
    ]
    assert (found[1]["code"], found[1]["index"]) == ("invalid_request", 1)
    assert "visitor_id" in found[1]["errors"]
    assert "nmae" in found[6]["errors"]
    assert [one["field"] for one in found[2]["warnings"]] == ["msisdn"]
    assert set(found[7]["decisions"]) == set(ASK["slots"])


def test_f20_all_may_be_refused(web: Web) -> None:
    """A list of visitors who do not fit is answered like any other."""
    assert ["code" in one for one in bulk(web, {"visitor_id": ""}, None)] == [True, True]


@pytest.mark.parametrize("visitors", [[], "v-1", [{"visitor_id": "v"}] * 101, None])
def test_f20_what_is_no_list_of_visitors_is_refused(web: Web, visitors: object) -> None:
    """The part that all visitors share must fit."""
    body = {k: v for k, v in ASK.items() if k != "visitor_id"} | {"visitors": visitors}
    assert web.post("/v1/decisions", body).status_code == 422


def test_f27_amounts_come_in_fen_as_well(web: Web) -> None:
    """`amount_fen` is the same payment; the record has yuan."""
    told = sent(
        web,
        {k: v for k, v in paid("a", amount_fen=5000).items() if k != "amount"},
        paid("b", amount_fen=5000),
        paid("c", amount="nothing", amount_fen="5000"),
    )
    assert told["accepted"] == 3
    assert [kept(web, one).fields for one in "abc"] == [{"amount": 50}] * 3
    assert [(one["event_id"], one["field"]) for one in told["warnings"]] == [("c", "amount")]


@pytest.mark.parametrize("fen", [0, -1, 50.5, 10_000_001, True, "5,000"])
def test_f27_fen_are_whole(web: Web, fen: object) -> None:
    """A payment whose only amount is none is rejected, with what would be right."""
    event = {k: v for k, v in paid("a", amount_fen=fen).items() if k != "amount"}
    (rejected,) = sent(web, event)["rejected"]
    assert rejected["message"].startswith("amount")


def test_f27_two_amounts_that_differ_are_none(web: Web) -> None:
    """A payment with two amounts is rejected; a step and a page's claim count without them."""
    two = {"amount": 50, "amount_fen": 50}
    step = {"event_id": "s", "type": "step", "step": "amount", "visitor_id": "v-1"} | two
    told = sent(web, paid("p", **two), step)
    assert [one["event_id"] for one in told["rejected"]] == ["p"]
    assert [(one["event_id"], one["field"]) for one in told["warnings"]] == [("s", "amount")]
    assert kept(web, "s").fields == {"step": "amount"}
    claim = sent(web, paid("p", **two), scope="decide")
    assert (claim["accepted"], len(claim["warnings"])) == (1, 1)


def test_f27_an_amount_far_above_all_on_sale_counts_and_is_told(web: Web) -> None:
    """5,000 yuan where the largest amount is 500: taken, with a warning and a figure."""
    told = sent(web, paid("p", amount=5000), paid("q", amount=1000))
    assert told["accepted"] == 2
    (warning,) = told["warnings"]
    assert (warning["event_id"], warning["field"]) == ("p", "amount")
    assert "500 yuan" in warning["message"]
    assert "amount_fen" in warning["message"]
    assert kept(web, "p").fields == {"amount": 5000}
    assert "nudge_large_amounts_total 1.0" in web.http.get("/metrics").text


TIMES = [(1795734600000, "milliseconds"), ("1795734600000", "milliseconds"), (46000, "spreadsheet")]


@pytest.mark.parametrize(("at", "hint"), TIMES)
def test_f35_a_time_of_the_wrong_unit_is_named(web: Web, at: object, hint: str) -> None:
    """`Date.now()` gives milliseconds: the message says so, and what to divide by."""
    (rejected,) = sent(web, paid("p", at=at))["rejected"]
    assert rejected["message"].startswith("at: looks like")
    assert hint in rejected["message"]


@pytest.mark.parametrize("name", ["from", "to"])
@pytest.mark.parametrize("path", ["/v1/funnel", "/v1/slots/banner/performance"])
def test_f35_a_query_names_the_unit_too(web: Web, path: str, name: str) -> None:
    """Periods of reports come in by the same door."""
    answer = web.get(f"{path}?{name}=1795734600000")
    assert answer.status_code == 422
    assert "looks like milliseconds" in answer.json["message"]


def test_f35_evaluations_and_slots_name_the_unit(web: Web) -> None:
    """Bodies, too: the period of an evaluation, and the season of a variant."""
    body = {"target": "uniform", "from": 1795734600000}
    asked = web.post("/v1/slots/banner/evaluations", body, web.secrets["read"])
    assert "looks like milliseconds" in asked.text
    season = {"variants": {"coffee": {"available": {"ends": 1795734600000}}}}
    key = bearer(web.secrets["admin"]) | {"If-Match": '"1"'}
    patched = web.http.patch("/v1/slots/banner", json=season, headers=key)
    assert patched.status_code == 422
    assert "looks like milliseconds" in patched.text


@pytest.mark.parametrize("written", [" v-1 ", "\tv-1\n", "v-1\u3000"])
def test_f04_ids_are_trimmed_over_http(web: Web, written: str) -> None:
    """A blank at the end of an id is no other visitor, for events, decisions and paths."""
    web.decide(visitor_id=written)
    sent(web, paid("p", visitor_id=written), paid(" p ", visitor_id="v-1"))
    assert web.get("/v1/visitors/v-1", "admin").status_code == 200
    assert [one.event_id for one in web.events()] == ["p"]


def test_f05_ids_may_be_whole_numbers(web: Web) -> None:
    """A number and its text are one id, as in a file."""
    for number, event in ((480001, 1), (480001.0, 2), ("480001.0", 3)):
        web.send({"event_id": event, "type": "feedback", "visitor_id": number, "score": "3"})
    assert web.get("/v1/visitors/480001", "admin").json["visitor_id"] == "480001"
    assert [one.event_id for one in web.events()] == ["1", "2", "3"]


@pytest.mark.parametrize("written", ["SMS", "短信", "sms ", "\uff33\uff2d\uff33"])
@pytest.mark.parametrize("given", [False, 0, "no", "拒绝"])
def test_f03_consent_is_understood_as_people_write_it(
    web: Web, written: str, given: object
) -> None:
    """A channel has one name, however it is spelt, and a refusal is a refusal."""
    event = {"event_id": "c", "type": "consent", "visitor_id": "v-1"}
    assert sent(web, event | {"channel": written, "given": given})["accepted"] == 1
    assert kept(web, "c").fields == {"channel": "sms", "given": False}


@pytest.mark.parametrize("written", ["web", "WAP", " App ", "miniprogram", "MiniProgram"])
def test_channels_of_pages_are_a_closed_list(web: Web, written: str) -> None:
    """Mini programs are pages; a channel has one spelling in the log."""
    told = web.decide(channel=written)
    made = told["decisions"]["banner"]["decision_id"]
    assert web.get(f"/v1/decisions/{made}").json["channel"] == written.strip().lower()
    assert web.post("/v1/decisions", ASK | {"channel": "wechat"}).status_code == 422
