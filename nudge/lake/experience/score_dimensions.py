"""Dimensions of scores: their event's, the visitor's latest decision's, leaving, the calendar's."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, cast

import ibis
from ibis.backends.duckdb import Backend
from ibis.expr.types import StringValue, Table, Value

from nudge.config.slot_schema import ATTRIBUTE, NAME
from nudge.domain.care.experience.experience_query import (
    LEAVING_SOURCE,
    OF_DECISION,
    OF_LEAVING,
    TOUCH_POINT,
    ExperienceQuestion,
)
from nudge.domain.care.experience.leaving import LEAVING
from nudge.domain.funnel.funnel import UNKNOWN, VARIANT
from nudge.domain.reports.filters import values_of
from nudge.domain.reports.questions import CLOCK, CONTEXT, UNITS
from nudge.errors import InvalidRequestError
from nudge.lake.experience.leaving_kinds import leaving_kinds
from nudge.lake.experience.rated_events import OWN_FIELDS
from nudge.lake.reports.local_dates import calendar_values, first_dates
from nudge.lake.reports.value_filter import fits
from nudge.lake.reports.visit_groups import ELSEWHERE

NEXT: Final = "next_unit"
"""Column with the first date of the unit of time after a score's own."""
_STEPS: Final[Mapping[str, Mapping[str, int]]] = {
    "day": {"days": 1},
    "week": {"days": 7},
    "month": {"months": 1},
}
_PLACE: Final = ("subject", "at")
_DATE_LENGTH: Final = len("2026-11-27")


def with_dimensions(
    backend: Backend, rows: Table, question: ExperienceQuestion, attributes: Mapping[str, str]
) -> tuple[Table, tuple[str, ...]]:
    """Add the question's dimensions to scores, and keep those that its filter lets pass.

    Args:
        backend: from `connect`.
        rows: from `rated_events`.
        question: whose dimensions are meant.
        attributes: other name of a dimension -> its context attribute.

    Returns:
        The scores, and the names of the columns of the question's dimensions, texts that are empty
        for what is unknown. A question by a unit of time has the column `NEXT` besides.

    Raises:
        InvalidRequestError: a name is not a dimension.
    """
    wanted = values_of(question.where)
    places = {name: f"_{i}" for i, name in enumerate(dict.fromkeys([*question.by, *wanted]))}
    found = _with_decisions(backend, rows, places, attributes)
    found = _with_variants(backend, found, places)
    found = _with_leaving(backend, found, places, question)
    found = found.mutate(**_of_event(found, places), **_of_calendar(found, places, question))
    found = found.mutate(**{place: _known(found[place]) for place in places.values()})
    for name, values in wanted.items():
        found = found.filter(fits(_known(found[places[name]]), values))
    return found, tuple(places[name] for name in question.by)


def _of_event(rows: Table, places: Mapping[str, str]) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for name in {*OWN_FIELDS, "source"} & set(places):
        own = rows[name]
        if name == TOUCH_POINT:  # the page stands for a touch point that nobody named
            own = ibis.coalesce(own, rows[places[name]])
        found[places[name]] = own
    return found


def _of_calendar(
    rows: Table, places: Mapping[str, str], question: ExperienceQuestion
) -> dict[str, Value]:
    calendar, span = question.calendar, (question.first, question.period.end)
    found: dict[str, Value] = {
        place: calendar_values(rows["at"], name, calendar, *span)
        for name, place in places.items()
        if name in UNITS or name in CLOCK
    }
    unit = question.unit
    if unit is not None:
        first = first_dates(rows["at"], unit, calendar, *span)
        following = cast("StringValue", (first + ibis.interval(**_STEPS[unit])).cast("string"))
        # Engines make a moment of a date and an interval.
        found[NEXT] = following.left(_DATE_LENGTH)
    return found


def _with_decisions(
    backend: Backend, rows: Table, places: Mapping[str, str], attributes: Mapping[str, str]
) -> Table:
    made = backend.table("decisions")
    made = made.filter(made.channel != ELSEWHERE)
    beside = {*UNITS, *CLOCK, *OF_LEAVING, *OWN_FIELDS, "source"} - {TOUCH_POINT}
    told = {
        place: _told(made, name, attributes)
        for name, place in places.items()
        if name not in beside and not name.startswith(VARIANT)
    }
    return _latest(rows, made, told) if told else rows


def _told(made: Table, name: str, attributes: Mapping[str, str]) -> Value:
    if name == TOUCH_POINT:
        return cast("Value", made.page)
    attribute = attributes.get(name, name)
    if attribute in OF_DECISION:
        return cast("Value", made[attribute])
    attribute = attribute.removeprefix(CONTEXT)
    if not re.fullmatch(ATTRIBUTE.regex, attribute):
        raise InvalidRequestError(f"by: unknown dimension {attribute!r}; name an attribute")
    return cast("Value", made.context.get(attribute, ibis.null("string")))


def _with_variants(backend: Backend, rows: Table, places: Mapping[str, str]) -> Table:
    for name, place in places.items():
        if name.startswith(VARIANT):
            slot = name.removeprefix(VARIANT)
            if not NAME.regex.fullmatch(slot):
                raise InvalidRequestError(f"by: {slot!r} is not a slot; write variant:SLOT")
            shown = backend.table("exposures")
            rows = _latest(rows, shown.filter(shown.slot == slot), {place: shown.variant})
    return rows


def _with_leaving(
    backend: Backend, rows: Table, places: Mapping[str, str], question: ExperienceQuestion
) -> Table:
    wanted = {name: place for name, place in places.items() if name in OF_LEAVING}
    if not wanted:
        return rows
    period = question.period
    kinds = leaving_kinds(
        backend.table("events"), backend.table("decisions"), period.start, period.end
    )
    names: dict[str, Any] = {LEAVING: kinds[LEAVING], LEAVING_SOURCE: kinds[LEAVING_SOURCE]}
    told = kinds.select("subject", **{place: names[name] for name, place in wanted.items()})
    return rows.left_join(told, "subject").select(*rows.columns, *wanted.values())


def _latest(rows: Table, made: Table, told: Mapping[str, Value]) -> Table:
    """Add to each score what the subject's latest row until its moment tells."""
    made = made.select("subject", "at", "position", **told)
    moments = rows.select(*_PLACE).distinct()
    upto = moments.join(made, [moments.subject == made.subject, made["at"] <= moments["at"]])
    # The place breaks ties: slots of one call have one time.
    place = ibis.struct({"at": upto.at_right, "position": upto.position})
    row = ibis.struct({name: upto[name] for name in told})
    # One value, so that the engine keeps one row: an attribute that it lacks stays unknown.
    latest = upto.group_by(*_PLACE).aggregate(row=row.argmax(place))
    latest = latest.select(*_PLACE, **{name: latest.row[name] for name in told})
    return rows.left_join(latest, list(_PLACE)).select(*rows.columns, *told)


def _known(values: Value) -> StringValue:
    return cast("StringValue", values.fill_null(UNKNOWN))
