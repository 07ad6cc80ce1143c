"""Schemas of work lists, for requests and for the OpenAPI document."""

from __future__ import annotations

from typing import Final

from marshmallow import Schema, validate
from marshmallow import fields as ma

from nudge.api.forms import text
from nudge.api.schemas.figure_fields import TranslatedSchema
from nudge.api.schemas.measures import DueMeasureSchema
from nudge.api.schemas.warnings import (
    LEVELS,
    MAX_ID,
    WarningActionSchema,
    WarningSchema,
)
from nudge.config.slot_fields import (
    FiniteNumber,
    Flag,
    Instant,
    Items,
    Json,
    OneOf,
    StrictTable,
    field_texts,
)
from nudge.domain.care.case import CaseState
from nudge.domain.care.warning_rule import CaseKind
from nudge.domain.worklist.outcome_row import DEAREST, LONGEST_CALL

KINDS: Final = tuple(one.value for one in CaseKind)
STATES: Final = tuple(one.value for one in CaseState)
MOST_IDS: Final = 1_000
MOST_OUTCOMES: Final = 1_000
_TIME: Final = {"format": "date-time"}
_WAYS: Final = ("hand", "load")


def _number(right: str, most: float) -> FiniteNumber:
    in_range = validate.Range(0, most, error=f"is out of range; give 0 to {most:g}")
    return FiniteNumber(validate=in_range, **field_texts(right))


WorkActionSchema: Final = WarningActionSchema.from_dict(
    {
        "channel": text("of the contact, as contact.toml has it", MAX_ID),
        "seconds": _number("that the contact took", LONGEST_CALL),
        "reached": Flag(**field_texts("true where somebody talked to the person")),
        "cost": _number("yuan; what [costs] says if left out", DEAREST),
    },
    name="WorkAction",
)
"""A step that a person takes on a case."""

WorkFilterSchema: Final = StrictTable.from_dict(
    {
        "kind": ma.String(validate=OneOf(*KINDS), **field_texts(f"use {', '.join(KINDS)}")),
        "state": ma.String(validate=OneOf(*STATES), **field_texts(f"use {', '.join(STATES)}")),
        "level": ma.String(validate=OneOf(*LEVELS), **field_texts(f"use {', '.join(LEVELS)}")),
        "assignee": text("whose cases", MAX_ID),
        "team": text("whose agents' cases", MAX_ID),
        "unassigned": Flag(**field_texts("true: only cases of nobody")),
        "due_before": Instant(**field_texts("a time with its zone, or seconds since the epoch")),
    },
    name="WorkFilter",
)
"""A filter of cases."""

_ASSIGNING: Final = {
    "to": text("an agent or a team of worklist.toml, or one of agents in warnings.toml", MAX_ID),
    "action_id": text("an id of your own: a repeated call changes nothing", MAX_ID),
    "by": text("a name of agents: who acts; else the key", MAX_ID),
    "filter": ma.Nested(WorkFilterSchema, **field_texts("a table as of the list's parameters")),
    "cursor": text("of the answer before: where this part begins", 200),
    "dry_run": Flag(**field_texts("true: only tell what would be done")),
}
AssignmentSchema: Final = StrictTable.from_dict(
    {
        **_ASSIGNING,
        "ids": Items(
            text("the id of a case", MAX_ID),
            validate=validate.Length(1, MOST_IDS, error=f"is too long; list 1 to {MOST_IDS}"),
            **field_texts(f"list 1 to {MOST_IDS} ids of cases"),
        ),
        "share": ma.String(
            load_default="load",
            validate=OneOf(*_WAYS),
            **field_texts("load: to the team's agents by load; hand: to the team as a whole"),
        ),
    },
    name="WorkAssignment",
)
"""A request to assign many cases."""

HandoverSchema: Final = StrictTable.from_dict(
    {**_ASSIGNING, "from": text("the agent whose cases they are", MAX_ID, required=True)},
    name="WorkHandover",
)
"""A request to hand an agent's cases over."""

NextSchema: Final = StrictTable.from_dict(
    {
        "agent": text("one of [[agents]] in worklist.toml", MAX_ID, required=True),
        "action_id": text("an id of your own: a repeated call gives the same case", MAX_ID),
    },
    name="WorkNext",
)
"""An agent's request for the next case."""

OutcomesSchema: Final = StrictTable.from_dict(
    {
        "rows": Items(
            Json(),
            required=True,
            validate=validate.Length(
                1, MOST_OUTCOMES, error=f"is empty or too long; list 1 to {MOST_OUTCOMES}"
            ),
            **field_texts("list tables with case, outcome, at, agent, channel, seconds, ..."),
        ),
    },
    name="WorkOutcomes",
)
"""Outcomes of many cases."""


