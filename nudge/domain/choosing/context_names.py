"""Names of context attributes: which ones slots and segments ask for, and who makes them. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final

from nudge.domain.people.facts import REGION
from nudge.domain.people.failures import FAILED_AT, METHOD, REASON
from nudge.domain.prefill.numbers import FLAGS
from nudge.domain.slots.rule import Rule
from nudge.domain.slots.segments import Segments
from nudge.domain.slots.slot import Slot

ASKED: Final = frozenset({"channel", "page"})
"""Attributes of every question: its fields."""
KEPT: Final = frozenset(
    {
        *("first_paid_at", "last_amount", "last_paid_at", "payments", "usual_amount"),
        *("expected_at", "overdue_days", "spending_change", "mobile_before", "alive"),
        *(FAILED_AT, METHOD, REASON),
        *REGION,
    }
)
"""Attributes that the service keeps of each visitor."""
MADE: Final = ASKED | KEPT | frozenset(FLAGS.values())
"""Attributes that the service makes, besides segments."""


def names_in_slot(slot: Slot) -> Iterator[tuple[str, str]]:
    """Yield each attribute that a slot asks for, with the dotted key that names it."""
    yield from ((one.name, f"context.{one.name}") for one in slot.context)
    if slot.comparison is not None:
        yield slot.comparison.rule.by, "comparison.rule"
    for variant in slot.variants:
        where = f"variants.{variant.name}.available"
        yield from ((name, f"{where}.requires") for name in variant.availability.requires)
        rule = variant.availability.when
        if rule is not None:
            yield from ((name, f"{where}.when") for name in names_in_rule(rule))


def names_in_segments(segments: Segments) -> Iterator[tuple[str, str]]:
    """Yield each attribute that the rules of segments ask for, with the dotted key."""
    for kind, listed in segments.items():
        for one in listed:
            yield from ((name, f"{kind}.{one.name}.when") for name in names_in_rule(one.when))


def names_in_rule(rule: Rule) -> Iterator[str]:
    """Yield the attributes of a rule's tests."""
    return (test.attribute for test in rule.tests())


def unmade_names(
    slots: Iterable[Slot], segments: Segments, brought: Collection[str]
) -> Mapping[tuple[str, str], str]:
    """Return the attributes that nothing makes.

    Args:
        slots: of the installation.
        segments: of the installation; each kind is an attribute.
        brought: attributes that pages, servers or files bring, by the operator's word.

    Returns:
        (slot, or empty for the segments; dotted key) -> name, in order.
    """
    known = MADE | set(segments) | set(brought)
    asked = [(("", key), name) for name, key in names_in_segments(segments)]
    asked += [((slot.name, key), name) for slot in slots for name, key in names_in_slot(slot)]
    return {place: name for place, name in asked if name not in known}
