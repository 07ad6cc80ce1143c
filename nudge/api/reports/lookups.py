"""GET /v1/decisions/{id}/outcome, GET /v1/quarantines/{id}/exposures: looked up by a worker."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from flask import Response

from nudge.api.operation import LATER, operation, resource
from nudge.api.provider import answer
from nudge.api.replies import pending, plain_job, with_as_of
from nudge.api.schemas.lookups import DecisionOutcomeSchema, QuarantineExposuresSchema
from nudge.api.schemas.reports import JobSchema
from nudge.api.service import current
from nudge.errors import NotFoundError

blueprint = resource("lookups", "Look-ups: what came of a decision, and what a quarantine holds")
KIND: Final = "lookup"


@operation(
    blueprint,
    "GET /v1/decisions/<string(maxlength=64):decision_id>/outcome",
    name="getDecisionOutcome",
    scopes=("read",),
    answers={200: DecisionOutcomeSchema, 202: JobSchema},
    headers={202: LATER},
)
def outcome(decision_id: str) -> Response:
    """Tell what came of a decision: whether it was shown, its reward, and until when one counts.

    The answer is the look-up in the lake, which is up to half a minute behind, or 202 with the job
    that makes it. It has the decision's record, too, also once that left the journal.
    """
    # Ids are sealed: only one that this service gave out costs a worker a look.
    if current().sealer.unseal(decision_id) is None:
        raise NotFoundError(f"decision {decision_id!r} is not known")
    return _look_up({"decision": decision_id})


@operation(
    blueprint,
    "GET /v1/quarantines/<string(maxlength=64):quarantine>/exposures",
    name="getQuarantineExposures",
    scopes=("read",),
    answers={200: QuarantineExposuresSchema, 202: JobSchema},
    headers={202: LATER},
)
def exposures(quarantine: str) -> Response:
    """Count the exposures in a quarantine's interval, by slot: what a release lets teach.

    The answer is the count, or 202 with the job that makes it.
    """
    found = current().store.quarantines.current().get(quarantine)
    if found is None:
        raise NotFoundError(f"no quarantine has the id {quarantine!r}")
    return _look_up({"quarantine": found.plain})


def _look_up(question: Mapping[str, Any]) -> Response:
    desk = current().questions
    reply = desk.answer(desk.inquiry(KIND, question))
    if reply.body is None:
        return pending(plain_job(reply.job), reply)
    return answer(with_as_of(reply.body, reply.as_of))
