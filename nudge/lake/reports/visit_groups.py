"""Groups of visits by a dimension: channel, page, context, variant shown, or calendar."""

from __future__ import annotations

import re
from typing import Final

import ibis
from ibis.backends.duckdb import Backend
from ibis.expr.types import Table

from nudge.config.slot_schema import ATTRIBUTE, NAME
from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.funnel.funnel import UNKNOWN, VARIANT, Funnel, VisitPeriod
from nudge.errors import InvalidRequestError
from nudge.lake.reports.local_dates import first_dates

OF_DECISION: Final = ("channel", "page")
"""Columns of a decision that are dimensions themselves."""
ELSEWHERE: Final = "sms"
"""Channel of decisions that belong to no visit: send times of messages."""


def group_visits(backend: Backend, visits: Table, funnel: Funnel, by: str) -> Table:
    """Add the column `group`, the value of a dimension, to visits.

    The decision of a visit is the subject's latest one until the visit ended: within a stickiness
    period a page is given the first decision again, so that it may be older than the visit.

    Args:
        backend: from `connect`.
        visits: from `build_visits`.
        funnel: stages and dimensions of the path.
        by: name of the dimension; empty for one group.

    Raises:
        InvalidRequestError: `by` is not a dimension.
    """
    if not by:
        return visits.mutate(group=ibis.literal(UNKNOWN))
    if by.startswith(VARIANT):
        return _latest(visits, _shown(backend, by.removeprefix(VARIANT)))
    return _latest(visits, _decided(backend, funnel.dimensions.get(by, by)))


def group_by_calendar(
    visits: Table, period: VisitPeriod, by: str, calendar: OperatorCalendar
) -> Table:
    """Add the column `group`: the date of the day, week or month in which a visit began.

    Args:
        visits: from `build_visits`.
        period: period in which they began.
        by: one of PERIODS.
        calendar: the operator's.
    """
    dates = first_dates(visits.began, by, calendar, period.start, period.end)
    return visits.mutate(group=dates.cast("string"))


def _shown(backend: Backend, slot: str) -> Table:
    if not NAME.regex.fullmatch(slot):
        raise InvalidRequestError(f"by: {slot!r} is not a slot; write variant:SLOT")
    shown = backend.table("exposures")
    return shown.filter(shown.slot == slot).select("subject", "at", "position", value=shown.variant)


def _decided(backend: Backend, attribute: str) -> Table:
    if not re.fullmatch(ATTRIBUTE.regex, attribute):
        right = "use channel, page, day, week, month, variant:SLOT or a context attribute"
        raise InvalidRequestError(f"by: unknown dimension {attribute!r}; {right}")
    made = backend.table("decisions")
    made = made.filter(made.channel != ELSEWHERE)
    context = made.context.get(attribute, ibis.null("string"))
    value = made[attribute] if attribute in OF_DECISION else context
    return made.select("subject", "at", "position", value=value)


def _latest(visits: Table, made: Table) -> Table:
    """Add to each visit the value of the subject's latest decision until the visit's end."""
    upto = visits.select("subject", "visit", "ended").join(
        made, [visits.subject == made.subject, made["at"] <= visits.ended]
    )
    # The place breaks ties: slots of one call have one time.
    order = [upto["at"].desc(), upto.position.desc()]
    ranked = upto.mutate(
        place=ibis.row_number().over(ibis.window(group_by=("subject", "visit"), order_by=order))
    )
    latest = ranked.filter(ranked.place == 0).select("subject", "visit", "value")
    found = visits.left_join(latest, ["subject", "visit"])
    return found.select(*visits.columns, group=found.value.fill_null(UNKNOWN))
