"""The contact policy as files (`config/contact.toml`), read with every problem named."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from marshmallow import Schema, ValidationError

from bandits.units import DAY
from nudge.config.contact_schema import WEEKDAYS, ContactFileSchema, DatesSchema
from nudge.config.documents.contact_pressure import (
    content_limit_of,
    content_problems,
    limit_of,
    limit_problems,
    sequence_of,
    sequence_problems,
)
from nudge.config.slot_rules import Problem
from nudge.config.table_file import ConfigTables, problems_of
from nudge.domain.basics.calendar import ZONE
from nudge.domain.basics.intervals import merge
from nudge.domain.basics.slot_values import suggestion
from nudge.domain.contact.contact_policy import (
    Caps,
    Channel,
    ContactPolicy,
    Holidays,
    Purpose,
    words_of,
)
from nudge.domain.contact.holiday_years import HolidayYears
from nudge.domain.contact.public_holidays import regions
from nudge.domain.values.closed_list import ClosedList
from nudge.domain.values.plain_text import fold_case
from nudge.errors import InvalidConfigError

FILE: Final = "contact.toml"
CHANNELS: Final = ("sms", "call", "push")
PURPOSES: Final = ("transactional", "payment_failed", "reminder", "winback", "promotion")
"""Channels and purposes of the shipped policy."""
Table = Mapping[str, Any]


def load_contact(place: Path | ConfigTables, zone: str = ZONE) -> ContactPolicy:
    """Load the contact policy of a configuration, with the file of dates that it names.

    Args:
        place: directory or tables of the configuration.
        zone: the operator's, which holds where the file names none.

    Raises:
        InvalidConfigError: all problems of both files, each with file and key.
    """
    tables = ConfigTables.of(place)
    table = tables.read(FILE)
    problems, dates = _dates_of(table, tables)
    source = str(tables.place(FILE))
    return parse_contact({"zone": zone, **table}, source, dates=dates, more=problems)


def dates_file(tables: ConfigTables) -> str | None:
    """Return the name of the file of dates; None where the contact policy names none.

    Raises:
        InvalidConfigError: the contact policy is not TOML; with the line.
    """
    return _dates_name(tables.read(FILE)) if tables.has(FILE) else None


def load_contact_words(place: Path | ConfigTables) -> tuple[ClosedList, ClosedList]:
    """Load the channels and the purposes of the contact policy, as words that a field may hold.

    It leaves the holidays out, which web processes do not need. Who plans no SMS may do without the
    file: the words are then those of the shipped one.

    Raises:
        InvalidConfigError: the file cannot be read, or its tables are wrong.
    """
    data = read_contact_tables(ConfigTables.of(place))
    if data is None:
        return ClosedList(CHANNELS), ClosedList(PURPOSES)
    channels, purposes = map(_channel, data["channels"]), map(_purpose, data["purposes"])
    return words_of(channels), words_of(purposes)


def read_contact_tables(tables: ConfigTables) -> Table | None:
    """Return the tables of the contact policy, each value checked; None where there is no file.

    Raises:
        InvalidConfigError: the file cannot be read, or its tables are wrong.
    """
    if not tables.has(FILE):
        return None
    data, found = _read(_schema(), tables.read(FILE))
    if found:
        path = tables.place(FILE)
        raise InvalidConfigError([f"{path}: {key}: {wrong}" for key, wrong in found])
    return data


def load_holiday_years(place: Path | ConfigTables, zone: str = ZONE) -> HolidayYears:
    """Load the days off of the contact policy, without the country's own, which take time to load.

    Args:
        place: directory or tables of the configuration.
        zone: the operator's, which holds where the file names none.

    Raises:
        InvalidConfigError: one of the two files cannot be read, or is wrong.
    """
    tables = ConfigTables.of(place)
    path, table = tables.place(FILE), tables.read(FILE)
    problems, dates = _dates_of(table, tables)
    data, found = _read(_schema(), {"zone": zone, **table})
    if found or problems:
        raise InvalidConfigError([f"{path}: {key}: {wrong}" for key, wrong in found] + [*problems])
    policy = _policy(data, dates)
    source = tables.place(data["holidays"].get("file", FILE))
    return HolidayYears(policy.holidays, policy.zone, str(source))


def parse_contact(
    table: Mapping[str, object],
    source: str,
    *,
    dates: Table | None = None,
    more: tuple[str, ...] = (),
) -> ContactPolicy:
    """Parse the contact policy of a plain table.

    Args:
        table: content of the file.
        source: name of the file in messages.
        dates: content of the file of dates: `forbidden` and `allowed`.
        more: problems of the file of dates, reported with those of the table.

    Raises:
        InvalidConfigError: all problems, each as `<source>: <dotted.key>: wrong; right`.
    """
    data, found = _read(_schema(), table)
    if not found:
        found = [*_problems(data), *_between(data["holidays"], dates or {})]
    if found or more:
        raise InvalidConfigError([f"{source}: {key}: {wrong}" for key, wrong in found] + [*more])
    return _policy(data, dates or {})


def contact_warnings(policy: ContactPolicy, zone: str) -> list[str]:
    """Return what is allowed and yet hardly meant, as texts for `nudge check`.

    Args:
        policy: from `load_contact`.
        zone: the operator's.
    """
    if policy.zone.key == zone:
        return []
    cure = "leave it out of contact.toml, unless these customers live in another zone"
    return [f"{FILE}: zone is {policy.zone.key}, and that of the service is {zone}; {cure}"]


def _dates_name(table: Table) -> str | None:
    holidays = table.get("holidays")
    name = holidays.get("file") if isinstance(holidays, dict) else None
    return name if isinstance(name, str) and name else None


def _dates_of(table: Table, tables: ConfigTables) -> tuple[tuple[str, ...], Table]:
    """Return problems and content of the file of dates, where the table names one."""
    name = _dates_name(table)
    if name is None:
        return (), {}
    path = tables.place(name)
    try:
        data, found = _read(_dates_schema(), tables.read(name))
    except InvalidConfigError as error:
        return tuple(error.problems), {}
    return tuple(f"{path}: {key}: {wrong}" for key, wrong in (*found, *_both(data))), data


@cache
def _schema() -> ContactFileSchema:
    return ContactFileSchema()


@cache
def _dates_schema() -> DatesSchema:
    return DatesSchema()


def _read(schema: Schema, table: Mapping[str, object]) -> tuple[dict[str, Any], list[Problem]]:
    try:
        return schema.load(table), []
    except ValidationError as error:
        return {}, list(problems_of(error.messages, table))


def _policy(data: Table, dates: Table) -> ContactPolicy:
    holidays: Table = data["holidays"]
    return ContactPolicy(
        zone=ZoneInfo(data.get("zone", ZONE)),
        channels={one["name"]: _channel(one) for one in data["channels"]},
        purposes={one["name"]: _purpose(one) for one in data["purposes"]},
        caps=Caps(**data["caps"]),
        spacing=data.get("spacing", 0.0),
        weekdays=frozenset(WEEKDAYS.index(one) for one in data["weekdays"]),
        holidays=Holidays(
            holidays.get("country"),
            holidays.get("region"),
            *(_all(name, holidays, dates) for name in ("forbidden", "allowed")),
        ),
        complaint_pause=data["complaint_pause"],
        limits=tuple(map(limit_of, data["limits"])),
        content=content_limit_of(data["content"]),
        offers=frozenset(data["content"]["offers"]),
        sequences=tuple(map(sequence_of, data["sequences"])),
        failed=data["receipts"]["failed"],
    )


def _all(name: str, *tables: Table) -> frozenset[date]:
    return frozenset(day for table in tables for day in table.get(name, ()))


def _channel(one: Table) -> Channel:
    quiet, aliases = tuple(one.get("quiet", ())), tuple(one.get("aliases", ()))
    return Channel(one["name"], one["consent"], quiet, one.get("capacity"), aliases)


def _purpose(one: Table) -> Purpose:
    return Purpose(**{**one, "aliases": tuple(one.get("aliases", ()))})


def _problems(data: Table) -> Iterator[Problem]:
    for kind in ("channels", "purposes"):
        names = Counter(one["name"] for one in data[kind])
        for name in (name for name, count in names.items() if count > 1):
            yield f"{kind}.{name}.name", "is given twice; give each a name of its own"
        yield from _alias_problems(kind, data[kind])
    for one in data["channels"]:
        if merge(_channel(one).quiet_parts) == ((0, DAY),):
            yield f"channels.{one['name']}.quiet", "is the whole day; leave hours to send in"
    for one in data["purposes"]:
        if one["exempt"] and one["share"] < 1:
            yield f"purposes.{one['name']}.share", "holds back what is exempt; leave it out"
    yield from _text_problems(data["texts"], [one["name"] for one in data["purposes"]])
    yield from _cap_problems(data["caps"])
    yield from limit_problems(data)
    yield from content_problems(data["content"])
    yield from sequence_problems(data)
    yield from _place_problems(data["holidays"])
    yield from ((f"holidays.{key}", wrong) for key, wrong in _both(data["holidays"]))


def _alias_problems(kind: str, entries: Iterable[Table]) -> Iterator[Problem]:
    """Yield the aliases that mean two entries."""
    owners: dict[str, str] = {fold_case(one["name"]): one["name"] for one in entries}
    for one in entries:
        for alias in one.get("aliases", ()):
            owner = owners.setdefault(fold_case(alias), one["name"])
            if owner != one["name"]:
                cure = f"means {owner} too; give it to one of the two"
                yield f"{kind}.{one['name']}.aliases", f"{alias!r} {cure}"


def _text_problems(texts: Iterable[Table], purposes: Sequence[str]) -> Iterator[Problem]:
    """Yield the texts of an unknown purpose, and contents with two texts."""
    counts = Counter(one["content"] for one in texts)
    for content in (one for one, count in counts.items() if count > 1):
        yield f"texts.{content}.content", "is given twice; give each text a tag of its own"
    for one in texts:
        if "purpose" in one and one["purpose"] not in purposes:
            cure = suggestion(one["purpose"], purposes)
            yield f"texts.{one['content']}.purpose", f"unknown purpose {one['purpose']!r}; {cure}"


def _cap_problems(caps: Table) -> Iterator[Problem]:
    for short, long in (("day", "week"), ("day", "month"), ("week", "month")):
        if short in caps and long in caps and caps[short] > caps[long]:
            yield f"caps.{short}", f"is above caps.{long}; give at most {caps[long]}"


def _place_problems(holidays: Table) -> Iterator[Problem]:
    country, region = holidays.get("country"), holidays.get("region")
    if country is None:
        if region is not None:
            yield "holidays.region", "has no country; name the country, or leave it out"
    elif (known := regions(country)) is None:
        yield (
            "holidays.country",
            f"unknown country {country!r}; write a code such as CN, or leave it out",
        )
    elif region is not None and region not in known:
        cure = suggestion(region, known) if known else "leave it out"
        yield "holidays.region", f"unknown region {region!r}; {cure}"


def _between(holidays: Table, dates: Table) -> Iterator[Problem]:
    for mine, other in (("forbidden", "allowed"), ("allowed", "forbidden")):
        for day in sorted({*holidays.get(mine, ())} & {*dates.get(other, ())}):
            yield f"holidays.{mine}", f"{day} is {other} in the file of dates; keep one of the two"


def _both(dates: Table) -> Iterator[Problem]:
    for day in sorted(_all("forbidden", dates) & _all("allowed", dates)):
        yield "allowed", f"{day} is forbidden too; give it in one list"
