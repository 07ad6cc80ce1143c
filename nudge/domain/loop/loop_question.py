"""Questions about the closed loop: a period, a grouping, and the terms of keeping. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from bandits.units import DAY
from nudge.domain.basics.calendar import ZONE, OperatorCalendar
from nudge.domain.basics.duration import format_duration, parse_duration
from nudge.domain.care.warning_rule import CaseKind
from nudge.domain.loop.loop_cases import WORDS
from nudge.domain.reports.questions import period_of
from nudge.errors import InvalidRequestError

PARAMETERS: Final = ("from", "to", "by", "kind", "kept_within", "format")
EFFECT_PARAMETERS: Final = ("from", "to", "by", "kept_within")
EFFECT_WORDS: Final = ("stage", "reason", "rule", "tier")
"""Words by which the effect of win-back may be grouped: what was known at the opening."""
KINDS: Final = tuple(one.value for one in CaseKind)
WEEKS: Final = 8
"""Weeks of the period where no `from` is given."""
EFFECT_WEEKS: Final = 26
"""Weeks of the period of an effect, likewise: horizons have to be over."""
KEPT_WITHIN: Final = 30.0 * DAY
"""Seconds behind the opening in which a payment keeps a visitor, by default."""
LONGEST: Final = 180.0 * DAY
STEP: Final = 300
"""Seconds: without `to` a period ends on a multiple, so that equal questions share one answer."""


@dataclass(frozen=True)
class LoopTerms:
    """The terms of an operator by which steps are read and costed.

    Attributes:
        reached: outcomes that say that the visitor was reached.
        kept: outcomes that say that the visitor stays.
        teams: names of teams: a case that is assigned to one has no agent yet.
        contact_costs: channel and yuan of a contact whose cost was not told.
        hour_cost: yuan of an agent's hour.
    """

    reached: frozenset[str] = frozenset()
    kept: frozenset[str] = frozenset()
    teams: frozenset[str] = frozenset()
    contact_costs: tuple[tuple[str, float], ...] = ()
    hour_cost: float = 0.0

    @property
    def plain(self) -> dict[str, object]:
        """The terms as JSON: an answer belongs to those by which it was made."""
        names = {"reached": self.reached, "kept": self.kept, "teams": self.teams}
        costs = {"contact_costs": sorted(self.contact_costs), "hour_cost": self.hour_cost}
        return {name: sorted(one) for name, one in names.items()} | costs


@dataclass(frozen=True)
class LoopQuestion:
    """A question about the closed loop.

    Attributes:
        start: seconds; cases that were opened then or later.
        end: seconds; cases that were opened before.
        by: word by which cases are grouped; empty for none.
        kind: of cases; empty for all.
        kept_within: seconds behind the opening in which a payment keeps a visitor.
        zone: IANA name of the zone of labels.
    """

    start: float
    end: float
    by: str = ""
    kind: str = ""
    kept_within: float = KEPT_WITHIN
    zone: str = field(default=ZONE)

    @property
    def calendar(self) -> OperatorCalendar:
        """The calendar of labels."""
        return OperatorCalendar.named(self.zone)

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of cases; none for all."""
        return (self.kind,) if self.kind else ()

    @property
    def plain(self) -> dict[str, object]:
        """The question as JSON."""
        words = {"by": self.by, "kind": self.kind, "zone": self.zone}
        return {"from": self.start, "to": self.end, "kept_within": self.kept_within, **words}

    @classmethod
    def read(cls, plain: Mapping[str, Any]) -> LoopQuestion:
        """Read a question from its `plain` form."""
        ends = float(plain["from"]), float(plain["to"])
        words = str(plain["by"]), str(plain["kind"])
        return cls(*ends, *words, float(plain["kept_within"]), str(plain["zone"]))


def loop_question(
    texts: Mapping[str, str], now: float, calendar: OperatorCalendar, step: int = STEP
) -> LoopQuestion:
    """Read a question about the closed loop from the parameters of a query.

    Args:
        texts: parameter -> text.
        now: seconds.
        calendar: of dates and labels.
        step: seconds; see `STEP`.

    Raises:
        InvalidRequestError: a parameter is unknown or makes no sense; each by name, with the cure.
    """
    _check_names(texts, PARAMETERS)
    start, end = _ends(texts, now, calendar, (WEEKS, step))
    by, kind = _word(texts, "by", WORDS), _word(texts, "kind", KINDS)
    return LoopQuestion(start, end, by, kind, _within(texts), calendar.zone.key)


def effect_question(
    texts: Mapping[str, str], now: float, calendar: OperatorCalendar, step: int = STEP
) -> LoopQuestion:
    """Read a question about the effect of win-back from the parameters of a query.

    Args:
        texts: parameter -> text.
        now: seconds.
        calendar: of dates and labels.
        step: seconds; see `STEP`.

    Raises:
        InvalidRequestError: a parameter is unknown or makes no sense; each by name, with the cure.
    """
    _check_names(texts, EFFECT_PARAMETERS)
    start, end = _ends(texts, now, calendar, (EFFECT_WEEKS, step))
    by, kind = _word(texts, "by", EFFECT_WORDS), CaseKind.WINBACK.value
    return LoopQuestion(start, end, by, kind, _within(texts), calendar.zone.key)


def _check_names(texts: Mapping[str, str], known: tuple[str, ...]) -> None:
    for name in texts:
        if name not in known:
            raise _wrong(name, f"unknown parameter; use {', '.join(known)}")


def _ends(
    texts: Mapping[str, str], now: float, calendar: OperatorCalendar, usual: tuple[int, int]
) -> tuple[float, float]:
    """Return the period; `usual` are its weeks, and the step of its end, where none is given."""
    weeks, step = usual
    asked = period_of(texts.get("from"), texts.get("to"), calendar)
    end = float(math.ceil(now / step) * step) if asked.end is None else asked.end
    start = calendar.earlier(end, weeks=weeks) if asked.start is None else asked.start
    if not start < end:
        raise _wrong("from", "is not before the period's end; give an earlier time")
    return start, end


def _word(texts: Mapping[str, str], name: str, words: tuple[str, ...]) -> str:
    text = texts.get(name, "")
    if text and text not in words:
        raise _wrong(name, f"unknown; use {', '.join(words)}, or leave it out")
    return text


def _within(texts: Mapping[str, str]) -> float:
    if "kept_within" not in texts:
        return KEPT_WITHIN
    try:
        found = parse_duration(texts["kept_within"])
    except ValueError as error:
        raise _wrong("kept_within", str(error)) from error
    if not 0.0 < found <= LONGEST:
        raise _wrong("kept_within", f"give a time up to {format_duration(LONGEST)}")
    return found


def _wrong(name: str, what: str) -> InvalidRequestError:
    return InvalidRequestError(f"{name}: {what}", {name: [what]})
