"""Endpoint POST /v1/sms/timings: plans for one visitor, a list, or a stream of lines."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import chain, islice
from typing import IO, Any, Final

from flask import Response, request

from nudge.api.bodies import body_stream, json_table, read_json
from nudge.api.errors import BadJsonError
from nudge.api.forms import NUMBERS_MASKED
from nudge.api.operation import caller, operation, resource
from nudge.api.provider import MIMETYPE, answer, dumps
from nudge.api.schemas.timings import (
    CUSTOMERS,
    PlanAnswerSchema,
    PlanAnswersSchema,
    PlanRequestSchema,
    list_customers,
    load_plain_request,
    load_plan_request,
)
from nudge.api.service import Service, current
from nudge.clock import now
from nudge.domain.slots.window import SLOT
from nudge.domain.timing.plan_request import PlanAnswer, PlanRequest, plain, refuse_plan
from nudge.domain.timing.plan_rows import INVALID
from nudge.domain.values.number_words import mask_deep
from nudge.errors import InvalidRequestError, NudgeError, StoreError, UnknownSlotError
from nudge.flows.plan import check

blueprint = resource("sms", "SMS timing: send times under the contact policy")

LINES: Final = "application/x-ndjson"
BATCH: Final = 2000
"""Lines that are answered together: so many are in memory at once."""
BLOCK: Final = 65_536
"""Bytes of one read from the stream."""
MAX_LINE: Final = 16_384
"""Most bytes of a line."""
NOTHING: Final = plain(refuse_plan("", "", {"": INVALID})) | {"blocked": {}}
"""The answer about a customer who is not planned for, without who that is, and why."""
ANSWER: Final = {"oneOf": [PlanAnswerSchema, PlanAnswersSchema]}
REQUEST: Final = {"oneOf": [PlanRequestSchema, CUSTOMERS]}
STREAM: Final = {"content": {MIMETYPE: {"schema": ANSWER}, LINES: {"schema": {"type": "string"}}}}


@operation(
    blueprint,
    "POST /v1/sms/timings",
    name="planSms",
    scopes=("schedule",),
    answers={200: STREAM},
    body={MIMETYPE: REQUEST, LINES: {"type": "string"}},
)
def timings() -> Response:
    """Plan SMS: answer a send time, or the reason for none. A stream gets one answer a line.

    A customer of a list, or a line, that is invalid costs only itself.
    """
    service, source = current(), caller().key_id
    if request.mimetype == LINES:
        # A stream may be of any length: only a batch of lines is in memory at once. None would be
        # the app's limit.
        request.max_content_length = sys.maxsize
        pieces = stream_answers(body_stream(), partial(_batch, service, source))
        first = next(pieces, b"")
        return Response(chain((first,), pieces), mimetype=LINES)
    body = json_table(service.settings.max_events_body)
    with service.metrics.latency.labels("timings").time():
        if "customers" in body:
            return answer({"results": _customers(service, source, list_customers(body))})
        return answer(_plan(service, source, [load_plan_request(body, service.rules)])[0])


def _customers(service: Service, source: str, customers: Sequence[object]) -> list[dict[str, Any]]:
    """Answer a list; an invalid customer affects no other."""
    read = [_load_customer(service, one) for one in customers]
    done = iter(_plan(service, source, [one for one in read if isinstance(one, PlanRequest)]))
    return [
        next(done) if isinstance(one, PlanRequest) else NOTHING | _refusal(customers[i], i, one)
        for i, one in enumerate(read)
    ]


def _load_customer(service: Service, one: object) -> PlanRequest | InvalidRequestError:
    try:
        wish = load_plan_request(one, service.rules)
        check(service.catalogue_with((SLOT, *wish.slots)), wish)
    except UnknownSlotError as error:
        if SLOT not in service.catalogue_with((SLOT,)).slots:
            raise
        return error
    except InvalidRequestError as error:
        return error
    return wish


def _refusal(sent: object, index: int, error: NudgeError) -> dict[str, Any]:
    """Return what is told of a customer who is not planned for."""
    who = sent.get("visitor_id") if isinstance(sent, dict) else None
    told: dict[str, Any] = {"reason": INVALID, "code": error.code, "message": str(error)}
    if isinstance(error, InvalidRequestError) and error.errors is not None:
        told["errors"] = error.errors
        told["message"] = _first_message(error.errors) or told["message"]
    # Only the id, by which the sender knows the customer, is repeated.
    who = who if isinstance(who, str) else None
    return {"visitor_id": who, "index": index, **mask_deep(told)}


def _first_message(errors: object) -> str:
    """Return the first message with the field that it is about; empty where none is found."""
    path: list[str] = []
    while isinstance(errors, dict) and errors:
        name, errors = next(iter(errors.items()))
        path.append(str(name))
    text = errors[0] if isinstance(errors, list) and errors else ""
    return f"{'.'.join(path)}: {text}" if isinstance(text, str) and text else ""


def stream_answers(
    stream: IO[bytes], batch_of: Callable[[Sequence[bytes], int], Sequence[bytes]]
) -> Iterator[bytes]:
    """Answer a stream of lines in batches; the next batch is read after this one was sent.

    Args:
        stream: lines; empty ones are skipped.
        batch_of: computes the answers to a batch of lines, of which the first has this index.

    Raises:
        StoreError: the store is away before the first answer.
    """
    lines = (raw for raw in _lines(stream) if raw.strip())
    first = 0
    while batch := list(islice(lines, BATCH)):
        try:
            piece = b"".join(batch_of(batch, first))
        except StoreError as error:
            if not first:
                raise
            piece = b"".join(_refuse_line(raw, i, error) for i, raw in enumerate(batch, first))
        first += len(batch)
        yield piece


def _lines(stream: IO[bytes]) -> Iterator[bytes]:
    """Split a stream into lines; of a line that is too long, a prefix that shows it."""
    left = b""
    while block := stream.read(BLOCK):
        *whole, left = (left + block).split(b"\n")
        yield from whole
        left = left[: MAX_LINE + 1]
    yield left


def _batch(service: Service, source: str, lines: Sequence[bytes], first: int) -> list[bytes]:
    """Answer a batch of lines; an invalid line affects no other."""
    known = SLOT in service.catalogue_with((SLOT,)).slots
    read = [_load_line(service, raw, known=known) for raw in lines]
    done = iter(_plan(service, source, [one for one in read if isinstance(one, PlanRequest)]))
    return [
        dumps(next(done)) + b"\n" if isinstance(one, PlanRequest) else _refuse_line(raw, i, one)
        for i, (raw, one) in enumerate(zip(lines, read, strict=True), first)
    ]


def _load_line(service: Service, raw: bytes, *, known: bool) -> PlanRequest | InvalidRequestError:
    """Parse the request of a line, or return its error; `known`: the slot of windows exists."""
    try:
        table = _table(raw)
        if known and (wish := load_plain_request(table, service.rules)):
            return wish
        wish = load_plan_request(table, service.rules)
        check(service.catalogue_with((SLOT, *wish.slots)), wish)
    except InvalidRequestError as error:
        return error
    return wish


def _table(raw: bytes) -> dict[str, Any]:
    if len(raw) > MAX_LINE:
        raise InvalidRequestError(f"the line is too long; write at most {MAX_LINE} bytes")
    try:
        table = read_json(raw)
    except BadJsonError as error:
        raise InvalidRequestError(f"the line is not JSON: {error}") from error
    if not isinstance(table, dict) or "customers" in table:
        raise InvalidRequestError("write one customer a line, as a JSON object")
    return table


def _refuse_line(raw: bytes, index: int, error: NudgeError) -> bytes:
    try:
        sent: object = _table(raw)
    except InvalidRequestError:
        sent = None
    told = _refusal(sent, index, error)
    if isinstance(error, StoreError):
        told["message"] = "the store does not answer; send the line again"
        del told["reason"]
    return dumps(told) + b"\n"


def _plan(service: Service, source: str, wishes: Sequence[PlanRequest]) -> list[dict[str, Any]]:
    names = {SLOT}.union(*(wish.slots for wish in wishes))
    timings = service.planner.plan_each(service.catalogue_with(names), wishes, source, now())
    for (slot, reason), count in Counter(chain.from_iterable(map(_reasons, timings))).items():
        service.metrics.count_decision(slot, reason, count)
    if masked := sum([wish.masked for wish in wishes]):
        service.metrics.numbers_masked.labels("timings").inc(masked)
    return [
        plain(timing) | ({NUMBERS_MASKED: wish.masked} if wish.masked else {})
        for wish, timing in zip(wishes, timings, strict=True)
    ]


def _reasons(timing: PlanAnswer) -> Iterator[tuple[str, str]]:
    """Yield slot and reason of each decision of a plan."""
    if timing.decision_id is not None:
        yield SLOT, timing.reason
    for slot, given in timing.decisions.items():
        yield slot, given.reason
