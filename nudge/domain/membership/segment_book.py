"""The book of segments: rules, the times at which they change, and the operator's calendar."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2b
from typing import Final, NamedTuple

from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.basics.local_time import date_of
from nudge.domain.people.rhythm import Rhythm
from nudge.domain.people.visitor import VisitorState
from nudge.domain.slots.rule import KNOWN, Scalar, Test
from nudge.domain.slots.rule_times import ALIVE, OVERDUE, next_change, timed_tests
from nudge.domain.slots.segments import Segment, Segments, name_segments

MOBILE_BEFORE: Final = "mobile_before"
LATER: Final = 0.001
"""Seconds behind the moment at which a rule changes: records have milliseconds."""


class SegmentKey(NamedTuple):
    """The name of a segment among all of an installation.

    Attributes:
        kind: such as `stage`.
        name: unique in its kind.
    """

    kind: str
    name: str

    @property
    def text(self) -> str:
        """The name as people write it: `stage.warning`."""
        return f"{self.kind}.{self.name}"


@dataclass(frozen=True)
class SegmentBook:
    """The segments as they are configured now.

    Attributes:
        segments: of the installation.
        calendar: of the operator, whose days are counted.
        rhythm: of the crowd's recharges; None while none is known.
    """

    segments: Segments = field(default_factory=dict)
    calendar: OperatorCalendar = field(default_factory=OperatorCalendar)
    rhythm: Rhythm | None = None

    @cached_property
    def digest(self) -> str:
        """The hash of all rules and their order, and of the rhythm where a rule asks for it."""
        rules = [(kind, one.name, one.when.table) for kind, one in self._rows()]
        text = repr((rules, self.rhythm) if self.rhythm and self._follows_rhythm else rules)
        return blake2b(text.encode(), digest_size=8).hexdigest()

    @cached_property
    def follows_visits(self) -> bool:
        """True where a visit alone may make a member: else visits need not be read."""
        tests = (test for _, one in self._rows() for test in one.when.tests())
        return any(test.attribute == MOBILE_BEFORE or test.name == KNOWN for test in tests)

    @property
    def _follows_rhythm(self) -> bool:
        return any(test.attribute in {ALIVE, OVERDUE} for test in self._timed)

    @cached_property
    def _timed(self) -> tuple[Test, ...]:
        return timed_tests(one.when for _, one in self._rows())

    def _rows(self) -> Iterator[tuple[str, Segment]]:
        return ((kind, one) for kind, listed in self.segments.items() for one in listed)

    @cached_property
    def keys(self) -> tuple[SegmentKey, ...]:
        """The names of all segments, in order."""
        return tuple(SegmentKey(kind, one.name) for kind, one in self._rows())

    @cached_property
    def _known(self) -> frozenset[SegmentKey]:
        return frozenset(self.keys)

    def find(self, text: str) -> tuple[SegmentKey, Segment] | None:
        """Return the segment that people name: by kind and name, or by a name of one kind only."""
        found = [
            (SegmentKey(kind, one.name), one)
            for kind, one in self._rows()
            if text in (f"{kind}.{one.name}", one.name)
        ]
        exact = [one for one in found if one[0].text == text]
        return exact[0] if exact else found[0] if len(found) == 1 else None

    def attributes(self, state: VisitorState, at: float) -> dict[str, Scalar]:
        """Return the attributes of a visitor that the rules see at a moment, in seconds."""
        return state.context(at, self.rhythm)

    def groups(self, context: Mapping[str, Scalar], at: float) -> dict[str, str]:
        """Return the visitor's segment by kind; kinds of which no rule holds are left out.

        What the operator loaded under a kind's own name counts more than its rules.

        Args:
            context: attributes of the visitor at `at`.
            at: seconds.
        """
        named = name_segments(self.segments, context, at)
        found = (SegmentKey(kind, str(named[kind])) for kind in self.segments if kind in named)
        return {key.kind: key.name for key in found if key in self._known}

    def next_change(self, context: Mapping[str, Scalar], at: float) -> float | None:
        """Return the second at which time alone may change the visitor's segments."""
        return next_change(self._timed, context, at, LATER)

    def day(self, at: float) -> str:
        """Return the date of the operator's day in which a moment lies."""
        return date_of(self.calendar.day_of(at)).isoformat()
