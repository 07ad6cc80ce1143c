"""Endpoints POST /v1/decisions and GET /v1/decisions/{decision_id}.

flask-smorest's own decorators would cost more here than the rest of the call, so the schemas are
used directly; `operation` shows the same ones in the document.
"""

from __future__ import annotations

from typing import Any, Final

from flask import Response

from nudge.api.bodies import json_table
from nudge.api.metrics import Metrics
from nudge.api.operation import caller, operation, resource
from nudge.api.provider import MIMETYPE, answer
from nudge.api.schemas.decisions import (
    BulkRequestSchema,
    DecisionRequestSchema,
    PageAnswerSchema,
    VisitorAnswersSchema,
    load_requests,
)
from nudge.api.schemas.explanation import ExplanationSchema
from nudge.api.service import Service, current
from nudge.clock import now
from nudge.domain.choosing.requests import DecisionRequest, PageAnswer
from nudge.errors import ForbiddenError
from nudge.flows.serving.explain import explain

blueprint = resource("decisions", "Decisions: the variants to show, and their explanation")

REQUEST: Final = {"oneOf": [DecisionRequestSchema, BulkRequestSchema]}
ANSWER: Final = {"oneOf": [PageAnswerSchema, VisitorAnswersSchema]}


@operation(
    blueprint,
    "POST /v1/decisions",
    scopes=("decide",),
    answers={200: ANSWER},
    body={MIMETYPE: REQUEST},
    errors=(415,),
)
def decide() -> Response:
    """Decide which variants to show in the slots of a page, for one visitor or up to 100."""
    service = current()
    with service.metrics.latency.labels("decide").time():
        body = json_table(service.settings.max_body)
        asks = load_requests(body, service.settings.region)
        answers = _decide_pages(service, asks)
        return answer(_plain(asks, answers) if "visitors" in body else answers[0])


@operation(
    blueprint,
    "GET /v1/decisions/<string(maxlength=64):decision_id>",
    scopes=("read",),
    answers={200: ExplanationSchema},
    errors=(404, 410),
)
def why(decision_id: str) -> Response:
    """Explain why a variant was chosen, and repeat the draw from the decision's record."""
    service = current()
    return answer(explain(service.store, service.sealer, decision_id, service.calendar))


def _decide_pages(service: Service, asks: list[DecisionRequest]) -> list[PageAnswer]:
    if any(ask.force for ask in asks) and "admin" not in caller().scopes:
        raise ForbiddenError("force needs a key with the scope admin as well")
    if any(ask.msisdn for ask in asks) and not caller().is_server:
        raise ForbiddenError("msisdn needs a key with the scope ingest")
    catalogue = service.catalogue_with(name for ask in asks for name in ask.slots)
    answers = service.decider.decide(catalogue, asks, caller(), now())
    for one in answers:
        _count(service.metrics, one)
    return answers


def _count(metrics: Metrics, one: PageAnswer) -> None:
    for slot, given in one.decisions.items():
        metrics.count_decision(slot, given.reason)
        if given.degraded:
            metrics.degraded.labels(slot).inc()


def _plain(asks: list[DecisionRequest], answers: list[PageAnswer]) -> dict[str, Any]:
    results = [
        {"visitor_id": ask.visitor_id, "decisions": one.decisions, "device_token": one.device_token}
        for ask, one in zip(asks, answers, strict=True)
    ]
    return {"results": results}
