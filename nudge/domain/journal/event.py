"""Event types: permitted senders and the greatest age."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from bandits.units import DAY
from nudge.domain.journal.caller import Caller
from nudge.domain.journal.records import Event, Source
from nudge.domain.slots.reward_event import PAY_TAPPED, REWARDING_EVENTS, STEP
from nudge.domain.slots.slot import Scalar

Origin = Literal["page", "server", "both"]

EVENT_TYPES: Final[Mapping[str, Origin]] = {
    "shown": "both",
    "clicked": "both",
    "step": "both",
    "prefill_kept": "both",
    "prefill_edited": "both",
    "payment_failed": "both",
    "feedback": "both",
    "paid": "both",
    "sms_sent": "server",
    "sms_delivered": "server",
    "sms_failed": "server",
    "sms_clicked": "server",
    "sms_reply": "server",
    "contacted": "server",
    "consent": "server",
    "complaint": "server",
    "identified": "server",
    "benefit_granted": "server",
    "winback_outcome": "server",
    "refunded": "server",
}
"""Type -> permitted sender. A page's `paid` is a claim: recorded and shown, never rewarded."""

PAGE_TYPES: Final = frozenset(t for t, origin in EVENT_TYPES.items() if origin == "both")
"""Types that a key with the scope `decide` alone may send."""

NEEDS_DECISION: Final = frozenset({"shown", "clicked"})
"""Types that mean nothing without the decision that they answer."""

VIA: Final = "~via"
"""The field that holds the subject under which an event came, where that one is merged.

No client can name a field so: it is not a name of the API's.
"""

CAPPED: Final = "~capped"
"""The field of a page's rewarding event by which it is one of so many a day and device that count.

Events of earlier versions have none, and count as they did.
"""
SURPLUS: Final = "~surplus"
"""The field of a page's event that is one too many for its address: it rewards nothing."""

IDENTIFIED: Final = "identified"
"""Type of the event that two ids are one visitor."""
ERASED: Final = "erased"
"""Type of the event that forgets a visitor; no client can send it."""

MAX_AGE: Final = 7.0 * DAY
"""Seconds; an older event is `too_old`: its id is no longer remembered."""


WHOLE: Final = 0.999
"""Seconds that a time in whole seconds may be too early: the store's stamps are milliseconds."""


def skew_of(at: float | None, source: Source, skew: float) -> float | None:
    """Return the seconds that an event's time may be too early; None for none.

    A time in whole seconds means that second. Clocks of servers may be behind besides; a page that
    wants credit can leave `at` out, and gains nothing.

    Args:
        at: seconds, as sent; None for now.
        source: of the event.
        skew: seconds that servers' clocks may be behind.
    """
    if at is None:
        return None
    behind = skew if source == "server" else 0.0
    return behind + (WHOLE if at == int(at) else 0.0) or None


def source_of(caller: Caller) -> Source:
    """Return the source of a caller's events: `server` for facts, `page` for claims."""
    return "server" if caller.is_server else "page"


def may_send(caller: Caller, event_type: str) -> bool:
    """Return True where the caller's scopes allow events of this type."""
    if caller.is_server:
        return True
    return "decide" in caller.scopes and event_type in PAGE_TYPES


def rewards(event_type: str, source: Source) -> bool:
    """Return True where events of this type and source may reward at all."""
    return source == "server" or event_type != "paid"


def reward_type(event: Event) -> str | None:
    """Return the type under which an event may reward an exposure; None where it never does."""
    return _rewarding(event.type, event.fields)


def may_reward(event_type: str, fields: Mapping[str, Scalar], source: Source) -> bool:
    """Return True where an event of this type, with these fields, may reward an exposure."""
    return rewards(event_type, source) and _rewarding(event_type, fields) is not None


def _rewarding(event_type: str, fields: Mapping[str, Scalar]) -> str | None:
    if event_type == STEP:
        return PAY_TAPPED if fields.get(STEP) == PAY_TAPPED else None
    return event_type if event_type in REWARDING_EVENTS else None


def text_name(source: Source, event_type: str, event_id: str) -> str:
    """Return the name of an event's text in the vault: as unique as the event itself."""
    return f"{source}:{event_type}:{event_id}"
