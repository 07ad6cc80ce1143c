"""Schema of the setup of work lists, for the OpenAPI document."""

from __future__ import annotations

from marshmallow import Schema, validate
from marshmallow import fields as ma

from nudge.api.schemas.figure_fields import TranslatedSchema
from nudge.domain.care.warning_rule import CaseKind
from nudge.domain.worklist.work_setup import ASSIGNEES


class TitledNameSchema(Schema):
    """A name of the configuration with its titles; the name itself where it has none."""

    name = ma.String(required=True)
    title = ma.Nested(TranslatedSchema, required=True)


class AssigneeSchema(TitledNameSchema):
    """A person or a team to whom a case may be assigned."""

    kind = ma.String(required=True, validate=validate.OneOf(ASSIGNEES))
    team = ma.String(required=True, metadata={"description": "of the agent; empty: of none"})


class CaseOutcomeSchema(TitledNameSchema):
    """An outcome that a case may have."""

    reached = ma.Boolean(required=True, metadata={"description": "somebody talked to the person"})
    kept = ma.Boolean(required=True, metadata={"description": "the person stays, or came back"})


class CaseRuleSchema(TitledNameSchema):
    """A rule that opens cases."""

    kind = ma.String(required=True, validate=validate.OneOf([one.value for one in CaseKind]))


class WorkSetupSchema(Schema):
    """The setup of work lists: the words that steps on cases use."""

    assignees = ma.List(ma.Nested(AssigneeSchema), required=True)
    outcomes = ma.List(ma.Nested(CaseOutcomeSchema), required=True)
    rules = ma.List(ma.Nested(CaseRuleSchema), required=True)
    channels = ma.List(
        ma.String(), required=True, metadata={"description": "of contact.toml; empty without it"}
    )
    stages = ma.List(
        ma.String(), required=True, metadata={"description": "of funnel.toml, in order"}
    )
