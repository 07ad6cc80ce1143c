"""GET /v1/worklist/setup: who may be assigned to, what may come of a case, and by which channel."""

from __future__ import annotations

from flask import Response

from nudge.api.operation import operation, resource
from nudge.api.provider import answer
from nudge.api.schemas.work_setup import WorkSetupSchema
from nudge.api.service import current
from nudge.domain.worklist.work_setup import setup_view

blueprint = resource("worklist setup", "Work lists: the words that steps on cases use")


@operation(
    blueprint,
    "GET /v1/worklist/setup",
    name="getWorkSetup",
    scopes=("read", "admin"),
    answers={200: WorkSetupSchema},
)
def setup() -> Response:
    """Tell the words that steps on cases use: assignees, outcomes, rules, channels, stages."""
    configuration = current().configuration
    channels = list(configuration.contact.channels) if configuration.plans_contacts else []
    stages = configuration.funnel.names
    return answer(setup_view(configuration.case_policy, configuration.worklist, channels, stages))
