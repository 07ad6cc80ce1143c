"""The client of an operator's server against the real service."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from api_web import Web, listening, served

from nudge.client import Client, RefusedError
from nudge.domain.journal.records import Decision
from nudge.settings.settings import Settings

DEFAULTS = {"banner": None, "denomination": 50}


@pytest.fixture
def web(settings: Settings) -> Iterator[Web]:
    yield from served(settings)


def test_a_page_of_a_server_from_decision_to_payment(web: Web) -> None:
    """Decide, show, click, pay: each event is taken once, under the decision that was shown."""
    key = web.key("decide", "ingest")
    paid = {"event_id": "order-1", "type": "paid", "visitor_id": "v-1", "amount": 50}
    with listening(web) as url, Client(url, key, DEFAULTS, budget=10.0) as client:
        page = client.decide("v-1", ["banner", "denomination"], context={"city_tier": "2"})
        again = client.decide("v-1", ["banner"], device_token=page.device_token)
        assert not any(one.is_default for one in page)
        assert again["banner"].decision_id == page["banner"].decision_id
        assert page["denomination"].answer["free_amount"]["max"] == 500
        assert client.shown(page["banner"])
        assert client.track("step", visitor_id="v-1", step="pay_tapped")
        assert client.send(paid)["accepted"] == 1
        assert client.send(paid)["duplicates"] == 1
        assert client.close() == ()
    assert sorted(one.type for one in web.events()) == ["paid", "shown", "step"]
    assert {one.source for one in web.events()} == {"server"}
    assert sum(isinstance(one.record, Decision) for one in web.entries()) == 2


def test_a_fact_with_a_wrong_key_is_an_error(web: Web) -> None:
    """A server must know that its payments are not taken: the call raises, a page never does."""
    with listening(web) as url, Client(url, "k" * 40, DEFAULTS, budget=10.0) as client:
        with pytest.raises(RefusedError, match="unauthenticated"):
            client.send({"event_id": "o", "type": "paid", "visitor_id": "v", "amount": 1})
        assert client.decide("v-1", ["banner"])["banner"].is_default
