"""Endpoints POST /ofrep/v1/evaluate/flags/{key} and POST /ofrep/v1/evaluate/flags."""

from __future__ import annotations

from typing import Final

from flask import Response, request

from nudge.api.ofrep.evaluation import Evaluation
from nudge.api.ofrep.flag_answers import is_seen
from nudge.api.ofrep.flag_questions import FlagQuestion, flag_question, read_context
from nudge.api.ofrep.refusals import FlagRefusal, failure, failure_of_all, refused
from nudge.api.operation import caller, header, operation, query_parameter, resource
from nudge.api.provider import MIMETYPE, answer
from nudge.api.schemas.flags import (
    CONTEXT,
    FLAGS,
    BulkFailureSchema,
    FlagFailureSchema,
    FlagSchema,
)
from nudge.api.schemas.revision_tags import IF_NONE_MATCH
from nudge.api.service import Service, current

blueprint = resource("ofrep", "OFREP: slots as flags of OpenFeature")

BODY: Final = {MIMETYPE: CONTEXT}
TAG: Final = header("tag of the answer, for If-None-Match")
REFETCH: Final = (
    query_parameter("flagConfigEtag", "of an event stream; there is none, so it says nothing"),
    query_parameter("flagConfigLastModified", "the same"),
)
"""Parameters that providers may send."""
UNCHANGED: Final[dict[str, object]] = {"content": {}}


@operation(
    blueprint,
    "POST /ofrep/v1/evaluate/flags/<external_id:key>",
    name="evaluateFlag",
    scopes=("decide",),
    answers={200: FlagSchema, 400: FlagFailureSchema, 404: FlagFailureSchema},
    body=BODY,
)
def evaluate_flag(key: str) -> Response:
    """Evaluate one flag for a visitor: decide its slot, where the value is used."""
    service = current()
    with service.metrics.latency.labels("decide").time():
        try:
            question = _question(service)
            catalogue = service.catalogue_with([key])
            return answer(Evaluation(service, catalogue, caller(), question).evaluate(key))
        except FlagRefusal as error:
            return refused(error, failure(key, error))


@operation(
    blueprint,
    "POST /ofrep/v1/evaluate/flags",
    name="evaluateFlags",
    scopes=("decide",),
    answers={200: FLAGS, 304: UNCHANGED, 400: BulkFailureSchema},
    body=BODY,
    parameters=REFETCH,
    headers={200: {"ETag": TAG}, 304: {"ETag": TAG}},
)
def evaluate_flags() -> Response:
    """Evaluate all flags for a visitor, ahead of their use: only `shown` makes an exposure."""
    service = current()
    with service.metrics.latency.labels("decide").time():
        try:
            question = _question(service)
        except FlagRefusal as error:
            return refused(error, failure_of_all(error))
        evaluation = Evaluation(service, service.catalogue(), caller(), question)
        # Only a client that has an answer is worth the look: it costs a read more where it fails.
        if seen := request.headers.get(IF_NONE_MATCH):
            tag = evaluation.standing_tag()
            if tag is not None and is_seen(tag, seen):
                return _tagged(Response(status=304), tag)
        told, tag = evaluation.evaluate_all()
        return _tagged(answer(told), tag)


def _question(service: Service) -> FlagQuestion:
    """Load the question, admitted as a page's is.

    Raises:
        FlagRefusal: there is no visitor to decide for.
        TooManyRequestsError: nobody known sends it, and it is one too many.
    """
    context, who = read_context(service.settings.max_body), caller()
    service.page_gate.admit(context, who, request.environ)
    return flag_question(context, service.settings, service.rules, by_server=who.is_server)


def _tagged(response: Response, tag: str) -> Response:
    response.headers["ETag"] = f'"{tag}"'
    return response
