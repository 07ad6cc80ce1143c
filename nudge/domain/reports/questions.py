"""Questions to a slot's log: its performance, and the evaluation of another policy."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

import orjson

from bandits.units import DAY
from nudge.domain.basics.calendar import ZONE, OperatorCalendar, Unit, parse_date
from nudge.domain.basics.slot_values import ATTRIBUTE_FORM
from nudge.domain.reports.filters import Where, filter_of, plain_where, read_where, wrong_filter
from nudge.domain.values.instants import EARLIEST, LATEST, parse_instant
from nudge.domain.values.number_words import mask_numbers
from nudge.domain.values.plain_text import trim
from nudge.domain.values.refusal import ValueRefusedError
from nudge.errors import InvalidRequestError

UNITS: Final[tuple[Unit, ...]] = ("day", "week", "month")
"""Dimensions by the operator's calendar."""
HOUR: Final = "hour"
WEEKDAY: Final = "weekday"
CLOCK: Final = (HOUR, WEEKDAY)
"""Dimensions by the operator's calendar that come again: the hour, 00 to 23, and the weekday, 1 (a
Monday) to 7."""
DIMENSIONS: Final = (
    *("channel", "page", "cell", *UNITS, *CLOCK, "revision", "policy_version", "degraded"),
)
"""Dimensions of every exposure; besides these `context.NAME`."""
CONTEXT: Final = "context."
MOST: Final = 2
"""Dimensions of one question."""
FORMATS: Final = ("json", "csv", "parquet")
_NAME: Final = re.compile(r"context\.[a-z][a-z0-9_]{0,63}")
TARGETS: Final = (
    "uniform, always:VARIANT, policy:VERSION, mabwiser:NAME or rule:ATTRIBUTE:VALUE=VARIANT,..."
)
_TARGET: Final = re.compile(
    r"uniform|always:[a-z0-9][a-z0-9_.-]{0,63}|policy:[0-9]{1,15}"
    r"|mabwiser:[A-Za-z0-9]{1,40}(,[a-z0-9_]{1,40}=[0-9]{1,9}(\.[0-9]{1,9})?){0,5}"
    r"|rule:[a-z][a-z0-9_]{0,63}:[^\x00-\x1f]{1,1000}"
)
_FIRST, _BEHIND = int(EARLIEST // DAY), int(LATEST // DAY)
"""Days that may be named: those of the moments that may be."""
OUTCOMES: Final = ("variant", "reason")
"""Words for what a decision led to. Rows that are chosen by them compare nothing."""


@dataclass(frozen=True)
class Period:
    """A period of exposures.

    Attributes:
        start: seconds since the epoch, included; None for the beginning.
        end: seconds since the epoch, excluded; None for now.
    """

    start: float | None = None
    end: float | None = None


EVER: Final = Period()
"""The period without ends."""


@dataclass(frozen=True)
class PerformanceQuestion:
    """The question about the performance of a slot's variants.

    Attributes:
        period: of the exposures.
        by: dimensions; none for the slot as a whole.
        parquet: the answer is a file.
        where: dimensions with the value that the exposures have; none for all exposures.
        zone: IANA name of the zone of days and labels.
        compare: `week`, `month`, `quarter` or `revision` before; empty for none.
    """

    slot: str
    period: Period = EVER
    by: tuple[str, ...] = ()
    parquet: bool = False
    where: Where = ()
    zone: str = ZONE
    compare: str = ""

    @property
    def calendar(self) -> OperatorCalendar:
        """The calendar of the question's days and labels."""
        return OperatorCalendar.named(self.zone)

    @property
    def plain(self) -> dict[str, object]:
        """The question as JSON."""
        return {
            "slot": self.slot,
            "from": self.period.start,
            "to": self.period.end,
            "by": list(self.by),
            "parquet": self.parquet,
            "where": plain_where(self.where),
            "zone": self.zone,
            **({"compare": self.compare} if self.compare else {}),
        }

    @classmethod
    def read(cls, plain: Mapping[str, object]) -> PerformanceQuestion:
        """Read a question from its `plain` form."""
        by, where = plain["by"], read_where(plain.get("where"))
        names = tuple(map(str, by)) if isinstance(by, list) else ()
        parquet, zone = bool(plain["parquet"]), str(plain.get("zone", ZONE))
        compare = str(plain.get("compare", ""))
        return cls(str(plain["slot"]), _period(plain), names, parquet, where, zone, compare)


@dataclass(frozen=True)
class EvaluationQuestion:
    """The question about the reward of another policy on a slot's decisions.

    Attributes:
        target: one of `TARGETS`.
        period: of the decisions.
        zone: IANA name of the zone of labels.
    """

    slot: str
    target: str
    period: Period = EVER
    zone: str = ZONE

    @property
    def calendar(self) -> OperatorCalendar:
        """The calendar of the question's labels."""
        return OperatorCalendar.named(self.zone)

    @property
    def plain(self) -> dict[str, object]:
        """The question as JSON."""
        ends = {"from": self.period.start, "to": self.period.end}
        return {"slot": self.slot, "target": self.target, **ends, "zone": self.zone}

    @classmethod
    def read(cls, plain: Mapping[str, object]) -> EvaluationQuestion:
        """Read a question from its `plain` form."""
        zone = str(plain.get("zone", ZONE))
        return cls(str(plain["slot"]), str(plain["target"]), _period(plain), zone)


def digest(*parts: object) -> str:
    """Hash JSON values to 32 hex digits."""
    text = orjson.dumps(parts, option=orjson.OPT_SORT_KEYS)
    return blake2b(text, digest_size=16).hexdigest()


def period_of(start: object, end: object, calendar: OperatorCalendar) -> Period:
    """Return the period between two times as callers write them.

    A plain date is a day of the calendar: as `from` it is the day's first moment, and as `to` its
    end, so that the day is in the period.

    Raises:
        InvalidRequestError: a text is not a time, or the period ends before it begins.
    """
    found = Period(_time("from", start, calendar), _time("to", end, calendar))
    if found.start is not None and found.end is not None and found.start >= found.end:
        raise _wrong("to", "is not after `from`; give a later time")
    return found


def dimensions_of(by: str | None) -> tuple[str, ...]:
    """Return the dimensions of a text such as `channel,context.city_tier`.

    Raises:
        InvalidRequestError: a dimension is unknown or repeated, or there are too many.
    """
    names = [mask_numbers(name.strip()) for name in by.split(",")] if by else []
    wrong = [name for name in names if name not in DIMENSIONS and not _NAME.fullmatch(name)]
    if wrong:
        raise _wrong("by", unknown_dimension(wrong[0]))
    if len(names) > MOST or len(set(names)) < len(names):
        raise _wrong("by", f"give at most {MOST} different dimensions")
    return tuple(names)


def where_of(text: str | None) -> Where:
    """Return the filter of a text such as `channel:wap,channel:app,page:home`.

    Forms of values, ranges and backslashes are those of `filter_of`.

    Raises:
        InvalidRequestError: a part is no dimension with a value, or a value is there twice.
    """
    return filter_of(text, _known)


def target_of(target: object) -> str:
    """Check the target of an evaluation.

    Raises:
        InvalidRequestError: the target is unknown.
    """
    if not isinstance(target, str) or not _TARGET.fullmatch(target):
        raise _wrong("target", f"unknown target; use {TARGETS}")
    return mask_numbers(target)


def format_of(value: str | None) -> str:
    """Return the format of an answer; JSON by default.

    Raises:
        InvalidRequestError: the format is unknown.
    """
    if value is None:
        return FORMATS[0]
    if value not in FORMATS:
        raise _wrong("format", f"unknown format {value!r}; use {', '.join(FORMATS)}")
    return value


def _known(name: str, value: str) -> tuple[str, str]:
    if name not in DIMENSIONS and not _NAME.fullmatch(name):
        raise wrong_filter(unknown_dimension(name))
    return name, value


def unknown_dimension(name: str) -> str:
    """Return the refusal of a dimension, with those that there are."""
    if name in OUTCOMES:
        return (
            f"{name} is what a decision led to, and chooses no visitors; the report has a row for "
            "each variant, and `by_reason`: leave it out"
        )
    if re.fullmatch(ATTRIBUTE_FORM, name):
        own = f"context.{name} for an attribute"
        return f"unknown dimension {name!r}; use {', '.join(DIMENSIONS)}, or {own}"
    return f"unknown dimension {name!r}; use {', '.join(DIMENSIONS)}, or context.NAME"


def _time(name: str, value: object, calendar: OperatorCalendar) -> float | None:
    if value is None:
        return None
    day = parse_date(trim(value)) if isinstance(value, str) else None
    if day is not None and _FIRST <= day < _BEHIND:
        return calendar.end_of_day(day) if name == "to" else calendar.start_of_day(day)
    try:
        return parse_instant(value)
    except ValueRefusedError as error:
        raise _wrong(name, f"{error}, or a day such as 2026-11-27") from error


def _period(plain: Mapping[str, object]) -> Period:
    start, end = plain["from"], plain["to"]
    return Period(
        float(start) if isinstance(start, int | float) else None,
        float(end) if isinstance(end, int | float) else None,
    )


def _wrong(name: str, what: str) -> InvalidRequestError:
    return InvalidRequestError(f"{name}: {what}", {name: [what]})
