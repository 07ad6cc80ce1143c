"""POST /v1/events and GET /v1/pixel."""

from __future__ import annotations

import json
from typing import Any

import pytest
from api_web import Web

from nudge.api.schemas.events import FIELDS
from nudge.clock import now
from nudge.domain.journal.event import EVENT_TYPES, NEEDS_DECISION

OWN = {
    "step": {"step": "amount", "amount": 30},
    "payment_failed": {"reason": "insufficient_balance", "method": "wallet"},
    "feedback": {"scene": "paid", "touch_point": "app_home", "score": 9, "text": "快"},
    "complaint": {"leaving": "other_operator"},
    "paid": {"amount": 50.05},
    "sms_clicked": {"token": "t"},
    "sms_sent": {"purpose": "reminder", "content": "spring", "message_id": "m-1"},
    "sms_failed": {"message_id": "m-1", "reason": "UNDELIV"},
    "sms_reply": {"text": "TD"},
    "contacted": {"channel": "sms", "purpose": "reminder"},
    "consent": {"channel": "sms", "given": True, "text_version": "2026-03", "source": "app"},
    "identified": {"other_id": "w-1"},
    "benefit_granted": {"group": "a"},
    "winback_outcome": {"outcome": "recharged", "leaving": "need_gone"},
    "refunded": {"refund_of": "p-1", "amount": 20},
}


def event(**fields: object) -> dict[str, Any]:
    return {"event_id": "e-1", "type": "step", "visitor_id": "v-1", "step": "home"} | fields


def rejection(web: Web, one: object, key: str | None = None) -> Any:
    """Why a single event was not taken."""
    answer = web.send(one, key=key)
    assert (answer["accepted"], answer["duplicates"], len(answer["rejected"])) == (0, 0, 1)
    return answer["rejected"][0]


def test_the_table_has_every_type() -> None:
    """Each type that the domain knows has its fields, and there is no other."""
    assert FIELDS.keys() == EVENT_TYPES.keys()


@pytest.mark.parametrize("kind", sorted(EVENT_TYPES))
def test_a_server_may_send_every_type(web: Web, kind: str) -> None:
    """An event with its type's fields is accepted and kept with them."""
    fields = OWN.get(kind, {})
    one = {"event_id": "e", "type": kind, "visitor_id": "v-1"} | fields
    if kind in NEEDS_DECISION:
        one["decision_id"] = web.decide()["decisions"]["banner"]["decision_id"]
    assert web.send(one, key=web.secrets["ingest"]) == {
        "accepted": 1,
        "duplicates": 0,
        "rejected": [],
    }
    kept = web.events()[0]
    assert (kept.type, kept.source) == (kind, "server")


def test_a_page_may_send_what_pages_see(web: Web) -> None:
    """A fact that only a server can know is refused from a page's key, and nothing else is."""
    decision_id = web.decide()["decisions"]["banner"]["decision_id"]
    batch = [
        {"event_id": kind, "type": kind, "visitor_id": "v-1", "decision_id": decision_id}
        | OWN.get(kind, {})
        for kind in EVENT_TYPES
    ]
    refused = {one["event_id"]: one["code"] for one in web.send(*batch)["rejected"]}
    assert refused == {k: "forbidden" for k, origin in EVENT_TYPES.items() if origin == "server"}


def test_a_page_s_payment_is_a_claim(web: Web) -> None:
    """`paid` with a page key is accepted, with the source `page`, by which nobody is rewarded."""
    one = {"event_id": "e", "type": "paid", "visitor_id": "v-1", "amount": 50}
    assert web.send(one)["accepted"] == 1
    assert [(kept.type, kept.source) for kept in web.events()] == [("paid", "page")]


def test_a_server_s_payment_has_its_amount(web: Web) -> None:
    """A sender who knows that it was paid also knows how much."""
    one = {"event_id": "e", "type": "paid", "visitor_id": "v-1"}
    told = rejection(web, one, web.secrets["ingest"])
    assert (told["code"], told["message"].split(":")[0]) == ("invalid", "amount")


def test_a_batch_is_counted_once(web: Web) -> None:
    """The same batch again changes nothing, and says so."""
    batch = [event(event_id=f"e-{i}") for i in range(1000)]
    assert web.send(*batch)["accepted"] == 1000
    assert web.send(*batch) == {"accepted": 0, "duplicates": 1000, "rejected": []}
    assert len(web.events()) == 1000


def test_a_bad_event_costs_only_itself(web: Web) -> None:
    """The good ones of a batch are taken, each bad one is told why."""
    bad = [None, 1, [], {}, {"type": ["x"]}, event(step="leap"), event(type="jump")]
    answer = web.send(event(), *bad, event(event_id="e-2"))
    assert answer["accepted"] == 2
    assert [one["code"] for one in answer["rejected"]] == ["invalid"] * len(bad)
    assert answer["rejected"][0]["event_id"] == ""


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("event_id", ""),
        ("event_id", "x" * 129),
        ("event_id", 5.5),
        ("visitor_id", "x" * 201),
        ("visitor_id", "a\x00"),
        ("at", "yesterday"),
        ("at", "2026-01-01T00:00:00"),
        ("at", True),
        ("at", -1),
        ("step", "leap"),
        ("unheard_of", 1),
    ],
)
def test_the_field_that_is_wrong_is_named(web: Web, field: str, value: object) -> None:
    """A message begins with the field's name."""
    told = rejection(web, event(**{field: value}))
    assert told["code"] == "invalid"
    assert told["message"].startswith(f"{field}: ")


