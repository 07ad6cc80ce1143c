"""The book of rules: made once for a policy, so that a signal asks few of many rules. Pure.

Rules are found by the type, scene and word groups of a signal. Their conditions are closures: no
table is read while signals come.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple

from nudge.domain.care.signal import Signal
from nudge.domain.care.trail_plan import TrailPlan
from nudge.domain.care.warning_rule import (
    CaseKind,
    Combination,
    Condition,
    EventTest,
    WarningPolicy,
    WarningRule,
    attribute_rules,
    event_tests,
)
from nudge.domain.people.rhythm import Rhythm
from nudge.domain.slots.rule import ALL, Test
from nudge.domain.slots.rule_times import next_change, timed_tests
from nudge.domain.slots.segments import Segments, name_segments
from nudge.domain.slots.slot import Scalar

LATER: Final = 1.0
"""Seconds behind the moment at which an attribute passes a limit: then it has passed it."""
Person = Callable[[float], Mapping[str, Scalar]]
"""Returns the visitor's attributes at a moment, in seconds."""


class Occasion(NamedTuple):
    """The occasion on which conditions are asked.

    Attributes:
        at: seconds.
        signal: at hand; None where time or a fact is the occasion.
        signals: remembered ones, the one at hand among them.
        person: the visitor's attributes.
    """

    at: float
    signal: Signal | None
    signals: Sequence[Signal]
    person: Person


Holds = Callable[[Occasion], bool]


@dataclass(frozen=True)
class BookedRule:
    """A rule with its conditions as closures.

    Attributes:
        holds: whether it begins.
        ends: tests of signals that end its delay.
        spares: whether attributes end it when its delay has passed.
    """

    rule: WarningRule
    holds: Holds
    ends: tuple[EventTest, ...]
    spares: tuple[Holds, ...]

    def is_ended_by(self, signal: Signal, began: Signal) -> bool:
        """Return whether a signal ends a delay that another one began."""
        return signal.at >= began.at and any(
            one.matches(signal) and not (one.same_scene and signal.scene != began.scene)
            for one in self.ends
        )


class RuleBook:
    """The rules of a policy, found by signal.

    Attributes:
        policy: of warnings.
        rules: of the policy, and further ones of win-back and measures: each name is of one rule.
        segments: of the installation: rules may ask for them as for attributes.
        rhythm: of the crowd, by which attributes are made; None where none is known.
        trails: plan of the trails of visits; None where nobody is won back.
        purpose: of the contact policy, of contacts that win back.
    """

    def __init__(
        self,
        policy: WarningPolicy | None = None,
        segments: Segments | None = None,
        rhythm: Rhythm | None = None,
        further: Sequence[WarningRule] = (),
        trails: TrailPlan | None = None,
        purpose: str = CaseKind.WINBACK.value,
    ) -> None:
        self.policy, self.segments, self.rhythm = policy or WarningPolicy(), segments or {}, rhythm
        self.rules = (*self.policy.rules, *further)
        self.trails, self.purpose = trails, purpose
        self.by_name: dict[str, BookedRule] = {}
        self._rank: dict[str, int] = {}
        self._by_word: dict[str, list[BookedRule]] = defaultdict(list)
        self._by_scene: dict[tuple[str, str], list[BookedRule]] = defaultdict(list)
        self._by_type: dict[str, list[BookedRule]] = defaultdict(list)
        self._of_person: list[BookedRule] = []
        self._counted: dict[tuple[str, str], list[EventTest]] = defaultdict(list)
        for rank, rule in enumerate(self.rules):
            self._rank[rule.name] = rank
            self._enter(rule)
        self.longest = max((t.within for each in self._counted.values() for t in each), default=0.0)

    def _enter(self, rule: WarningRule) -> None:
        ends = tuple(t for one in rule.unless for t in event_tests(one))
        spares = tuple(_holds(one) for one in rule.unless if not list(event_tests(one)))
        booked = BookedRule(rule, _holds(rule.when), ends, spares)
        self.by_name[rule.name] = booked
        for test in event_tests(rule.when):
            for place in self._places(test):
                if booked not in place[-1:]:
                    place.append(booked)
            for scene in (test.scenes or ("",)) if test.within else ():
                self._counted[test.type, scene].append(test)
        if rule.kind is not CaseKind.WINBACK and list(attribute_rules(rule.when)):
            self._of_person.append(booked)

    def _places(self, test: EventTest) -> Iterator[list[BookedRule]]:
        if test.words:
            yield from (self._by_word[group] for group in sorted(test.words))
        elif test.scenes:
            yield from (self._by_scene[test.type, scene] for scene in sorted(test.scenes))
        else:
            yield self._by_type[test.type]

    def about(self, signal: Signal) -> Sequence[BookedRule]:
        """Return the rules that a signal may begin, in the order of the policy.

        A signal with words asks those that ask for words alone: its event has asked the others.
        """
        if signal.groups or signal.complaint:
            places = [self._by_word[group] for group in signal.groups if group in self._by_word]
        else:
            of_scene = self._by_scene.get((signal.type, signal.scene))
            of_type = self._by_type.get(signal.type)
            places = [place for place in (of_scene, of_type) if place]
        if len(places) < 2:  # noqa: PLR2004 - one place has its rules in order
            return places[0] if places else []
        found = {one.rule.name: one for place in places for one in place}
        return sorted(found.values(), key=lambda one: self._rank[one.rule.name])

    def about_person(self) -> Sequence[BookedRule]:
        """Return the rules that ask for attributes."""
        return self._of_person

    def counts(self, signal: Signal) -> bool:
        """Return whether a rule counts signals of this kind within a time."""
        for scene in (signal.scene, ""):
            for one in self._counted.get((signal.type, scene), ()):
                if one.matches(signal):
                    return True
        return False

    def describe(self, context: Mapping[str, Scalar], at: float) -> Mapping[str, Scalar]:
        """Return a visitor's attributes with the names of the segments."""
        return name_segments(self.segments, context, at)

    def next_look(self, context: Mapping[str, Scalar], at: float) -> float | None:
        """Return the second at which time alone may change what a rule says of a visitor.

        Args:
            context: attributes of the visitor at `at`.
            at: seconds.
        """
        return next_change(self._timed, context, at, LATER)

    @cached_property
    def _timed(self) -> tuple[Test, ...]:
        """Comparisons of rules and segments whose result changes with time."""
        rules = [one for booked in self._of_person for one in attribute_rules(booked.rule.when)]
        asked = {test.attribute for rule in rules for test in rule.tests()}
        if asked & set(self.segments):
            rules += [one.when for each in self.segments.values() for one in each]
        return timed_tests(rules)


def _holds(condition: Condition) -> Holds:
    """Return a condition as a closure."""
    if isinstance(condition, EventTest):
        return _counting(condition) if condition.within else _matching(condition)
    if isinstance(condition, Combination):
        parts = tuple(map(_holds, condition.parts))
        if condition.name == ALL:
            return lambda asked: all(part(asked) for part in parts)
        return lambda asked: any(part(asked) for part in parts)
    rule = condition
    return lambda asked: rule.holds(asked.person(asked.at), asked.at) is True


def _matching(test: EventTest) -> Holds:
    return lambda asked: asked.signal is not None and test.matches(asked.signal)


def _counting(test: EventTest) -> Holds:
    def holds(asked: Occasion) -> bool:
        since, left = asked.at - test.within, test.count
        for one in asked.signals:
            if since <= one.at <= asked.at and test.matches(one):
                left -= 1
                if not left:
                    return True
        return False

    return holds
