"""Answers to questions about the lake: the result, or 202 with the job that computes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import orjson
from flask import Response

from nudge.api.errors import error_answer
from nudge.api.provider import answer
from nudge.api.service import current
from nudge.domain.figures.definitions import definitions
from nudge.errors import NotFoundError
from nudge.flows.serving.questions import QuestionStatus
from nudge.store.jobs.jobs import Job

FAILED: Final = {"invalid_request": 422, "not_found": 404, "too_large_question": 422}
"""Error code of a failed job -> status; any other code is 503."""


def with_as_of(body: bytes | None, as_of: float | None, kind: str = "") -> orjson.Fragment | None:
    """Add `as_of`, the time until which the answer is complete, to a JSON object.

    Args:
        body: the object; None gives None.
        as_of: seconds.
        kind: of the question, whose figures are defined in the answer; empty for no definitions.
    """
    if body is None:
        return None
    head = orjson.dumps({"as_of": current().calendar.label_or_none(as_of)} | defined(kind))
    return orjson.Fragment(head[:-1] + b"," + body[1:])


def defined(kind: str) -> dict[str, object]:
    """Return the definitions of the figures in an answer, as its field; empty where none is."""
    found = definitions(kind)
    return {"definition": found} if found else {}


def pending(body: Mapping[str, object], reply: QuestionStatus) -> Response:
    """Return 202 with the job's address, or the error with which the job failed."""
    if reply.job is not None and reply.job.state == "failed":
        status = FAILED.get(reply.job.code, 503)
        return error_answer(status, reply.job.code, reply.job.message)
    response = answer(body, 202)
    response.headers["Retry-After"] = "1"
    if reply.job is not None:
        response.headers["Location"] = f"/v1/jobs/{reply.job.id}"
    return response


def plain_job(found: Job | None) -> dict[str, object]:
    """Return the job as JSON, without its result.

    Raises:
        NotFoundError: the job has expired.
    """
    if found is None:
        raise NotFoundError("the job has expired; ask again")
    label = current().calendar.label_or_none
    return {
        "job_id": found.id,
        "kind": found.kind,
        "state": found.state,
        "progress": found.progress,
        "question": dict(found.question),
        "asked_at": label(found.asked),
        "finished_at": label(found.finished),
        "as_of": label(found.as_of),
        "code": found.code,
        "message": found.message,
        "result": None,
    }
