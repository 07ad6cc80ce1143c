"""Measures: rules that put a visitor on the work list, each with what is to be done. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from bandits.units import DAY
from nudge.domain.care.case import Case, CaseState
from nudge.domain.care.warning_rule import CaseKind, CaseLevel, Thing, WarningRule
from nudge.domain.slots.rule import Rule
from nudge.domain.slots.slot import Scalar

SLOT: Final = "retention_offer"
"""The slot whose variants are a measure, unless the measure names another one, or none."""
PURPOSE: Final = "winback"
"""Purpose of the contact policy by default."""
CHANNEL: Final = "call"
ONCE: Final = 90.0 * DAY
"""Seconds in which a visitor's measure is due once, by default."""
HELD: Final = 0.1
"""Share of visitors whose measures are held out, by default."""
MEASURE: Final = "measure"
"""Fact of a case, and of a grant: name of the measure."""
GROUP: Final = "group"
"""Fact of a case, and of a grant: group of benefits."""
RULE: Final = "measure."
"""Beginning of the name of a measure's rule: rules of warnings have names of their own."""


@dataclass(frozen=True)
class Measure:
    """A measure that is due for visitors of whom a rule holds.

    Attributes:
        when: rule on the attributes of a visitor.
        title: language -> text for people.
        level: of its cases.
        within: seconds from the opening of a case in which it is due; None for no date.
        once: seconds in which it is due once for one visitor.
        slot: whose variants are the measure; empty where it has no benefit.
        group: of the benefits of the measure; empty for those of its slot's variants.
        channels: of the contact, those that are tried first before the others.
        purpose: of the contact policy.
        held_share: share of visitors whose cases of measures are held out.
        priority: of several that are due for one visitor the highest comes first.
    """

    name: str
    when: Rule
    title: Mapping[str, str] = field(default_factory=dict)
    level: CaseLevel = CaseLevel.INFO
    within: float | None = None
    once: float = ONCE
    slot: str = SLOT
    group: str = ""
    channels: tuple[str, ...] = (CHANNEL,)
    purpose: str = PURPOSE
    held_share: float = HELD
    priority: int = 0

    @property
    def rule_name(self) -> str:
        """The name of the rule that opens its cases."""
        return f"{RULE}{self.name}"

    def due(self, case: Case) -> float | None:
        """Return the second until which it is due; None where it has no date."""
        return None if self.within is None else case.opened + self.within


def measure_rules(measures: Sequence[Measure]) -> tuple[WarningRule, ...]:
    """Return the rules by which measures put visitors on the work list."""
    return tuple(map(_rule, measures))


def _rule(one: Measure) -> WarningRule:
    facts: dict[str, Scalar] = {MEASURE: one.name}
    return WarningRule(
        one.rule_name,
        one.when,
        one.level,
        thing=Thing.VISITOR,
        once=one.once,
        title=one.title,
        kind=CaseKind.MEASURE,
        facts=facts | ({GROUP: one.group} if one.group else {}),
        held_share=one.held_share,
    )


def measure_of(case: Case, measures: Mapping[str, Measure]) -> Measure | None:
    """Return the measure that opened a case; None for other cases, and where it is gone."""
    return measures.get(str(case.fact(MEASURE))) if case.kind == CaseKind.MEASURE else None


def due_measure(
    case: Case, measures: Mapping[str, Measure], context: Mapping[str, Scalar], at: float
) -> Measure | None:
    """Return the measure that is due for the visitor of a case.

    A case of a measure has its own, as long as the rule holds. For a warning, and for who left the
    path, it is the first of the highest priority whose rule holds now.

    Args:
        case: of any kind.
        measures: by name, in the order of the file.
        context: attributes of the visitor.
        at: seconds, now.
    """
    if case.state is CaseState.CLOSED:
        return None
    own = measure_of(case, measures)
    asked = [own] if own else [] if case.kind == CaseKind.MEASURE else list(measures.values())
    held = [one for one in asked if one.when.holds(context, at) is True]
    return max(held, key=lambda one: one.priority, default=None)
