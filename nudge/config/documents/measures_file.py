"""The lifecycle measures as a file (`config/measures.toml`), read with every problem named."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from marshmallow import ValidationError, validate
from marshmallow import fields as ma

from nudge.config.documents.contact_file import FILE as CONTACT
from nudge.config.slot_fields import (
    Duration,
    FiniteNumber,
    Items,
    OneOf,
    RuleTable,
    StrictTable,
    field_texts,
)
from nudge.config.slot_rules import Problem
from nudge.config.slot_schema import NAME
from nudge.config.table_file import ConfigTables, problems_of
from nudge.domain.basics.slot_values import suggestion
from nudge.domain.care.warning_rule import CaseLevel
from nudge.domain.choosing.context_names import MADE, names_in_rule
from nudge.domain.measures.measure import CHANNEL, HELD, ONCE, PURPOSE, SLOT, Measure
from nudge.domain.slots.rule import EXAMPLE
from nudge.domain.slots.slot import Slot
from nudge.errors import InvalidConfigError

FILE: Final = "measures.toml"
MOST: Final = 100
LONGEST: Final = 400.0 * 86_400
NONE: Final = "none"
"""Word in place of a slot: the measure has no benefit."""
_LEVELS: Final = tuple(one.value for one in CaseLevel if one is not CaseLevel.PROPOSAL)
_MOST_CHANNELS: Final = 10
_HIGHEST: Final = 1_000


class MeasureSchema(StrictTable):
    """An entry of `[[measures]]`."""

    name = ma.String(required=True, validate=NAME, **field_texts("name the measure"))
    title = ma.Dict(
        keys=ma.String(validate=validate.OneOf(("zh", "en"), error="unknown language; use zh, en")),
        values=ma.String(**field_texts("write a text for people")),
        load_default=dict,
        **field_texts('write { zh = "...", en = "..." }'),
    )
    when = RuleTable(required=True, **field_texts(f"write a rule such as {EXAMPLE}"))
    within = Duration(
        'write a time such as "7d", at most 400 days', longest=LONGEST, required=False
    )
    once = Duration('write a time such as "90d", at most 400 days', longest=LONGEST, required=False)
    slot = ma.String(
        load_default=SLOT,
        validate=NAME,
        **field_texts(f'name a slot; "{NONE}" for a measure without a benefit'),
    )
    group = ma.String(load_default="", validate=NAME, **field_texts("name a group of benefits"))
    channels = Items(
        ma.String(validate=NAME, **field_texts("write the name of a channel")),
        load_default=lambda: [CHANNEL],
        validate=validate.Length(1, _MOST_CHANNELS, error=f"is wrong; list 1 to {_MOST_CHANNELS}"),
        **field_texts('list channels of contact.toml, such as ["call"]'),
    )
    purpose = ma.String(
        load_default=PURPOSE, validate=NAME, **field_texts("name a purpose of contact.toml")
    )
    held_share = FiniteNumber(
        load_default=HELD,
        validate=validate.Range(0.0, 0.9, error="is out of range; write 0 to 0.9"),
        **field_texts("write a share, such as 0.1"),
    )
    level = ma.String(
        load_default=CaseLevel.INFO.value,
        validate=OneOf(*_LEVELS),
        **field_texts(f"use {', '.join(_LEVELS)}"),
    )
    priority = ma.Integer(
        load_default=0,
        strict=True,
        validate=validate.Range(0, _HIGHEST, error=f"is out of range; write 0 to {_HIGHEST}"),
        **field_texts(f"write a whole number, 0 to {_HIGHEST}"),
    )


class MeasuresFileSchema(StrictTable):
    """The file `config/measures.toml`."""

    measures = Items(
        ma.Nested(MeasureSchema),
        load_default=list,
        validate=validate.Length(0, MOST, error=f"is too long; list at most {MOST}"),
        **field_texts("write each measure as [[measures]]"),
    )


def load_measures(place: Path | ConfigTables) -> dict[str, Measure]:
    """Load the measures of a configuration by name; without the file there are none.

    Raises:
        InvalidConfigError: all problems, each with file and key.
    """
    tables = ConfigTables.of(place)
    if not tables.has(FILE):
        return {}
    contact = tables.read(CONTACT) if tables.has(CONTACT) else None
    return parse_measures(tables.read(FILE), str(tables.place(FILE)), contact)


def parse_measures(
    table: Mapping[str, object], source: str, contact: Mapping[str, Any] | None = None
) -> dict[str, Measure]:
    """Parse the measures of a plain table.

    Args:
        table: of the file.
        source: of the file, for messages.
        contact: table of the contact policy, which has channels and purposes; None for none.

    Raises:
        InvalidConfigError: all problems, each as `<source>: <dotted.key>: wrong; right`.
    """
    try:
        data: dict[str, Any] = _schema().load(table)
        found = list(_problems(data["measures"], contact))
    except ValidationError as error:
        found, data = list(problems_of(error.messages, table)), {}
    if found:
        raise InvalidConfigError([f"{source}: {key}: {wrong}" for key, wrong in found])
    return {one["name"]: _measure(one) for one in data["measures"]}


def slot_problems(measures: Iterable[Measure], slots: Mapping[str, Slot]) -> list[str]:
    """Return what does not fit the slots of an installation, as lines with key and cure.

    Args:
        measures: of the file.
        slots: by name.
    """
    found: list[str] = []
    for one in measures:
        slot = slots.get(one.slot) if one.slot else None
        where = f"{FILE}: measures.{one.name}"
        if one.slot and slot is None:
            names = (*slots, NONE)
            found.append(f"{where}.slot: no slot {one.slot!r}; {suggestion(one.slot, names)}")
        groups = {variant.availability.exclusive for variant in slot.variants} if slot else set()
        if slot and one.group and one.group not in groups:
            hint = suggestion(one.group, sorted(groups - {""}) or ["none: leave it out"])
            found.append(f"{where}.group: no variant of {one.slot!r} is of {one.group!r}; {hint}")
    return found


def measure_warnings(measures: Iterable[Measure], known: Iterable[str]) -> list[str]:
    """Return the attributes that rules ask for and nothing makes, as texts for `nudge check`.

    Args:
        measures: of the file.
        known: segments, and attributes that the operator brings.
    """
    names = {*known, *MADE}
    cure = "list it in nudge.toml, [people] attributes, if pages or files bring it"
    return [
        f"{FILE}: measures.{one.name}.when: nothing makes {name!r}; "
        f"{suggestion(name, sorted(names))} If not, {cure}"
        for one in measures
        for name in dict.fromkeys(names_in_rule(one.when))
        if name not in names
    ]


@cache
def _schema() -> MeasuresFileSchema:
    return MeasuresFileSchema()


def _measure(one: Mapping[str, Any]) -> Measure:
    return Measure(
        one["name"],
        one["when"],
        one["title"],
        CaseLevel(one["level"]),
        one.get("within"),
        one.get("once", ONCE),
        "" if one["slot"] == NONE else one["slot"],
        one["group"],
        tuple(dict.fromkeys(one["channels"])),
        one["purpose"],
        one["held_share"],
        one["priority"],
    )


def _problems(rows: list[dict[str, Any]], contact: Mapping[str, Any] | None) -> Iterator[Problem]:
    names = Counter(one["name"] for one in rows)
    for name in (name for name, count in names.items() if count > 1):
        yield f"measures.{name}.name", "is given twice; give each a name of its own"
    for one in rows:
        if one["group"] and one["slot"] == NONE:
            key = f"measures.{one['name']}.group"
            yield key, "has no slot that could grant it; name a slot, or leave group out"
    if contact is not None:
        yield from _contact_problems(rows, contact)


def _contact_problems(rows: list[dict[str, Any]], contact: Mapping[str, Any]) -> Iterator[Problem]:
    channels, purposes = _names(contact, "channels"), _names(contact, "purposes")
    for one in rows:
        where = f"measures.{one['name']}"
        for channel in (x for x in one["channels"] if x not in channels):
            hint = suggestion(channel, channels)
            yield f"{where}.channels", f"no channel {channel!r} in {CONTACT}; {hint}"
        if one["purpose"] not in purposes:
            hint = suggestion(one["purpose"], purposes)
            yield f"{where}.purpose", f"no purpose {one['purpose']!r} in {CONTACT}; {hint}"


def _names(contact: Mapping[str, Any], table: str) -> list[str]:
    rows = contact.get(table)
    listed = rows if isinstance(rows, list) else []
    return [str(one["name"]) for one in listed if isinstance(one, Mapping) and "name" in one]
