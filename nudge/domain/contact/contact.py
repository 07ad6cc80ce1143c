"""Contacts with customers, what is known of them, and why one more may be forbidden.

Times are seconds since the epoch.
"""

from __future__ import annotations

from typing import Final, NamedTuple

UNKNOWN_PURPOSE: Final = "unknown_purpose"
UNKNOWN_CHANNEL: Final = "unknown_channel"
BLACKLISTED: Final = "blacklisted"
COMPLAINT: Final = "complaint"
NO_CONSENT: Final = "no_consent"
HOLIDAY: Final = "holiday"
WEEKDAY: Final = "weekday"
QUIET_HOURS: Final = "quiet_hours"
SPACING: Final = "spacing"
CAP_DAY: Final = "cap_day"
CAP_WEEK: Final = "cap_week"
CAP_MONTH: Final = "cap_month"
NO_CAPACITY: Final = "no_capacity"
REASONS: Final = (
    UNKNOWN_PURPOSE,
    UNKNOWN_CHANNEL,
    BLACKLISTED,
    COMPLAINT,
    NO_CONSENT,
    HOLIDAY,
    WEEKDAY,
    QUIET_HOURS,
    SPACING,
    CAP_DAY,
    CAP_WEEK,
    CAP_MONTH,
    NO_CAPACITY,
)
"""Why a contact is forbidden, in the order in which rules are asked. The codes do not change."""


class Contact(NamedTuple):
    """A message or a call that was made, or is planned.

    Attributes:
        at: seconds.
        channel: such as `sms`; one that the policy does not know counts all the same.
        purpose: such as `reminder`; the same.
    """

    at: float
    channel: str
    purpose: str


class Consent(NamedTuple):
    """That a customer agreed to a channel, or refused it.

    Attributes:
        channel: that it is about.
        at: seconds; it stands until the next one.
        given: whether they agreed. Of two at the same moment the refusal counts.
    """

    channel: str
    at: float
    given: bool


class ContactFacts(NamedTuple):
    """What is known of a customer that the policy asks for.

    Attributes:
        contacts: that were made, by anyone, at least those of the last 31 days; in any order.
        planned: that are to be made. One of a lower priority gives way: it does not count.
        consents: in any order.
        blacklisted: is never contacted.
        complained_at: seconds of the latest complaint.
        zone: IANA name of their time zone. The policy's where it is not known, or is no such name.
    """

    contacts: tuple[Contact, ...] = ()
    planned: tuple[Contact, ...] = ()
    consents: tuple[Consent, ...] = ()
    blacklisted: bool = False
    complained_at: float | None = None
    zone: str | None = None
