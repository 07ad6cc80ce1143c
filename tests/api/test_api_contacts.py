"""POST /v1/contacts/check, GET /v1/contact-policy, GET /v1/sms/forecast: what an SMS page asks."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
import structlog
from api_web import Web
from test_api_timings import agree

from bandits.units import HOUR
from nudge import clock
from nudge.domain.contact.contact_capacity import hour_of
from nudge.domain.contact.contact_words import describe_policy
from nudge.logs.access import AccessLog

CHECK = "/v1/contacts/check"
NUMBER = "13812345678"


def asked(web: Web, **body: object) -> Any:
    """The parsed answer of a check."""
    response = web.post(CHECK, body, web.secrets["schedule"])
    assert response.status_code == 200, response.text
    return response.json


def owned(web: Web, visitor: str = "ada") -> None:
    """A visitor who agreed to SMS, and whose number a server has told."""
    agree(web, visitor)
    event = {"type": "identified", "event_id": f"own-{visitor}", "visitor_id": visitor}
    web.send(event | {"msisdn": NUMBER}, key=web.key("ingest"))


def test_a_check_answers_by_id_and_by_number(web: Web) -> None:
    """Both name the same visitor; the number is masked in the answer, whatever it came as."""
    owned(web)
    by_id = asked(web, visitor_id="ada", purpose="transactional")
    by_number = asked(web, msisdn=f"+86 {NUMBER}", purpose="transactional")
    assert (by_id["visitor"], by_number["visitor"]) == ("ada", "138****5678")
    assert by_id["allowed"] is by_number["allowed"] is True
    assert by_number["sentence"] == {
        "zh": "现在可以给 138****5678 发短信。",
        "en": "138****5678 may get an SMS now.",
    }
    assert NUMBER not in web.post(CHECK, {"msisdn": NUMBER}, web.secrets["admin"]).text


def test_an_id_that_is_a_number_is_masked(web: Web) -> None:
    """Operators use numbers as ids: the answer shows none."""
    agree(web, NUMBER)
    response = web.post(CHECK, {"visitor_id": NUMBER}, web.secrets["schedule"])
    assert NUMBER not in response.text
    assert response.json["visitor"] == "138****5678"


def test_who_did_not_agree_is_told_why_and_never(web: Web) -> None:
    """The first reason is the visitor's own, and no moment is told where there is none."""
    agree(web, "eve")
    told = asked(web, visitor_id="eve", channel="call")
    assert told["allowed"] is False
    assert told["earliest"] is None
    assert told["reasons"][0]["code"] == "no_consent"
    assert told["reasons"][0]["detail"]["zh"] in told["sentence"]["zh"]


def test_a_check_writes_nothing_and_stands_in_no_log(web: Web) -> None:
    """Journal and hours stay as they are, and no line of the log holds the number."""
    owned(web)
    store = web.service.store
    before = len(web.entries()), store.capacity.used("sms")
    web.app.wsgi_app = AccessLog(web.app.wsgi_app)  # type: ignore[method-assign]
    with structlog.testing.capture_logs() as lines:
        first = asked(web, msisdn=NUMBER)
        assert asked(web, msisdn=NUMBER)["reasons"] == first["reasons"]
    assert (len(web.entries()), store.capacity.used("sms")) == before
    assert NUMBER not in str(lines)


def test_a_later_moment_is_judged_at_that_moment(web: Web) -> None:
    """`at` is answered in the operator's zone, and the earliest moment does not lie before it."""
    agree(web, "ada")
    later = web.service.calendar.label(clock.now() + 26 * HOUR)
    told = asked(web, visitor_id="ada", at=later)
    assert told["at"] == later
    if told["earliest"] is not None:
        assert datetime.fromisoformat(told["earliest"]) >= datetime.fromisoformat(later)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "visitor_id"),
        ({"visitor_id": "a", "msisdn": NUMBER}, "visitor_id"),
        ({"msisdn": "12"}, "msisdn"),
        ({"msisdn": [NUMBER]}, "msisdn"),
        ({"visitor_id": "a", "channel": "pigeon"}, "channel"),
        ({"visitor_id": "a", "purpose": "fun"}, "purpose"),
        ({"visitor_id": "a", "at": "2001-01-01T00:00:00Z"}, "at"),
        ({"visitor_id": "a", "at": "2099-01-01T00:00:00Z"}, "at"),
        ({"visitor_id": "a", "at": "soon"}, "at"),
        ({"visitor_id": "a", "town": "X"}, "town"),
    ],
)
def test_what_does_not_fit_is_told_without_the_number(web: Web, body: object, field: str) -> None:
    """422 names the field, and repeats no number."""
    response = web.post(CHECK, body, web.secrets["schedule"])
    assert response.status_code == 422
    assert field in response.json["errors"]
    assert NUMBER not in response.text


