"""The monitors as a file (`config/monitors.toml`), read with every problem named."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from marshmallow import ValidationError, validate
from marshmallow import fields as ma

from nudge.config.contact_schema import Day
from nudge.config.documents.funnel_file import FILE as FUNNEL
from nudge.config.documents.funnel_file import load_funnel
from nudge.config.documents.notice_tables import FILE, KEYS
from nudge.config.slot_fields import FiniteNumber, Flag, Items, OneOf, StrictTable, field_texts
from nudge.config.slot_rules import Problem
from nudge.config.slot_schema import ATTRIBUTE, NAME
from nudge.config.table_file import ConfigTables, problems_of
from nudge.domain.alarms.alarm import AlarmLevel
from nudge.domain.alarms.monitors import LIMITS, OWN, RISES, Monitor, Monitors, WatchKind
from nudge.domain.alarms.watch_plan import BESIDE, PAYMENTS, SCENE, SLOT, WatchPlan
from nudge.errors import InvalidConfigError

_BUDGET: Final = re.compile(r"(\d{1,3}(?:\.\d{1,3})?) per (day|week|month|year)")
_YEARLY: Final = {"day": 365.0, "week": 52.0, "month": 12.0, "year": 1.0}
_BUDGET_RIGHT: Final = 'write how many false alarms are borne, such as "1 per year"'
_CHANGE_RIGHT: Final = "write a share, such as 0.3"
_FALL: Final = 0.95
_RISE: Final = 10.0
_COUNT: Final = 1e9
_MOST: Final = 50
_PROMOTIONS: Final = 1_000
_LONGEST: Final = 31
"""Days of a promotion: what lasts longer is the usual."""


class Budget(ma.Field[float]):
    """A field for a number of false alarms a year, written with its span."""

    def _deserialize(self, value: object, *_: object, **__: object) -> float:
        found = _BUDGET.fullmatch(value) if isinstance(value, str) else None
        if found is None or not float(found[1]):
            raise ValidationError(f"{value!r} is not a budget; {_BUDGET_RIGHT}")
        return float(found[1]) * _YEARLY[found[2]]


class MonitorTableSchema(StrictTable):
    """An entry of `[[monitors]]`."""

    name = ma.String(required=True, validate=NAME, **field_texts("name the monitor"))
    watch = ma.String(
        required=True,
        validate=OneOf(*(one.value for one in WatchKind)),
        **field_texts(f"use {', '.join(WatchKind)}"),
    )
    stages = Items(
        ma.String(validate=NAME), load_default=list, **field_texts("list names of stages")
    )
    by = Items(
        ma.String(validate=ATTRIBUTE), load_default=list, **field_texts("list names of attributes")
    )
    change = FiniteNumber(load_default=None, **field_texts(_CHANGE_RIGHT))
    least = FiniteNumber(load_default=None, **field_texts("write the lowest value of an hour"))
    most = FiniteNumber(load_default=None, **field_texts("write the highest value of an hour"))
    level = ma.String(
        load_default=AlarmLevel.WARNING.value,
        validate=OneOf(*(one.value for one in AlarmLevel)),
        **field_texts(f"use {', '.join(AlarmLevel)}"),
    )
    quarantine = Flag(load_default=False, **field_texts("write true or false"))


PromotionTableSchema = StrictTable.from_dict(
    {
        "from": Day(required=True),
        "to": Day(required=True),
    },
    name="PromotionTableSchema",
)


class MonitorsFileSchema(StrictTable):
    """The part of `config/monitors.toml` that says what is watched."""

    budget = Budget(load_default=1.0, **field_texts(_BUDGET_RIGHT))
    values = ma.Integer(
        load_default=500,
        strict=True,
        validate=validate.Range(1, 5000, error="is out of range; write 1 to 5000"),
        **field_texts("write a number of values, such as 500"),
    )
    low_score = FiniteNumber(load_default=5.0, **field_texts("write a score, such as 5"))
    dimensions = ma.Dict(
        keys=ma.String(validate=ATTRIBUTE),
        values=ma.String(validate=ATTRIBUTE, **field_texts("name a context attribute")),
        load_default=dict,
        **field_texts('write a table such as city = "city_tier"'),
    )
    monitors = Items(
        ma.Nested(MonitorTableSchema),
        required=True,
        validate=validate.Length(1, _MOST, error=f"is empty or too long; give 1 to {_MOST}"),
        **field_texts("write each monitor as [[monitors]]"),
    )
    promotions = Items(
        ma.Nested(PromotionTableSchema),
        load_default=list,
        validate=validate.Length(0, _PROMOTIONS, error=f"is too long; give at most {_PROMOTIONS}"),
        **field_texts("write each promotion as [[promotions]] with from and to"),
    )


def load_monitors(place: Path | ConfigTables) -> Monitors:
    """Load the monitors of a configuration; those by default where it has no such file.

    Raises:
        InvalidConfigError: all problems, each with file and key.
    """
    tables = ConfigTables.of(place)
    if not tables.has(FILE):
        return Monitors()
    found = parse_monitors(tables.read(FILE), str(tables.place(FILE)))
    _check_stages(found, load_watch_plan(tables, found), str(tables.place(FILE)))
    return found


def load_watch_plan(tables: ConfigTables, monitors: Monitors) -> WatchPlan:
    """Load what is counted: the stages of the funnel and the attributes of the monitors.

    Raises:
        InvalidConfigError: the funnel is wrong.
    """
    if not tables.has(FUNNEL):
        return monitors.plan((PAYMENTS,), 1800.0)
    funnel = load_funnel(tables)
    return monitors.plan(funnel.watched, funnel.gap)


def parse_monitors(table: Mapping[str, object], source: str) -> Monitors:
    """Parse the monitors of a plain table; `source` names the file in messages.

    Raises:
        InvalidConfigError: all problems, each as `<source>: <dotted.key>: wrong; right`.
    """
    watched = {key: value for key, value in table.items() if key not in KEYS}
    try:
        data: dict[str, Any] = _schema().load(watched)
        found = [*_problems(data), *_between(data)]
    except ValidationError as error:
        found, data = list(problems_of(error.messages, watched)), {}
    if found:
        raise InvalidConfigError([f"{source}: {key}: {wrong}" for key, wrong in found])
    return Monitors(
        tuple(_monitor(one) for one in data["monitors"]),
        data["budget"],
        data["values"],
        data["dimensions"],
        data["low_score"],
        tuple((one["from"], one["to"]) for one in data["promotions"]),
    )


@cache
def _schema() -> MonitorsFileSchema:
    return MonitorsFileSchema()


def _monitor(one: Mapping[str, Any]) -> Monitor:
    return Monitor(
        one["name"],
        WatchKind(one["watch"]),
        tuple(one["stages"]),
        tuple(one["by"]),
        one["change"] or 0.0,
        AlarmLevel(one["level"]),
        one["quarantine"],
        one["least"],
        one["most"],
    )


def _problems(data: Mapping[str, Any]) -> Iterator[Problem]:
    names = Counter(one["name"] for one in data["monitors"])
    for name in (name for name, count in names.items() if count > 1):
        yield f"monitors.{name}.name", "is given twice; give each monitor a name of its own"
    known = {*OWN, SCENE, SLOT, *data["dimensions"]}
    for name in (name for name in data["dimensions"] if name in {*OWN, SCENE, SLOT}):
        yield f"dimensions.{name}", "is there already; use another word"
    for one in data["monitors"]:
        for name in (name for name in one["by"] if name not in known):
            yield (
                f"monitors.{one['name']}.by",
                f"{name!r} is unknown; use {', '.join(sorted(known))}",
            )
        check = _limit_problems if one["watch"] in LIMITS else _change_problems
        for key, wrong in check(one):
            yield f"monitors.{one['name']}.{key}", wrong


def _change_problems(one: Mapping[str, Any]) -> Iterator[Problem]:
    for key in ("least", "most"):
        if one[key] is not None:
            yield key, f'does not go with watch = "{one["watch"]}"; use an hourly one'
    most = _RISE if one["watch"] in RISES else _FALL
    if one["change"] is None:
        yield "change", f"is missing; {_CHANGE_RIGHT}"
    elif not 0.05 <= one["change"] < most:  # noqa: PLR2004 - beyond it no test tells anything
        yield "change", f"is out of range; write 0.05 to below {most:g}"


def _limit_problems(one: Mapping[str, Any]) -> Iterator[Problem]:
    least, most = one["least"], one["most"]
    if one["change"] is not None:
        yield "change", "does not go with a limit; write least or most"
    if least is None and most is None:
        yield "least", "is missing, and so is most; write one of them"
    highest = 1.0 if one["watch"] == WatchKind.HOURLY_RATE else _COUNT
    for key in ("least", "most"):
        if one[key] is not None and not 0.0 <= one[key] <= highest:
            yield key, f"is out of range; write 0 to {highest:,.0f}"
    if least is not None and most is not None and least > most:
        yield "least", f"is above most, {most:g}; write less"


def _between(data: Mapping[str, Any]) -> Iterator[Problem]:
    for number, one in enumerate(data["promotions"]):
        days = (one["to"] - one["from"]).days + 1
        if days < 1:
            yield f"promotions[{number}].to", "is before from; write the last day of the promotion"
        elif days > _LONGEST:
            yield (
                f"promotions[{number}].to",
                f"makes {days} days; write at most {_LONGEST}: what lasts is the usual",
            )


def _check_stages(found: Monitors, plan: WatchPlan, source: str) -> None:
    known = [*(stage.name for stage in plan.stages), *BESIDE]
    wrong = [
        f"{source}: monitors.{one.name}.stages: {name!r} is unknown; use {', '.join(known)}"
        for one in found.each
        for name in one.stages
        if name not in known
    ]
    if wrong:
        raise InvalidConfigError(wrong)
