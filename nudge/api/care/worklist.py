"""GET /v1/worklist, /v1/worklist/summary, /v1/worklist/{case}: whose turn it is, and until when."""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import Any, Final

from flask import Response, request

from nudge.api.care.work_desks import work_rows
from nudge.api.operation import caller, header, operation, query_parameter, resource
from nudge.api.paging import page_limit, wrong_parameter
from nudge.api.provider import MIMETYPE, answer
from nudge.api.schemas.warnings import LEVELS
from nudge.api.schemas.worklist import (
    KINDS,
    STATES,
    WorkListSchema,
    WorkRowSchema,
    WorkSummarySchema,
)
from nudge.api.service import current
from nudge.clock import now
from nudge.domain.values.flags import parse_flag
from nudge.domain.values.instants import parse_instant
from nudge.domain.values.refusal import ValueRefusedError
from nudge.domain.worklist.work_view import work_csv
from nudge.errors import ForbiddenError, NotFoundError
from nudge.flows.care.case_details import case_details
from nudge.flows.worklist.work_list import WorkQuestion, list_work, parse_due_cursor
from nudge.flows.worklist.work_summary import summarise_work, summary_view

blueprint = resource("worklist", "Work lists: whose turn it is, until when, and what was done")

CSV: Final = "text/csv"
FORMATS: Final = ("json", "csv")
CURSOR: Final = "X-Cursor"
PAGE: Final = 100
MOST: Final = 1_000
_ANSWER: Final = {
    "content": {MIMETYPE: {"schema": WorkListSchema}, CSV: {"schema": {"type": "string"}}}
}
PARAMETERS: Final = (
    query_parameter("kind", "only cases of this kind", enum=list(KINDS)),
    query_parameter("state", "only those of this state; all but closed if left out", enum=STATES),
    query_parameter("level", "only those of this level", enum=list(LEVELS)),
    query_parameter("assignee", "only those of this agent, or that wait with this team"),
    query_parameter("team", "only those of this team and its agents"),
    query_parameter("unassigned", "true: only those of nobody", type="boolean"),
    query_parameter("overdue", "true: only those whose due time has passed", type="boolean"),
    query_parameter("due_before", "only those that are due before this time", format="date-time"),
    query_parameter(
        "held", "true: those held out, on whom nobody acts; needs the scope admin", type="boolean"
    ),
    query_parameter("limit", f"most cases of the page: 1 to {MOST}, {PAGE} if left out"),
    query_parameter("cursor", "of the page before: where this one begins"),
    query_parameter("format", "json or csv", enum=list(FORMATS)),
)


@operation(
    blueprint,
    "GET /v1/worklist",
    name="listWork",
    scopes=("read", "admin"),
    answers={200: _ANSWER},
    headers={200: {CURSOR: header("of the next page, as in the body; empty: there is none")}},
    parameters=PARAMETERS,
)
def every() -> Response:
    """List open cases of all kinds, what is due first comes first, in pages.

    Visitors who are held out are on no list. `reach` is by the contact policy at this moment.
    """
    service, told = current(), _word("format", FORMATS) or FORMATS[0]
    question = _question()
    page = list_work(service.patient, service.configuration.worklist, question)
    views = work_rows(service).make(page.cases)
    response = _file(views) if told == "csv" else answer({"cases": views, "cursor": page.cursor})
    response.headers[CURSOR] = page.cursor
    return response


@operation(
    blueprint,
    "GET /v1/worklist/summary",
    name="getWorkSummary",
    scopes=("read", "admin"),
    answers={200: WorkSummarySchema},
)
def summary() -> Response:
    """Tell the work of each agent and team: open, overdue, oldest, closed today, capacity."""
    service, at = current(), now()
    policy, calendar = service.configuration.worklist, service.calendar
    found = summarise_work(service.patient, policy, calendar, at)
    return answer({"at": calendar.label(at)} | summary_view(found, policy, calendar, at))


@operation(
    blueprint,
    "GET /v1/worklist/<string(maxlength=64):case>",
    name="getWork",
    scopes=("read", "admin"),
    answers={200: WorkRowSchema},
)
def one(case: str) -> Response:
    """Show one case with its history, due time and reach.

    With the scope admin it has the text that began it, notes, and masked numbers.
    """
    service = current()
    found = service.patient.cases.read(case)
    if found is None:
        raise NotFoundError("no case has this id")
    (view,) = work_rows(service).make([found])
    if caller().sees_people:
        more = case_details(service.patient, service.sealer.vault, found)
        view |= {"text": more.text, "numbers": list(more.numbers)}
        for step in view["steps"]:
            if step["action_id"] in more.notes:
                step["note"] = more.notes[step["action_id"]]
    return answer(view)


def _question() -> WorkQuestion:
    given, cursor = request.args, request.args.get("cursor")
    held = _flag("held")
    if held and "admin" not in caller().scopes:
        raise ForbiddenError("held needs a key with the scope admin")
    before = _moment("due_before")
    return WorkQuestion(
        _word("kind", KINDS) or "",
        _word("state", STATES) or "",
        _word("level", LEVELS) or "",
        given.get("assignee", ""),
        given.get("team", ""),
        _flag("unassigned"),
        held,
        min(before, now()) if _flag("overdue") else before,
        parse_due_cursor(cursor) if cursor else None,
        page_limit(given.get("limit"), PAGE, MOST),
    )


def _moment(name: str) -> float:
    text = request.args.get(name)
    try:
        return math.inf if text is None else parse_instant(text)
    except ValueRefusedError as error:
        raise wrong_parameter(name, str(error)) from error


def _flag(name: str) -> bool:
    text = request.args.get(name)
    try:
        return text is not None and parse_flag(text)
    except ValueRefusedError as error:
        raise wrong_parameter(name, str(error)) from error


def _word(name: str, words: Collection[str]) -> str | None:
    given = request.args.get(name)
    if given is not None and given not in words:
        raise wrong_parameter(name, f"is not allowed; use one of {', '.join(words)}")
    return given


def _file(views: list[dict[str, Any]]) -> Response:
    response = Response(work_csv(views).encode(), 200, mimetype=CSV)
    response.headers["Content-Disposition"] = 'attachment; filename="worklist.csv"'
    return response
