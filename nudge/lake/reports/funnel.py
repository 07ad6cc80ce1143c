"""Counts of the funnel from the lake's events."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any, Final

import ibis
from ibis.expr.types import Table

from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.funnel.funnel import UNKNOWN, Funnel, VisitPeriod
from nudge.domain.funnel.funnel_counts import (
    Disagreement,
    FunnelCounts,
    LeakCount,
    PathCount,
    StageCount,
    VisitShare,
)
from nudge.domain.reports.filters import Where
from nudge.lake.engine.query import Backend, answer, is_spark, keep_rows
from nudge.lake.reports.taken_back import drop_taken_back
from nudge.lake.reports.visit_groups import group_visits
from nudge.lake.reports.visits import (
    build_paths,
    build_visits,
    select_events,
    select_strays,
    stage_column,
)

PATHS: Final = 20
"""Most paths that are listed."""
_SUMS: Final = ("subjects", "visits", "hits", "visits_squared", "both", "hits_squared")


def count(
    backend: Backend,
    funnel: Funnel,
    period: VisitPeriod,
    by: str = "",
    calendar: OperatorCalendar | None = None,
    where: Where = (),
) -> FunnelCounts:
    """Count the stages, leaks, paths and disagreements of the visits that began in a period.

    A payment that was taken back as a whole reaches no stage.

    Args:
        backend: from `connect`.
        funnel: stages of the path.
        period: period in which the visits began.
        by: dimension; see `group_visits`.
        calendar: of days, weeks, months and hours; None takes that of the default zone.
        where: dimensions with the values that the visits have.

    Raises:
        InvalidRequestError: `by` is not a dimension.
        BrokenLakeError: a file is missing or unreadable.
    """
    asked = drop_taken_back(backend, backend.table("events"))
    with ExitStack() as stack:
        rows = stack.enter_context(keep_rows(backend, select_events(asked, funnel, period)))
        made = build_visits(rows, funnel, period)
        found = group_visits(backend, made, funnel, period, by, where, calendar)
        visits = stack.enter_context(keep_rows(backend, found))
        at_stages = stack.enter_context(keep_rows(backend, _at_stages(visits, funnel)))
        # A payment without a visit has no dimension by which it could be chosen.
        strays = None if where else select_strays(rows, period)
        return _counts(backend, funnel, at_stages, visits, rows, strays)


def _counts(
    backend: Backend,
    funnel: Funnel,
    at_stages: Table,
    visits: Table,
    rows: Table,
    strays: Table | None,
) -> FunnelCounts:
    subjects = _by_subject(at_stages)
    together = at_stages.mutate(group=ibis.literal(UNKNOWN))
    everyone = _stages(together, _by_subject(together))
    (sums,) = answer(backend, _sums(visits, funnel))
    paths = build_paths(rows, funnel, ordered=not is_spark(backend)).semi_join(
        visits, ["subject", "visit"]
    )
    return FunnelCounts(
        visits=sums.pop("visits"),
        subjects=sums.pop("subjects"),
        overall=tuple(_stage(row) for row in answer(backend, everyone)),
        stages=tuple(_stage(row) for row in answer(backend, _stages(at_stages, subjects))),
        leaks=tuple(_leak(row) for row in answer(backend, _leaks(at_stages, subjects))),
        paths=tuple(_path(row) for row in answer(backend, _paths(paths))),
        sources=Disagreement(
            **{name: int(n or 0) for name, n in sums.items()},
            without_visit=None if strays is None else _number(backend, strays),
        ),
    )


def _number(backend: Backend, rows: Table) -> int:
    (found,) = answer(backend, rows.aggregate(rows=rows.count()))
    return int(found["rows"])


def _at_stages(visits: Table, funnel: Funnel) -> Table:
    """Build one row for each visit and stage that it reached."""
    last = len(funnel.stages) - 1
    parts = []
    for i in range(last + 1):
        reached = visits[stage_column(i)]
        behind = [visits[stage_column(j)] for j in range(i + 1, last + 1)]
        later = [ibis.ifelse(at >= reached, at, ibis.null("timestamp(6)")) for at in behind]
        following = (
            ibis.least(*later) if len(later) > 1 else (later or [ibis.null("timestamp(6)")])[0]
        )
        part = visits.filter(reached.notnull()).select(
            "group",
            "subject",
            stage=ibis.literal(i, "int64"),
            lost=((visits.furthest == i) & (i < last)).cast("int64"),
            reason=visits.failed.fill_null(UNKNOWN),
            micros=following.delta(reached, unit="microsecond"),
        )
        parts.append(part)
    return ibis.union(*parts)


def _by_subject(at_stages: Table) -> Table:
    return at_stages.group_by("group", "stage", "subject").aggregate(
        visits=at_stages.count(), hits=at_stages.lost.sum()
    )


def _stages(at_stages: Table, subjects: Table) -> Table:
    medians = at_stages.group_by("group", "stage").aggregate(micros=at_stages.micros.median())
    sums = subjects.group_by("group", "stage").aggregate(**_shares(subjects))
    return (
        sums.left_join(medians, ["group", "stage"])
        .select("group", "stage", *_SUMS, "micros")
        .order_by("group", "stage")
    )


def _shares(rows: Table) -> dict[str, Any]:
    return {
        "subjects": rows.count(),
        "visits": rows.visits.sum(),
        "hits": rows.hits.sum(),
        "visits_squared": (rows.visits * rows.visits).sum(),
        "both": (rows.visits * rows.hits).sum(),
        "hits_squared": (rows.hits * rows.hits).sum(),
    }


def _leaks(at_stages: Table, subjects: Table) -> Table:
    lost = at_stages.filter(at_stages.lost == 1)
    lost = lost.group_by("group", "stage", "reason", "subject").aggregate(hits=lost.count())
    both = lost.inner_join(subjects.drop("hits"), ["group", "stage", "subject"])
    found = both.group_by("group", "stage", "reason").aggregate(
        hits=both.hits.sum(),
        both=(both.visits * both.hits).sum(),
        hits_squared=(both.hits * both.hits).sum(),
    )
    sums = subjects.group_by("group", "stage").aggregate(
        subjects=subjects.count(),
        visits=subjects.visits.sum(),
        visits_squared=(subjects.visits * subjects.visits).sum(),
    )
    rows = found.inner_join(sums, ["group", "stage"])
    return rows.select("group", "stage", "reason", *_SUMS).order_by("group", "stage", "reason")


def _paths(paths: Table) -> Table:
    counted = paths.group_by("path").aggregate(visits=paths.count())
    return counted.order_by(counted.visits.desc(), "path").limit(PATHS)


def _sums(visits: Table, funnel: Funnel) -> Table:
    confirmed = visits[stage_column(len(funnel.stages) - 1)].notnull()
    claimed = visits.claimed
    return visits.aggregate(
        visits=visits.count(),
        subjects=visits.subject.nunique(),
        claimed=claimed.sum(),
        confirmed=confirmed.sum(),
        claimed_only=(claimed & ~confirmed).sum(),
        confirmed_only=(confirmed & ~claimed).sum(),
    )


def _stage(row: dict[str, Any]) -> StageCount:
    # A median of whole microseconds, so that it is exact in every engine.
    seconds = None if row["micros"] is None else row["micros"] / 1_000_000
    return StageCount(row["group"], row["stage"], _share(row), seconds)


def _leak(row: dict[str, Any]) -> LeakCount:
    return LeakCount(row["group"], row["stage"], row["reason"], _share(row))


def _share(row: dict[str, Any]) -> VisitShare:
    return VisitShare(*(int(row[name]) for name in _SUMS))


def _path(row: dict[str, Any]) -> PathCount:
    return PathCount(tuple(row["path"]), row["visits"])
