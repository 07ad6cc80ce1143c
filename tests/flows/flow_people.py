"""Visitors with numbers: what they type, what the store knows of them, what they are shown."""

from __future__ import annotations

from flow_web import NOW, PAGE, SERVER, Web

from nudge.domain.choosing.requests import EventRequest, PageAnswer
from nudge.domain.identity.number import Number, parse_number
from nudge.domain.journal.caller import Caller
from nudge.domain.people.visitor import VisitorState
from nudge.domain.people.visitor_codec import decode_state
from nudge.store.vault.visitors import VisitorView
from nudge.workers.runner import Runner

DAY = 86_400.0
MINE, FRIENDS = "13812345678", "13987654321"


def number(text: str) -> Number:
    return parse_number(text, "CN")


def settled(fold: Runner[object]) -> None:
    """Let the fold read everything, also what it wrote itself."""
    while fold.turn():
        pass


def tell(
    web: Web,
    visitor: str,
    kind: str,
    event_id: str,
    *,
    caller: Caller = SERVER,
    at: float | None = NOW,
    msisdn: str = "",
    token: str | None = None,
    **fields: object,
) -> None:
    """One event, which must be accepted."""
    sent = EventRequest(
        event_id,
        kind,
        visitor,
        at,
        None,
        fields=fields,  # type: ignore[arg-type]
        msisdn=number(msisdn) if msisdn else None,
        device_token=token,
    )
    result = web.recorder.record([sent], caller, at or NOW)
    assert not result.rejected, result


def typed(web: Web, visitor: str, token: str, text: str, at: float = NOW) -> None:
    """A number is typed on a device."""
    event_id = f"typed-{text[-1]}-{at}"
    tell(
        web,
        visitor,
        "step",
        event_id,
        caller=PAGE,
        at=at,
        msisdn=text,
        token=token,
        step="number",
    )


def opened(web: Web, visitor: str) -> VisitorView:
    """The store's knowledge."""
    hashed = web.sealer.visitor_hash(visitor)
    home = web.sealer.partition(hashed, web.store.keys.partitions)
    found = web.store.visitors.known_visitor(home, hashed)
    assert found is not None
    return found


def state(web: Web, visitor: str) -> VisitorState:
    found = opened(web, visitor).state
    return decode_state(found) if found else VisitorState()


def prefill(answer: PageAnswer) -> tuple[str, object, object]:
    """Variant, number and mask of the prefill slot."""
    given = answer.decisions["prefill"]
    assert isinstance(given.value, dict)
    return given.variant, given.value.get("number"), given.value.get("masked")
