"""GET /v1/segments, /v1/segments/{segment}, its members and its offers: segments as groups."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import orjson
from flask import Response, request

from nudge.api.operation import operation, query_parameter, resource
from nudge.api.paging import page_limit, wrong_parameter
from nudge.api.provider import MIMETYPE, answer
from nudge.api.replies import defined
from nudge.api.schemas.segments import (
    SegmentDetailSchema,
    SegmentMembersSchema,
    SegmentOffersSchema,
    SegmentsSchema,
)
from nudge.api.service import Service, current
from nudge.clock import now
from nudge.domain.basics.local_time import date_of
from nudge.domain.choosing.live_slot import LiveSlot
from nudge.domain.membership.segment_book import SegmentKey
from nudge.domain.membership.segment_view import daily_counts, member_view, segment_view
from nudge.domain.offers.offer_table import offers_csv
from nudge.domain.offers.segment_offers import list_segment_offers, report_figures
from nudge.domain.reports.questions import PerformanceQuestion, Period, period_of, where_of
from nudge.domain.slots.segments import Segment
from nudge.errors import NotFoundError
from nudge.store.folds.member_store import MemberPlace

blueprint = resource("segments", "Segments: who belongs to which group, why, and since when")

NAMED: Final = "/v1/segments/<string(maxlength=130):segment>"
PAGE: Final = 100
MOST: Final = 1000
SHOWN: Final = 30
"""Days that are told where the caller names none."""
MOST_DAYS: Final = 400
_CURSOR: Final = re.compile(r"(\d{1,5})-([0-9a-f]{32})\Z")
_DAYS: Final = (
    query_parameter("from", f"first day; the last {SHOWN} days if left out"),
    query_parameter("to", "last day; today if left out"),
)
_PAGES: Final = (
    query_parameter(
        "limit", "members of a page", type="integer", minimum=1, maximum=MOST, default=PAGE
    ),
    query_parameter("after", "`next` of the page before"),
)
CSV: Final = "text/csv"
_TABLE: Final = {
    "content": {MIMETYPE: {"schema": SegmentOffersSchema}, CSV: {"schema": {"type": "string"}}}
}
_PERIOD: Final = (
    query_parameter("format", "json or csv", enum=["json", "csv"]),
    query_parameter("from", "first day of the exposures; from the beginning if left out"),
    query_parameter("to", "last day of the exposures; until now if left out"),
)


@operation(
    blueprint,
    "GET /v1/segments",
    name="listSegments",
    scopes=("read",),
    answers={200: SegmentsSchema},
)
def every() -> Response:
    """List the segments, each with its rule in words and its number of members."""
    service = current()
    book, members = service.configuration.segment_book, service.patient.members
    sizes = members.sizes(book.keys)
    found = (book.find(key.text) for key in book.keys)
    views = [segment_view(*one, sizes[one[0]]) for one in found if one]
    return answer({"as_of": _as_of(service), "segments": views, **defined("segment")})


@operation(
    blueprint,
    f"GET {NAMED}",
    name="getSegment",
    scopes=("read",),
    answers={200: SegmentDetailSchema},
    parameters=_DAYS,
)
def one(segment: str) -> Response:
    """Show a segment: its rule in words, its members now, and at the end of each day."""
    service = current()
    key, found = _found(service, segment)
    days = list(daily_counts(service.patient.members.days(key), _dates(service)))
    view = segment_view(key, found, service.patient.members.sizes([key])[key])
    return answer(view | {"as_of": _as_of(service), "days": days, **defined("segment")})


@operation(
    blueprint,
    f"GET {NAMED}/members",
    name="listSegmentMembers",
    scopes=("admin",),
    answers={200: SegmentMembersSchema},
    parameters=_PAGES,
)
def members(segment: str) -> Response:
    """List the members of a segment, each with since when and what its rule sees.

    Pages stay in order while people come and go. The service keeps no id in clear: a member is
    named by the subject.
    """
    service = current()
    key, found = _found(service, segment)
    most, after = (
        page_limit(request.args.get("limit"), PAGE, MOST),
        _after(request.args.get("after")),
    )
    rows = list(service.patient.members.page(key, after, most + 1))
    marks, label = service.patient.members.watermarks(), service.calendar.label
    book = service.configuration.segment_book
    listed = [
        member_view(
            key,
            found,
            place.subject,
            member,
            book.attributes(member.state, marks[place.partition]),
            label,
        )
        for place, member in rows[:most]
    ]
    last = rows[most - 1][0] if len(rows) > most else None
    more = f"{last.partition}-{last.subject}" if last else None
    page = {"segment": key.text, "as_of": _as_of(service), "members": listed, "next": more}
    return answer(page)


@operation(
    blueprint,
    f"GET {NAMED}/offers",
    name="listSegmentOffers",
    scopes=("read",),
    answers={200: _TABLE},
    parameters=_PERIOD,
)
def offers(segment: str) -> Response:
    """Match a segment with offers and channels: who may get what, and what each brought."""
    service = current()
    key, _ = _found(service, segment)
    period = period_of(request.args.get("from"), request.args.get("to"), service.calendar)
    slots = [one for _, one in sorted(service.catalogue().slots.items()) if one.slot.offer_terms]
    recorded = [one for one in slots if key.kind in one.attributes]
    brought = {one.slot.name: _brought(service, key, one, period) for one in recorded}
    policy = service.configuration.contact if service.configuration.plans_contacts else None
    known = {name: figures for name, figures in brought.items() if figures is not None}
    rows = list(list_segment_offers(key, slots, policy, known, now()))
    if _is_csv(request.args.get("format")):
        return Response(offers_csv(key.text, rows), mimetype=CSV)
    return answer(
        {
            "segment": key.text,
            **defined("segment_offers"),
            "offers": rows,
            "waiting": [name for name in brought if name not in known],
            "unrecorded": [one.slot.name for one in slots if one not in recorded],
        }
    )


def _is_csv(text: str | None) -> bool:
    if text not in (None, "json", "csv"):
        raise wrong_parameter("format", "is unknown; use json or csv")
    return text == "csv"


def _brought(
    service: Service, key: SegmentKey, live: LiveSlot, period: Period
) -> Mapping[str, Mapping[str, Any]] | None:
    """Return the report's figures about a segment by variant; None while they are made."""
    where = where_of(f"context.{key.kind}:{key.name}")
    asked = PerformanceQuestion(live.slot.name, period, where=where, zone=service.settings.zone)
    desk = service.questions
    reply = desk.answer(desk.inquiry("report", asked.plain, live.slot.revision))
    if reply.body is None:
        return None
    return report_figures(orjson.loads(reply.body))


