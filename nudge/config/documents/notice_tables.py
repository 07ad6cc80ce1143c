"""The tables of notices in `config/monitors.toml`: people, levels, quiet nights and the digest."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from marshmallow import ValidationError, validate
from marshmallow import fields as ma

from bandits.units import DAY
from nudge.config.slot_fields import Duration, Items, OneOf, StrictTable, field_texts
from nudge.config.slot_rules import Problem
from nudge.config.slot_schema import NAME
from nudge.config.table_file import ConfigTables, problems_of
from nudge.domain.alarms.alarm import AlarmLevel
from nudge.domain.alarms.notice_address import address_problem
from nudge.domain.alarms.notice_policy import (
    DigestRule,
    LevelRule,
    NightRule,
    NoticePolicy,
    Person,
    QuietHours,
    parse_clock,
)
from nudge.domain.basics.slot_values import suggestion
from nudge.errors import InvalidConfigError

FILE: Final = "monitors.toml"
KEYS: Final = ("people", "levels", "notices")
"""Keys of monitors.toml that are read here."""
MOST_PEOPLE: Final = 100
MOST_URLS: Final = 10
LONGEST_WAIT: Final = 7 * DAY
WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class _Clock(ma.Field[int]):
    """A field for a time of the day, in seconds."""

    def _deserialize(self, value: object, *_: object, **__: object) -> int:
        second = parse_clock(value) if isinstance(value, str) else None
        if second is None:
            raise ValidationError(f'{value!r} is not a time of the day; write one such as "08:30"')
        return second


class _Quiet(ma.Field[QuietHours]):
    """A field for quiet hours, such as "22:00-08:00"."""

    def _deserialize(self, value: object, *_: object, **__: object) -> QuietHours:
        ends = [parse_clock(one) for one in value.split("-")] if isinstance(value, str) else []
        start, end = ends if len(ends) == 2 else (None, None)  # noqa: PLR2004 (a span has two ends)
        if start is None or end is None or start == end:
            right = 'write hours such as "22:00-08:00"'
            raise ValidationError(f"{value!r} is not a span of hours; {right}")
        return QuietHours(start, end)


class _Address(ma.String):
    """A field for an address of a person."""

    def _deserialize(self, value: Any, *more: Any, **named: Any) -> str:  # noqa: ANN401 (marshmallow's own signature)
        text: str = super()._deserialize(value, *more, **named)
        if (problem := address_problem(text)) is not None:
            # The address itself may show a secret: it is not repeated.
            raise ValidationError(problem)
        return text


class PersonTableSchema(StrictTable):
    """A person's table: name, addresses and language."""

    name = ma.String(required=True, validate=NAME, **field_texts("name the person"))
    urls = Items(
        _Address(**field_texts("write an address, such as mailtos://...")),
        required=True,
        validate=validate.Length(
            1, MOST_URLS, error=f"is empty or too long; list 1 to {MOST_URLS} addresses"
        ),
        **field_texts("list addresses, such as mailtos://..."),
    )
    language = ma.String(
        load_default="zh", validate=OneOf("zh", "en"), **field_texts('write "zh" or "en"')
    )


def _names() -> Items:
    return Items(
        ma.String(**field_texts("name people of [[people]]")),
        load_default=list,
        **field_texts("list names of people"),
    )


class LevelTableSchema(StrictTable):
    """A level's table: who is told, when others are, and what a quiet night does."""

    tell = _names()
    escalate_after = Duration(
        'write a time such as "15m", at most 7 days', longest=LONGEST_WAIT, required=False
    )
    escalate_to = _names()
    nights = ma.String(
        load_default=NightRule.WAKE.value,
        validate=OneOf(*(one.value for one in NightRule)),
        **field_texts('write "wake" or "wait"'),
    )


class LevelsTableSchema(StrictTable):
    """The table of the levels; a level without a table tells nobody."""

    info = ma.Nested(LevelTableSchema)
    warning = ma.Nested(LevelTableSchema)
    critical = ma.Nested(LevelTableSchema)


