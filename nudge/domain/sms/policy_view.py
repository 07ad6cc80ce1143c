"""The contact policy as people read it: rules in words, values, closed days. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

from nudge.domain.basics.local_time import date_of, local, month_range
from nudge.domain.contact.contact_calendar import closed_reason
from nudge.domain.contact.contact_policy import Channel, ContactPolicy
from nudge.domain.contact.contact_words import (
    REASON_SENTENCES,
    PolicyRule,
    list_rules,
    quiet_hours,
)

SHOWN: Final = 31
"""Days ahead that are looked at for closed ones, beside the month that runs."""


def policy_view(policy: ContactPolicy, consent: list[PolicyRule], at: float) -> dict[str, object]:
    """Return the policy as plain JSON.

    Args:
        policy: of contacts.
        consent: rules on replies and proofs, which the policy itself does not hold.
        at: seconds, now.
    """
    day, _ = local(policy.zone, at)
    caps = policy.caps
    return {
        "zone": policy.zone.key,
        "rules": [
            {"code": one.code, "sentence": dict(one.sentence)}
            for one in (*list_rules(policy), *consent)
        ],
        "channels": [_channel(one) for one in policy.channels.values()],
        "purposes": [
            {"name": x.name, "priority": x.priority, "exempt": x.exempt, "share": x.share}
            for x in policy.purposes.values()
        ],
        "caps": {"day": caps.day, "week": caps.week, "month": caps.month},
        "spacing": policy.spacing,
        "complaint_pause": None if math.isinf(policy.complaint_pause) else policy.complaint_pause,
        "closed_days": list(_closed_days(policy, day)),
    }


def _channel(one: Channel) -> dict[str, object]:
    return {
        "name": one.name,
        "consent": one.consent,
        "quiet": quiet_hours(one),
        "capacity": one.capacity,
    }


def _closed_days(policy: ContactPolicy, today: int) -> Iterator[dict[str, object]]:
    """Yield the days of this month and of the next weeks on which no contact is made."""
    first, behind = month_range(today)
    for day in range(first, max(behind, today + SHOWN)):
        reason = closed_reason(policy, day)
        if reason is not None:
            yield {
                "date": date_of(day).isoformat(),
                "reason": reason,
                "sentence": dict(REASON_SENTENCES[reason]),
            }
