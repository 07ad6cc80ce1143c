"""The facts of a person that rules of warnings may ask for: payments, failures, loaded attributes.

They are taken with the functions of `domain/people`, so that an attribute means the same here as in
a decision. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from nudge.domain.journal.records import Event
from nudge.domain.people.facts import FACT_TAKERS, refund_of
from nudge.domain.people.merging import JOINED, content_of, merge_states
from nudge.domain.people.parting import PARTED
from nudge.domain.people.refunds import with_refunds
from nudge.domain.people.spending import spending_of
from nudge.domain.people.visitor import VisitorState
from nudge.domain.people.visitor_codec import decode_state, encode_state

_TAKEN: Final = ("paid", "payment_failed", "complaint", "loaded", "benefit_granted", "identified")
FACT_FIELDS: Final = (
    *("last_amount", "last_paid_at", "benefits", "payments", "first_paid_at"),
    *("complained_at", "failures", "known", "amounts", "receipts", "refunds"),
)
"""Fields of a visitor's state that facts are made of."""
_NOBODY: Final = VisitorState()


def _take_refund(state: VisitorState, at: float, event: Event) -> VisitorState:
    refund = refund_of(at, event)
    if refund is None:
        return state
    refunds = with_refunds(state.refunds, (refund,))
    if not state.receipts:
        return state.having(refunds=refunds)
    return state.having(**spending_of((state,), state.receipts, refunds))


def _take_arrival(state: VisitorState, _: float, event: Event) -> VisitorState:
    return merge_states(state, content_of(event))


def _take_parting(_: VisitorState, __: float, event: Event) -> VisitorState:
    return content_of(event)


_TAKERS: Final[Mapping[str, Callable[[VisitorState, float, Event], VisitorState]]] = {
    **{name: FACT_TAKERS[name] for name in _TAKEN},
    "refunded": _take_refund,
    JOINED: _take_arrival,
    PARTED: _take_parting,
}
FACT_TYPES: Final = frozenset(_TAKERS)
"""Types of events that tell a fact."""


def facts_with_event(facts: bytes, at: float, event: Event) -> bytes:
    """Return encoded facts with those of an event; a page's claim changes nothing.

    Args:
        facts: as they were encoded; empty for none.
        at: seconds.
        event: of one of `FACT_TYPES`.
    """
    before = decode_facts(facts)
    after = state_with_fact(before, at, event)
    if after == before:
        return facts
    return facts_of(after)


def state_with_fact(state: VisitorState, at: float, event: Event) -> VisitorState:
    """Return a state with the facts of an event of one of `FACT_TYPES`; `at` is in seconds."""
    return _TAKERS[event.type](state, at, event)


def facts_of(state: VisitorState) -> bytes:
    """Return the encoded facts of a visitor's state; empty for none.

    Only what an attribute is made of: exposures, numbers and contacts are `attribute`'s.
    """
    kept = _NOBODY.having(**{name: state.__dict__[name] for name in FACT_FIELDS})
    return b"" if kept == _NOBODY else encode_state(kept)


def decode_facts(facts: bytes) -> VisitorState:
    """Return the facts as a state of the visitor."""
    return decode_state(facts) if facts else _NOBODY
