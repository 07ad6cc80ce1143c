"""Contacts and their receipts through the service: recorded, folded, merged, verified, rebuilt."""

from __future__ import annotations

from pathlib import Path

import pytest
from flow_web import NOW, SERVER, Web
from test_refunds_verified import folded, state
from test_verify_visitors import differences

from nudge.domain.choosing.requests import EventRequest
from nudge.domain.people.visitor import VisitorState

FAILED = EventRequest("f", "sms_failed", "login", None, None, {"message_id": "m-2"})


def sent(name: str, visitor: str, **fields: str) -> EventRequest:
    """An SMS of one moment, told by the gateway."""
    return EventRequest(name, "sms_sent", visitor, NOW, None, dict(fields))


def told(state: VisitorState) -> list[tuple[str, int]]:
    return [(one.message, one.told) for one in state.contacts]


@pytest.mark.parametrize("early", [False, True])
def test_contacts_of_one_moment_are_verified_after_a_merge(
    web: Web, tmp_path: Path, *, early: bool
) -> None:
    """Some have a name and some have none: each is expected, whichever id it came under."""
    batch = [
        sent("e1", "cookie"),
        sent("e2", "cookie", message_id="m-1"),
        sent("e3", "login", message_id="m-2"),
        sent("e4", "login", purpose="promotion"),
    ]
    same = EventRequest("i", "identified", "cookie", None, None, {"other_id": "login"})
    for part in ([same], [*batch, FAILED]) if early else ([*batch, FAILED], [same]):
        assert web.recorder.record(part, SERVER, NOW).rejected == ()
        folded(web, 3)
    names = [("", 0), ("", 0), ("m:m-1", 0), ("m:m-2", 1)]
    assert sorted(told(state(web, "cookie"))) == names
    assert differences(web, tmp_path) == []