@pytest.mark.parametrize(
    ("ago", "back"), [(3_600, 3_600.0), ("90.5", 90.5), (0.4, None), (-86_400, None)]
)
def test_an_age_needs_no_right_clock(web: Web, ago: object, back: float | None) -> None:
    """`ago` counts back from the service's clock; an age below a second, or below none, is now."""
    before = now()
    assert web.send(event(ago=ago))["accepted"] == 1
    kept = web.events()[0].at
    assert kept is None if back is None else before <= (kept or 0) + back <= now()


def test_an_event_is_too_old_by_its_age(web: Web) -> None:
    """An age beyond seven days is refused as such a time is; `at` outranks an age."""
    assert rejection(web, event(ago=8 * 86_400))["code"] == "too_old"
    assert rejection(web, event(ago="long"))["message"].startswith("ago: ")
    assert web.send(event(at=now(), ago=8 * 86_400))["accepted"] == 1


@pytest.mark.parametrize("amount", [0, -1, 100_000.01, 0.001, "5e", True, None])
def test_an_amount_is_yuan_and_fen(web: Web, amount: object) -> None:
    """More than 0, at most 100,000, and no part of a fen."""
    one = {"event_id": "e", "type": "paid", "visitor_id": "v-1", "amount": amount}
    assert rejection(web, one, web.secrets["ingest"])["message"].startswith("amount: ")


@pytest.mark.parametrize("amount", [0.01, 49.9, 100_000, 29.99])
def test_any_whole_number_of_fen_is_an_amount(web: Web, amount: float) -> None:
    """Decimals that binary fractions only come near to are still whole fen."""
    one = {"event_id": "e", "type": "paid", "visitor_id": "v-1", "amount": amount}
    assert web.send(one, key=web.secrets["ingest"])["accepted"] == 1


def test_time_is_a_number_or_a_date(web: Web) -> None:
    """Seconds and RFC 3339 mean the same moment; what lies too far back is told."""
    assert rejection(web, event(at="2020-01-01T00:00:00Z"))["code"] == "too_old"
    assert rejection(web, event(at=1_577_836_800))["code"] == "too_old"


def test_nobody_did_nothing(web: Web) -> None:
    """An event tells its visitor, itself or by its decision."""
    told = rejection(web, {"event_id": "e", "type": "step", "step": "home"})
    assert told["message"].startswith("visitor_id: ")
    decision_id = web.decide()["decisions"]["banner"]["decision_id"]
    one = {"event_id": "e", "type": "shown", "decision_id": decision_id}
    assert web.send(one)["accepted"] == 1


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_a_beacon_can_send(web: Web, kind: str) -> None:
    """`sendBeacon` sets neither headers nor type: the key comes as a parameter."""
    headers = {"Content-Type": kind} if kind else {}
    path = f"/v1/events?key={web.secrets['decide']}"
    body = json.dumps({"events": [event()]})
    response = web.http.post(path, data=body, headers=headers)
    assert (response.status_code, response.json["accepted"]) == (202, 1)


@pytest.mark.parametrize(
    "body", [{}, {"events": []}, {"events": [{}] * 1001}, {"events": {}}, {"events": [{}], "a": 1}]
)
def test_a_batch_has_1_to_1000_events(web: Web, body: object) -> None:
    """A body that is no batch at all is 422."""
    assert web.post("/v1/events", body).status_code == 422


def test_events_have_a_limit_of_their_own(web: Web) -> None:
    """A batch may be larger than a decision's body, up to its own limit."""
    settings = web.service.settings
    filler = "x" * (settings.max_body + 1)
    assert web.post("/v1/events", {"events": [filler]}).status_code == 202
    filler = "x" * settings.max_events_body
    assert web.post("/v1/events", {"events": [filler]}).status_code == 413


def test_the_pixel_records_once(web: Web) -> None:
    """However often the image is loaded, the decision was shown once."""
    decision_id = web.decide()["decisions"]["banner"]["decision_id"]
    path = f"/v1/pixel?d={decision_id}&key={web.secrets['decide']}"
    for _ in range(2):
        response = web.http.get(path)
        assert (response.status_code, response.mimetype) == (200, "image/gif")
        assert response.headers["Cache-Control"] == "no-store"
        assert response.data.startswith(b"GIF89a")
    assert [one.type for one in web.events()] == ["shown"]


@pytest.mark.parametrize(("d", "status"), [("", 422), ("nonsense", 422), ("a" * 26, 404)])
def test_the_pixel_of_no_decision_records_nothing(web: Web, d: str, status: int) -> None:
    """A bad id is told as such, and leaves no trace."""
    response = web.get(f"/v1/pixel?d={d}", "decide")
    assert response.status_code == status
    assert web.events() == []
