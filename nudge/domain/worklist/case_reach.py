"""Reach of a visitor: from when the contact policy allows a contact, or why not. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from bandits.units import DAY
from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.contact import contact as reasons
from nudge.domain.contact.contact import ContactFacts
from nudge.domain.contact.contact_policy import ContactPolicy
from nudge.domain.contact.contact_rules import forbidden, next_allowed_time
from nudge.domain.contact.contact_words import REASON_SENTENCES

AHEAD: Final = 31.0 * DAY
"""Seconds ahead in which a moment is looked for."""
_ALLOWED: Final = {"zh": "现在可以联系。", "en": "A contact is allowed now."}


class CaseReach(NamedTuple):
    """The chance to contact a visitor by a channel.

    Attributes:
        channel: of the contact.
        start: seconds from which on it is allowed; None where it is not within `AHEAD`.
        reason: code of what forbids it now; empty where nothing does.
    """

    channel: str
    start: float | None
    reason: str = ""

    @property
    def is_open(self) -> bool:
        """Whether the contact is allowed now."""
        return not self.reason


def find_case_reach(
    policy: ContactPolicy, known: ContactFacts, purpose: str, channel: str, at: float
) -> CaseReach:
    """Return from when a contact is allowed, or why it is not.

    Args:
        policy: of contacts.
        known: facts about the visitor.
        purpose: of the contact.
        channel: of the contact.
        at: seconds, now.
    """
    reason = forbidden(policy, known, purpose, channel, at)
    if reason is None:
        return CaseReach(channel, at)
    if reason in (reasons.UNKNOWN_PURPOSE, reasons.UNKNOWN_CHANNEL, reasons.NO_OFFERS):
        return CaseReach(channel, None, reason)
    start = next_allowed_time(policy, known, purpose, channel, at, at + AHEAD)
    return CaseReach(channel, start, reason)


def reach_view(reach: Sequence[CaseReach], calendar: OperatorCalendar) -> list[dict[str, Any]]:
    """Return reach as JSON: from when by which channel, or why not.

    Args:
        reach: of a visitor, by channel.
        calendar: of the operator, for times.
    """
    return [
        {
            "channel": one.channel,
            "allowed": one.is_open,
            "from": None if one.start is None else calendar.label(one.start),
            "reason": one.reason,
            "text": dict(REASON_SENTENCES[one.reason] if one.reason else _ALLOWED),
        }
        for one in reach
    ]
