"""Questions to a slot's log: its performance, and the evaluation of another policy."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import blake2b
from typing import Final

import orjson

from nudge.domain.values.instants import parse_instant
from nudge.domain.values.refusal import ValueRefusedError
from nudge.errors import InvalidRequestError

DIMENSIONS: Final = ("channel", "page", "cell", "day", "revision", "policy_version", "degraded")
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
_VALUES: Final = {
    "day": (r"\d{4}-\d{2}-\d{2}", "day:2026-11-27"),
    "revision": (r"\d{1,15}", "revision:3"),
    "policy_version": (r"\d{1,15}", "policy_version:12"),
    "degraded": ("true|false", "degraded:false"),
}
"""Dimension -> form of its values, and an example; others may have any text."""
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")


Where = tuple[tuple[str, str], ...]
"""Dimensions with the value, as text, that the rows have; empty text for an unknown one."""


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
    """

    slot: str
    period: Period = EVER
    by: tuple[str, ...] = ()
    parquet: bool = False
    where: Where = ()

    @property
    def plain(self) -> dict[str, object]:
        """The question as JSON."""
        return {
            "slot": self.slot,
            "from": self.period.start,
            "to": self.period.end,
            "by": list(self.by),
            "parquet": self.parquet,
            "where": dict(self.where),
        }

    @classmethod
    def read(cls, plain: Mapping[str, object]) -> PerformanceQuestion:
        """Read a question from its `plain` form."""
        by, where = plain["by"], plain.get("where")  # jobs of before have none
        names = tuple(map(str, by)) if isinstance(by, list) else ()
        pairs = where.items() if isinstance(where, Mapping) else ()
        kept = tuple((str(name), str(value)) for name, value in pairs)
        return cls(str(plain["slot"]), _period(plain), names, bool(plain["parquet"]), kept)


@dataclass(frozen=True)
class EvaluationQuestion:
    """The question about the reward of another policy on a slot's decisions.

    Attributes:
        target: one of `TARGETS`.
        period: of the decisions.
    """

    slot: str
    target: str
    period: Period = EVER

    @property
    def plain(self) -> dict[str, object]:
        """The question as JSON."""
        ends = {"from": self.period.start, "to": self.period.end}
        return {"slot": self.slot, "target": self.target, **ends}

    @classmethod
    def read(cls, plain: Mapping[str, object]) -> EvaluationQuestion:
        """Read a question from its `plain` form."""
        return cls(str(plain["slot"]), str(plain["target"]), _period(plain))


def digest(*parts: object) -> str:
    """Hash JSON values to 32 hex digits."""
    text = orjson.dumps(parts, option=orjson.OPT_SORT_KEYS)
    return blake2b(text, digest_size=16).hexdigest()


def period_of(start: object, end: object) -> Period:
    """Return the period between two times as callers write them.

    Raises:
        InvalidRequestError: a text is not a time, or the period ends before it begins.
    """
    times = {"from": _time("from", start), "to": _time("to", end)}
    if None not in times.values() and times["from"] >= times["to"]:  # type: ignore[operator]
        raise _wrong("to", "is not after `from`; give a later time")
    return Period(times["from"], times["to"])


def dimensions_of(by: str | None) -> tuple[str, ...]:
    """Return the dimensions of a text such as `channel,context.city_tier`.

    Raises:
        InvalidRequestError: a dimension is unknown or repeated, or there are too many.
    """
    names = [name.strip() for name in by.split(",")] if by else []
    wrong = [name for name in names if name not in DIMENSIONS and not _NAME.fullmatch(name)]
    if wrong:
        known = ", ".join(DIMENSIONS)
        raise _wrong("by", f"unknown dimension {wrong[0]!r}; use {known}, or context.NAME")
    if len(names) > MOST or len(set(names)) < len(names):
        raise _wrong("by", f"give at most {MOST} different dimensions")
    return tuple(names)


def where_of(text: str | None) -> Where:
    """Return the filter of a text such as `channel:wap,page:home`.

    Raises:
        InvalidRequestError: a part is no dimension with a value, or a dimension is repeated.
    """
    pairs = [one.partition(":") for one in text.split(",")] if text else []
    found = tuple((name.strip(), value.strip()) for name, _, value in pairs)
    for (name, value), (_, colon, _) in zip(found, pairs, strict=True):
        if name not in DIMENSIONS and not _NAME.fullmatch(name):
            known = ", ".join(DIMENSIONS)
            raise _wrong("where", f"unknown dimension {name!r}; use {known}, or context.NAME")
        form = _VALUES.get(name)
        if not colon or (form and value and not re.fullmatch(form[0], value)):
            right = form[1] if form else "channel:wap"
            raise _wrong("where", f"{name} does not fit; write a dimension and its value: {right}")
    if len({name for name, _ in found}) < len(found):
        raise _wrong("where", "names a dimension twice; give each dimension once")
    return found


def target_of(target: object) -> str:
    """Check the target of an evaluation.

    Raises:
        InvalidRequestError: the target is unknown.
    """
    if not isinstance(target, str) or not _TARGET.fullmatch(target):
        raise _wrong("target", f"unknown target; use {TARGETS}")
    return target


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


def _time(name: str, value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, str) and _DATE.fullmatch(value):
        found = _midnight(value)
        if found is not None:
            return found
    try:
        return parse_instant(value)
    except ValueRefusedError as error:
        raise _wrong(name, str(error)) from error


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
