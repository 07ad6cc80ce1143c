"""POST /v1/worklist/...: steps on one case, assignments, hand-overs, the next case, outcomes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from flask import Response
from marshmallow import Schema, ValidationError

from nudge.api.bodies import json_table
from nudge.api.care.work_desks import (
    action_name,
    actor,
    assignment_desk,
    check_own_name,
    contact_desk,
    view_of,
)
from nudge.api.operation import operation, resource
from nudge.api.provider import MIMETYPE, answer
from nudge.api.schemas.worklist import (
    AssignmentSchema,
    AssignmentsSchema,
    HandoverSchema,
    NextAnswerSchema,
    NextSchema,
    OutcomesAnswerSchema,
    OutcomesSchema,
    WorkActionSchema,
    WorkRowSchema,
)
from nudge.api.service import Service, current
from nudge.clock import now
from nudge.domain.care.case import CaseAction, CaseStep, Facts, facts_of
from nudge.domain.values.number_words import mask_numbers
from nudge.domain.worklist.contact_facts import ContactNote
from nudge.domain.worklist.outcome_row import OutcomeReader, OutcomeRow
from nudge.domain.worklist.work_policy import AssignedBy
from nudge.errors import InvalidRequestError, NotFoundError
from nudge.flows.care.case_actions import CaseDesk
from nudge.flows.worklist.assignment_desk import (
    AssignmentRequest,
    AssignmentResult,
    count_statuses,
)
from nudge.flows.worklist.handover import PART, hand_over
from nudge.flows.worklist.next_case import NextCaseDesk
from nudge.flows.worklist.outcomes import OutcomeDesk, OutcomeResult, count_results
from nudge.flows.worklist.work_list import WorkQuestion, list_work, parse_due_cursor

blueprint = resource("worklist changes", "Work lists: steps on cases, one or many at a time")

_ACTION: Final = WorkActionSchema()
_ASSIGNMENT: Final = AssignmentSchema()
_HANDOVER: Final = HandoverSchema()
_NEXT: Final = NextSchema()
_OUTCOMES: Final = OutcomesSchema()
_CONTACT: Final = ("channel", "seconds", "reached", "cost")


@operation(
    blueprint,
    "POST /v1/worklist/<string(maxlength=64):case>/actions",
    name="patchWork",
    scopes=("admin",),
    answers={200: WorkRowSchema},
    body={MIMETYPE: WorkActionSchema},
    errors=(412,),
)
def act(case: str) -> Response:
    """Take a step on a case; a repeated call, by its `action_id`, changes nothing.

    A contact with a channel counts under the contact policy. 412 where somebody else acted since
    `revision`, or at the same time.
    """
    service, at = current(), now()
    asked = _body(service, _ACTION)
    note = mask_numbers(asked.get("note", ""))
    step = CaseStep(
        at,
        asked["action"],
        actor(service, asked.get("by")),
        asked.get("to", ""),
        asked.get("outcome", ""),
        action_name(service, asked.get("action_id")),
        bool(note),
        _facts(service, case, asked),
    )
    desk = CaseDesk(service.patient, service.configuration.warnings, service.sealer.vault)
    return answer(view_of(service, desk.act(case, step, note, asked.get("revision"))))


@operation(
    blueprint,
    "POST /v1/worklist/assignments",
    name="makeAssignments",
    scopes=("admin",),
    answers={200: AssignmentsSchema},
    body={MIMETYPE: AssignmentSchema},
)
def assign() -> Response:
    """Assign many cases, by their ids or by a filter, to an agent or a team.

    A team's cases go to its agents by load, unless `share` is `hand`. A repeated call, by its
    `action_id`, changes nothing.
    """
    service = current()
    asked = _body(service, _ASSIGNMENT)
    if ("ids" in asked) == ("filter" in asked):
        raise _wrong("ids", "or filter: give one of both")
    request, desk = _request(service, asked, AssignedBy(asked["share"])), assignment_desk(service)
    desk.check(request)
    names, cursor = asked.get("ids", []), ""
    if "filter" in asked:
        page = list_work(desk.store, desk.work, _filter(asked, PART))
        names, cursor = [one.id for one in page.cases], page.cursor
    return _told(desk.assign(names, request), cursor, request)


@operation(
    blueprint,
    "POST /v1/worklist/handovers",
    name="makeHandover",
    scopes=("admin",),
    answers={200: AssignmentsSchema},
    body={MIMETYPE: HandoverSchema},
)
def hand_over_cases() -> Response:
    """Hand an agent's open cases over to another agent, or to a team's agents by load.

    Up to 1,000 a call; `cursor` goes on. A repeated call, by its `action_id`, changes nothing.
    """
    service = current()
    asked = _body(service, _HANDOVER)
    request = _request(service, asked, AssignedBy.HANDOVER)
    if asked["from"] == request.to:
        raise _wrong("to", "is who hands over; name somebody else, or a team")
    question = _filter(asked, PART, assignee=asked["from"])
    done = hand_over(assignment_desk(service), question, request)
    return _told(done.cases, done.cursor, request)


@operation(
    blueprint,
    "POST /v1/worklist/next",
    name="makeNextWork",
    scopes=("admin",),
    answers={200: NextAnswerSchema},
    body={MIMETYPE: NextSchema},
)
def take_next() -> Response:
    """Take the next case for an agent: of nobody, or of the team; null where there is none.

    Who may be contacted now comes first, then what is due first. Two agents at once get two cases.
    """
    service = current()
    asked = _body(service, _NEXT)
    check_own_name(asked["agent"])
    configuration = service.configuration
    desk = NextCaseDesk(
        service.patient, configuration.worklist, service.calendar, contact_desk(service)
    )
    name = action_name(service, asked.get("action_id"))
    case = desk.take(asked["agent"], name, now())
    view = None if case is None else view_of(service, case)
    return answer({"case": view, "action_id": name})


@operation(
    blueprint,
    "POST /v1/worklist/outcomes",
    name="recordWorkOutcomes",
    scopes=("admin",),
    answers={200: OutcomesAnswerSchema},
    body={MIMETYPE: OutcomesSchema},
)
def record_outcomes() -> Response:
    """Take outcomes of many cases, such as a call centre's; the same row twice changes nothing."""
    service = current()
    asked = _body(service, _OUTCOMES)
    reader = outcome_reader(service)
    read = [
        reader.read(one) if isinstance(one, Mapping) else "row: is not a table; write named values"
        for one in asked["rows"]
    ]
    good = [one for one in read if isinstance(one, OutcomeRow)]
    for one in good:
        check_own_name(one.agent)
    desk = OutcomeDesk(
        service.patient, service.configuration.worklist, service.sealer.vault, actor(service, None)
    )
    done = iter(desk.take(good))
    results = [
        OutcomeResult("", "refused", one) if isinstance(one, str) else next(done) for one in read
    ]
    rows = [{"row": number, **one._asdict()} for number, one in enumerate(results, 1)]
    return answer({"rows": rows, "counts": count_results(results)})


