"""Endpoint GET /v1/sms/withdrawals: plans that must not be sent any more."""

from __future__ import annotations

import re
from typing import Any, Final

from flask import Response, request
from marshmallow import Schema
from marshmallow import fields as ma

from nudge.api.operation import operation, query_parameter, resource
from nudge.api.paging import page_limit, wrong_parameter
from nudge.api.provider import answer
from nudge.api.service import Service, current
from nudge.domain.values.instants import parse_instant
from nudge.domain.values.refusal import ValueRefusedError
from nudge.store.plans.withdrawals import MICRO, Bookmark, Withdrawal

blueprint = resource("withdrawals", "SMS withdrawals: plans that must not be sent any more")

PAGE: Final = 100
"""Entries of a page where the caller names no number."""
MOST: Final = 1000
_CURSOR: Final = re.compile(r"(\d{1,17})-(\d{1,5})-(\d{1,17})\Z")
PARAMETERS: Final = (
    query_parameter("since", "time: withdrawals of then or later; all where it is left out"),
    query_parameter("cursor", "`next` of the page before, instead of `since`"),
    query_parameter(
        "limit", "entries of a page", type="integer", minimum=1, maximum=MOST, default=PAGE
    ),
)


class WithdrawalSchema(Schema):
    """A plan that must not be sent."""

    decision_id = ma.String(required=True, metadata={"description": "id of the plan"})
    at = ma.String(
        required=True, metadata={"format": "date-time", "description": "when it was withdrawn"}
    )
    send_at = ma.String(
        required=True, metadata={"format": "date-time", "description": "when it was to be sent"}
    )
    channel = ma.String(required=True)
    purpose = ma.String(required=True)
    reason = ma.String(
        required=True,
        metadata={
            "description": "`merged`: another plan of the same visitor stands; `erased`; or the "
            "code of the contact policy"
        },
    )


class WithdrawalsSchema(Schema):
    """A page of withdrawals, in order of time."""

    withdrawals = ma.List(ma.Nested(WithdrawalSchema), required=True)
    next = ma.String(
        required=True,
        allow_none=True,
        metadata={"description": "`cursor` of the next page; null behind the last"},
    )
    until = ma.String(
        required=True,
        metadata={
            "format": "date-time",
            "description": "`since` of the next look, once `next` is null",
        },
    )


@operation(
    blueprint,
    "GET /v1/sms/withdrawals",
    name="listWithdrawals",
    scopes=("schedule",),
    answers={200: WithdrawalsSchema},
    parameters=PARAMETERS,
)
def withdrawals() -> Response:
    """List plans that must not be sent any more, each once."""
    service, given = current(), request.args
    most = page_limit(given.get("limit"), PAGE, MOST)
    after, until = _place(service, given.get("since"), given.get("cursor"))
    found = service.patient.withdrawals.page(after, until, most + 1)
    page = found[:most]
    end = page[-1] if len(found) > most else None
    more = f"{end.at}-{end.partition}-{until}" if end else None
    told = [_plain(service, one) for one in page]
    return answer(
        {"withdrawals": told, "next": more, "until": service.calendar.label(until / MICRO)}
    )


def _place(service: Service, since: str | None, cursor: str | None) -> tuple[Bookmark, int]:
    """Return where the page begins, and the end of the whole list, in microseconds."""
    if cursor is not None:
        if since is not None:
            raise wrong_parameter("since", "is not needed beside `cursor`; leave it out")
        found = _CURSOR.match(cursor)
        if found is None:
            raise wrong_parameter("cursor", "is none; give `next` of the page before")
        at, partition, until = map(int, found.groups())
        return Bookmark(at, partition), until
    # What is listed from now on comes with the next look: a page is read partition by partition.
    until = service.patient.withdrawals.time()
    return Bookmark(_since(since), -1), until


def _since(text: str | None) -> int:
    if text is None:
        return 0
    try:
        # In a query a plus sign is a blank.
        return round(parse_instant(text.replace(" ", "+")) * MICRO)
    except ValueRefusedError as error:
        raise wrong_parameter("since", str(error)) from error


def _plain(service: Service, one: Withdrawal) -> dict[str, Any]:
    plan, label = one.plan, service.calendar.label
    return {
        "decision_id": service.sealer.seal(plan.ref),
        "at": label(one.at / MICRO),
        "send_at": service.calendar.label_or_none(plan.due),
        "channel": plan.channel,
        "purpose": plan.purpose,
        "reason": plan.reason,
    }