def test_who_is_unknown_is_told_so(web: Web) -> None:
    """404, and nobody is made by asking."""
    before = len(web.entries())
    for body in ({"visitor_id": "nobody"}, {"msisdn": "13900000000"}):
        assert web.post(CHECK, body, web.secrets["schedule"]).status_code == 404
    assert web.post(CHECK, {"visitor_id": "nobody"}, web.secrets["schedule"]).status_code == 404
    assert len(web.entries()) == before


def test_the_policy_is_told_as_the_check_of_the_configuration_tells_it(web: Web) -> None:
    """Each rule in both languages, in the order of `nudge check`, with a kind."""
    told = web.get("/v1/contact-policy").json
    policy = web.service.configuration.contact
    for language in ("zh", "en"):
        own = [one["sentence"][language] for one in told["rules"] if one["code"] != "consent"]
        assert own == describe_policy(policy, language)
    assert [one["code"] for one in told["rules"]].count("consent") == 2
    sms = next(one for one in told["channels"] if one["name"] == "sms")
    assert (sms["quiet"], sms["capacity"]) == (["21:00-08:00"], 200_000)
    assert told["caps"] == {"day": 1, "week": 2, "month": 4}
    dates = [one["date"] for one in told["closed_days"]]
    assert dates == sorted(dates)


def test_the_forecast_counts_the_places_that_plans_took(web: Web) -> None:
    """Hour by hour of the operator's days, against what the channel carries in its open hours."""
    at = clock.now()
    first = hour_of(at) + 30
    taken = web.service.store.capacity.reserve("sms", {first: (200_000, 7)}, at)
    assert taken == {first: 7}
    told = web.get("/v1/sms/forecast").json
    assert told["planned"] == 7
    today = datetime.fromisoformat(web.service.calendar.label(at)).date()
    dates = [one["date"] for one in told["days"]]
    assert dates == [(today + timedelta(days=n)).isoformat() for n in range(7)]
    hours = [hour for day in told["days"] for hour in day["hours"]]
    assert len(hours) == 7 * 24
    (busy,) = [one for one in hours if one["planned"]]
    assert datetime.fromisoformat(busy["at"]).timestamp() == first * HOUR
    for day in told["days"]:
        assert [datetime.fromisoformat(x["at"]).hour for x in day["hours"]] == list(range(24))
        closed = {datetime.fromisoformat(x["at"]).hour for x in day["hours"] if x["closed"]}
        quiet = {21, 22, 23, *range(8)}
        assert closed == (set(range(24)) if day["closed"] else quiet)
        assert day["capacity"] == 200_000 * (24 - len(closed))
    assert "7" in told["headline"]["zh"]
    most = {one["name"]: one["most"] for one in told["purposes"]}
    assert most["transactional"] is None
    assert most["reminder"] <= 200_000


def test_a_channel_without_a_capacity_is_not_counted(web: Web) -> None:
    """Nothing is told as zero that nobody counts."""
    policy = web.service.configuration.contact
    free = [name for name, one in policy.channels.items() if one.capacity is None]
    assert free, "the shipped policy has such a channel"
    told = web.get(f"/v1/sms/forecast?channel={free[0]}&days=2").json
    assert told["planned"] is told["capacity"] is told["days"][0]["planned"] is None
    assert len(told["days"]) == 2


def test_effects_are_a_job_of_the_question_s_own(web: Web) -> None:
    """Without a worker the answer is the job; another dimension or purpose is another question."""
    queries = ("", "?by=days_before", "?purpose=winback", "?from=2026-10-01&to=2026-10-31")
    told = [web.get(f"/v1/sms/effects{query}") for query in queries]
    assert [one.status_code for one in told] == [202] * 4
    assert len({one.json["job_id"] for one in told}) == 4
    assert {one.json["kind"] for one in told} == {"sms_effects"}
    assert told[1].json["question"]["by"] == "days_before"
    assert web.get("/v1/sms/effects?by=month_day").json["job_id"] == told[0].json["job_id"]


@pytest.mark.parametrize(
    "query", ["by=hour", "purpose=fun", "channel=pigeon", "from=x", "town=1", "by=month_day&by=x"]
)
def test_a_question_about_effects_that_does_not_fit_names_the_parameter(
    web: Web, query: str
) -> None:
    """422 with the parameter, before any job."""
    response = web.get(f"/v1/sms/effects?{query}")
    assert response.status_code == 422
    assert query.partition("=")[0] in response.json["errors"]


@pytest.mark.parametrize("query", ["days=0", "days=32", "days=x", "days=", "channel=pigeon"])
def test_a_forecast_that_cannot_be_made_names_the_parameter(web: Web, query: str) -> None:
    """422 with the parameter and a cure."""
    response = web.get(f"/v1/sms/forecast?{query}")
    assert response.status_code == 422
    assert query.partition("=")[0] in response.json["errors"]
