"""Proofs of consent: who said yes or no to a channel, when, to which text, and where. Pure.

A proof is the last word on its channel until the next one. It is kept so long, and some months
behind its end.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

from nudge.domain.journal.event import text_name
from nudge.domain.journal.records import Event
from nudge.domain.people.consents import BY, ERASURE, FILE, REPLY, SMS, SMS_REPLY, refusing_word

PROOF_MONTHS: Final = 36
"""Months behind its end for which a proof is kept, where the configuration says nothing.

China's rule on SMS services wants records of subscribing kept until five months behind the end of
the service; a claim lapses after three years.
"""
TEXT_VERSION: Final = "text_version"
SOURCE: Final = "source"
LEAVING_PROOF: Final = frozenset({"consent", SMS_REPLY})
"""Types of events that may leave a proof."""
EVENT: Final = "event"
"""The source of a consent whose sender named none."""


class ConsentProof(NamedTuple):
    """A proof of consent, or of its withdrawal.

    Attributes:
        name: of the event, unique for its visitor: class of the sender, type, id.
        at: seconds, when it was said.
        channel: of contact.
        given: True for consent.
        text_version: of the text that was agreed to; empty where nobody told it.
        source: as its sender named it; `file` or `reply`; else `event`.
        word: by which a reply refused; empty for none.
        ended: seconds, from when on it is no longer the last word; None while it is.
    """

    name: str
    at: float
    channel: str
    given: bool
    text_version: str = ""
    source: str = EVENT
    word: str = ""
    ended: float | None = None


def proof_of(at: float, event: Event) -> ConsentProof | None:
    """Return the proof that an event leaves; None for one that says nothing on consent.

    A refusal that outlived an erasure leaves none: its own proof was kept.

    Args:
        at: seconds, when it was said.
        event: of the journal.
    """
    if event.type not in LEAVING_PROOF or event.fields.get(BY) == ERASURE:
        return None
    name = text_name(event.source, event.type, event.event_id)
    if event.type == SMS_REPLY:
        word = refusing_word(event)
        proof = ConsentProof(name, at, SMS, given=False, source=REPLY, word=word)
        return proof if word else None
    other = FILE if event.fields.get(BY) == FILE else EVENT
    return ConsentProof(
        name,
        at,
        str(event.fields.get("channel", "")),
        given=bool(event.fields.get("given")),
        text_version=str(event.fields.get(TEXT_VERSION, "")),
        source=str(event.fields.get(SOURCE) or other),
    )


def proof_row(one: ConsentProof, label: Callable[[float], str]) -> dict[str, str | bool | None]:
    """Return a proof as a table shows it.

    Args:
        one: the proof.
        label: writes a time, in seconds.
    """
    return {
        "at": label(one.at),
        "channel": one.channel,
        "given": one.given,
        TEXT_VERSION: one.text_version or None,
        SOURCE: one.source,
        "word": one.word or None,
        "event": one.name,
        "ended": None if one.ended is None else label(one.ended),
    }


def with_ends(
    proofs: Iterable[ConsentProof], leaves: float | None = None
) -> tuple[ConsentProof, ...]:
    """Return proofs in order of time, each with its end.

    Args:
        proofs: of one visitor, in any order; an end that one has stays.
        leaves: seconds, when the last words end too: the visitor was erased. None for never.
    """
    channels: dict[str, list[ConsentProof]] = defaultdict(list)
    for one in sorted(proofs, key=_order):
        channels[one.channel].append(one)
    ended: list[ConsentProof] = []
    for said in channels.values():
        ends = [*(one.at for one in said[1:]), leaves]
        ended += [
            one if one.ended is not None else one._replace(ended=end)
            for one, end in zip(said, ends, strict=True)
        ]
    return tuple(sorted(ended, key=_order))


def outlived(proofs: Iterable[ConsentProof], before: float) -> tuple[list[str], float | None]:
    """Return the names of the proofs that ended by a time, and when the next one ended.

    Args:
        proofs: of one visitor.
        before: seconds.

    Returns:
        The names; the first end of those that stay, None where none has ended.
    """
    known = with_ends(proofs)
    gone = [one.name for one in known if one.ended is not None and one.ended <= before]
    later = (one.ended for one in known if one.ended is not None and one.ended > before)
    return gone, min(later, default=None)


def _order(one: ConsentProof) -> tuple[float, bool, str]:
    """Return the order of words: of two at one time the refusal counts, so it is the later one."""
    return one.at, not one.given, one.name
