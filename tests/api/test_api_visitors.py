"""/v1/visitors/{id}: what is known of a person, and of which segments they are; forget them."""

from __future__ import annotations

import time

import pytest
from api_web import Web, bearer

from bandits.units import DAY
from nudge.config.documents.document import ConfigDocument
from nudge.config.documents.rhythm_file import FILE, rhythm_text
from nudge.domain.figures.definitions import definitions
from nudge.domain.people.recharges import Payment
from nudge.domain.people.rhythm import Rhythm
from nudge.domain.people.visitor import VisitorState
from nudge.domain.people.visitor_codec import encode_state
from nudge.errors import StoreAwayError
from nudge.store.wire.client import Client


def test_what_is_known_is_told_with_its_reasons(web: Web) -> None:
    """State, segments with the rule that holds and what it saw, and the decisions that stick."""
    given = web.decide(visitor_id="ada", slots=["denomination"])["decisions"]["denomination"]
    subject = web.get("/v1/visitors/ada", "admin").json["subject"]
    now = time.time()
    payments = tuple(Payment(now - (4 - i) * 30 * DAY, 5000) for i in range(4))
    state = VisitorState(payments=payments, first_paid_at=payments[0].at, benefits=("data",))
    keys = web.service.store.keys
    for p in keys.every_partition():
        web.service.store.client.call("SET", keys.visitor(p, subject), encode_state(state))
    told = web.get("/v1/visitors/ada", "admin").json
    assert told["segments"]["stage"]["name"] == "stable"
    assert told["segments"]["stage"]["because"] == {"payments": 4}
    assert told["segments"]["tier"]["title"]["en"] == "mid"
    assert told["attributes"]["usual_amount"] == 50
    assert [one["amount"] for one in told["payments"]] == [50.0] * 4
    assert told["benefits"] == ["data"]
    assert told["definition"] == definitions("visitor")
    expected = told["expected_recharge"]
    assert (expected["source"], expected["alive"], expected["left"]) == ("median", None, False)
    assert expected["low"] < expected["at"] < expected["high"]
    (kept,) = told["assigned"].values()
    assert kept == {"decision_id": given["decision_id"], "variant": given["variant"]}


def test_the_next_recharge_is_told_by_the_rhythm_of_all(web: Web) -> None:
    """Once a rhythm is applied, the date has its interval, and staying its probability."""
    web.decide(visitor_id="ada", slots=["denomination"])
    assert web.get("/v1/visitors/ada", "admin").json["expected_recharge"] is None
    rhythm = Rhythm(12, 3.0, 7.5, 0.8, 300.0, 1_000, 5_000, "2026-11-30", -1.0)
    document = ConfigDocument(FILE, 1, rhythm_text(rhythm))
    assert web.service.store.documents.put(document, 0, {})
    web.service.flows.follow(web.service.store.documents.current())
    now = time.time()
    subject = web.get("/v1/visitors/ada", "admin").json["subject"]
    keys = web.service.store.keys
    for silent, left in ((20, False), (200, True)):
        payments = tuple(Payment(now - (silent + i * 30) * DAY, 5000) for i in (3, 2, 1, 0))
        for p in keys.every_partition():
            state = encode_state(VisitorState(payments=payments))
            web.service.store.client.call("SET", keys.visitor(p, subject), state)
        told = web.get("/v1/visitors/ada", "admin").json
        expected = told["expected_recharge"]
        assert (expected["source"], expected["left"]) == ("rhythm", left)
        assert expected["alive"] == told["attributes"]["alive"]
        assert ("No recharge is expected" in expected["sentence"]["en"]) is left
        assert ("预计不会再充值" in expected["sentence"]["zh"]) is left


def test_looking_makes_nobody_known(web: Web) -> None:
    """An id that nobody ever asked for is 404, and stays so; only administrators may ask."""
    for _ in range(2):
        assert web.get("/v1/visitors/nobody", "admin").status_code == 404
    for scope in ("read", "decide"):
        assert web.get("/v1/visitors/nobody", scope).status_code == 403


def test_what_waits_on_disk_is_forgotten_too(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    """Events that a page sent while the store was away come first, and go with the person."""
    service = web.service
    web.decide(visitor_id="ada", slots=["banner"])
    with monkeypatch.context() as away:
        away.setattr(Client, "_send", _gone)
        text = {"type": "feedback", "event_id": "f", "visitor_id": "ada", "text": "it is me"}
        web.send(text | {"scene": "payment", "score": 1})
        assert service.spool.pending == 1
    headers = bearer(web.secrets["admin"])
    told = web.http.delete("/v1/visitors/ada", headers=headers).json
    assert (told["found"], told["texts"]) == (True, 1)
    assert service.spool.pending == 0
    assert web.get("/v1/visitors/ada", "admin").status_code == 404


def _gone(*_: object) -> object:
    raise StoreAwayError("away")
