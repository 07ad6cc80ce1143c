"""Visits, made of the lake's events: the stages that each one reached, when, and by which path.

One pass reads the events in the order of each subject's time. A visitor's acts make visits; a
report of a payment, perhaps hours later, belongs to the visit before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import reduce
from operator import or_
from typing import Any, Final

import ibis
from ibis.expr.types import (
    BooleanColumn,
    Table,
    TimestampColumn,
    Value,
)

from nudge.domain.funnel.funnel import UNKNOWN, Funnel, Match, VisitPeriod
from nudge.lake.reports.local_dates import timestamp

LEAD: Final = timedelta(days=1)
"""Time before and after the period from which events are read: no visit lasts longer."""
LONGEST: Final = 12
"""Most stages of a path that are listed."""
REPORTED: Final = ("paid", "payment_failed")
"""Types of events that are reported later: they neither begin a visit nor prolong it."""
_ORDER: Final = ("at", "position")
_VISIT: Final = ("subject", "visit")
_MICROS: Final = 1_000_000


def select_events(events: Table, funnel: Funnel, period: VisitPeriod) -> Table:
    """Select the events of visits, and number the visits of each subject.

    Args:
        events: table of the lake.
        funnel: stages of the path.
        period: period of the visits; events a day before and after it are read as well.

    Returns:
        One row an event: `subject, at, position, type, source, reason`, `own` (an act of the
        visitor), `visit` (0 if no visit was before it) and `stray` (a report that belongs to no
        visit); `reached_0`, ... are the times at which the visit reached each stage.
    """
    rows = _numbered(_acts(_within(events, period)), funnel)
    return _reached(rows, funnel)


def build_visits(rows: Table, funnel: Funnel, period: VisitPeriod) -> Table:
    """Build one row for each visit that began in the period and reached a stage.

    Args:
        rows: from `select_events`.
        funnel: stages of the path.
        period: period in which the visits began.

    Returns:
        `subject, visit, began, ended` (the visitor's last act), `reached_0`, ... (null where not
        reached), `furthest` (number of the last stage reached), `failed` (null without a failed
        payment, else the reason of the last one, empty where none was given), `claimed`.
    """
    kept = rows.filter(~rows.stray, rows.visit > 0)
    failure = ibis.ifelse(kept.type == "payment_failed", kept.reason, ibis.null("string"))
    visits = kept.group_by(*_VISIT).aggregate(
        began=kept["at"].min(where=kept.own),
        ended=kept["at"].max(where=kept.own),
        failed=failure.argmax(_place(kept), where=kept.type == "payment_failed"),
        claimed=((kept.type == "paid") & (kept.source == "page")).any(),
        **{_name(i): kept[_name(i)].min() for i in _numbers(funnel)},
    )
    visits = visits.mutate(furthest=_furthest(visits, funnel))
    start, end = timestamp(period.start), timestamp(period.end)
    return visits.filter(visits.furthest >= 0, visits.began >= start, visits.began < end)


def build_paths(rows: Table, funnel: Funnel, *, ordered: bool = True) -> Table:
    """Build the path of each visit: `subject, visit, path` such as [0, 1, 0, 2].

    A stage is listed when it was reached and when the visitor came back to it; repetitions
    without another stage between count once; at most `LONGEST` stages are listed.

    Args:
        rows: from `select_events`.
        funnel: stages of the path.
        ordered: the engine can collect in order; Spark cannot, and sorts the collected list.
    """
    kept = rows.filter(~rows.stray, rows.visit > 0)
    passed = kept.mutate(stage=_stage(kept, funnel))
    passed = passed.filter(passed.stage.notnull())
    order = ibis.window(group_by=_VISIT, order_by=_ORDER)
    moved = passed.mutate(last=passed.stage.lag().over(order))
    moved = moved.filter(moved.last.isnull() | (moved.last != moved.stage))
    # Cut here and not before: numbering the steps would sort all of them once more.
    if ordered:
        in_order = [moved[name] for name in _ORDER]
        path = moved.stage.collect(order_by=in_order)[:LONGEST]
        return moved.group_by(*_VISIT).aggregate(path=path)
    steps = ibis.struct({name: moved[name] for name in (*_ORDER, "stage")}).collect()
    found = moved.group_by(*_VISIT).aggregate(steps=steps)
    path = found.steps.sort()[:LONGEST].map(lambda step: step.stage)
    return found.select(*_VISIT, path=path)


def select_strays(rows: Table, period: VisitPeriod) -> Table:
    """Keep a server's payments in the period that belong to no visit."""
    paid = (rows.type == "paid") & (rows.source == "server")
    start, end = timestamp(period.start), timestamp(period.end)
    return rows.filter(rows.stray, paid, rows["at"] >= start, rows["at"] < end)


