"""GET /v1/winback, GET /v1/winback/{id}, POST /v1/winback/{id}/actions: who left the path."""

from __future__ import annotations

import csv
import math
from collections.abc import Collection, Mapping, Sequence
from io import StringIO
from typing import Any, Final

from flask import Response, request
from marshmallow import ValidationError

from nudge.api.bodies import json_table
from nudge.api.care.work_desks import action_name, actor
from nudge.api.operation import caller, header, operation, query_parameter, resource
from nudge.api.paging import page_limit, wrong_parameter
from nudge.api.provider import MIMETYPE, answer
from nudge.api.schemas.warnings import MOST, STATES, WarningActionSchema
from nudge.api.schemas.winback import WinbackCaseSchema, WinbackListSchema
from nudge.api.service import Service, current
from nudge.clock import now
from nudge.domain.care.case import Case, CaseState, CaseStep
from nudge.domain.care.warning_rule import CaseKind
from nudge.domain.reports.questions import period_of
from nudge.domain.reports.report_table import BOM, spreadsheet_text
from nudge.domain.values.number_words import mask_numbers
from nudge.domain.winback.judged_case import JudgedCase
from nudge.domain.winback.winback_place import cursor_of, parse_cursor
from nudge.domain.winback.winback_view import COLUMNS, reach_view, table_rows, winback_view
from nudge.errors import ForbiddenError, InvalidRequestError, NotFoundError
from nudge.flows.care.case_actions import CaseDesk
from nudge.flows.care.case_details import case_details
from nudge.flows.care.case_list import CaseQuestion, list_cases
from nudge.flows.care.case_list import parse_cursor as parse_case_cursor
from nudge.flows.winback.winback_desk import WinbackDesk, open_desk, setup_of
from nudge.flows.winback.winback_list import WinbackQuestion, list_winback

blueprint = resource("winback", "Win-back: who left the path, why, and when to call")

CSV: Final = "text/csv"
FORMATS: Final = ("json", "csv")
LANGUAGES: Final = ("zh", "en")
CURSOR: Final = "X-Cursor"
PAGE: Final = 100
BLOCKED: Final = "blocked"
FLAGS: Final = ("true", "false")
_ACTION: Final = WarningActionSchema()
_ANSWER: Final = {
    "content": {MIMETYPE: {"schema": WinbackListSchema}, CSV: {"schema": {"type": "string"}}}
}
PARAMETERS: Final = (
    query_parameter("stage", "only those who left at this stage"),
    query_parameter("reason", "only those whose payment failed for this reason"),
    query_parameter("channel", "only those whose visit was on this channel"),
    query_parameter("state", "only those of this state; closed ones by their opening", enum=STATES),
    query_parameter("assignee", "only those that were assigned to this person last"),
    query_parameter("mended", "only those whose cause was mended, or only others", enum=FLAGS),
    query_parameter("from", "only those who left then or later: a day, or a time"),
    query_parameter("to", "only those who left before: a day, which is included, or a time"),
    query_parameter("include", "`blocked`: also whom the policy forbids, last", enum=[BLOCKED]),
    query_parameter("held", "true: those held out, by their opening; scope admin", enum=FLAGS),
    query_parameter("limit", f"most cases of the page: 1 to {MOST}, {PAGE} if left out"),
    query_parameter("cursor", "of the page before: where this one begins"),
    query_parameter("format", "json or csv", enum=list(FORMATS)),
    query_parameter("lang", "language of the CSV's sentences", enum=list(LANGUAGES)),
)


@operation(
    blueprint,
    "GET /v1/winback",
    name="listWinback",
    scopes=("read", "admin"),
    answers={200: _ANSWER},
    headers={200: {CURSOR: header("of the next page, as in the body; empty: there is none")}},
    parameters=PARAMETERS,
)
def every() -> Response:
    """List who left the path, in the order in which to call, in pages.

    Mended causes come first, then what a contact is expected to bring, then known dates, then who
    left last. Whom the contact policy forbids is left out, and so is who is held out. A page may
    have fewer than its limit, and yet a cursor: a filter looks through 5,000 at a time.
    """
    service, at = current(), now()
    told = _word("format", FORMATS) or FORMATS[0]
    language = _word("lang", LANGUAGES) or LANGUAGES[0]
    desk = _desk(service, at)
    judged, cursor = _page(service, desk)
    views = [_plain(service, one, at) for one in judged]
    response = (
        _file(views, language) if told == "csv" else answer({"winback": views, "cursor": cursor})
    )
    response.headers[CURSOR] = cursor
    return response


