"""Claims of pages by their addresses: what is too much is kept, and marked (row S7)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from api_web import Web, served

from nudge.settings.rate import Rate
from nudge.settings.settings import Settings


@pytest.fixture
def web(settings: Settings) -> Iterator[Web]:
    """The app with three claims for a block of addresses."""
    yield from served(replace(settings, learning_page_claims=Rate(0.001, 3)))


def tap(web: Web, number: int, peer: str, key: str | None = None) -> None:
    """One made-up visitor's tap."""
    event = {
        "event_id": f"e{number}",
        "type": "step",
        "step": "pay_tapped",
        "visitor_id": f"made-up-{number}",
    }
    answer = web.post("/v1/events", {"events": [event]}, key, environ_base={"REMOTE_ADDR": peer})
    assert answer.status_code == 202


def test_s07_a_block_of_addresses_has_so_many_claims(web: Web) -> None:
    """All of a /24 count together, another block by itself, and servers are not counted."""
    for number in range(6):
        tap(web, number, f"192.0.2.{number}")
    tap(web, 6, "198.51.100.1")
    tap(web, 7, "192.0.2.1", web.secrets["ingest"])
    told = {one.event_id: one.fields for one in web.events()}
    marked = [name for name, fields in sorted(told.items()) if fields.get("~surplus")]
    assert marked == ["e3", "e4", "e5"]
    assert all(fields.get("~capped") for name, fields in told.items() if name != "e7")
    assert "~capped" not in told["e7"]
    assert not any("192.0.2" in str(entry) for entry in web.entries())
