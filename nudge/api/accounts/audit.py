"""Endpoint GET /v1/audit: who did what to what, when and why."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from io import StringIO
from typing import Any, Final

from flask import Response, request

from nudge.api.operation import header, operation, resource
from nudge.api.paging import page_limit, wrong_parameter
from nudge.api.provider import MIMETYPE, answer
from nudge.api.schemas.audit import FORMATS, MOST, PAGE, PARAMETERS, AuditSchema
from nudge.api.service import current
from nudge.domain.reports.questions import period_of
from nudge.domain.reports.report_table import BOM, spreadsheet_text
from nudge.flows.audit.audit_history import whole_history
from nudge.flows.audit.audit_pages import AuditQuestion, page_of

blueprint = resource("audit", "The audit: who did what to what, when and why")

CSV: Final = "text/csv"
CURSOR: Final = "X-Cursor"
COLUMNS: Final = ("at", "who", "action", "object", "revision", "why", "diff")
_ANSWER: Final = {
    "content": {MIMETYPE: {"schema": AuditSchema}, CSV: {"schema": {"type": "string"}}}
}


@operation(
    blueprint,
    "GET /v1/audit",
    name="listAudit",
    scopes=("admin",),
    answers={200: _ANSWER},
    headers={200: {CURSOR: header("of the next page, as in the body; empty: there is none")}},
    parameters=PARAMETERS,
)
def every() -> Response:
    """List changes of slots, documents and policies, steps of alarms, and what users did.

    The newest comes first. Changes of things have `revision` and `diff`.
    """
    service, told = current(), request.args.get("format", FORMATS[0])
    if told not in FORMATS:
        raise wrong_parameter("format", "use json or csv")
    question = _question()
    catalogue = service.catalogue()
    lines = whole_history(
        service.patient, catalogue.slots, catalogue.documents, since=question.start
    )
    page = page_of(lines, question)
    views = [one.view(service.calendar) for one in page.lines]
    plain = {"lines": views, "cursor": page.cursor}
    response = _file(views) if told == "csv" else answer(plain)
    response.headers[CURSOR] = page.cursor
    return response


def _question() -> AuditQuestion:
    given = request.args
    period = period_of(given.get("from"), given.get("to"), current().calendar)
    return AuditQuestion(
        given.get("who", ""),
        given.get("object", ""),
        given.get("action", ""),
        0.0 if period.start is None else period.start,
        float("inf") if period.end is None else period.end,
        page_limit(given.get("limit"), PAGE, MOST),
        given.get("cursor", ""),
    )


def _file(views: Sequence[dict[str, Any]]) -> Response:
    text = StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for one in views:
        cells = one | {"diff": "; ".join(one["diff"])}
        writer.writerow([spreadsheet_text(cells[name]) for name in COLUMNS])
    response = Response((BOM + text.getvalue()).encode(), 200, mimetype=CSV)
    response.headers["Content-Disposition"] = 'attachment; filename="audit.csv"'
    return response
