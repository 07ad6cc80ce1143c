"""What may be asked of a slot's log: its performance, and what another policy would have got."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import blake2b
from typing import Final

import orjson

from nudge.domain.basics.slot_values import instant
from nudge.errors import InvalidRequestError

DIMENSIONS: Final = ("channel", "page", "cell", "day", "revision", "policy_version", "degraded")
"""What every exposure can be divided by; besides these `context.NAME`."""
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
_LAST: Final = 1e11
"""Seconds: the year 5138."""
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True)
class Period:
    """A time in which exposures lie.

    Attributes:
        start: seconds since the epoch, included; None is since the beginning.
        end: seconds since the epoch, excluded; None is until now.
    """

    start: float | None = None
    end: float | None = None


EVER: Final = Period()
"""All there is."""


@dataclass(frozen=True)
class PerformanceQuestion:
    """What a slot's variants have brought.

    Attributes:
        slot: which.
        period: of the exposures.
        by: dimensions; none is the slot as a whole.
        parquet: the answer is wanted as a file.
    """

    slot: str
    period: Period = EVER
    by: tuple[str, ...] = ()
    parquet: bool = False

    @property
    def plain(self) -> dict[str, object]:
        """For JSON."""
        return {
            "slot": self.slot,
            "from": self.period.start,
            "to": self.period.end,
            "by": list(self.by),
            "parquet": self.parquet,
        }

    @classmethod
    def read(cls, plain: Mapping[str, object]) -> PerformanceQuestion:
        """Back from `plain`."""
        by = plain["by"]
        names = tuple(map(str, by)) if isinstance(by, list) else ()
        return cls(str(plain["slot"]), _period(plain), names, bool(plain["parquet"]))


@dataclass(frozen=True)
class EvaluationQuestion:
    """What another policy would have got on a slot's decisions.

    Attributes:
        slot: which.
        target: one of `TARGETS`.
        period: of the decisions.
    """

    slot: str
    target: str
    period: Period = EVER

    @property
    def plain(self) -> dict[str, object]:
        """For JSON."""
        ends = {"from": self.period.start, "to": self.period.end}
        return {"slot": self.slot, "target": self.target, **ends}

    @classmethod
    def read(cls, plain: Mapping[str, object]) -> EvaluationQuestion:
        """Back from `plain`."""
        return cls(str(plain["slot"]), str(plain["target"]), _period(plain))


def digest(*parts: object) -> str:
    """32 hex digits that stand for JSON values."""
    text = orjson.dumps(parts, option=orjson.OPT_SORT_KEYS)
    return blake2b(text, digest_size=16).hexdigest()


def period_of(start: object, end: object) -> Period:
    """The period between two times as callers write them.

    Raises:
        InvalidRequestError: one of them is none, or it ends before it begins.
    """
    times = {"from": _time("from", start), "to": _time("to", end)}
    if None not in times.values() and times["from"] >= times["to"]:  # type: ignore[operator]
        raise _wrong("to", "is not after `from`; give a later time")
    return Period(times["from"], times["to"])


def dimensions_of(by: str | None) -> tuple[str, ...]:
    """The dimensions of a text such as `channel,context.city_tier`.

    Raises:
        InvalidRequestError: one of them is none, or there are too many.
    """
    names = [name.strip() for name in by.split(",")] if by else []
    wrong = [name for name in names if name not in DIMENSIONS and not _NAME.fullmatch(name)]
    if wrong:
        known = ", ".join(DIMENSIONS)
        raise _wrong("by", f"{wrong[0]!r} is none; use {known}, or context.NAME")
    if len(names) > MOST or len(set(names)) < len(names):
        raise _wrong("by", f"give at most {MOST} different dimensions")
    return tuple(names)


def target_of(target: object) -> str:
    """The target of an evaluation.

    Raises:
        InvalidRequestError: it is none.
    """
    if not isinstance(target, str) or not _TARGET.fullmatch(target):
        raise _wrong("target", f"is no target; use {TARGETS}")
    return target


def format_of(value: str | None) -> str:
    """The form of the answer.

    Raises:
        InvalidRequestError: it is none.
    """
    if value is None:
        return FORMATS[0]
    if value not in FORMATS:
        raise _wrong("format", f"is none; use {', '.join(FORMATS)}")
    return value


def _time(name: str, value: object) -> float | None:
    if value is None:
        return None
    found = instant(_number(value))
    if found is None and isinstance(value, str) and _DATE.fullmatch(value):
        found = _midnight(value)
    if found is None or not 0 <= found < _LAST:
        cure = "give seconds since the epoch, a date, or a date and time with its zone"
        raise _wrong(name, f"is no time; {cure}")
    return found


def _number(value: object) -> object:
    """Text of digits as a number: parameters of a query are text."""
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return value


def _midnight(text: str) -> float | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()


def _period(plain: Mapping[str, object]) -> Period:
    start, end = plain["from"], plain["to"]
    return Period(
        float(start) if isinstance(start, int | float) else None,
        float(end) if isinstance(end, int | float) else None,
    )


def _wrong(name: str, what: str) -> InvalidRequestError:
    return InvalidRequestError(f"{name}: {what}", {name: [what]})
