"""Messages that did not arrive: which contacts were none, by their receipts. Pure."""

from __future__ import annotations

from collections import Counter
from typing import Final

from nudge.domain.contact.contact import FAILED, Contact

MESSAGE: Final = "m:"
"""Prefix of the name of a message that has an id of its own."""
PLAN: Final = "p:"
"""Prefix of the name of a message that is known by its plan alone."""


def without_failed(contacts: tuple[Contact, ...]) -> tuple[Contact, ...]:
    """Return the contacts without those whose message did not arrive.

    Where two messages of one plan went out, a failure that names the plan is of either: both stay.
    """
    failed = Counter(one.message for one in contacts if one.told == FAILED)
    if not failed:
        return contacts
    return tuple(one for one in contacts if one.told != FAILED or _is_unclear(one, failed))


def _is_unclear(one: Contact, failed: Counter[str]) -> bool:
    return one.message.startswith(PLAN) and failed[one.message] > 1
