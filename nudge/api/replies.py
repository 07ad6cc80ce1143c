"""What the answers to questions about the lake share: where to ask, and what to say meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import orjson
from flask import Response, current_app

from nudge.api.errors import error_answer
from nudge.api.provider import answer
from nudge.api.service import Service
from nudge.domain.reports.report_time import iso
from nudge.errors import NotFoundError
from nudge.flows.serving.questions import QuestionQueue, QuestionStatus
from nudge.store.jobs.jobs import Job
from nudge.store.wire import client as store

DESK: Final = "nudge-desk"
ANSWER_TIMEOUT: Final = 2.0
"""Seconds that a report may wait for the store."""
FAILED: Final = {"invalid_request": 422, "not_found": 404, "too_large_question": 422}
"""What a worker found wrong with a question -> status; anything else is our own fault."""


def desk_of(service: Service) -> QuestionQueue:
    """Where this process asks: a client of its own, made with the first question."""
    known = current_app.extensions.get(DESK)
    if not isinstance(known, QuestionQueue):
        # Answers are long: what a page's client may wait for them would close it for pages.
        known = QuestionQueue(store.hot(service.settings.store_url, ANSWER_TIMEOUT), service.keys)
        current_app.extensions[DESK] = known
    return known


def dated(body: bytes | None, as_of: float | None) -> orjson.Fragment | None:
    """The answer, a JSON object, with the time until which it is complete."""
    if body is None:
        return None
    return orjson.Fragment(b'{"as_of":' + orjson.dumps(iso(as_of)) + b"," + body[1:])


def pending(body: Mapping[str, object], reply: QuestionStatus) -> Response:
    """The answer while there is none: where it will be, or why there will be none."""
    if reply.job is not None and reply.job.state == "failed":
        status = FAILED.get(reply.job.code, 503)
        return error_answer(status, reply.job.code, reply.job.message)
    response = answer(body, 202)
    response.headers["Retry-After"] = "1"
    if reply.job is not None:
        response.headers["Location"] = f"/v1/jobs/{reply.job.id}"
    return response


def plain_job(found: Job | None) -> dict[str, object]:
    """The job as JSON, without its result.

    Raises:
        NotFoundError: it was forgotten.
    """
    if found is None:
        raise NotFoundError("the question was forgotten; ask again")
    return {
        "job_id": found.id,
        "kind": found.kind,
        "state": found.state,
        "progress": found.progress,
        "question": dict(found.question),
        "asked_at": iso(found.asked),
        "finished_at": iso(found.finished),
        "as_of": iso(found.as_of),
        "code": found.code,
        "message": found.message,
        "result": None,
    }