class CaseReachSchema(Schema):
    """The chance to contact a person by a channel."""

    channel = ma.String(required=True)
    allowed = ma.Boolean(required=True, metadata={"description": "now"})
    from_ = ma.String(
        data_key="from", required=True, allow_none=True, metadata={**_TIME, "nullable": True}
    )
    reason = ma.String(required=True, metadata={"description": "code; empty where it is allowed"})
    text = ma.Nested(TranslatedSchema, required=True)


class WorkRowSchema(WarningSchema):
    """A case on a work list."""

    age = ma.Float(required=True, metadata={"description": "seconds since its opening"})
    due = ma.String(required=True, metadata=_TIME)
    overdue = ma.Float(required=True, metadata={"description": "seconds; 0 where it is not"})
    team = ma.String(required=True, metadata={"description": "of the assignee"})
    portfolio = ma.String(
        required=True, metadata={"description": "who had the person's last case; empty: nobody"}
    )
    reach = ma.List(
        ma.Nested(CaseReachSchema), required=True, metadata={"description": "by the contact policy"}
    )
    measure = ma.Nested(DueMeasureSchema, required=True)


class WorkListSchema(Schema):
    """A page of a work list, what is due first comes first."""

    cases = ma.List(ma.Nested(WorkRowSchema), required=True)
    cursor = ma.String(required=True, metadata={"description": "of the next page; empty: none"})


class AssignedSchema(Schema):
    """The result of an assignment for one case."""

    id = ma.String(required=True)
    status = ma.String(required=True, validate=validate.OneOf(("assigned", "unchanged", "refused")))
    to = ma.String(required=True, metadata={"description": "whose it is; empty where refused"})
    why = ma.String(required=True, metadata={"description": "of a refusal"})


class CountsSchema(Schema):
    """How many cases had each status."""

    assigned = ma.Integer(required=True)
    unchanged = ma.Integer(required=True)
    refused = ma.Integer(required=True)


class AssignmentsSchema(Schema):
    """The results of an assignment for each case."""

    cases = ma.List(ma.Nested(AssignedSchema), required=True)
    counts = ma.Nested(CountsSchema, required=True)
    cursor = ma.String(
        required=True,
        metadata={"description": "by filter: send it back, with the same action_id, for the rest"},
    )
    action_id = ma.String(required=True, metadata={"description": "of the call"})
    dry_run = ma.Boolean(required=True)


class NextAnswerSchema(Schema):
    """The next case of an agent."""

    case = ma.Nested(WorkRowSchema, required=True, allow_none=True)
    action_id = ma.String(required=True, metadata={"description": "of the call"})


class OutcomeAnswerSchema(Schema):
    """The result of one row."""

    row = ma.Integer(required=True, metadata={"description": "from 1"})
    case = ma.String(required=True)
    status = ma.String(required=True, validate=validate.OneOf(("taken", "known", "refused")))
    why = ma.String(required=True, metadata={"description": "of a refusal, with the cure"})


class OutcomeCountsSchema(Schema):
    """How many rows had each status."""

    taken = ma.Integer(required=True)
    known = ma.Integer(required=True)
    refused = ma.Integer(required=True)


class OutcomesAnswerSchema(Schema):
    """The results of all rows."""

    rows = ma.List(ma.Nested(OutcomeAnswerSchema), required=True)
    counts = ma.Nested(OutcomeCountsSchema, required=True)


class LoadSchema(Schema):
    """The work of an agent, of a team as a whole, or of nobody."""

    name = ma.String(required=True, metadata={"description": "empty: of nobody"})
    title = ma.Nested(TranslatedSchema, required=True)
    team = ma.String(required=True)
    capacity = ma.Integer(required=True, metadata={"description": "0: without bound"})
    away = ma.Boolean(required=True, metadata={"description": "today"})
    open = ma.Integer(required=True)
    overdue = ma.Integer(required=True)
    oldest = ma.Float(required=True, metadata={"description": "seconds since its opening"})
    closed_today = ma.Integer(required=True)


class TeamLoadSchema(Schema):
    """The work of a team with all its agents."""

    name = ma.String(required=True)
    title = ma.Nested(TranslatedSchema, required=True)
    lead = ma.String(required=True)
    capacity = ma.Integer(required=True)
    open = ma.Integer(required=True)
    overdue = ma.Integer(required=True)
    oldest = ma.Float(required=True)
    closed_today = ma.Integer(required=True)


class WorkSummarySchema(Schema):
    """The work of all agents and teams at a moment."""

    at = ma.String(required=True, metadata=_TIME)
    agents = ma.List(ma.Nested(LoadSchema), required=True)
    teams = ma.List(ma.Nested(TeamLoadSchema), required=True)
    unassigned = ma.Integer(required=True)
    open = ma.Integer(required=True)
    overdue = ma.Integer(required=True)
