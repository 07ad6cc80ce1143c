"""Consents from events, files and erasures: which word on a channel counts. Pure.

A yes of a file lifts an earlier refusal only where the file says when it was given; a yes of a file
without a time lifts none. A refusal that outlived an erasure is lifted by the visitor's own word
alone, never by a file.
"""

from __future__ import annotations

from typing import Final

from nudge.domain.contact.contact import Consent
from nudge.domain.journal.records import Event

BY: Final = "~by"
"""The field of a `consent` that says where it comes from; no client can name a field so."""
FILE: Final = "file"
"""A consent of a file of visitors."""
ERASURE: Final = "erasure"
"""A refusal that outlives the erasure of who gave it."""
REPLY: Final = "reply"
"""The source of a refusal that came as a reply to an SMS."""
SMS_REPLY: Final = "sms_reply"
SMS: Final = "sms"
"""The channel that a reply refuses."""
REFUSAL: Final = "refusal"
"""The field of `sms_reply` with the word by which it refuses; it is written where it is recorded.

So a rebuild needs neither the text, which lies in the vault, nor the words of that day.
"""
NEVER: Final = -1.0
"""Of `heard`: the consent is a file's, and the visitor was never heard."""


def refusing_word(event: Event) -> str:
    """Return the word by which a reply to an SMS refuses; empty for any other event."""
    return str(event.fields.get(REFUSAL, "")) if event.type == SMS_REPLY else ""


def is_refusal(event: Event) -> bool:
    """Return True for the withdrawal of a consent, by event, file or reply."""
    if event.type == "consent":
        return not event.fields.get("given")
    return bool(refusing_word(event))


def consent_of(channel: str, at: float, *, given: bool, by: object, dated: bool) -> Consent:
    """Return a consent as a visitor's state keeps it.

    Args:
        channel: of contact.
        at: seconds.
        given: True for consent.
        by: one of the words above; anything else is the visitor's own word.
        dated: its time is known; a yes without one is older than every refusal.
    """
    if by == ERASURE and not given:
        return Consent(channel, at, given=False, kept=at)
    if by == FILE and given:
        return Consent(channel, at if dated else 0.0, given=True, heard=NEVER)
    return Consent(channel, at, given=given)


def last_word(one: Consent, other: Consent) -> Consent:
    """Return the word that counts of two on one channel; of two at one time the refusal counts."""
    both = (one, other)
    kept = max(one.kept, other.kept)
    refused = max((x.at for x in both if not x.given), default=None)
    allowed = max((x.at for x in both if x.given), default=None)
    heard = max(_heard(one), _heard(other))
    if heard > kept:
        kept = 0.0
    if refused is not None and (kept or allowed is None or refused >= allowed):
        return Consent(one.channel, refused, given=False, kept=kept)
    at = allowed or 0.0
    return Consent(one.channel, at, given=True, heard=0.0 if heard == at else heard)


def _heard(one: Consent) -> float:
    """Return when the visitor itself last said yes, in seconds; `NEVER` without such a word."""
    if not one.given:
        return NEVER
    return one.heard or one.at
