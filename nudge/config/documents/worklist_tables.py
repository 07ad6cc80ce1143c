"""The tables of `config/worklist.toml`: teams, agents, assignments, ageing, costs, contacts."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from marshmallow import ValidationError, validate
from marshmallow import fields as ma

from bandits.units import DAY
from nudge.config.slot_fields import (
    Duration,
    FiniteNumber,
    Items,
    OneOf,
    RuleTable,
    StrictTable,
    field_texts,
)
from nudge.config.slot_schema import NAME
from nudge.domain.care.warning_rule import CaseKind, CaseLevel
from nudge.domain.slots.rule import EXAMPLE
from nudge.domain.worklist.work_policy import CAPACITY, Sharing

MOST_TEAMS: Final = 100
MOST_AGENTS: Final = 1_000
MOST_RULES: Final = 200
MOST_CAPACITY: Final = 1_000_000
_LONGEST: Final = 90.0 * DAY
_KINDS: Final = tuple(one.value for one in CaseKind)
_LEVELS: Final = tuple(one.value for one in CaseLevel)
_MOST_WORDS: Final = 100


class DaySpan(ma.Field[tuple[date, date]]):
    """A field for days of absence: one date, or the first and the last with two dots between."""

    def _deserialize(self, value: object, *_: object, **__: object) -> tuple[date, date]:
        ends = value.split("..") if isinstance(value, str) else []
        try:
            first, last = (date.fromisoformat(one.strip()) for one in (ends * 2)[:2])
        except ValueError as error:
            right = 'write a day such as "2026-12-24", or "2026-12-24..2026-12-31"'
            raise ValidationError(f"{value!r} is not a span of days; {right}") from error
        if len(ends) > 2 or last < first:  # noqa: PLR2004 (a span has two ends)
            raise ValidationError(f"{value!r} ends before it begins; write the first day first")
        return first, last


def _title() -> ma.Dict:
    known = validate.OneOf(("zh", "en"), error="unknown language; use zh, en")
    return ma.Dict(
        keys=ma.String(validate=known),
        values=ma.String(**field_texts("write a text for people")),
        load_default=dict,
        **field_texts('write { zh = "...", en = "..." }'),
    )


def _list(of: ma.Field[Any], most: int, right: str) -> Items:
    length = validate.Length(0, most, error=f"is too long; list at most {most}")
    return Items(of, load_default=list, validate=length, **field_texts(right))


def _words(right: str, *allowed: str) -> Items:
    check = OneOf(*allowed) if allowed else None
    word = (
        ma.String(validate=check, **field_texts(right))
        if check
        else ma.String(validate=validate.Length(1, 64), **field_texts(right))
    )
    return _list(word, _MOST_WORDS, f"list words: {right}")


def _word(right: str, *allowed: str) -> ma.String:
    return ma.String(load_default="", validate=OneOf(*allowed), **field_texts(right))


def _yuan() -> FiniteNumber:
    return FiniteNumber(
        load_default=0.0,
        validate=validate.Range(0, 1_000_000, error="is out of range; write yuan, 0 or more"),
        **field_texts("write yuan, such as 0.2"),
    )


class TeamSchema(StrictTable):
    """An entry of `[[teams]]`."""

    name = ma.String(required=True, validate=NAME, **field_texts("name the team"))
    title = _title()
    lead = ma.String(
        load_default="", validate=NAME, **field_texts("name an agent, or one of [[people]]")
    )


class AgentSchema(StrictTable):
    """An entry of `[[agents]]`."""

    name = ma.String(required=True, validate=NAME, **field_texts("name the agent"))
    title = _title()
    team = ma.String(load_default="", validate=NAME, **field_texts("name one of [[teams]]"))
    capacity = ma.Integer(
        load_default=CAPACITY,
        strict=True,
        validate=validate.Range(1, MOST_CAPACITY, error="is out of range; write 1 or more"),
        **field_texts("write how many cases at once, such as 50"),
    )
    kinds = _words(f"use {', '.join(_KINDS)}", *_KINDS)
    tiers = _words("name value tiers, as segments.toml has them")
    away = _list(
        DaySpan(**field_texts('write a day such as "2026-12-24"')), 200, "list days of absence"
    )


class WhenSchema(StrictTable):
    """The table `when` of an assignment: which cases it is for; all where it is empty."""

    kinds = _words(f"use {', '.join(_KINDS)}", *_KINDS)
    levels = _words(f"use {', '.join(_LEVELS)}", *_LEVELS)
    rules = _words("name rules that open cases")
    stages = _words("name stages")
    tiers = _words("name value tiers")
    reasons = _words("name reasons")
    measures = _words("name measures")
    attributes = RuleTable(**field_texts(f"write a rule such as {EXAMPLE}"))


class AssignmentSchema(StrictTable):
    """An entry of `[[assignments]]`."""

    when = ma.Nested(WhenSchema, load_default=dict)
    to = ma.String(required=True, validate=NAME, **field_texts("name a team or an agent"))
    by = ma.String(
        load_default=Sharing.LOAD.value,
        validate=OneOf(*(one.value for one in Sharing)),
        **field_texts(f"use {', '.join(Sharing)}"),
    )


class AgeingSchema(StrictTable):
    """An entry of `[[ageing]]`."""

    kind = _word(f"use {', '.join(_KINDS)}", "", *_KINDS)
    level = _word(f"use {', '.join(_LEVELS)}", "", *_LEVELS)
    due = Duration('write a time such as "4h", at most 90 days', longest=_LONGEST)
    remind_after = Duration(
        'write a time such as "10m", at most 90 days', longest=_LONGEST, required=False
    )
    escalate_after = Duration(
        'write a time such as "4h", at most 90 days', longest=_LONGEST, required=False
    )


class CostsSchema(StrictTable):
    """The table `[costs]`, in yuan."""

    hour = _yuan()
    contacts = ma.Dict(
        keys=ma.String(),
        values=_yuan(),
        load_default=dict,
        **field_texts("write channels with yuan, such as { call = 0.2 }"),
    )


class ContactsSchema(StrictTable):
    """The table `[contacts]`: by what agents reach visitors, and what for."""

    channels = Items(
        ma.String(**field_texts("name a channel of contact.toml")),
        load_default=lambda: ["call"],
        validate=validate.Length(1, 20, error="is empty or too long; list channels"),
        **field_texts('list channels of contact.toml, such as ["call"]'),
    )
    purposes = ma.Dict(
        keys=ma.String(validate=OneOf(*_KINDS)),
        values=ma.String(**field_texts("name a purpose of contact.toml")),
        load_default=dict,
        **field_texts('write kinds with purposes, such as { warning = "winback" }'),
    )


class WorklistFileSchema(StrictTable):
    """The file `config/worklist.toml`."""

    teams = _list(ma.Nested(TeamSchema), MOST_TEAMS, "write each team as [[teams]]")
    agents = _list(ma.Nested(AgentSchema), MOST_AGENTS, "write each agent as [[agents]]")
    assignments = _list(
        ma.Nested(AssignmentSchema), MOST_RULES, "write each rule as [[assignments]]"
    )
    ageing = _list(ma.Nested(AgeingSchema), MOST_RULES, "write each rule as [[ageing]]")
    costs = ma.Nested(CostsSchema, load_default=lambda: CostsSchema().load({}))
    contacts = ma.Nested(ContactsSchema, load_default=lambda: ContactsSchema().load({}))
