"""Reach of a visitor: from when the contact policy allows a contact, or why not. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from bandits.units import DAY
from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.contact import contact as reasons
from nudge.domain.contact.contact import ContactFacts
from nudge.domain.contact.contact_policy import ContactPolicy
from nudge.domain.contact.contact_rules import forbidden, next_allowed_time

AHEAD: Final = 31.0 * DAY
"""Seconds ahead in which a moment is looked for."""
_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    reasons.UNKNOWN_PURPOSE: ("联系策略没有这个用途", "the contact policy has no such purpose"),
    reasons.NO_OFFERS: ("该用途不能带优惠", "this purpose carries no offer"),
    reasons.UNKNOWN_CHANNEL: ("联系策略没有这个渠道", "the contact policy has no such channel"),
    reasons.BLACKLISTED: ("客户在免打扰名单", "the person must not be contacted at all"),
    reasons.COMPLAINT: ("客户近期投诉过联系", "the person complained about contacts"),
    reasons.NO_CONSENT: ("客户没有同意该渠道", "the person has not agreed to this channel"),
    reasons.HOLIDAY: ("节假日不联系", "a holiday: nothing goes out"),
    reasons.WEEKDAY: ("这一天不联系", "no contacts on this weekday"),
    reasons.QUIET_HOURS: ("静默时段", "quiet hours"),
    reasons.SPACING: ("离上次联系太近", "too soon behind another contact"),
    reasons.CAP_DAY: ("当日联系次数已满", "the contacts of the day are used up"),
    reasons.CAP_WEEK: ("本周联系次数已满", "the contacts of the week are used up"),
    reasons.CAP_MONTH: ("本月联系次数已满", "the contacts of the month are used up"),
    reasons.CAP_ROLLING: ("一段时间内联系次数已满", "the contacts within a time are used up"),
    reasons.SAME_CONTENT: ("近期发过同样内容", "the same was said lately"),
    reasons.NEVER_WITH: ("不能与另一联系同时出现", "must not stand beside another contact"),
    reasons.NOT_AFTER: ("不能紧跟另一联系", "must not follow another contact"),
    reasons.ONLY_AFTER: ("要先有另一次联系", "another contact has to come first"),
    reasons.NO_CAPACITY: ("渠道容量已满", "the channel has no capacity left"),
}


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
            "text": _text(one.reason),
        }
        for one in reach
    ]


def _text(reason: str) -> dict[str, str]:
    zh, en = _WORDS.get(reason, (reason, reason)) if reason else ("现在可以联系", "allowed now")
    return {"zh": zh, "en": en}
