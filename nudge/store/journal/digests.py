"""Digests of record ids: by these a visitor remembers for 7 days what was sent."""

from __future__ import annotations

import hashlib

from nudge.domain.journal.event import EVENT_TYPES
from nudge.domain.journal.records import Decision, Event


def digest_of(record: Event | Decision) -> bytes:
    """Return the digest by which a visitor remembers a record; kinds cannot collide.

    An event's id is unique within its type and the class of its sender: a page can take away no id
    that a server uses, and an order's number may name its failure and its payment.
    """
    if not isinstance(record, Event):
        return _digest(f"d{record.ref}")
    if record.type in EVENT_TYPES:
        return _digest(f"{record.source}:{record.type}:{record.event_id}")
    # The folds' own events: no client can take their ids away.
    return _digest(f"i{record.event_id}")


def earlier_digest_of(record: Event | Decision) -> bytes:
    """Return the digest by which the version before remembered an event, without type and sender.

    It matters for 7 days behind an update. It is empty where the digest is the same.
    """
    if isinstance(record, Event) and record.type in EVENT_TYPES:
        return _digest(f"e{record.event_id}")
    return b""


def _digest(name: str) -> bytes:
    return hashlib.blake2b(name.encode(), digest_size=12).digest()
