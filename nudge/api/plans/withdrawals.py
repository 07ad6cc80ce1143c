"""GET /v1/sms/withdrawals, POST .../acknowledgements: plans that must not be sent any more."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from flask import Response, request
from marshmallow import ValidationError

from nudge.api.bodies import json_table
from nudge.api.operation import operation, query_parameter, resource
from nudge.api.paging import page_limit, wrong_parameter
from nudge.api.provider import MIMETYPE, answer
from nudge.api.schemas.withdrawals import (
    NAME_CURE,
    SCHEDULER,
    AcknowledgedSchema,
    AcknowledgementSchema,
    WithdrawalsSchema,
)
from nudge.api.service import Service, current
from nudge.domain.values.instants import parse_instant
from nudge.domain.values.refusal import ValueRefusedError
from nudge.errors import InvalidRequestError
from nudge.store.plans.scheduler_places import MOST as SCHEDULERS
from nudge.store.plans.withdrawals import MICRO, Bookmark, Withdrawal

blueprint = resource("withdrawals", "SMS withdrawals: plans that must not be sent any more")

PAGE: Final = 100
"""Entries of a page where the caller names no number."""
MOST: Final = 1000
_TOKEN: Final = re.compile(r"(\d{1,5}):(\d{1,17})")
_CURSOR: Final = re.compile(r"(\d{1,17})-(\d{1,5})-(\d{1,17})\Z")
PARAMETERS: Final = (
    query_parameter("since", "time: withdrawals of then or later; all where it is left out"),
    query_parameter("cursor", "`next` of the page before, instead of `since`"),
    query_parameter("scheduler", "your name: only what it has not acknowledged"),
    query_parameter(
        "limit", "entries of a page", type="integer", minimum=1, maximum=MOST, default=PAGE
    ),
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
    """List plans that must not be sent any more, each once.

    With `scheduler` the list is what this one has not acknowledged: at least once, whoever else
    reads, and whatever the clocks say.
    """
    service, given = current(), request.args
    most = page_limit(given.get("limit"), PAGE, MOST)
    if "scheduler" in given:
        return answer(_unacknowledged(service, given, most))
    after, until = _place(service, given.get("since"), given.get("cursor"))
    found = service.patient.withdrawals.page(after, until, most + 1)
    page = found[:most]
    end = page[-1] if len(found) > most else None
    more = f"{end.at}-{end.partition}-{until}" if end else None
    told = [_plain(service, one) for one in page]
    return answer(
        {"withdrawals": told, "next": more, "until": service.calendar.label(until / MICRO)}
    )


@operation(
    blueprint,
    "POST /v1/sms/withdrawals/acknowledgements",
    name="recordAcknowledgement",
    scopes=("schedule",),
    answers={200: AcknowledgedSchema},
    body={MIMETYPE: AcknowledgementSchema},
)
def acknowledge() -> Response:
    """Acknowledge a page of withdrawals for one scheduler; a repeated call changes nothing."""
    service = current()
    try:
        asked = _ACKNOWLEDGEMENT.load(json_table(service.settings.max_body))
    except ValidationError as error:
        raise InvalidRequestError("the request does not fit", error.messages_dict) from error
    name, store = asked["scheduler"], service.patient
    places = _acknowledged(asked["acknowledge"], store.keys.partitions, store.withdrawals.time())
    if not store.scheduler_places.move(name, places):
        raise wrong_parameter("scheduler", f"is new, and there are {SCHEDULERS} already; use one")
    more = bool(store.withdrawals.behind(store.scheduler_places.read(name), 0, 1))
    return answer({"scheduler": name, "more": more})


def _unacknowledged(service: Service, given: Mapping[str, str], most: int) -> dict[str, Any]:
    """Return a page of what a scheduler has not acknowledged."""
    name = given["scheduler"]
    if not re.fullmatch(SCHEDULER, name):
        raise wrong_parameter("scheduler", NAME_CURE)
    if "cursor" in given:
        raise wrong_parameter("cursor", "is not needed beside `scheduler`; acknowledge instead")
    store = service.patient
    until = store.withdrawals.time()
    places = store.scheduler_places.read(name)
    page = store.withdrawals.behind(places, _since(given.get("since")), most)
    ends = {one.partition: one.at for one in page}
    token = ",".join(f"{p}:{at}" for p, at in sorted(ends.items()))
    return {
        "withdrawals": [_plain(service, one) for one in page],
        "next": None,
        "until": service.calendar.label(until / MICRO),
        "acknowledge": token or None,
    }


def _acknowledged(token: str, partitions: int, latest: int) -> dict[int, int]:
    """Return the places of a token, none behind the store's own time in microseconds."""
    rows = [_TOKEN.fullmatch(part) for part in token.split(",")]
    found = {int(row[1]): min(int(row[2]), latest) for row in rows if row}
    if len(found) < len(rows) or any(p >= partitions for p in found):
        raise wrong_parameter("acknowledge", "is none; give `acknowledge` of the page as it is")
    return found


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


_ACKNOWLEDGEMENT: Final = AcknowledgementSchema()


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
