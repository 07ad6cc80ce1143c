"""Receipts of messages, joined to the contacts that they are about, in whatever order they came.

A contact has the sum of what was told of its message. What is told before its contact is known
waits. So contacts and receipts may come in any order, and each any number of times.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Final, NamedTuple

from nudge.domain.contact.contact import DELIVERED, FAILED, MAX_CONTACTS, Contact
from nudge.domain.contact.receipts import MESSAGE, PLAN
from nudge.domain.journal.records import Event, Ref

MESSAGE_ID: Final = "message_id"
"""Field by which an event names one message: the gateway's own id."""
TOLD: Final = {"sms_failed": FAILED, "sms_delivered": DELIVERED}
"""Type of an event -> the receipt that it is."""
MAX_DELIVERIES: Final = MAX_CONTACTS
"""Receipts remembered of contacts that have not come: the latest."""


class Delivery(NamedTuple):
    """A receipt of a message whose contact has not come.

    Attributes:
        at: seconds, of the latest.
        message: its name, as contacts have it.
        told: sum of the receipts that came.
    """

    at: float
    message: str
    told: int


def name_message(event: Event) -> str:
    """Return the name of the message that an event is about: its id, else its plan; or nothing."""
    own = event.fields.get(MESSAGE_ID)
    if isinstance(own, str) and own:
        return MESSAGE + own
    return "" if event.decision is None else name_of_plan(event.decision)


def name_of_plan(ref: Ref) -> str:
    """Return the name of a message that is known by its plan alone."""
    return PLAN + ".".join(map(str, ref))


def join_receipts(
    contacts: Iterable[Contact], deliveries: Iterable[Delivery]
) -> tuple[tuple[Contact, ...], tuple[Delivery, ...]]:
    """Return the latest contacts, each with what was told of it, and the receipts of no contact.

    Equal in whatever order, and however often, each came.
    """
    known, waiting = tuple(contacts), tuple(deliveries)
    told: dict[str, int] = defaultdict(int)
    for one in known:
        told[one.message] |= one.told
    for each in waiting:
        told[each.message] |= each.told
    told[""] = 0
    found = {x if x.told == told[x.message] else x._replace(told=told[x.message]) for x in known}
    there = {one.message for one in known}
    last: dict[str, float] = {}
    for each in waiting:
        if each.message not in there:
            last[each.message] = max(each.at, last.get(each.message, each.at))
    left = sorted(Delivery(at, name, told[name]) for name, at in last.items())
    return tuple(sorted(found)[-MAX_CONTACTS:]), tuple(left[-MAX_DELIVERIES:])
