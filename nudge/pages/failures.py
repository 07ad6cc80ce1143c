"""Failures as pages: what went wrong, in words, and what to do."""

from __future__ import annotations

from typing import Final

import structlog
from flask import Flask, Response, make_response, render_template
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from nudge.errors import StoreAwayError
from nudge.pages.api_door import ApiRefusal
from nudge.pages.translation import gettext as _

FORBIDDEN: Final = 403
NOT_FOUND: Final = 404
CHANGED: Final = 412
AWAY: Final = 503
BROKEN: Final = 500

log = structlog.get_logger()


def register_failures(app: Flask) -> None:
    """Have every failure of a page answered by a page."""
    app.register_error_handler(ApiRefusal, _refused)
    app.register_error_handler(CSRFError, _forged)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(StoreAwayError, lambda _error: failure_page(AWAY))
    app.register_error_handler(Exception, _broken)


def failure_page(status: int, detail: str = "") -> Response:
    """Return the page of a failure.

    Args:
        status: of HTTP.
        detail: what the API says of it, for those who read on.
    """
    text = render_template("failure.html", status=status, sentence=_sentence(status), detail=detail)
    return make_response(text, status)


def _sentence(status: int) -> str:
    told = {
        400: _("The browser sent something that this page cannot read. Go back and try again."),
        FORBIDDEN: _("Your role does not allow this. An administrator can change your role."),
        NOT_FOUND: _("There is nothing at this address. The menu leads to every page."),
        405: _("This address takes no such call. Go back and use the page's own buttons."),
        CHANGED: _("Somebody else has changed this meanwhile. Look at it again before you go on."),
        413: _("What was sent is too large. Send less at once."),
        422: _("Something in the form does not fit. Go back and mend it."),
        429: _("Too much was asked at once. Try again in a moment."),
        AWAY: _("The store does not answer now. Decisions go on; try again in a moment."),
    }
    return told.get(status) or _("Something broke on our side. It stands in the service's log.")


def _refused(error: ApiRefusal) -> Response:
    return failure_page(error.answer.status, error.message)


def _forged(_error: CSRFError) -> Response:
    sentence = _("This form is no longer valid. Open the page again, then send it.")
    return make_response(
        render_template("failure.html", status=400, sentence=sentence, detail=""), 400
    )


def _http(error: HTTPException) -> Response:
    if error.code is None or error.response is not None:
        return error.get_response()  # type: ignore[return-value]
    page = failure_page(error.code)
    allow = getattr(error, "valid_methods", None)
    if allow:
        page.headers["Allow"] = ", ".join(sorted(allow))
    return page


def _broken(error: Exception) -> Response:
    log.error("page_broken", kind=type(error).__name__, exc_info=error)
    return failure_page(BROKEN)
