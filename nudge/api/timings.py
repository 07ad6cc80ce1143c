"""POST /v1/sms/timings: one customer, a list, or a stream of lines."""

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
    plain_wish,
    wishes_of,
)
from nudge.api.service import Service, current
from nudge.clock import now
from nudge.domain.slots.window import SLOT
from nudge.domain.timing.plan_request import PlanAnswer, PlanRequest, plain
from nudge.errors import InvalidRequestError, NudgeError, StoreError
from nudge.flows.plan import check

blueprint = resource("sms", "When to write to whom")

LINES: Final = "application/x-ndjson"
BATCH: Final = 2000
"""Lines that are answered in one piece: what is in memory at once, and what waits for a reader."""
BLOCK: Final = 65_536
"""Bytes that are read at once."""
MAX_LINE: Final = 16_384
"""Bytes."""
ANSWER: Final = {"oneOf": [PlanAnswerSchema, PlanAnswersSchema]}
REQUEST: Final = {"oneOf": [PlanRequestSchema, PlanRequestsSchema]}
STREAM: Final = {"content": {MIMETYPE: {"schema": ANSWER}, LINES: {"schema": {"type": "string"}}}}


@operation(
    blueprint,
    "POST /v1/sms/timings",
    scopes=("schedule",),
    answers={200: STREAM},
    body={MIMETYPE: REQUEST, LINES: {"type": "string"}},
    errors=(415,),
)
def timings() -> Response:
    """Plan an SMS: when to write, or why not. A stream has one answer for each line."""
    service, source = current(), caller().key_id
    if request.mimetype == LINES:
        # As long as the caller likes: a batch of lines is in memory at once, whatever there is.
        # None would be the app's limit.
        request.max_content_length = sys.maxsize
        pieces = stream_answers(request.stream, partial(_batch, service, source))
        first = next(pieces, b"")
        return Response(chain((first,), pieces), mimetype=LINES)
    body = json_table(service.settings.max_events_body)
    with service.metrics.latency.labels("timings").time():
        found = _planned(service, source, wishes_of(body))
    return answer({"results": found} if "customers" in body else found[0])


def stream_answers(
    stream: IO[bytes], batch_of: Callable[[Sequence[bytes]], Sequence[bytes]]
) -> Iterator[bytes]:
    """Pieces of the answer, each of so many lines; the next is read when this one was taken.

    Args:
        stream: of lines; an empty one is passed by.
        batch_of: the answers to some.

    Raises:
        StoreError: the store is away before anything was answered.
    """
    lines = (raw for raw in _lines(stream) if raw.strip())
    begun = False
    while batch := list(islice(lines, BATCH)):
        try:
            piece = b"".join(batch_of(batch))
        except StoreError as error:
            if not begun:
                raise
            piece = b"".join(_refused(raw, error) for raw in batch)
        begun = True
        yield piece


def _lines(stream: IO[bytes]) -> Iterator[bytes]:
    """Lines; of one that is too long, as much as shows that."""
    left = b""
    while block := stream.read(BLOCK):
        *whole, left = (left + block).split(b"\n")
        yield from whole
        left = left[: MAX_LINE + 1]
    yield left


def _batch(service: Service, source: str, lines: Sequence[bytes]) -> list[bytes]:
    """The answers to lines; what is wrong with one costs no other."""
    known = SLOT in service.catalogue_with((SLOT,)).slots
    read = [_wish(service, raw, known=known) for raw in lines]
    done = iter(_planned(service, source, [one for one in read if isinstance(one, PlanRequest)]))
    return [
        dumps(next(done)) + b"\n" if isinstance(one, PlanRequest) else _refused(raw, one)
        for raw, one in zip(lines, read, strict=True)
    ]


def _wish(service: Service, raw: bytes, *, known: bool) -> PlanRequest | InvalidRequestError:
    """The question of a line, or what is wrong with it; `known` says that there are windows."""
    try:
        table = _table(raw)
        if known and (wish := plain_wish(table)):
            return wish
        (wish,) = wishes_of(table)
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
        raise InvalidRequestError(f"the line is no JSON: {error}") from error
    if not isinstance(table, dict) or "customers" in table:
        raise InvalidRequestError("write one customer a line, as a JSON object")
    return table


def _refused(raw: bytes, error: NudgeError) -> bytes:
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


def _planned(service: Service, source: str, wishes: Sequence[PlanRequest]) -> list[dict[str, Any]]:
    names = {SLOT}.union(*(wish.slots for wish in wishes))
    timings = service.planner.plan_each(service.catalogue_with(names), wishes, source, now())
    for (slot, reason), count in Counter(made for one in timings for made in _made(one)).items():
        service.metrics.count_decision(slot, reason, count)
    return [plain(timing) for timing in timings]


def _made(timing: PlanAnswer) -> Iterator[tuple[str, str]]:
    """Slot and reason of each decision."""
    if timing.decision_id is not None:
        yield SLOT, timing.reason
    for slot, given in timing.decisions.items():
        yield slot, given.reason
