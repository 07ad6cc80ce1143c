"""GET /v1/warnings, GET /v1/warnings/{id}, POST /v1/warnings/{id}/actions: who may leave."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final

from flask import Response, request
from marshmallow import ValidationError

from nudge.api.bodies import json_table
from nudge.api.care.work_desks import action_name, actor
from nudge.api.operation import caller, header, operation, query_parameter, resource
from nudge.api.provider import MIMETYPE, answer
from nudge.api.schemas.warnings import (
    LEVELS,
    MOST,
    STATES,
    WarningActionSchema,
    WarningSchema,
    WarningsSchema,
)
from nudge.api.service import Service, current
from nudge.clock import now
from nudge.domain.alarms.delivery import delivery_view
from nudge.domain.care.case import Case, CaseStep
from nudge.domain.care.case_view import case_view
from nudge.domain.care.warning_rule import CaseKind
from nudge.domain.identity.sealing import Home
from nudge.domain.values.ids import external_ids
from nudge.domain.values.number_words import mask_numbers
from nudge.errors import ForbiddenError, InvalidRequestError, NotFoundError
from nudge.flows.care.case_actions import CaseDesk
from nudge.flows.care.case_csv import case_csv
from nudge.flows.care.case_details import case_details
from nudge.flows.care.case_list import (
    UNCLOSED,
    CasePage,
    CaseQuestion,
    cases_of_subject,
    list_cases,
    parse_cursor,
)

blueprint = resource("warnings", "Churn warnings: who may leave, why, and what was done about it")

CSV: Final = "text/csv"
FORMATS: Final = ("json", "csv")
CURSOR: Final = "X-Cursor"
PAGE: Final = 100
_ACTION: Final = WarningActionSchema()
_ANSWER: Final = {
    "content": {MIMETYPE: {"schema": WarningsSchema}, CSV: {"schema": {"type": "string"}}}
}
PARAMETERS: Final = (
    query_parameter(
        "state", "only those of this state; `unclosed`: all but closed", enum=[*STATES, UNCLOSED]
    ),
    query_parameter("level", "only those of this level", enum=list(LEVELS)),
    query_parameter("assignee", "only those that were assigned to this person last"),
    query_parameter("scene", "only those of this scene"),
    query_parameter("rule", "only those that this rule opened"),
    query_parameter("visitor_id", "only those of this visitor; needs the scope admin"),
    query_parameter("limit", f"most warnings of the page: 1 to {MOST}, {PAGE} if left out"),
    query_parameter("cursor", "of the page before: where this one begins"),
    query_parameter("format", "json or csv", enum=list(FORMATS)),
)


@operation(
    blueprint,
    "GET /v1/warnings",
    name="listWarnings",
    scopes=("read", "admin"),
    answers={200: _ANSWER},
    headers={200: {CURSOR: header("of the next page, as in the body; empty: there is none")}},
    parameters=PARAMETERS,
)
def every() -> Response:
    """List churn warnings, those opened last first, in pages.

    A page may have fewer than its limit, and yet a cursor: a filter looks through 5,000 at a time.
    """
    service, told = current(), _word("format", FORMATS) or FORMATS[0]
    question = _question()
    visitor = request.args.get("visitor_id")
    page = list_cases(service.patient, question) if visitor is None else _of(visitor, question)
    views = [_plain(service, case) for case in page.cases]
    page_of = {"warnings": views, "cursor": page.cursor}
    response = _file(views) if told == "csv" else answer(page_of)
    response.headers[CURSOR] = page.cursor
    return response


@operation(
    blueprint,
    "GET /v1/warnings/<string(maxlength=64):warning>",
    name="getWarning",
    scopes=("read", "admin"),
    answers={200: WarningSchema},
)
def one(warning: str) -> Response:
    """Show one churn warning with its history.

    With the scope admin it has the text that began it, notes, and the masked numbers of the
    visitor's page.
    """
    service = current()
    case = service.patient.cases.read(warning)
    if case is None:
        raise NotFoundError("no warning has this id")
    told = service.patient.deliveries.of_alarm(warning)
    notices = [delivery_view(delivery, service.calendar) for delivery in told]
    view = _plain(service, case) | {"notices": notices}
    if caller().sees_people:
        found = case_details(service.patient, service.sealer.vault, case)
        view |= {"text": found.text, "numbers": list(found.numbers)}
        for step in view["steps"]:
            if step["action_id"] in found.notes:
                step["note"] = found.notes[step["action_id"]]
    return answer(view)


@operation(
    blueprint,
    "POST /v1/warnings/<string(maxlength=64):warning>/actions",
    name="patchWarning",
    scopes=("admin",),
    answers={200: WarningSchema},
    body={MIMETYPE: WarningActionSchema},
    errors=(412,),
)
def act(warning: str) -> Response:
    """Take a step on a churn warning; a repeated call, by its `action_id`, changes nothing.

    412 where somebody else acted since `revision`, or at the same time.
    """
    service, at = current(), now()
    try:
        asked = _ACTION.load(json_table(service.settings.max_body))
    except ValidationError as error:
        raise InvalidRequestError("the request does not fit", error.messages_dict) from error
    policy = service.configuration.warnings
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
    return answer(_plain(service, desk.act(warning, step, note, asked.get("revision"))))


def _question() -> CaseQuestion:
    given, cursor = request.args, request.args.get("cursor")
    return CaseQuestion(
        _word("state", (*STATES, UNCLOSED)) or "",
        _word("level", LEVELS) or "",
        given.get("assignee", ""),
        given.get("scene", ""),
        given.get("rule", ""),
        _limit(given.get("limit")),
        parse_cursor(cursor) if cursor else None,
        CaseKind.WARNING,
    )


def _of(visitor_id: str, question: CaseQuestion) -> CasePage:
    """Return the cases of a visitor by an id of the caller's, without pages.

    Raises:
        ForbiddenError: the key may not ask who somebody is.
    """
    if not caller().sees_people:
        raise ForbiddenError("visitor_id needs a key with the scope admin")
    service = current()
    for name in external_ids(visitor_id):
        hashed = service.sealer.visitor_hash(name)
        home = Home(hashed, service.sealer.partition(hashed, service.store.keys.partitions))
        subject = service.patient.visitors.subject_of(home)
        if subject is not None:
            root = service.patient.visitors.root_of(Home(subject, home.partition))
            found = cases_of_subject(service.patient, root.partition, root.subject)
            return CasePage([one for one in found if question.wants(one)][: question.limit])
    return CasePage([])  # nobody of this id is known, or nothing was warned of


def _plain(service: Service, case: Case) -> dict[str, Any]:
    return case_view(case, service.configuration.warnings, service.calendar)


def _file(views: Sequence[dict[str, Any]]) -> Response:
    response = Response(case_csv(views).encode(), 200, mimetype=CSV)
    response.headers["Content-Disposition"] = 'attachment; filename="warnings.csv"'
    return response


def _word(name: str, words: Collection[str]) -> str | None:
    given = request.args.get(name)
    if given is not None and given not in words:
        raise _wrong(name, f"is not allowed; use one of {', '.join(words)}")
    return given


def _limit(text: str | None) -> int:
    if text is None:
        return PAGE
    if not (text.isascii() and text.isdecimal() and len(text) < 6 and 1 <= int(text) <= MOST):  # noqa: PLR2004 (digits)
        raise _wrong("limit", f"is not a number of warnings; give 1 to {MOST}")
    return int(text)


def _wrong(name: str, message: str) -> InvalidRequestError:
    return InvalidRequestError(f"{name}: {message}", {name: [message]})
