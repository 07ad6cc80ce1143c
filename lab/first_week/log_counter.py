"""Counting of a log, row by row: what is kept grows with the kinds of visitors, not with rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

import numpy as np

from bandits.delay import DelayCounts
from bandits.units import HOUR
from lab.first_week.group_finder import GroupFinder
from lab.first_week.week_log import CONVERSIONS, SQUARE, TRIALS, VALUE, VisitorGroup, WeekLog
from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.credit.import_values import (
    RowError,
    is_absent,
    list_of,
    number_of,
    reason_of,
    seconds_of,
    text_of,
    worth,
)
from nudge.domain.credit.log_import import OWN, ImportRules
from nudge.domain.journal.records import DecisionReason
from nudge.domain.slots.slot import Slot
from nudge.domain.values.flags import parse_flag
from nudge.domain.values.refusal import ValueRefusedError

USED: Final = (DecisionReason.POLICY, DecisionReason.HOLDOUT, DecisionReason.USUAL)
"""Reasons of decisions whose visitors were not picked by what came of them."""
STATE: Final = ("matured", "quarantined")
LEAST_PROPENSITY: Final = 1e-6
WAITING: Final = 50_000
"""Most delays that wait to be counted."""


@dataclass(eq=False)
class LogCounter:
    """A counter of a log's rows.

    Attributes:
        slot: slot of the decisions.
        rules: mapping of the log's columns.
        columns: columns of the log.
        calendar: the operator's; it tells days apart.
        now: seconds; no row is later.
    """

    slot: Slot
    rules: ImportRules
    columns: Sequence[str]
    calendar: OperatorCalendar
    now: float
    left_out: Counter[str] = field(default_factory=Counter)
    _sums: dict[VisitorGroup, list[list[int]]] = field(default_factory=dict)
    _hours: set[int] = field(default_factory=set)
    _delays: list[tuple[float, float]] = field(default_factory=list)
    _known: int = 0

    def __post_init__(self) -> None:
        """Begin with zeros."""
        window = self.slot.terms.window
        self._delay_counts = DelayCounts.empty(window)
        self._groups = GroupFinder(self.slot, self.rules, self.now)
        self._inverse = [[0.0, 0.0, 0.0] for _ in self.slot.names]
        self._places = {name: place for place, name in enumerate(self.slot.names)}

    @property
    def names(self) -> list[str]:
        """The columns of the log that are read."""
        wanted = [self.rules.column(name) for name in OWN]
        wanted += [*self.rules.context.values(), *STATE]
        return [name for name in dict.fromkeys(wanted) if name in self.columns]

    def count(self, row: Mapping[str, Any]) -> bool:
        """Count a row; return whether it is used.

        Raises:
            RowError: the row cannot be read; the message tells the column and the cure.
        """
        known = {name: row.get(column) for name, column in self._pairs}
        if why := self._reason_to_leave_out(row, known):
            self.left_out[why] += 1
            return False
        arm = self._arm(known["variant"])
        at = seconds_of(known["at"], "at", self.now)
        conversions, value = worth(known, self.slot.terms.objective)
        if conversions is None:
            self.left_out["not_exposed"] += 1
            return False
        propensity = self._propensity(known)
        group = self._groups.find(row, known)
        sums = self._sums.setdefault(group, [[0] * 4 for _ in self.slot.names])[arm]
        sums[TRIALS] += 1
        sums[CONVERSIONS] += conversions
        sums[VALUE] += value
        sums[SQUARE] += value * value
        self._hours.add(int(at // HOUR))
        if conversions:
            self._note_delay(known, at)
        if propensity is not None:
            self._note_propensity(arm, propensity, conversions)
        return True

    def finish(self, refused: int) -> WeekLog:
        """Return the counts of all rows so far.

        Args:
            refused: rows that could not be read.
        """
        self._flush_delays()
        sums = np.array(list(self._sums.values()), dtype=np.int64)
        days = {self.calendar.day_of(float(hour * HOUR)) for hour in self._hours}
        return WeekLog(
            slot=self.slot,
            groups=tuple(self._sums),
            sums=sums.reshape(len(self._sums), len(self.slot.names), 4),
            days=len(days),
            known=self._known,
            inverse=np.array(self._inverse),
            delay=self._delay_counts.distribution() if self._delay_counts.delays.any() else None,
            left_out=self.left_out,
            refused=refused,
        )

    @cached_property
    def _pairs(self) -> list[tuple[str, str]]:
        return [(name, self.rules.column(name)) for name in OWN]

    def _reason_to_leave_out(self, row: Mapping[str, Any], known: Mapping[str, Any]) -> str | None:
        if reason_of(known["reason"]) not in USED:
            return "reason"
        matured, quarantined = (_flag(row.get(name), name) for name in STATE)
        if matured is False:
            return "not_matured"
        return "quarantined" if quarantined else None

    def _arm(self, value: object) -> int:
        place = self._places.get(text_of(value, "variant"))
        if place is None:
            names = ", ".join(self.slot.names)
            raise RowError(f"unknown variant of slot {self.slot.name}; use one of {names}")
        return place

    def _propensity(self, known: Mapping[str, Any]) -> float | None:
        """Return the probability with which the variant was drawn; None where nobody knows."""
        if self.rules.teach_only:
            return None
        variant, found = str(known["variant"]), None
        if not is_absent(known["propensity"]):
            found = number_of(known["propensity"], "propensity")
        elif not is_absent(known["pmf"]):
            names = [str(one) for one in list_of(known["eligible"], "eligible")]
            pmf = [number_of(one, "pmf") for one in list_of(known["pmf"], "pmf")]
            found = dict(zip(names, pmf, strict=False)).get(variant)
        elif self.rules.distribution:
            found = self.rules.distribution.get(variant, 0.0)
        if found is not None and not LEAST_PROPENSITY <= found <= 1:
            raise RowError("propensity is not a probability; give a number above 0, up to 1")
        return found

    def _note_propensity(self, arm: int, propensity: float, conversions: int) -> None:
        self._known += 1
        sums = self._inverse[arm]
        sums[0] += 1 / propensity
        sums[1] += conversions / propensity
        sums[2] += conversions / propensity**2

    def _note_delay(self, known: Mapping[str, Any], at: float) -> None:
        if is_absent(known["rewarded_at"]):
            return
        shown = known["exposed_at"]
        exposed = at if is_absent(shown) else seconds_of(shown, "exposed_at", self.now)
        paid = seconds_of(known["rewarded_at"], "rewarded_at", self.now)
        self._delays.append((max(paid - exposed, 0.0), self.now - exposed))
        if len(self._delays) >= WAITING:
            self._flush_delays()

    def _flush_delays(self) -> None:
        delays = np.array(self._delays).reshape(-1, 2)
        self._delay_counts = self._delay_counts.add(delays[:, 0], delays[:, 1])
        self._delays.clear()


def _flag(value: object, name: str) -> bool | None:
    if is_absent(value):
        return None
    try:
        return parse_flag(value)
    except ValueRefusedError as error:
        raise RowError(f"{name} {error}") from error
