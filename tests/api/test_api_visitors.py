"""/v1/visitors/{id}: what is known of a person, and of which segments they are; forget them."""

from __future__ import annotations

import time

import pytest
from api_web import Web, bearer

from bandits.units import DAY
from nudge.domain.people.recharges import Payment
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
    (kept,) = told["assigned"].values()
    assert kept == {"decision_id": given["decision_id"], "variant": given["variant"]}


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
