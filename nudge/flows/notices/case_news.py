"""The news of cases: those that people are to be told of, read once a minute."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from heapq import nlargest
from typing import Final

from bandits.units import MINUTE
from nudge.domain.alarms.alarm import Alarm
from nudge.domain.care.case import Case
from nudge.domain.care.case_alarm import TOLD, alarm_of, is_due, receivers_of
from nudge.domain.care.warning_rule import WarningPolicy
from nudge.store.store import Store

MOST: Final = 2_000
"""Warnings that are looked at: the latest; who is told of more reads none of them."""


@dataclass(frozen=True)
class ToldCases:
    """Cases as alarms, with the people of each.

    Attributes:
        alarms: of cases that are not closed and may be told.
        receivers: id -> names.
    """

    alarms: tuple[Alarm, ...] = ()
    receivers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


class CaseNews:
    """The news of an installation's cases. Use it from one thread."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._read: tuple[int, tuple[Case, ...]] = (-1, ())

    def look(self, policy: WarningPolicy, now: float) -> ToldCases:
        """Return the cases that people are to be told of; at most a minute old.

        Raises:
            StoreAwayError: the store does not answer.
        """
        if not any(rule.tell for rule in policy.rules):
            return ToldCases()
        minute = int(now // MINUTE)
        if self._read[0] != minute:
            self._read = (minute, tuple(self._open_cases(now)))
        due = [case for case in self._read[1] if is_due(case, policy, now)]
        return ToldCases(
            tuple(alarm_of(case, policy) for case in due),
            {case.id: receivers_of(case, policy) for case in due},
        )

    def _open_cases(self, now: float) -> Iterator[Case]:
        """Yield the latest warnings that are not closed, of all partitions."""
        each = (
            place
            for p in self._store.keys.every_partition()
            for place in self._store.cases.places(p, None, MOST, closed=False)
            if place.opened >= now - TOLD
        )
        names = [place.id for place in nlargest(MOST, each)]
        yield from self._store.cases.read_many(names).values()
