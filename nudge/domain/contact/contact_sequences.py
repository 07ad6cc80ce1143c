"""Sequences of contacts: what must not stand together, and what wants another before it. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from math import inf, nextafter

from nudge.domain.basics.intervals import merge, minus
from nudge.domain.contact.contact import ONLY_AFTER, Contact, ContactFacts
from nudge.domain.contact.contact_calendar import Block
from nudge.domain.contact.contact_policy import ContactPolicy
from nudge.domain.contact.pressure_rules import ContactKind, SequenceRule, Turn, is_of_sort

ALWAYS = ((-inf, inf),)


def sequence_blocks(
    policy: ContactPolicy, known: ContactFacts, kind: ContactKind
) -> Iterator[Block]:
    """Yield the blocks that sequences make for a kind of contact.

    Exempt contacts count here, since a rule names them. What only may follow another contact waits
    until that one is made: a plan may be withdrawn.
    """
    terms = policy.find_terms(kind)
    if terms.turns:
        around = policy.list_around(known, kind.purpose)
        for turn in terms.turns:
            for one in around:
                if is_of_sort(turn.sort, one):
                    yield turn.reason, *_find_stretch(turn, one.at)
    for rule in terms.needs:
        made = [one.at for one in known.contacts if is_of_sort(rule.other, one)]
        open_parts = merge((nextafter(at, inf), at + rule.within) for at in made)
        yield from ((ONLY_AFTER, low, high) for low, high in minus(ALWAYS, open_parts))


def is_unordered(policy: ContactPolicy, known: ContactFacts, kind: ContactKind, at: float) -> bool:
    """Return whether sequences make the same blocks from a moment on as without any contact.

    `at` is in seconds.
    """
    terms = policy.find_terms(kind)
    if terms.turns:
        around = policy.list_around(known, kind.purpose)
        for turn in terms.turns:
            if any(is_of_sort(turn.sort, x) and _find_stretch(turn, x.at)[1] > at for x in around):
                return False
    return not any(_permits(rule, one, at) for rule in terms.needs for one in known.contacts)


def _permits(rule: SequenceRule, one: Contact, at: float) -> bool:
    return is_of_sort(rule.other, one) and one.at + rule.within > at


def _find_stretch(turn: Turn, at: float) -> tuple[float, float]:
    """Return the seconds that a contact closes: exactly the rule's distance is allowed."""
    low = nextafter(at - turn.behind, inf) if turn.behind else at
    return low, at + turn.ahead if turn.ahead else nextafter(at, inf)
