"""Segments and their members as plain tables, for the API and for commands. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from nudge.domain.membership.member import Member
from nudge.domain.membership.segment_book import SegmentKey
from nudge.domain.slots.rule import Scalar
from nudge.domain.slots.rule_words import rule_words
from nudge.domain.slots.segments import Segment

Moves = Mapping[str, tuple[int, int]]
"""Date -> how many joined, how many left."""


def segment_view(key: SegmentKey, segment: Segment, size: int) -> dict[str, Any]:
    """Return a segment with its rule, in words too, and how many belong to it now."""
    return {
        "segment": key.text,
        "kind": key.kind,
        "name": key.name,
        "title": dict(segment.title),
        "rule": segment.when.table,
        "words": rule_words(segment.when),
        "count": size,
    }


def daily_counts(moves: Moves, dates: Iterator[str]) -> Iterator[dict[str, Any]]:
    """Yield the members at the end of each day, with who joined and left on it.

    Args:
        moves: of the segment, of all days.
        dates: to tell, without a gap, in order.
    """
    first = next(dates, None)
    if first is None:
        return
    count = sum(joined - left for date, (joined, left) in moves.items() if date < first)
    day: str | None = first
    while day is not None:
        joined, left = moves.get(day, (0, 0))
        count += joined - left
        yield {"date": day, "count": count, "joined": joined, "left": left}
        day = next(dates, None)


def member_view(
    key: SegmentKey,
    segment: Segment,
    subject: str,
    member: Member,
    context: Mapping[str, Scalar],
    label: Callable[[float], str],
) -> dict[str, Any]:
    """Return a member: since when, and what the rule sees of them.

    Args:
        key: of the segment.
        segment: with its rule.
        subject: of the visitor.
        member: the record.
        context: attributes of the visitor at the moment of the fold.
        label: formats a moment in seconds.
    """
    kinds = {one.kind: one.segment for one in member.groups}
    seen = {**kinds, **context}
    names = dict.fromkeys(test.attribute for test in segment.when.tests())
    because = {name: seen.get(name) for name in names}
    if key.kind in context:
        because = {key.kind: context[key.kind]}  # the operator's own word
    since = next(one.since for one in member.groups if one.kind == key.kind)
    return {"subject": subject, "since": label(since), "because": because}
