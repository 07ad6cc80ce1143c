"""Sums over the lake's sends by hour and by day of the month, or by days before a recharge."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final, cast

from ibis.expr.types import IntegerValue, Table, TimestampColumn

from nudge.domain.journal.records import DecisionReason
from nudge.domain.people.rhythm import Rhythm
from nudge.domain.slots.window import SLOT
from nudge.domain.sms.effect_question import (
    DAYS_BEFORE,
    EARLIEST,
    LATEST,
    MONTH_DAY,
    EffectQuestion,
)
from nudge.domain.sms.send_sums import NOTHING, SendEffects, SendSums
from nudge.lake.engine.outage_reader import read_quarantines
from nudge.lake.engine.query import Backend, answer, joined_form, keep_rows
from nudge.lake.reports.local_dates import calendar_values, first_dates, timestamp
from nudge.lake.reports.taken_back import with_roots
from nudge.lake.sms.expected_dates import sample_people, with_expected

_KEYS: Final = ("day", "hour")
_DAYS: Final = {MONTH_DAY: (1, 31), DAYS_BEFORE: (LATEST, EARLIEST)}
"""Dimension -> first and last day that is told."""
_COUNTS: Final = 3
"""Fields of `SendSums` that are whole numbers: the first ones."""


def send_effects(backend: Backend, question: EffectQuestion, rhythm: Rhythm | None) -> SendEffects:
    """Sum up the sends that a question is about.

    Only sends that the policy drew count: of the others no propensity says whom they stand for.
    What lies in a quarantine is left out.

    Args:
        backend: from `connect`.
        question: purpose, channel, period and dimension.
        rhythm: of the crowd, for the expected dates; None where none is known.

    Raises:
        BrokenLakeError: the lake cannot be read.
    """
    with keep_rows(backend, _sends(backend, question)) as sends:
        (found,) = answer(backend, sends.aggregate(waiting=(~sends.matured).sum()))
        taken, sampled = sends.filter(sends.matured), False
        if question.by == DAYS_BEFORE:
            taken, sampled = sample_people(backend, taken)
            taken = with_expected(backend, taken, rhythm)
        with keep_rows(backend, _dated(taken, question)) as rows:
            summed = _summed(backend, rows, _DAYS[question.by])
            return replace(summed, waiting=int(found["waiting"] or 0), sampled=sampled)


def _sends(backend: Backend, question: EffectQuestion) -> Table:
    rows = joined_form(backend, SLOT, read_quarantines(backend))
    rows = rows.filter(
        rows.exposed_at.notnull(),
        ~rows.quarantined.fill_null(False),
        rows.reason == DecisionReason.POLICY.value,
        rows.page == question.purpose,
        rows.channel == question.channel,
        rows.propensity > 0.0,
    )
    period = question.period
    if period.start is not None:
        rows = rows.filter(rows.exposed_at >= timestamp(period.start))
    if period.end is not None:
        rows = rows.filter(rows.exposed_at < timestamp(period.end))
    told = rows.select(
        "subject",
        "matured",
        "exposed_at",
        seconds=rows.exposed_at.epoch_seconds().cast("float64"),
        weight=1.0 / rows.propensity,
        hit=(rows.conversions > 0).cast("int64"),
    )
    return with_roots(backend, told, "sms_people")


def _dated(rows: Table, question: EffectQuestion) -> Table:
    """Return sends with `day` and `hour`; the day is null where it is not known."""
    calendar, moments = question.calendar, cast("TimestampColumn", rows.exposed_at)
    sent = first_dates(moments, "day", calendar)
    if question.by == DAYS_BEFORE:
        expected = first_dates(cast("TimestampColumn", rows.expected), "day", calendar)
        day: IntegerValue = expected.delta(sent, unit="day")
    else:
        day = sent.day()
    hour = calendar_values(moments, "hour", calendar)
    return rows.select("root", "weight", "hit", day=day.cast("int64"), hour=hour.cast("int64"))


def _summed(backend: Backend, rows: Table, days: tuple[int, int]) -> SendEffects:
    told = rows.day.between(*days)
    (lost,) = answer(
        backend, rows.aggregate(undated=rows.day.isnull().sum(), outside=(~told).sum())
    )
    dated = rows.filter(told)
    cells = _sums(backend, dated, _KEYS)
    return SendEffects(
        {(row["day"], row["hour"]): _sums_of(row) for row in cells},
        {row["day"]: _sums_of(row) for row in _sums(backend, dated, ("day",))},
        {row["hour"]: _sums_of(row) for row in _sums(backend, dated, ("hour",))},
        next((_sums_of(row) for row in _sums(backend, dated, ()) if row["exposures"]), NOTHING),
        undated=int(lost["undated"] or 0),
        outside=int(lost["outside"] or 0),
    )


def _sums(backend: Backend, rows: Table, keys: tuple[str, ...]) -> list[dict[str, Any]]:
    """Sum by some keys; each person is one cluster within a group."""
    own = rows.group_by("root", *keys).aggregate(
        sends=rows.count(),
        hits=rows.hit.sum().cast("int64"),
        weight=rows.weight.sum(),
        value=(rows.weight * rows.hit).sum(),
    )
    grouped = own.group_by(*keys) if keys else own
    return answer(
        backend,
        grouped.aggregate(
            exposures=own.sends.sum().cast("int64"),
            people=own.count(),
            conversions=own.hits.sum().cast("int64"),
            weight=own.weight.sum(),
            hits=own.value.sum(),
            square=(own.weight * own.weight).sum(),
            cross=(own.weight * own.value).sum(),
            hit_square=(own.value * own.value).sum(),
        ),
    )


def _sums_of(row: dict[str, Any]) -> SendSums:
    counts = (int(row[name]) for name in SendSums._fields[:_COUNTS])
    return SendSums(*counts, *(float(row[name]) for name in SendSums._fields[_COUNTS:]))
