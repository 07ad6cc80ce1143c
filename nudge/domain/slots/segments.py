"""Segments: named groups of visitors by rule, such as the lifecycle stage and the value tier.

A kind of segment is an ordered list: the first whose rule holds is the visitor's. What is known of
the visitor, and the kinds before, are what the rules see.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from nudge.domain.slots.rule import Rule, Scalar


@dataclass(frozen=True)
class Segment:
    """One named group.

    Attributes:
        name: of the group.
        when: who belongs to it.
        title: language -> for people.
    """

    name: str
    when: Rule
    title: Mapping[str, str]


@dataclass(frozen=True)
class Member:
    """That a visitor belongs to a segment, and why.

    Attributes:
        segment: to which.
        because: attribute -> value, of all that its rule looks at.
    """

    segment: Segment
    because: Mapping[str, Scalar]


Segments = Mapping[str, Sequence[Segment]]
"""Kind, such as `stage` -> its segments, in order. A kind is a context attribute."""


def members(segments: Segments, context: Mapping[str, Scalar], at: float) -> dict[str, Member]:
    """Kind -> the visitor's segment; kinds of which no rule holds are left out.

    Args:
        segments: of the installation.
        context: what is known; where it names a kind already, that stands.
        at: seconds.
    """
    known = dict(context)
    return {
        kind: Member(one, {test.attribute: known.get(test.attribute) for test in one.when.tests()})
        for kind, one in _each(segments, known, at)
    }


def name_segments(
    segments: Segments, context: Mapping[str, Scalar], at: float
) -> dict[str, Scalar]:
    """The context, in which each kind is the name of the visitor's segment; as `members`."""
    known = dict(context)
    for _ in _each(segments, known, at):
        pass
    return known


def _each(segments: Segments, known: dict[str, Scalar], at: float) -> Iterator[tuple[str, Segment]]:
    """Kind and segment, one after the other; behind each it is known to the next kind's rules."""
    for kind, listed in segments.items():
        if kind in known:
            continue
        for one in listed:
            if one.when.holds(known, at):
                yield kind, one
                known[kind] = one.name
                break
