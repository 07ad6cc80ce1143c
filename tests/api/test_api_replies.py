"""Replies to SMS over HTTP: a refusal withdraws consent and plans, another is kept."""

from __future__ import annotations

from typing import Any

from api_web import Web
from test_api_withdrawals import follow, listed, plan, tell

from nudge.clock import now


def reply(web: Web, text: object, event_id: str = "r", **more: object) -> Any:
    event = {"event_id": event_id, "type": "sms_reply", "visitor_id": "ada", "text": text} | more
    event = {name: value for name, value in event.items() if name == "text" or value is not None}
    response = web.post("/v1/events", {"events": [event]}, web.secrets["ingest"])
    assert response.status_code == 202, response.text
    follow(web)
    return response.json


def shown(web: Web) -> Any:
    return web.get("/v1/visitors/ada", "admin").json


def test_a_refusal_withdraws_consent_and_plans(web: Web) -> None:
    """A refusal by reply withdraws the consent and the plan, and leaves a proof."""
    before = now()
    tell(web, "ada", "consent", channel="sms", given=True, text_version="v3", source="app")
    planned = plan(web, "ada")
    assert planned["send_at"]
    assert reply(web, "退 訂！谢谢 13812345678")["accepted"] == 1
    (gone,) = listed(web, f"?since={before}")["withdrawals"]
    assert (gone["decision_id"], gone["reason"]) == (planned["decision_id"], "no_consent")
    assert plan(web, "ada")["reason"] == "no_consent"
    known = shown(web)
    assert [(one["channel"], one["given"]) for one in known["consents"]] == [("sms", False)]
    yes, no = known["proofs"]
    assert (yes["text_version"], yes["source"], yes["word"]) == ("v3", "app", None)
    assert yes["ended"] == no["at"]
    assert (no["given"], no["source"], no["word"], no["ended"]) == (False, "reply", "退订", None)
    assert no["event"] == "server:sms_reply:r"


def test_the_text_is_sealed_and_shown_to_the_admin_alone(web: Web) -> None:
    """A reply's text is in the vault: no record of the journal has it, the visitor's page has."""
    reply(web, "退订 13812345678")
    (record,) = (one for one in web.events() if one.type == "sms_reply")
    assert dict(record.fields) == {"has_text": True, "refusal": "退订"}
    assert shown(web)["texts"] == {"r": "退订 13812345678"}


def test_another_reply_changes_nothing_and_is_counted(web: Web) -> None:
    """A reply that is no refusal is kept and counted, and leaves consent and plans alone."""
    tell(web, "ada", "consent", channel="sms", given=True)
    planned = plan(web, "ada")
    assert reply(web, "T恤")["accepted"] == 1
    assert reply(web, "怎么退订流量包?", "r2")["accepted"] == 1
    assert plan(web, "ada")["decision_id"] == planned["decision_id"]
    known = shown(web)
    assert [one["given"] for one in known["proofs"]] == [True]
    assert set(known["texts"].values()) == {"T恤", "怎么退订流量包?"}
    reply(web, "td", "r3")
    text = web.get("/metrics").text
    assert 'nudge_sms_replies_total{kind="other"} 2.0' in text
    assert 'nudge_sms_replies_total{kind="refusal"} 1.0' in text


def test_a_repeated_reply_is_one(web: Web) -> None:
    """A reply that the gateway sends twice is a duplicate, with one proof."""
    assert reply(web, "TD")["accepted"] == 1
    assert reply(web, "TD")["duplicates"] == 1
    assert len(shown(web)["proofs"]) == 1


def test_a_later_yes_restores_the_consent(web: Web) -> None:
    """A consent of after the refusal counts again; a refusal of before it, told late, does not."""
    at = now()
    reply(web, "TD", at=at - 60)
    tell(web, "ada", "consent", channel="sms", given=True, at=at - 30)
    assert plan(web, "ada")["send_at"]
    reply(web, "TD", "early", at=at - 90)
    assert [one["given"] for one in shown(web)["consents"]] == [True]
    reply(web, "TD", "late", at=at - 10)
    assert [one["given"] for one in shown(web)["consents"]] == [False]


def test_a_reply_without_text_is_refused_with_the_cure(web: Web) -> None:
    """A reply without its text, or with one too long, costs itself alone and tells the cure."""
    for text in (None, "", 7, "x" * 1001):
        (told,) = reply(web, text)["rejected"]
        assert (told["code"], "text" in told["message"]) == ("invalid", True)


def test_a_reply_may_name_the_number_alone(web: Web) -> None:
    """A gateway that knows the number alone refuses for its owner, also one told only later."""
    tell(web, "ada", "identified", msisdn="13812345678")
    tell(web, "ada", "consent", channel="sms", given=True)
    answer = reply(web, "TD", visitor_id=None, msisdn="+86 138 1234 5678")
    assert answer["accepted"] == 1, answer
    assert [(one["given"], one["word"]) for one in shown(web)["proofs"]] == [
        (True, None),
        (False, "td"),
    ]
    assert plan(web, "ada")["reason"] == "no_consent"
    assert reply(web, "TD", "r2", visitor_id=None, msisdn="13987654321")["accepted"] == 1
    tell(web, "ada2", "consent", channel="sms", given=True, at=now() - 60)
    tell(web, "ada2", "identified", msisdn="13987654321")
    assert plan(web, "ada2")["reason"] == "no_consent"
    (told,) = reply(web, "TD", "r3", visitor_id=None, msisdn="12")["rejected"]
    assert told["message"].startswith("msisdn:")


def test_a_page_may_not_reply(web: Web) -> None:
    """A page's key cannot refuse in a visitor's name."""
    event = {"event_id": "r", "type": "sms_reply", "visitor_id": "ada", "text": "TD"}
    (told,) = web.send(event)["rejected"]
    assert told["code"] == "forbidden"
