"""Dimensions of visits: channel, page, context, variant shown, calendar; groups and filters."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, cast

import ibis
from ibis.backends.duckdb import Backend
from ibis.expr.types import Column, StringValue, Table

from nudge.config.slot_schema import ATTRIBUTE, NAME
from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.funnel.funnel import UNKNOWN, VARIANT, Funnel, VisitPeriod
from nudge.domain.reports.filters import Where, values_of
from nudge.domain.reports.questions import CLOCK, CONTEXT, UNITS
from nudge.errors import InvalidRequestError
from nudge.lake.reports.local_dates import calendar_values
from nudge.lake.reports.value_filter import fits

OF_DECISION: Final = ("channel", "page")
"""Columns of a decision that are dimensions themselves."""
ELSEWHERE: Final = "sms"
"""Channel of decisions that belong to no visit: send times of messages."""


def group_visits(
    backend: Backend,
    visits: Table,
    funnel: Funnel,
    period: VisitPeriod,
    by: str = "",
    where: Where = (),
    calendar: OperatorCalendar | None = None,
) -> Table:
    """Keep the visits that a filter lets pass, and add `group`, the value of a dimension.

    The decision of a visit is the subject's latest one until the visit ended: within a stickiness
    period a page is given the first decision again, so that it may be older than the visit.

    Args:
        backend: from `connect`.
        visits: from `build_visits`.
        funnel: stages and dimensions of the path.
        period: period in which the visits began.
        by: name of the dimension; empty for one group.
        where: dimensions with the values that the visits may have.
        calendar: the operator's; None takes that of the default zone.

    Raises:
        InvalidRequestError: a name is not a dimension.
    """
    wanted = values_of(where)
    places = {name: f"_{i}" for i, name in enumerate(dict.fromkeys([*wanted, by])) if name}
    found = _with_calendar(visits, period, places, calendar or OperatorCalendar())
    found = _with_variants(backend, found, places)
    found = _with_decision(backend, found, places, funnel)
    for name, values in wanted.items():
        found = found.filter(fits(_known(found[places[name]]), values))
    group = _known(found[places[by]]) if by else ibis.literal(UNKNOWN)
    return found.select(*visits.columns, group=group)


def _with_calendar(
    visits: Table, period: VisitPeriod, places: Mapping[str, str], calendar: OperatorCalendar
) -> Table:
    moments = visits.began
    return visits.mutate(
        **{
            place: calendar_values(moments, name, calendar, period.start, period.end)
            for name, place in places.items()
            if name in UNITS or name in CLOCK
        }
    )


def _with_variants(backend: Backend, visits: Table, places: Mapping[str, str]) -> Table:
    for name, place in places.items():
        if name.startswith(VARIANT):
            slot = name.removeprefix(VARIANT)
            if not NAME.regex.fullmatch(slot):
                raise InvalidRequestError(f"by: {slot!r} is not a slot; write variant:SLOT")
            shown = backend.table("exposures")
            visits = _latest(visits, shown.filter(shown.slot == slot), {place: shown.variant})
    return visits


def _with_decision(
    backend: Backend, visits: Table, places: Mapping[str, str], funnel: Funnel
) -> Table:
    made = backend.table("decisions")
    made = made.filter(made.channel != ELSEWHERE)
    told = {
        place: _told(made, name, funnel)
        for name, place in places.items()
        if not (name in UNITS or name in CLOCK or name.startswith(VARIANT))
    }
    return _latest(visits, made, told) if told else visits


def _told(made: Table, name: str, funnel: Funnel) -> Column:
    attribute = funnel.dimensions.get(name, name)
    if attribute in OF_DECISION:
        return cast("Column", made[attribute])
    attribute = attribute.removeprefix(CONTEXT)
    if not re.fullmatch(ATTRIBUTE.regex, attribute):
        right = "use channel, page, day, week, month, hour, weekday, variant:SLOT or an attribute"
        raise InvalidRequestError(f"by: unknown dimension {attribute!r}; {right}")
    return cast("Column", made.context.get(attribute, ibis.null("string")))


def _latest(visits: Table, made: Table, told: Mapping[str, Column]) -> Table:
    """Add to each visit what the subject's latest row until the visit's end tells."""
    made = made.select("subject", "at", "position", **told)
    upto = visits.select("subject", "visit", "ended").join(
        made, [visits.subject == made.subject, made["at"] <= visits.ended]
    )
    # The place breaks ties: slots of one call have one time.
    order = [upto["at"].desc(), upto.position.desc()]
    ranked = upto.mutate(
        place=ibis.row_number().over(ibis.window(group_by=("subject", "visit"), order_by=order))
    )
    latest = ranked.filter(ranked.place == 0).select("subject", "visit", *told)
    found = visits.left_join(latest, ["subject", "visit"])
    return found.select(*visits.columns, *told)


def _known(values: Column) -> StringValue:
    return cast("StringValue", values.fill_null(UNKNOWN))
