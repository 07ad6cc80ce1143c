"""Endpoint GET /v1/worklist/{case}/visitor: the data about the visitor of a case."""

from __future__ import annotations

from flask import Response

from nudge.api.operation import operation, resource
from nudge.api.people.visitors import visitor_view
from nudge.api.provider import answer
from nudge.api.schemas.visitors import CaseVisitorSchema
from nudge.api.service import current
from nudge.clock import now
from nudge.domain.identity.sealing import Home
from nudge.errors import NotFoundError

blueprint = resource("case_visitors", "Visitors of cases: stored data, without an id")


@operation(
    blueprint,
    "GET /v1/worklist/<string(maxlength=64):case>/visitor",
    name="getCaseVisitor",
    scopes=("admin",),
    answers={200: CaseVisitorSchema},
)
def one(case: str) -> Response:
    """Show the stored data about the visitor of a case, or of whom they turned out to be.

    Whoever works on a case sees its visitor so, and needs no right to look up others.
    """
    service = current()
    found = service.store.cases.read(case)
    if found is None:
        raise NotFoundError("no case has this id")
    view = service.store.visitors.of_subject(Home(found.subject, found.partition))
    state = service.store.state_reader.state(view.state)
    return answer(visitor_view(service, view, state, now()))
