"""Segments: named groups of visitors by rule, such as the lifecycle stage and the value tier.

A kind of segment is an ordered list: the visitor belongs to the first whose rule holds. Rules see
the context and the kinds before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from nudge.domain.slots.rule import Rule, Scalar


@dataclass(frozen=True)
class Segment:
    """A named group of visitors.

    Attributes:
        when: rule of its members.
        title: language -> text for people.
    """

    name: str
    when: Rule
    title: Mapping[str, str]


@dataclass(frozen=True)
class Member:
    """A visitor's membership in a segment, with the reason.

    Attributes:
        because: attribute -> value, of all attributes in the segment's rule.
    """

    segment: Segment
    because: Mapping[str, Scalar]


Segments = Mapping[str, Sequence[Segment]]
"""Kind, such as `stage` -> its segments, in order. A kind is a context attribute."""


def members(segments: Segments, context: Mapping[str, Scalar], at: float) -> dict[str, Member]:
    """Return the visitor's segment by kind; kinds of which no rule holds are left out.

    Args:
        segments: of the installation.
        context: known attributes; a kind that it names already stays.
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
    """Return the context with the name of the visitor's segment for each kind, as `members`."""
    known = dict(context)
    for _ in _each(segments, known, at):
        pass
    return known


def _each(segments: Segments, known: dict[str, Scalar], at: float) -> Iterator[tuple[str, Segment]]:
    """Yield kind and segment in order, and add each result to `known` for the next kind's rules."""
    for kind, listed in segments.items():
        if kind in known:
            continue
        for one in listed:
            if one.when.holds(known, at):
                yield kind, one
                known[kind] = one.name
                break
