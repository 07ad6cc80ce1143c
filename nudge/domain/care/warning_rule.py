"""Rules of warnings: conditions on what visitors say and do, at once or after a delay. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from bandits.units import DAY, HOUR, MINUTE
from nudge.domain.care.signal import Signal
from nudge.domain.slots.rule import Rule
from nudge.domain.slots.slot import Scalar

MOST_RULES: Final = 500
LONGEST: Final = 90.0 * DAY
"""Seconds of the longest delay and of the longest window in which signals are counted."""
ONCE: Final = 30.0 * DAY
"""Seconds in which one thing is warned of once, by default."""
MOST_COUNT: Final = 20


class CaseLevel(StrEnum):
    """Level of a warning; a proposal is the complaint model's, below all rules."""

    PROPOSAL = "proposal"
    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


class CaseKind(StrEnum):
    """Kind of a case: what somebody is asked to do about a visitor."""

    WARNING = "warning"
    WINBACK = "winback"
    MEASURE = "measure"


class Thing(StrEnum):
    """The thing that is warned of once: a visitor's scene, the visitor, or each event."""

    SCENE = "scene"
    VISITOR = "visitor"
    EVENT = "event"


class Sending(StrEnum):
    """Way of sending a warning: what comes within its time is one notice."""

    NOW = "now"
    HOURLY = "hourly"
    DAILY = "daily"

    @property
    def seconds(self) -> float:
        """Seconds that are gathered into one notice."""
        return {Sending.NOW: MINUTE, Sending.HOURLY: HOUR, Sending.DAILY: DAY}[self]


@dataclass(frozen=True)
class EventTest:
    """A test of signals: so many of a kind within a time, or the signal at hand.

    Attributes:
        type: of the signal.
        scenes: of which it must be; any where empty.
        same_scene: only in `unless`: the scene of the signal that began the delay.
        words: groups of the lexicon, one of which its text must hold; none are asked where empty.
        reasons: of a failed payment; any where empty.
        methods: of a payment; any where empty.
        count: least number of signals.
        within: seconds in which they are counted; 0 for the signal at hand alone.
    """

    type: str
    scenes: frozenset[str] = frozenset()
    same_scene: bool = False
    score_at_most: float | None = None
    score_at_least: float | None = None
    words: frozenset[str] = frozenset()
    reasons: frozenset[str] = frozenset()
    methods: frozenset[str] = frozenset()
    count: int = 1
    within: float = 0.0

    def matches(self, signal: Signal) -> bool:
        """Return whether one signal is of the kind that is asked for."""
        if signal.type != self.type or (self.scenes and signal.scene not in self.scenes):
            return False
        if self.score_at_most is not None and not (
            signal.score is not None and signal.score <= self.score_at_most
        ):
            return False
        if self.score_at_least is not None and not (
            signal.score is not None and signal.score >= self.score_at_least
        ):
            return False
        if self.words and self.words.isdisjoint(signal.groups):
            return False
        if self.reasons and signal.reason not in self.reasons:
            return False
        return not self.methods or signal.method in self.methods


@dataclass(frozen=True)
class Combination:
    """A combination of conditions of which all, or any, must hold.

    Attributes:
        name: `all` or `any`.
        parts: at least one.
    """

    name: str
    parts: tuple[Condition, ...]


Condition = EventTest | Combination | Rule
"""A test of signals, a rule on the visitor's attributes, or several of them."""


def event_tests(condition: Condition) -> Iterator[EventTest]:
    """Yield the tests of signals in a condition."""
    if isinstance(condition, EventTest):
        yield condition
    elif isinstance(condition, Combination):
        for part in condition.parts:
            yield from event_tests(part)


def attribute_rules(condition: Condition) -> Iterator[Rule]:
    """Yield the rules on attributes in a condition."""
    if isinstance(condition, Combination):
        for part in condition.parts:
            yield from attribute_rules(part)
    elif not isinstance(condition, EventTest):
        yield condition


@dataclass(frozen=True)
class WarningRule:
    """A rule of warnings.

    Attributes:
        when: condition that begins it.
        level: of the warning.
        after: seconds of its delay; 0 for at once.
        unless: conditions of which any ends the delay: tests of signals at once, rules on
            attributes when it has passed.
        topic: rules of one topic share their cases.
        thing: that is warned of once.
        once: seconds in which it is.
        title: language -> text for people.
        tell: names of people.
        sending: how they are told.
        kind: of the cases that it opens.
        facts: that each of its cases tells, such as the measure that is due.
        held_share: share of visitors whose cases of this kind are held out: nobody acts on them, so
            that they tell what comes without contact.
    """

    name: str
    when: Condition
    level: CaseLevel = CaseLevel.WARNING
    after: float = 0.0
    unless: tuple[Condition, ...] = ()
    topic: str = ""
    thing: Thing = Thing.SCENE
    once: float = ONCE
    title: Mapping[str, str] = field(default_factory=dict)
    tell: tuple[str, ...] = ()
    sending: Sending = Sending.HOURLY
    kind: CaseKind = CaseKind.WARNING
    facts: Mapping[str, Scalar] = field(default_factory=dict)
    held_share: float = 0.0

    @property
    def shared_topic(self) -> str:
        """The topic; the rule's own name where it shares none."""
        return self.topic or self.name


PROPOSAL: Final = "proposal"
"""Topic, and name in place of a rule's, of the complaint model's proposals."""


@dataclass(frozen=True)
class WarningPolicy:
    """The policy of warnings; an empty one warns of nothing.

    Attributes:
        rules: each with a name of its own.
        agents: names of people to whom a case may be assigned.
        outcomes: name -> titles by language, of what may come of a case.
        proposes_at: probability from which on the complaint model proposes; above 1 for never.
        proposal_once: seconds in which one scene of a visitor is proposed once.
        reached: outcomes by which the person was reached.
        kept: outcomes by which the person stays, or came back.
    """

    rules: tuple[WarningRule, ...] = ()
    agents: tuple[str, ...] = ()
    outcomes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    proposes_at: float = 2.0
    proposal_once: float = ONCE
    reached: frozenset[str] = frozenset()
    kept: frozenset[str] = frozenset()

    def rule(self, name: str) -> WarningRule | None:
        """Return a rule by its name; None where it is not there any more."""
        return next((one for one in self.rules if one.name == name), None)