class DigestTableSchema(StrictTable):
    """The digest's table: day, time and who gets it."""

    day = ma.String(
        load_default=WEEKDAYS[0], validate=OneOf(*WEEKDAYS), **field_texts("write a weekday")
    )
    at = _Clock(load_default=9 * 3600, **field_texts('write a time such as "09:00"'))
    tell = _names()


class NoticesTableSchema(StrictTable):
    """The table of what holds for all notices."""

    quiet = _Quiet(load_default=None, **field_texts('write hours such as "22:00-08:00"'))
    digest = ma.Nested(DigestTableSchema, load_default=None)


class NoticeTablesSchema(StrictTable):
    """The tables of notices together."""

    people = Items(
        ma.Nested(PersonTableSchema),
        load_default=list,
        validate=validate.Length(0, MOST_PEOPLE, error=f"has more than {MOST_PEOPLE} people"),
        **field_texts("write each person as [[people]]"),
    )
    levels = ma.Nested(LevelsTableSchema, load_default=dict)
    notices = ma.Nested(NoticesTableSchema, load_default=dict)


def load_notices(place: Path | ConfigTables) -> NoticePolicy:
    """Load the policy of notices of a configuration; without the file nobody is told.

    Raises:
        InvalidConfigError: all problems, each with file and key.
    """
    tables = ConfigTables.of(place)
    if not tables.has(FILE):
        return NoticePolicy()
    table = tables.read(FILE)
    own: dict[str, object] = {key: table[key] for key in KEYS if key in table}
    return parse_notices(own, str(tables.place(FILE)))


def parse_notices(table: Mapping[str, object], source: str) -> NoticePolicy:
    """Parse the policy of notices; without any table nobody is told of anything.

    Args:
        table: the keys `KEYS` of monitors.toml.
        source: of the file, for messages.

    Raises:
        InvalidConfigError: all problems, each as `<source>: <dotted.key>: wrong; right`.
    """
    try:
        data: dict[str, Any] = NoticeTablesSchema().load(table)
        found = list(_problems(data))
    except ValidationError as error:
        found = list(problems_of(error.messages, table))
    if found:
        raise InvalidConfigError([f"{source}: {key}: {wrong}" for key, wrong in found])
    return _policy(data)


def _problems(data: Mapping[str, Any]) -> Iterator[Problem]:
    names = [one["name"] for one in data["people"]]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"people.{name}.name", "is given twice; give each name once"
    lists = {f"levels.{level}.tell": rule["tell"] for level, rule in data["levels"].items()}
    for level, rule in data["levels"].items():
        lists[f"levels.{level}.escalate_to"] = rule["escalate_to"]
        if ("escalate_after" in rule) != bool(rule["escalate_to"]):
            yield f"levels.{level}", "escalates in part; give escalate_after and escalate_to"
    digest = data["notices"].get("digest") or {}
    lists["notices.digest.tell"] = digest.get("tell", [])
    for key, told in lists.items():
        for name in told:
            if name not in names:
                yield key, f"names {name!r}, who is not listed; {suggestion(name, names)}"


def _policy(data: Mapping[str, Any]) -> NoticePolicy:
    people = {
        one["name"]: Person(one["name"], tuple(dict.fromkeys(one["urls"])), one["language"])
        for one in data["people"]
    }
    levels = {
        AlarmLevel(level): LevelRule(
            tuple(rule["tell"]),
            rule.get("escalate_after", math.inf),
            tuple(rule["escalate_to"]),
            NightRule(rule["nights"]),
        )
        for level, rule in data["levels"].items()
    }
    notices = data["notices"]
    digest = notices.get("digest")
    made = digest and DigestRule(WEEKDAYS.index(digest["day"]), digest["at"], tuple(digest["tell"]))
    return NoticePolicy(people, levels, notices.get("quiet"), made or None)
