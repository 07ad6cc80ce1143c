"""Error answers: one table from error code to status, and one form for all of them."""

from __future__ import annotations

import http
import re
from collections.abc import Mapping
from typing import Final

import structlog
from flask import Flask, Response
from werkzeug.exceptions import HTTPException

from nudge.api.metrics import Metrics
from nudge.api.provider import answer
from nudge.domain.values.number_words import mask_deep, mask_numbers
from nudge.errors import (
    InvalidRequestError,
    NudgeError,
    StoreError,
    TooManyRequestsError,
    UnauthenticatedError,
)

log = structlog.get_logger()

STATUS: Final = {
    "bad_json": 400,
    "bad_compression": 400,
    "broken_body": 400,
    "unauthenticated": 401,
    "key_revoked": 401,
    "forbidden": 403,
    "not_found": 404,
    "measure_refused": 409,
    "trimmed": 410,
    "precondition_failed": 412,
    "precondition_required": 428,
    "invalid_request": 422,
    "invalid_number": 422,
    "unknown_slot": 422,
    "unknown_variant": 422,
    "too_many_jobs": 429,
    "too_many_requests": 429,
    "store_away": 503,
    "store_error": 503,
    "store_full": 503,
    "rebuilding": 503,
    "fold_broken": 503,
    "fenced": 503,
    "spool_full": 503,
}
"""Error code -> status; a code that is not listed is an internal error, 500."""

HTTP_CODES: Final = {400: "bad_request", 413: "too_large", 500: "internal"}
"""Codes of Flask's own errors that differ from the name of their status."""

RETRY_AFTER: Final = {"Retry-After": "1"}
"""Seconds after which a call that found no store, or too much to do, may be repeated."""
HEADERS: Final[Mapping[int, Mapping[str, str]]] = {
    401: {"WWW-Authenticate": "Bearer"},
    429: RETRY_AFTER,
    503: RETRY_AFTER,
}
"""Status of an error -> headers that every such answer has."""

MESSAGES: Final = {
    404: "unknown path; GET /openapi.json lists all paths",
    405: "this path does not know the method; use one of those in the header Allow",
    413: "the body is too large",
    500: "internal error; the service's log names the cause",
}


class KeyRevokedError(UnauthenticatedError):
    """The key was valid and has been revoked."""

    code = "key_revoked"


class BadJsonError(InvalidRequestError):
    """The body of a request is not JSON."""

    code = "bad_json"


def handle_errors(app: Flask, metrics: Metrics) -> None:
    """Register handlers that answer every error in the one form."""

    def ours(error: NudgeError) -> Response:
        if isinstance(error, StoreError):
            metrics.store_errors.labels(error.code).inc()
        return nudge_answer(error)

    app.register_error_handler(NudgeError, ours)
    app.register_error_handler(HTTPException, http_answer)


def nudge_answer(error: NudgeError) -> Response:
    """Return the answer to one of the service's own errors."""
    status = STATUS.get(error.code, 500)
    if status == 500:  # noqa: PLR2004 (the status itself)
        log.error("failed", code=error.code, exc_info=error)
        return error_answer(status, "internal", MESSAGES[500])
    if status == 503:  # noqa: PLR2004 (the status itself)
        # The cause names hosts and sockets; the caller needs to know only that it may try again.
        log.warning("store_trouble", code=error.code, error=str(error))
        return error_answer(status, error.code, "the store does not answer; try again")
    response = error_answer(status, error.code, str(error), getattr(error, "errors", None))
    if isinstance(error, TooManyRequestsError):
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def http_answer(error: HTTPException) -> Response:
    """Return the answer to an error of Flask or Werkzeug, with its headers, such as `Allow`."""
    status = error.code or 500
    code = HTTP_CODES.get(status) or _snake(http.HTTPStatus(status).phrase)
    response = error_answer(status, code, MESSAGES.get(status) or str(error.description))
    for name, value in error.get_headers():
        if name.lower() not in {"content-type", "content-length"}:
            response.headers[name] = value
    return response


def error_answer(status: int, code: str, message: str, errors: object = None) -> Response:
    """Return an error answer in the one form: `{code, message, errors?}`.

    Answers are kept in logs of proxies and pages: none repeats a number that was sent.
    """
    body: dict[str, object] = {"code": code, "message": mask_numbers(message)}
    told = None if errors is None else {"errors": mask_deep(errors)}
    response = answer(body if told is None else body | told, status)
    response.headers.update(HEADERS.get(status, {}))
    return response


def _snake(phrase: str) -> str:
    return re.sub(r"[^a-z]+", "_", phrase.lower())
