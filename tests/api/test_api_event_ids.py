"""Ids and clocks of events over HTTP: an order's number names each of its events once."""

from __future__ import annotations

import time
from typing import Any

import pytest
from api_web import Web

ORDER = {"event_id": "order-1", "visitor_id": "v-1"}
FAILED = ORDER | {"type": "payment_failed", "reason": "timeout"}
PAID = ORDER | {"type": "paid", "amount": 50}


def counts(web: Web, scope: str, *events: dict[str, Any]) -> tuple[int, int]:
    """How many were accepted, and how many duplicates."""
    told = web.send(*events, key=web.secrets[scope])
    assert told["rejected"] == []
    return told["accepted"], told["duplicates"]


@pytest.mark.parametrize("first", ["decide", "ingest"])
def test_f02b_claim_and_fact_share_an_id(web: Web, first: str) -> None:
    """In either order, in one batch or many, each is accepted once in its class."""
    second = {"decide": "ingest", "ingest": "decide"}[first]
    for scope in (first, second):
        assert counts(web, scope, FAILED, PAID) == (2, 0)
        assert counts(web, scope, PAID, FAILED, PAID) == (0, 3)
    found = [(one.type, one.source) for one in web.events() if one.event_id == "order-1"]
    assert sorted(found) == [
        (kind, source) for kind in ("paid", "payment_failed") for source in ("page", "server")
    ]


def test_f21_the_record_says_how_late_it_may_be(web: Web) -> None:
    """Whole seconds and the configured skew are settled when the event comes; "now" has none."""
    now = int(time.time())
    times = {"whole": now - 5, "exact": now - 5 + 0.25, "text": _text(now - 5), "none": None}
    batch = [
        {"type": "paid", "amount": 5, "visitor_id": "v", "event_id": name}
        | ({} if at is None else {"at": at})
        for name, at in times.items()
    ]
    assert counts(web, "ingest", *batch) == (4, 0)
    skews = {one.event_id: one.skew for one in web.events()}
    assert skews == {"whole": 2.999, "text": 2.999, "exact": 2.0, "none": None}


def _text(at: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))
