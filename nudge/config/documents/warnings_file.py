"""The rules of warnings as a file (`config/warnings.toml`), read with every problem named."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from marshmallow import ValidationError, validate
from marshmallow import fields as ma

from nudge.config.documents.lexicon_file import FILE as LEXICON
from nudge.config.documents.lexicon_file import load_lexicon
from nudge.config.documents.notice_tables import load_notices
from nudge.config.documents.warning_conditions import EXAMPLE, ConditionTable
from nudge.config.slot_fields import (
    Duration,
    FiniteNumber,
    Flag,
    Items,
    OneOf,
    StrictTable,
    field_texts,
)
from nudge.config.slot_rules import Problem
from nudge.config.slot_schema import NAME
from nudge.config.table_file import ConfigTables, problems_of
from nudge.domain.basics.slot_values import suggestion
from nudge.domain.care.warning_rule import (
    LONGEST,
    MOST_RULES,
    ONCE,
    PROPOSAL,
    CaseLevel,
    EventTest,
    Sending,
    Thing,
    WarningPolicy,
    WarningRule,
    event_tests,
)
from nudge.errors import InvalidConfigError

FILE: Final = "warnings.toml"
LONGEST_ONCE: Final = 400.0 * 86_400
_LEVELS: Final = tuple(one.value for one in CaseLevel if one is not CaseLevel.PROPOSAL)
_MOST_NAMES: Final = 500
_MOST_OUTCOMES: Final = 50
_MOST_UNLESS: Final = 20


def _titles() -> ma.Dict:
    known = validate.OneOf(("zh", "en"), error="unknown language; use zh, en")
    return ma.Dict(
        keys=ma.String(validate=known),
        values=ma.String(**field_texts("write a text for people")),
        load_default=dict,
        **field_texts('write { zh = "...", en = "..." }'),
    )


def _names(right: str) -> Items:
    return Items(
        ma.String(validate=NAME, **field_texts("write a name")),
        load_default=list,
        validate=validate.Length(0, _MOST_NAMES, error=f"is too long; list at most {_MOST_NAMES}"),
        **field_texts(right),
    )


class WarningRuleSchema(StrictTable):
    """An entry of `[[rules]]`."""

    name = ma.String(required=True, validate=NAME, **field_texts("name the rule"))
    title = _titles()
    when = ConditionTable(required=True, **field_texts(f"write a condition such as {EXAMPLE}"))
    after = Duration('write a time such as "24h", at most 90 days', longest=LONGEST, required=False)
    unless = Items(
        ConditionTable(**field_texts(f"write a condition such as {EXAMPLE}")),
        load_default=list,
        validate=validate.Length(0, _MOST_UNLESS, error=f"is too long; list {_MOST_UNLESS}"),
        **field_texts(f"list conditions, such as [{EXAMPLE}]"),
    )
    level = ma.String(
        load_default=CaseLevel.WARNING.value,
        validate=OneOf(*_LEVELS),
        **field_texts(f"use {', '.join(_LEVELS)}"),
    )
    topic = ma.String(load_default="", validate=NAME, **field_texts("name what rules share"))
    thing = ma.String(
        load_default=Thing.SCENE.value,
        validate=OneOf(*(one.value for one in Thing)),
        **field_texts(f"use {', '.join(Thing)}"),
    )
    once = Duration(
        'write a time such as "30d", at most 400 days', longest=LONGEST_ONCE, required=False
    )
    tell = _names("list names of [[people]] in monitors.toml")
    send = ma.String(
        load_default=Sending.HOURLY.value,
        validate=OneOf(*(one.value for one in Sending)),
        **field_texts(f"use {', '.join(Sending)}"),
    )


class OutcomeSchema(StrictTable):
    """An entry of `[[outcomes]]`."""

    name = ma.String(required=True, validate=NAME, **field_texts("name the outcome"))
    title = _titles()
    reached = Flag(load_default=True, **field_texts("write true where the person was reached"))
    kept = Flag(load_default=False, **field_texts("write true where the person stays, or is back"))


class ProposalsSchema(StrictTable):
    """The table `[proposals]`."""

    at_least = FiniteNumber(
        required=True,
        validate=validate.Range(0.5, 1.0, error="is out of range; write 0.5 to 1"),
        **field_texts("write a probability, such as 0.8"),
    )
    once = Duration(
        'write a time such as "30d", at most 400 days', longest=LONGEST_ONCE, required=False
    )


class WarningsFileSchema(StrictTable):
    """The file `config/warnings.toml`."""

    agents = _names('list names of people who follow cases up, such as ["ann"]')
    outcomes = Items(
        ma.Nested(OutcomeSchema),
        load_default=list,
        validate=validate.Length(0, _MOST_OUTCOMES, error=f"is too long; list {_MOST_OUTCOMES}"),
        **field_texts("write each outcome as [[outcomes]]"),
    )
    proposals = ma.Nested(ProposalsSchema, load_default=None)
    rules = Items(
        ma.Nested(WarningRuleSchema),
        load_default=list,
        validate=validate.Length(0, MOST_RULES, error=f"is too long; list at most {MOST_RULES}"),
        **field_texts("write each rule as [[rules]]"),
    )


def load_warnings(place: Path | ConfigTables) -> WarningPolicy:
    """Load the rules of warnings of a configuration; without the file nobody is warned of.

    Raises:
        InvalidConfigError: all problems, each with file and key.
    """
    tables = ConfigTables.of(place)
    if not tables.has(FILE):
        return WarningPolicy()
    people = tuple(load_notices(tables).people)
    groups = {one.name for one in load_lexicon(tables).groups} if tables.has(LEXICON) else None
    return parse_warnings(tables.read(FILE), str(tables.place(FILE)), people, groups)


def parse_warnings(
    table: Mapping[str, object],
    source: str,
    people: Collection[str] = (),
    groups: Collection[str] | None = None,
) -> WarningPolicy:
    """Parse the rules of warnings of a plain table.

    Args:
        table: of the file.
        source: of the file, for messages.
        people: names of those who can be told.
        groups: of the lexicon, which words may name; None where there is no lexicon.

    Raises:
        InvalidConfigError: all problems, each as `<source>: <dotted.key>: wrong; right`.
    """
    try:
        data: dict[str, Any] = _schema().load(table)
        found = [*_problems(data, people), *_word_problems(data, groups)]
    except ValidationError as error:
        found, data = list(problems_of(error.messages, table)), {}
    if found:
        raise InvalidConfigError([f"{source}: {key}: {wrong}" for key, wrong in found])
    proposals = data["proposals"] or {}
    return WarningPolicy(
        tuple(_rule(one) for one in data["rules"]),
        tuple(dict.fromkeys((*data["agents"], *people))),
        {one["name"]: one["title"] for one in data["outcomes"]},
        proposals.get("at_least", 2.0),
        proposals.get("once", ONCE),
        frozenset(one["name"] for one in data["outcomes"] if one["reached"]),
        frozenset(one["name"] for one in data["outcomes"] if one["kept"]),
    )


@cache
def _schema() -> WarningsFileSchema:
    return WarningsFileSchema()


def _rule(one: Mapping[str, Any]) -> WarningRule:
    return WarningRule(
        one["name"],
        one["when"],
        CaseLevel(one["level"]),
        one.get("after", 0.0),
        tuple(one["unless"]),
        one["topic"],
        Thing(one["thing"]),
        one.get("once", ONCE),
        one["title"],
        tuple(one["tell"]),
        Sending(one["send"]),
    )


def _problems(data: Mapping[str, Any], people: Collection[str]) -> Iterator[Problem]:
    for kind in ("rules", "outcomes"):
        names = Counter(one["name"] for one in data[kind])
        for name in (name for name, count in names.items() if count > 1):
            yield f"{kind}.{name}.name", "is given twice; give each a name of its own"
    for one in data["outcomes"]:
        if one["kept"] and not one["reached"]:
            yield f"outcomes.{one['name']}.kept", "needs reached; nobody is kept who is not reached"
    for one in data["rules"]:
        for key, wrong in (*_condition_problems(one), *_told_problems(one, people)):
            yield f"rules.{one['name']}.{key}", wrong


def _condition_problems(one: Mapping[str, Any]) -> Iterator[Problem]:
    if PROPOSAL in (one["name"], one["topic"]):
        yield "name", f"{PROPOSAL!r} is the complaint model's; use another name"
    if one["unless"] and "after" not in one:
        yield "unless", 'has no delay to end; write after, such as "24h"'
    if any(test.same_scene for test in event_tests(one["when"])):
        yield "when", "asks for same_scene; use it in unless"
    for number, condition in enumerate(one["unless"]):
        tests = list(event_tests(condition))
        if any(test.within for test in tests):
            yield f"unless[{number}]", "counts signals; ask for one signal"
        elif tests and not isinstance(condition, EventTest):
            yield f"unless[{number}]", "is a group with signals; list its parts in unless"


def _word_problems(data: Mapping[str, Any], groups: Collection[str] | None) -> Iterator[Problem]:
    for one in data["rules"] if groups is not None else ():
        asked = {word for test in event_tests(one["when"]) for word in test.words}
        for word in sorted(asked - set(groups or ())):
            hint = suggestion(word, groups or ())
            yield f"rules.{one['name']}.when", f"asks for words of {word!r}, no group; {hint}"


def _told_problems(one: Mapping[str, Any], people: Collection[str]) -> Iterator[Problem]:
    for name in (name for name in one["tell"] if name not in people):
        hint = suggestion(name, people) if people else "list [[people]] in monitors.toml"
        yield "tell", f"names {name!r}, who is not listed; {hint}"