def outcome_reader(service: Service) -> OutcomeReader:
    """Return the reader of rows by what is configured now."""
    configuration = service.configuration
    channels = tuple(configuration.contact.channels) if configuration.plans_contacts else ()
    warnings = configuration.warnings
    return OutcomeReader(tuple(warnings.outcomes), warnings.agents, channels, now())


def _body(service: Service, schema: Schema) -> dict[str, Any]:
    try:
        found: dict[str, Any] = schema.load(json_table(service.settings.max_body))
    except ValidationError as error:
        raise InvalidRequestError("the request does not fit", error.messages_dict) from error
    return found


def _facts(service: Service, name: str, asked: Mapping[str, Any]) -> Facts:
    """Return the facts of a contact; elsewhere they are told as they came, and refused."""
    told = {key: asked[key] for key in _CONTACT if key in asked}
    if asked["action"] != CaseAction.CONTACT:
        return facts_of(told)
    configuration = service.configuration
    if "channel" in told and configuration.plans_contacts:
        known = configuration.contact.channels
        if told["channel"] not in known:
            raise _wrong("channel", f"is not in contact.toml; use one of {', '.join(known)}")
    case = service.patient.cases.read(name)
    if case is None:
        raise NotFoundError("no case has this id")
    return ContactNote(**told).facts(configuration.worklist, case.kind)


def _request(service: Service, asked: Mapping[str, Any], by: AssignedBy) -> AssignmentRequest:
    if "to" not in asked:
        raise _wrong("to", "is missing; name an agent or a team")
    return AssignmentRequest(
        asked["to"],
        by.value,
        actor(service, asked.get("by")),
        action_name(service, asked.get("action_id")),
        now(),
        asked.get("dry_run", False),
    )


def _filter(asked: Mapping[str, Any], limit: int, **more: Any) -> WorkQuestion:  # noqa: ANN401 (fields of a question)
    given = {**asked.get("filter", {}), **more}
    given["due_before"] = given.get("due_before", math.inf)
    after = parse_due_cursor(asked["cursor"]) if "cursor" in asked else None
    return WorkQuestion(**given, limit=limit, after=after)


def _told(results: Sequence[AssignmentResult], cursor: str, request: AssignmentRequest) -> Response:
    cases = [one._asdict() for one in results]
    body = {"cases": cases, "counts": count_statuses(results), "cursor": cursor}
    return answer(body | {"action_id": request.action_id, "dry_run": request.dry_run})


def _wrong(name: str, message: str) -> InvalidRequestError:
    return InvalidRequestError(f"{name}: {message}", {name: [message]})
