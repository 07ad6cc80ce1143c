"""The work lists as a file (`config/worklist.toml`), read with every problem named."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from marshmallow import ValidationError

from nudge.config.documents.contact_file import FILE as CONTACT
from nudge.config.documents.notice_tables import load_notices
from nudge.config.documents.worklist_tables import WorklistFileSchema
from nudge.config.slot_rules import Problem
from nudge.config.table_file import ConfigTables, problems_of
from nudge.domain.basics.slot_values import suggestion
from nudge.domain.worklist.work_policy import (
    AgeingRule,
    Agent,
    AssignmentRule,
    ContactPlan,
    Sharing,
    Team,
    WorkCosts,
    WorkPolicy,
)
from nudge.errors import InvalidConfigError

FILE: Final = "worklist.toml"
_WORDS: Final[Mapping[str, str]] = {
    "kinds": "kind",
    "levels": "level",
    "rules": "rule",
    "stages": "stage",
    "tiers": "tier",
    "reasons": "reason",
    "measures": "measure",
}
"""Key of `when` -> the attribute of a case."""


def load_worklist(place: Path | ConfigTables) -> WorkPolicy:
    """Load the policy of work lists; without the file nothing is assigned by itself.

    Raises:
        InvalidConfigError: all problems, each with file and key.
    """
    tables = ConfigTables.of(place)
    if not tables.has(FILE):
        return WorkPolicy()
    people = tuple(load_notices(tables).people)
    return parse_worklist(tables.read(FILE), str(tables.place(FILE)), people)


def worklist_warnings(place: Path | ConfigTables, policy: WorkPolicy) -> list[str]:
    """Return channels and purposes that the contact policy does not know, each with a cure.

    They are no mistakes: a contact policy may be applied after the work lists.

    Args:
        place: of the configuration.
        policy: of work lists, as it was loaded.
    """
    tables = ConfigTables.of(place)
    if not (tables.has(FILE) and tables.has(CONTACT)):
        return []
    contact = tables.read(CONTACT)
    used = (
        ("contacts.channels", "channels", policy.contacts.channels),
        ("contacts.purposes", "purposes", policy.contacts.purposes.values()),
        ("costs.contacts", "channels", policy.costs.contacts),
    )
    source = tables.place(FILE)
    return [
        f"{source}: {key}: names {name!r}, which is not in {CONTACT}; {suggestion(name, known)}"
        for key, table, names in used
        for known in ([one.get("name", "") for one in contact.get(table, ())],)
        for name in dict.fromkeys(names)
        if name not in known
    ]


def parse_worklist(
    table: Mapping[str, object], source: str, people: Collection[str] = ()
) -> WorkPolicy:
    """Parse the policy of work lists of a plain table.

    Args:
        table: of the file.
        source: of the file, for messages.
        people: names of [[people]] in monitors.toml.

    Raises:
        InvalidConfigError: all problems, each as `<source>: <dotted.key>: wrong; right`.
    """
    try:
        data: dict[str, Any] = _schema().load(table)
        found = list(_name_problems(data, people))
    except ValidationError as error:
        found, data = list(problems_of(error.messages, table)), {}
    if found:
        raise InvalidConfigError([f"{source}: {key}: {wrong}" for key, wrong in found])
    return _policy(data)


@cache
def _schema() -> WorklistFileSchema:
    return WorklistFileSchema()


def _name_problems(data: Mapping[str, Any], people: Collection[str]) -> Iterator[Problem]:
    names = Counter(one["name"] for kind in ("teams", "agents") for one in data[kind])
    for name in (name for name, count in names.items() if count > 1):
        yield f"{name}.name", "is given twice; give each team and agent a name of its own"
    teams = [one["name"] for one in data["teams"]]
    for one in data["agents"]:
        if one["team"] and one["team"] not in teams:
            wrong = f"names {one['team']!r}, no team; {_hint(one['team'], teams, '[[teams]]')}"
            yield f"agents.{one['name']}.team", wrong
    known = [*people, *(one["name"] for one in data["agents"])]
    for one in data["teams"]:
        if one["lead"] and one["lead"] not in known:
            hint = _hint(one["lead"], known, "[[agents]]")
            yield f"teams.{one['name']}.lead", f"names {one['lead']!r}, who is not listed; {hint}"
    yield from _rule_problems(data, [*names])


def _rule_problems(data: Mapping[str, Any], names: list[str]) -> Iterator[Problem]:
    teams = {one["name"] for one in data["teams"]}
    manned = {one["team"] for one in data["agents"]}
    for number, one in enumerate(data["assignments"], 1):
        key = f"assignments[{number}].to"
        if one["to"] not in names:
            yield key, f"names {one['to']!r}, nobody; {_hint(one['to'], names, '[[teams]]')}"
        elif one["to"] in teams - manned:
            yield key, f"names {one['to']!r}, a team without agents; give an agent this team"


def _hint(name: str, known: list[str], table: str) -> str:
    return suggestion(name, known) if known else f"list {table}"


def _policy(data: Mapping[str, Any]) -> WorkPolicy:
    costs, contacts = data["costs"], data["contacts"]
    return WorkPolicy(
        tuple(Team(one["name"], one["lead"], one["title"]) for one in data["teams"]),
        tuple(_agent(one) for one in data["agents"]),
        tuple(_rule(one) for one in data["assignments"]),
        tuple(_ageing(one) for one in data["ageing"]),
        WorkCosts(costs["hour"], costs["contacts"]),
        ContactPlan(tuple(contacts["channels"]), contacts["purposes"]),
    )


def _agent(one: Mapping[str, Any]) -> Agent:
    return Agent(
        one["name"],
        one["team"],
        one["capacity"],
        frozenset(one["kinds"]),
        frozenset(one["tiers"]),
        tuple(one["away"]),
        one["title"],
    )


def _rule(one: Mapping[str, Any]) -> AssignmentRule:
    when = one["when"]
    words = {_WORDS[key]: frozenset(when[key]) for key in _WORDS if when.get(key)}
    return AssignmentRule(one["to"], Sharing(one["by"]), words, when.get("attributes"))


def _ageing(one: Mapping[str, Any]) -> AgeingRule:
    return AgeingRule(
        one["kind"], one["level"], one["due"], one.get("remind_after"), one.get("escalate_after")
    )
