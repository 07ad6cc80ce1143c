"""Endpoints POST /v1/decisions and GET /v1/decisions/{decision_id}.

flask-smorest's own decorators would cost more here than the rest of the call, so the schemas are
used directly; `operation` shows the same ones in the document.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from flask import Response, request

from nudge.api.bodies import json_table
from nudge.api.forms import NUMBERS_MASKED
from nudge.api.metrics import Metrics
from nudge.api.operation import caller, operation, resource
from nudge.api.provider import MIMETYPE, answer
from nudge.api.schemas.decisions import (
    MAX_VISITORS,
    RESULTS,
    BulkRequestSchema,
    DecisionRequestSchema,
    PageAnswerSchema,
    RefusedVisitor,
    load_request,
    load_requests,
)
from nudge.api.schemas.explanation import ExplanationSchema
from nudge.api.service import Service, current
from nudge.clock import now
from nudge.domain.basics.calendar import RECORD
from nudge.domain.choosing.requests import DecisionRequest, PageAnswer
from nudge.domain.journal.caller import Caller
from nudge.domain.values.number_words import mask_deep, mask_numbers
from nudge.errors import ForbiddenError
from nudge.flows.serving.explain import explain

blueprint = resource("decisions", "Decisions: the variants to show, and their explanation")

REQUEST: Final = {"oneOf": [DecisionRequestSchema, BulkRequestSchema]}
ANSWER: Final[dict[str, Any]] = {"oneOf": [PageAnswerSchema, RESULTS]}


@operation(
    blueprint,
    "POST /v1/decisions",
    name="makeDecisions",
    scopes=("decide",),
    answers={200: ANSWER},
    body={MIMETYPE: REQUEST, "text/plain": REQUEST},
    key_in_query=True,
)
def decide() -> Response:
    """Decide which variants to show in the slots of a page, for one visitor or up to 100."""
    service = current()
    with service.metrics.latency.labels("decide").time():
        # A page that names no other type, and no header, needs no leave of its browser (preflight).
        body = json_table(service.settings.max_body, any_type=True)
        who = caller()
        if "visitors" in body:
            return answer({"results": _decide_each(service, _load_each(service, body, who), who)})
        service.page_gate.admit(body, who, request.environ)
        ask = load_request(body, service.rules)
        (given,) = _decide_pages(service, [ask], who)
        return answer(_plain(ask, given) if ask.warnings or ask.masked else given)


@operation(
    blueprint,
    "GET /v1/decisions/<string(maxlength=64):decision_id>",
    name="explainDecision",
    scopes=("read",),
    answers={200: ExplanationSchema},
    errors=(410,),
)
def why(decision_id: str) -> Response:
    """Explain why a variant was chosen, and repeat the draw from the decision's record."""
    service = current()
    return answer(explain(service.store, service.sealer, decision_id, RECORD))


def _decide_pages(service: Service, asks: list[DecisionRequest], who: Caller) -> list[PageAnswer]:
    if any(ask.force or ask.rehearsal for ask in asks) and "admin" not in who.scopes:
        raise ForbiddenError("force and rehearsal need a key with the scope admin as well")
    if any(ask.msisdn for ask in asks) and not who.is_server:
        raise ForbiddenError("msisdn needs a key with the scope ingest")
    catalogue = service.catalogue_with(name for ask in asks for name in ask.slots)
    answers = service.decider.decide(catalogue, asks, who, now())
    for one in answers:
        _count(service.metrics, one)
    if masked := sum([ask.masked for ask in asks]):
        service.metrics.numbers_masked.labels("decisions").inc(masked)
    return answers


def _count(metrics: Metrics, one: PageAnswer) -> None:
    for slot, given in one.decisions.items():
        metrics.count_decision(slot, given.reason)
        if given.degraded:
            metrics.degraded.labels(slot).inc()


def _load_each(
    service: Service, body: dict[str, Any], who: Caller
) -> list[DecisionRequest | RefusedVisitor]:
    """Load a bulk request; of visitors beyond the limits nothing is validated."""
    visitors = body["visitors"]
    # What is no such list is refused as a whole, which costs little.
    fits = isinstance(visitors, list) and 1 <= len(visitors) <= MAX_VISITORS
    sifted = service.page_gate.sift(visitors if fits else (), who, request.environ)
    return load_requests(body, service.rules, sifted.refused, sifted.error)


def _decide_each(
    service: Service, asks: Sequence[DecisionRequest | RefusedVisitor], who: Caller
) -> list[object]:
    """Answer or refuse each visitor of a bulk request, in their order."""
    fit = [one for one in asks if isinstance(one, DecisionRequest)]
    answers = iter(_decide_pages(service, fit, who) if fit else ())
    return [
        replace(one, message=mask_numbers(one.message), errors=mask_deep(one.errors))
        if isinstance(one, RefusedVisitor)
        else {"visitor_id": one.visitor_id} | _plain(one, next(answers))
        for one in asks
    ]


def _plain(ask: DecisionRequest, given: PageAnswer) -> dict[str, Any]:
    told: dict[str, Any] = {"decisions": given.decisions, "device_token": given.device_token}
    more: dict[str, Any] = {"warnings": ask.warnings} if ask.warnings else {}
    return told | more | ({NUMBERS_MASKED: ask.masked} if ask.masked else {})
