"""Rows of lists of cases as pages show them, from rows of the API. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

SOON: Final = 4 * 3600.0
"""Seconds before the due time from which on a case is due soon."""
DAY: Final = 86_400.0


class Ageing(StrEnum):
    """Ageing of an open case: how near its due time is."""

    OVERDUE = "overdue"
    SOON = "soon"
    DAY = "day"
    LATER = "later"


@dataclass(frozen=True)
class Reach:
    """The chance to contact a person now.

    Attributes:
        channel: by which; empty where there is none.
        now: a contact is allowed now.
        start: first moment that is allowed, as the API writes it; empty where none is.
        why: sentences of why not now, by language.
    """

    channel: str = ""
    now: bool = False
    start: str = ""
    why: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Gain:
    """The expected gain of a contact.

    Attributes:
        share: of such persons who come back because of it.
        low: lower end of its interval.
        high: upper end of it.
        worth: yuan that a return brings; None where that is not known.
    """

    share: float
    low: float
    high: float
    worth: float | None = None

    @property
    def is_told(self) -> bool:
        """Whether the interval leaves out that a contact adds nothing."""
        return self.low > 0.0 or self.high < 0.0

    @property
    def yuan(self) -> tuple[float, float, float] | None:
        """Yuan that the contact is expected to bring, with the interval."""
        if self.worth is None:
            return None
        return self.share * self.worth, self.low * self.worth, self.high * self.worth


@dataclass(frozen=True)
class CaseRow:
    """A row of a list of cases.

    Attributes:
        id: of the case.
        subject: of the visitor, as the journal knows them.
        titles: sentences of what it is, by language.
        rule: that opened it.
        due: moment until which somebody acts; empty where the list tells none.
        ageing: None for cases that are closed, or lists without a due time.
        seconds: until the due time, or behind it.
        reach: None where the list does not tell it.
        gain: of a contact; None where it is not known.
        facts: of what the case tells beside: stage, reason, method, amount, measure, ...
    """

    id: str
    subject: str
    kind: str
    titles: Mapping[str, str]
    rule: str
    level: str
    state: str
    assignee: str
    outcome: str
    opened: str
    revision: int
    due: str = ""
    ageing: Ageing | None = None
    seconds: float = 0.0
    reach: Reach | None = None
    gain: Gain | None = None
    facts: Mapping[str, Any] | None = None

    @property
    def is_open(self) -> bool:
        """Whether somebody may still act on the case."""
        return self.state != "closed"

    @property
    def may_call(self) -> bool:
        """Whether the person may be contacted now."""
        return self.is_open and self.reach is not None and self.reach.now


def work_row(one: Mapping[str, Any], at: float) -> CaseRow:
    """Return a row of the work list.

    Args:
        one: as the API tells it.
        at: seconds, now.
    """
    is_open, left = one["state"] != "closed", seconds_of(one["due"]) - at
    measure = one["measure"]["measure"] if one.get("measure") else None
    facts = {**one["facts"], "scene": one["scene"], "score": one["score"]}
    return CaseRow(
        **_common(one),
        kind=one["kind"],
        due=one["due"],
        ageing=ageing_of(left) if is_open else None,
        seconds=abs(left),
        reach=best_reach(one["reach"]),
        facts=facts | ({"measure": measure} if measure else {}),
    )


def warning_row(one: Mapping[str, Any]) -> CaseRow:
    """Return a row of the list of warnings, as the API tells it."""
    facts = {name: one[name] for name in ("scene", "score", "words", "signals")}
    return CaseRow(**_common(one), kind="warning", facts=facts)


def winback_row(one: Mapping[str, Any], at: float) -> CaseRow:
    """Return a row of the win-back list.

    Args:
        one: as the API tells it.
        at: seconds, now.
    """
    names = ("stage", "reason", "method", "offer", "channel", "city", "amount", "left_at")
    more = ("left_for", "due", "due_why", "mended", "mended_why", "gain_text", "visits")
    return CaseRow(
        **_common(one),
        kind="winback",
        reach=_winback_reach(one["contact"], at),
        gain=gain_of(one),
        facts={name: one[name] for name in (*names, *more)},
    )


def ageing_of(left: float) -> Ageing:
    """Return how near the due time of an open case is, by the seconds that are left."""
    if left < 0.0:
        return Ageing.OVERDUE
    if left < SOON:
        return Ageing.SOON
    return Ageing.DAY if left < DAY else Ageing.LATER


def best_reach(reach: Sequence[Mapping[str, Any]]) -> Reach:
    """Return the channel that is open first, of those of a row of the work list."""
    if not reach:
        return Reach()
    first = min(reach, key=lambda one: (not one["allowed"], one["from"] is None, one["from"]))
    why = None if first["allowed"] else first["text"]
    return Reach(first["channel"], first["allowed"], first["from"] or "", why)


def gain_of(one: Mapping[str, Any]) -> Gain | None:
    """Return the expected gain of a row of the win-back list; None where it is not known."""
    told = one["gain"]
    return Gain(told["gain"], told["low"], told["high"], one["worth"]) if told else None


def _winback_reach(told: Mapping[str, Any], at: float) -> Reach:
    """Return the reach of a row of the win-back list: now, from when, or why never."""
    start = told["from"] or ""
    now = bool(start) and told["reason"] is None and seconds_of(start) <= at
    return Reach(told["channel"], now, start, told["sentence"])


def seconds_of(label: str) -> float:
    """Return a time as the API writes it in seconds."""
    return datetime.fromisoformat(label).timestamp()


def _common(one: Mapping[str, Any]) -> dict[str, Any]:
    names = ("id", "subject", "rule", "level", "state", "assignee", "outcome", "opened", "revision")
    return {name: one[name] for name in names} | {"titles": one["sentence"]}