def stage_column(stage: int) -> str:
    """Return the name of the column with the time at which a visit reached a stage."""
    return _name(stage)


def _within(events: Table, period: VisitPeriod) -> Table:
    lead = LEAD.total_seconds()
    start, end = timestamp(period.start - lead), timestamp(period.end + lead)
    # What happened on a day was logged on that day or later: earlier files need not be opened.
    day = datetime.fromtimestamp(period.start - lead, UTC).date()
    within = [events["at"] >= start, events["at"] < end, events.date >= ibis.date(day)]
    return events.filter(*within)


def _acts(events: Table) -> Table:
    reported = events.type.isin(REPORTED)
    own = ~reported & ((events.source == "page") | (events.type == "step"))
    return events.select(
        *("subject", "at", "position", "type", "source"),
        step=events.fields.get("step", ibis.null("string")),
        reason=events.fields.get("reason", ibis.null("string")).fill_null(UNKNOWN),
        own=own,
        reported=reported,
    ).filter(own | reported)


def _numbered(rows: Table, funnel: Funnel) -> Table:
    before = ibis.window(group_by="subject", order_by=_ORDER, preceding=(None, 1))
    act = ibis.ifelse(rows.own, rows["at"], ibis.null("timestamp(6)"))
    rows = rows.mutate(previous=act.max().over(before))
    idle = rows["at"].delta(rows.previous, unit="microsecond")
    first = rows.previous.isnull()
    rows = rows.mutate(
        opens=rows.own & (first | (idle >= round(funnel.gap * _MICROS))),
        stray=~rows.own & (first | (idle > round(funnel.late * _MICROS))),
    )
    upto = ibis.window(group_by="subject", order_by=_ORDER, preceding=(None, 0))
    return rows.mutate(visit=rows.opens.cast("int64").sum().over(upto))


def _reached(rows: Table, funnel: Funnel) -> Table:
    """Add to each event the times at which its visit reached each stage."""
    visit = ibis.window(group_by=_VISIT)
    counts = ~rows.stray
    reached: dict[str, Value] = {}
    for i, stage in enumerate(funnel.stages):
        firsts = [
            rows["at"].min(where=counts & _is(rows, event)).over(visit) for event in stage.events
        ]
        reached[_name(i)] = _together(firsts, every=stage.needs == "all")
    return rows.mutate(**reached)


def _together(firsts: Sequence[TimestampColumn], *, every: bool) -> Value:
    if len(firsts) == 1:
        return firsts[0]
    if not every:
        return ibis.least(*firsts)
    known = reduce(lambda one, other: one & other, (first.notnull() for first in firsts))
    return ibis.ifelse(known, ibis.greatest(*firsts), ibis.null("timestamp(6)"))


def _is(rows: Table, event: Match) -> BooleanColumn:
    found = rows.type == event.type
    if event.step:
        found &= rows.step == event.step
    return found & (rows.source == event.source) if event.source else found


def _stage(rows: Table, funnel: Funnel) -> Any:  # noqa: ANN401 - a case expression
    """Compute the number of an event's stage; null until its visit has reached the stage."""
    cases = [
        (
            reduce(or_, (_is(rows, event) for event in stage.events))
            & (rows["at"] >= rows[_name(i)]),
            i,
        )
        for i, stage in enumerate(funnel.stages)
    ]
    return ibis.cases(*cases)


def _place(rows: Table) -> Value:
    """Return the sort key of a visit's events as one value."""
    return ibis.struct({name: rows[name] for name in _ORDER})


def _furthest(visits: Table, funnel: Funnel) -> Any:  # noqa: ANN401 - a case expression
    numbers = reversed(_numbers(funnel))
    return ibis.cases(*((visits[_name(i)].notnull(), i) for i in numbers), else_=-1)


def _numbers(funnel: Funnel) -> range:
    return range(len(funnel.stages))


def _name(stage: int) -> str:
    return f"reached_{stage}"
