"""Times of rules: the moments at which time alone changes what a rule says of a visitor. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from bandits.units import DAY
from nudge.domain.basics.duration import parse_duration
from nudge.domain.slots.rule import Rule, Scalar, Test

OVERDUE: Final = "overdue_days"
SINCE: Final = "since"
ALIVE: Final = "alive"


def timed_tests(rules: Iterable[Rule]) -> tuple[Test, ...]:
    """Return the comparisons of rules whose result changes with time, each once."""
    tests = {
        repr(test.table): test
        for rule in rules
        for test in rule.tests()
        if test.attribute in {OVERDUE, ALIVE} or test.name == SINCE
    }
    return tuple(tests.values())


def next_change(
    tests: Iterable[Test], context: Mapping[str, Scalar], at: float, later: float
) -> float | None:
    """Return the second at which a comparison's result may change next; None for never.

    Args:
        tests: of `timed_tests`.
        context: attributes of the visitor at `at`.
        at: seconds.
        later: seconds behind the moment itself at which the new result is looked for.
    """
    moments = (_passing(test, context, at, later) for test in tests)
    return min((x for x in moments if x is not None and x > at), default=None)


def _passing(test: Test, context: Mapping[str, Scalar], at: float, later: float) -> float | None:
    """Return the second at which a comparison's result changes; None where it does not."""
    value = context.get(test.attribute)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if test.name == SINCE:
        return value + parse_duration(test.value) + later
    given = test.value if isinstance(test.value, list) else [test.value]
    limits = [one for one in given if isinstance(one, int | float) and not isinstance(one, bool)]
    if test.attribute == ALIVE:
        # It falls in silence, at no pace that a formula tells: each day is soon enough.
        return at + DAY if any(one < value for one in limits) else None
    moments = [at + (one - value) * DAY + later for one in limits]
    return min((x for x in moments if x > at), default=None)
