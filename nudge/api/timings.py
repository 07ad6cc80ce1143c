"""Endpoint POST /v1/sms/timings: plans for one visitor, a list, or a stream of lines."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import chain, islice
from typing import IO, Any, Final

import orjson
from flask import Response, request

from nudge.api.bodies import json_table
from nudge.api.operation import caller, operation, resource
from nudge.api.provider import MIMETYPE, answer, dumps
from nudge.api.schemas.timings import (
    PlanAnswerSchema,
    PlanAnswersSchema,
    PlanRequestSchema,
    PlanRequestsSchema,
    load_plain_request,
    load_plan_requests,
)
from nudge.api.service import Service, current
from nudge.clock import now
from nudge.domain.slots.window import SLOT
from nudge.domain.timing.plan_request import PlanAnswer, PlanRequest, plain
from nudge.errors import InvalidRequestError, NudgeError, StoreError
from nudge.flows.plan import check

blueprint = resource("sms", "SMS timing: send times under the contact policy")

LINES: Final = "application/x-ndjson"
BATCH: Final = 2000
"""Lines that are answered together: so many are in memory at once."""
BLOCK: Final = 65_536
"""Bytes of one read from the stream."""
MAX_LINE: Final = 16_384
"""Most bytes of a line."""
ANSWER: Final = {"oneOf": [PlanAnswerSchema, PlanAnswersSchema]}
REQUEST: Final = {"oneOf": [PlanRequestSchema, PlanRequestsSchema]}
STREAM: Final = {"content": {MIMETYPE: {"schema": ANSWER}, LINES: {"schema": {"type": "string"}}}}


@operation(
    blueprint,
    "POST /v1/sms/timings",
    scopes=("schedule",),
    answers={200: STREAM},
    body={MIMETYPE: REQUEST, LINES: {"type": "string"}},
)
def timings() -> Response:
    """Plan SMS: answer a send time, or the reason for none. A stream gets one answer a line."""
    service, source = current(), caller().key_id
    if request.mimetype == LINES:
        # A stream may be of any length: only a batch of lines is in memory at once. None would be
        # the app's limit.
        request.max_content_length = sys.maxsize
        pieces = stream_answers(request.stream, partial(_batch, service, source))
        first = next(pieces, b"")
        return Response(chain((first,), pieces), mimetype=LINES)
    body = json_table(service.settings.max_events_body)
    with service.metrics.latency.labels("timings").time():
        found = _plan(service, source, load_plan_requests(body))
    return answer({"results": found} if "customers" in body else found[0])


def stream_answers(
    stream: IO[bytes], batch_of: Callable[[Sequence[bytes]], Sequence[bytes]]
) -> Iterator[bytes]:
    """Answer a stream of lines in batches; the next batch is read after this one was sent.

    Args:
        stream: lines; empty ones are skipped.
        batch_of: computes the answers to a batch of lines.

    Raises:
        StoreError: the store is away before the first answer.
    """
    lines = (raw for raw in _lines(stream) if raw.strip())
    begun = False
    while batch := list(islice(lines, BATCH)):
        try:
            piece = b"".join(batch_of(batch))
        except StoreError as error:
            if not begun:
                raise
            piece = b"".join(_refuse_line(raw, error) for raw in batch)
        begun = True
        yield piece


def _lines(stream: IO[bytes]) -> Iterator[bytes]:
    """Split a stream into lines; of a line that is too long, a prefix that shows it."""
    left = b""
    while block := stream.read(BLOCK):
        *whole, left = (left + block).split(b"\n")
        yield from whole
        left = left[: MAX_LINE + 1]
    yield left


def _batch(service: Service, source: str, lines: Sequence[bytes]) -> list[bytes]:
    """Answer a batch of lines; an invalid line affects no other."""
    known = SLOT in service.catalogue_with((SLOT,)).slots
    read = [_load_line(service, raw, known=known) for raw in lines]
    done = iter(_plan(service, source, [one for one in read if isinstance(one, PlanRequest)]))
    return [
        dumps(next(done)) + b"\n" if isinstance(one, PlanRequest) else _refuse_line(raw, one)
        for raw, one in zip(lines, read, strict=True)
    ]


def _load_line(service: Service, raw: bytes, *, known: bool) -> PlanRequest | InvalidRequestError:
    """Parse the request of a line, or return its error; `known`: the slot of windows exists."""
    try:
        table = _table(raw)
        if known and (wish := load_plain_request(table)):
            return wish
        (wish,) = load_plan_requests(table)
        check(service.catalogue_with((SLOT, *wish.slots)), wish)
    except InvalidRequestError as error:
        return error
    return wish


def _table(raw: bytes) -> dict[str, Any]:
    if len(raw) > MAX_LINE:
        raise InvalidRequestError(f"the line is too long; write at most {MAX_LINE} bytes")
    try:
        table = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise InvalidRequestError(f"the line is not JSON: {error}") from error
    if not isinstance(table, dict) or "customers" in table:
        raise InvalidRequestError("write one customer a line, as a JSON object")
    return table


def _refuse_line(raw: bytes, error: NudgeError) -> bytes:
    told: dict[str, object] = {"visitor_id": _id(raw), "code": error.code, "message": str(error)}
    if isinstance(error, StoreError):
        told["message"] = "the store does not answer; send the line again"
    if isinstance(error, InvalidRequestError) and error.errors is not None:
        told["errors"] = error.errors
    return dumps(told) + b"\n"


def _id(raw: bytes) -> str | None:
    try:
        found = _table(raw).get("visitor_id")
    except InvalidRequestError:
        return None
    return found if isinstance(found, str) else None


def _plan(service: Service, source: str, wishes: Sequence[PlanRequest]) -> list[dict[str, Any]]:
    names = {SLOT}.union(*(wish.slots for wish in wishes))
    timings = service.planner.plan_each(service.catalogue_with(names), wishes, source, now())
    for (slot, reason), count in Counter(chain.from_iterable(map(_reasons, timings))).items():
        service.metrics.count_decision(slot, reason, count)
    return [plain(timing) for timing in timings]


def _reasons(timing: PlanAnswer) -> Iterator[tuple[str, str]]:
    """Yield slot and reason of each decision of a plan."""
    if timing.decision_id is not None:
        yield SLOT, timing.reason
    for slot, given in timing.decisions.items():
        yield slot, given.reason
