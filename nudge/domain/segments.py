"""Segments: named groups of visitors by rule, such as the lifecycle stage and the value tier.

A kind of segment is an ordered list: the first whose rule holds is the visitor's. What is known of
the visitor, and the kinds before, are what the rules see.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nudge.domain.rule import Rule, Scalar


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
    found: dict[str, Member] = {}
    for kind, listed in segments.items():
        if kind in known:
            continue
        first = next((one for one in listed if one.when.holds(known, at)), None)
        if first is not None:
            looked = {test.attribute: known.get(test.attribute) for test in first.when.tests()}
            found[kind] = Member(first, looked)
            known[kind] = first.name
    return found
