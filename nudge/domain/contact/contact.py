"""Contacts with visitors, facts about them, and the reasons that forbid one more contact.

Times are seconds since the epoch.
"""

from __future__ import annotations

from typing import Final, NamedTuple

UNKNOWN_PURPOSE: Final = "unknown_purpose"
UNKNOWN_CHANNEL: Final = "unknown_channel"
NO_OFFERS: Final = "no_offers"
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
CAP_ROLLING: Final = "cap_rolling"
SAME_CONTENT: Final = "same_content"
NEVER_WITH: Final = "never_with"
NOT_AFTER: Final = "not_after"
ONLY_AFTER: Final = "only_after"
NO_CAPACITY: Final = "no_capacity"
REASONS: Final = (
    UNKNOWN_PURPOSE,
    NO_OFFERS,
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
    CAP_ROLLING,
    SAME_CONTENT,
    NEVER_WITH,
    NOT_AFTER,
    ONLY_AFTER,
    NO_CAPACITY,
)
"""Reasons that forbid a contact, in the order of the rules. The codes do not change."""

MAX_CONTACTS: Final = 60
"""Contacts remembered with a visitor: two months of a contact a day."""
FAILED: Final = 1
"""Receipt: the message did not arrive, and will not."""
DELIVERED: Final = 2
"""Receipt: the message arrived. Of both receipts this one counts."""


class Contact(NamedTuple):
    """A message or a call, made or planned.

    Attributes:
        at: seconds.
        channel: such as `sms`; a channel that the policy does not know counts as well.
        purpose: such as `reminder`; an unknown purpose counts as well.
        content: tag of what it says; empty where nobody told it.
        message: name by which receipts refer to it (`deliveries`); empty for none.
        told: sum of the receipts that came, `FAILED` and `DELIVERED`.
    """

    at: float
    channel: str
    purpose: str
    content: str = ""
    message: str = ""
    told: int = 0


BARE: Final = 3
"""Values of a contact without content, name and receipts: earlier versions kept no more."""


class Consent(NamedTuple):
    """A visitor's consent to a channel, or their refusal.

    Attributes:
        at: seconds; it holds until the next one.
        given: True for consent. Of two at the same moment the refusal counts.
        heard: seconds, of the visitor's own last yes where a file gave a later one; -1 where only
            a file did; 0 where the last word is the visitor's own.
        kept: seconds, of a refusal that outlived an erasure, while no own word lifted it; else 0.
    """

    channel: str
    at: float
    given: bool
    heard: float = 0.0
    kept: float = 0.0


class ContactFacts(NamedTuple):
    """The facts about a visitor that the contact policy uses.

    Attributes:
        contacts: made by anyone, at least those of the last 31 days; in any order.
        planned: contacts still to be made. One of a lower priority gives way: it does not count.
        consents: in any order.
        blacklisted: a visitor who is never contacted.
        complained_at: seconds of the latest complaint.
        zone: IANA name of their time zone. The policy's zone applies where it is unknown or
            invalid.
    """

    contacts: tuple[Contact, ...] = ()
    planned: tuple[Contact, ...] = ()
    consents: tuple[Consent, ...] = ()
    blacklisted: bool = False
    complained_at: float | None = None
    zone: str | None = None