def _found(service: Service, text: str) -> tuple[SegmentKey, Segment]:
    found = service.configuration.segment_book.find(text)
    if found is None:
        raise NotFoundError("no such segment, or one of several kinds; name it as KIND.NAME")
    return found


def _as_of(service: Service) -> str | None:
    """Return the moment up to which everybody is judged; a partition without records has nobody."""
    marks = [mark for mark in service.patient.members.watermarks() if mark]
    return service.calendar.label_or_none(min(marks, default=None))


def _dates(service: Service) -> Iterator[str]:
    """Return the dates that are asked for, without a gap."""
    calendar, given = service.calendar, request.args
    asked = period_of(given.get("from"), given.get("to"), calendar)
    today = calendar.day_of(now())
    last = today if asked.end is None else min(today, calendar.day_of(asked.end - 1))
    first = last - SHOWN + 1 if asked.start is None else calendar.day_of(asked.start)
    if last - first >= MOST_DAYS:
        raise wrong_parameter("from", f"is too far before `to`; ask for at most {MOST_DAYS} days")
    return (date_of(day).isoformat() for day in range(first, last + 1))


def _after(text: str | None) -> MemberPlace | None:
    if text is None:
        return None
    found = _CURSOR.match(text)
    if found is None:
        raise wrong_parameter("after", "is none; give `next` of the page before")
    return MemberPlace(int(found[1]), found[2])