@operation(
    blueprint,
    "GET /v1/winback/<string(maxlength=64):case>",
    name="getWinback",
    scopes=("read", "admin"),
    answers={200: WinbackCaseSchema},
)
def one(case: str) -> Response:
    """Show one case of win-back with its history, and the reach by each channel.

    With the scope admin it has notes, and the masked numbers of the visitor's page.
    """
    service, at = current(), now()
    found, desk = _find(service, case), _desk(service, at)
    (judged,) = desk.judge([found])
    view = _plain(service, judged, at)
    view |= {"reach": [reach_view(x, service.calendar) for x in desk.reach_each(found)]}
    if caller().sees_people:
        more = case_details(service.patient, service.sealer.vault, found)
        view |= {"numbers": list(more.numbers)}
        for step in view["steps"]:
            if step["action_id"] in more.notes:
                step["note"] = more.notes[step["action_id"]]
    return answer(view)


@operation(
    blueprint,
    "POST /v1/winback/<string(maxlength=64):case>/actions",
    name="patchWinback",
    scopes=("admin",),
    answers={200: WinbackCaseSchema},
    body={MIMETYPE: WarningActionSchema},
    errors=(412,),
)
def act(case: str) -> Response:
    """Take a step on a case of win-back; a repeated call, by its `action_id`, changes nothing.

    412 where somebody else acted since `revision`, or at the same time.
    """
    service, at = current(), now()
    try:
        asked = _ACTION.load(json_table(service.settings.max_body))
    except ValidationError as error:
        raise InvalidRequestError("the request does not fit", error.messages_dict) from error
    policy = service.configuration.warnings
    _find(service, case)
    note = mask_numbers(asked.get("note", ""))
    step = CaseStep(
        at,
        asked["action"],
        actor(service, asked.get("by")),
        asked.get("to", ""),
        asked.get("outcome", ""),
        action_name(service, asked.get("action_id")),
        bool(note),
    )
    desk = CaseDesk(service.patient, policy, service.sealer.vault)
    (judged,) = _desk(service, at).judge([desk.act(case, step, note, asked.get("revision"))])
    return answer(_plain(service, judged, at))


def _desk(service: Service, at: float) -> WinbackDesk:
    return open_desk(service.patient, setup_of(service.configuration), at)


def _find(service: Service, name: str) -> Case:
    found = service.patient.cases.read(name)
    if found is None or found.kind != CaseKind.WINBACK:
        raise NotFoundError("no case of win-back has this id")
    return found


def _page(service: Service, desk: WinbackDesk) -> tuple[Sequence[JudgedCase], str]:
    """Return a page and its cursor: of the order; of past and held out cases by their opening."""
    question, cursor = _question(service), request.args.get("cursor")
    held = _word("held", FLAGS) == "true"
    if held and "admin" not in caller().scopes:
        raise ForbiddenError("held needs a key with the scope admin")
    if held or question.state == CaseState.CLOSED:
        after = parse_case_cursor(cursor) if cursor else None
        asked = CaseQuestion(
            question.state, limit=question.limit, after=after, kind=CaseKind.WINBACK
        )
        page = list_cases(service.patient, asked)
        cases = [x for x in page.cases if x.held is held and question.wants_case(x)]
        return desk.judge(cases), page.cursor
    listed = list_winback(desk, question)
    return listed.cases, cursor_of(listed.after) if listed.after else ""


def _question(service: Service) -> WinbackQuestion:
    given, cursor = request.args, request.args.get("cursor")
    mended = _word("mended", FLAGS)
    period = period_of(given.get("from"), given.get("to"), service.calendar)
    past = _word("held", FLAGS) == "true" or given.get("state") == CaseState.CLOSED
    return WinbackQuestion(
        given.get("stage", ""),
        given.get("reason", ""),
        given.get("channel", ""),
        _word("state", STATES) or "",
        given.get("assignee", ""),
        None if mended is None else mended == "true",
        -math.inf if period.start is None else period.start,
        math.inf if period.end is None else period.end,
        _word("include", (BLOCKED,)) is not None,
        page_limit(given.get("limit"), PAGE, MOST),
        parse_cursor(cursor) if cursor and not past else None,
    )


def _plain(service: Service, judged: JudgedCase, at: float) -> dict[str, Any]:
    return winback_view(judged, service.configuration.winback, service.calendar, at)


def _file(views: Sequence[Mapping[str, Any]], language: str) -> Response:
    target = StringIO()
    target.write(BOM)
    writer = csv.writer(target)
    writer.writerow(COLUMNS)
    for row in table_rows(views, language):
        writer.writerow([spreadsheet_text(row[name]) for name in COLUMNS])
    response = Response(target.getvalue().encode(), 200, mimetype=CSV)
    response.headers["Content-Disposition"] = 'attachment; filename="winback.csv"'
    return response


def _word(name: str, words: Collection[str]) -> str | None:
    given = request.args.get(name)
    if given is not None and given not in words:
        raise wrong_parameter(name, f"is not allowed; use one of {', '.join(words)}")
    return given
