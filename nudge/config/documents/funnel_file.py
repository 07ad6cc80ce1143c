"""The funnel as a file (`config/funnel.toml`), read with every problem named."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from marshmallow import ValidationError, validate
from marshmallow import fields as ma

from bandits.units import DAY, HOUR
from nudge.config.slot_fields import Duration, Items, OneOf, StrictTable, field_texts
from nudge.config.slot_rules import Problem
from nudge.config.slot_schema import ATTRIBUTE, NAME
from nudge.config.table_file import ConfigTables, problems_of, read_table
from nudge.domain.funnel.funnel import PERIODS, Funnel, FunnelStage, Match
from nudge.domain.journal.event import EVENT_TYPES
from nudge.domain.reports.questions import CLOCK
from nudge.errors import InvalidConfigError

FILE: Final = "funnel.toml"
FEWEST, MOST = 2, 20
OFFSET: Final = "utc_offset"
"""Key of files of earlier versions: the setting `zone` has taken its place."""
TAKEN: Final = ("channel", "page", "variant", *PERIODS, *CLOCK)
"""Dimensions that every funnel has."""


class MatchSchema(StrictTable):
    """An event pattern that reaches a stage."""

    type = ma.String(
        required=True, validate=OneOf(*EVENT_TYPES), **field_texts("name an event type")
    )
    step = ma.String(load_default="", validate=NAME, **field_texts("name a step, such as home"))
    source = ma.String(
        load_default="", validate=OneOf("page", "server"), **field_texts("use page or server")
    )


class StageTableSchema(StrictTable):
    """An entry of `[[stages]]`: a stage of the funnel."""

    name = ma.String(required=True, validate=NAME, **field_texts("name the stage"))
    needs = ma.String(
        load_default="any", validate=OneOf("any", "all"), **field_texts("use any or all")
    )
    events = Items(
        ma.Nested(
            MatchSchema, **field_texts('write a table such as { type = "step", step = "home" }')
        ),
        required=True,
        validate=validate.Length(1, error="is empty; list the events that reach the stage"),
        **field_texts('list events, such as [{ type = "step", step = "home" }]'),
    )


class VisitSchema(StrictTable):
    """The table `[visit]`: the gap between visits, the wait for late events."""

    gap = Duration('write a duration up to 1 day, such as "30m"', longest=DAY)
    late = Duration('write a duration up to 1 day, such as "6h"', longest=DAY)
    utc_offset = Duration(
        'write a duration up to 14 h, such as "8h", or leave it out',
        longest=14 * HOUR,
        required=False,
    )


class FunnelFileSchema(StrictTable):
    """The whole file `config/funnel.toml`."""

    visit = ma.Nested(VisitSchema, required=True, **field_texts('write [visit] with gap = "30m"'))
    dimensions = ma.Dict(
        keys=ma.String(validate=ATTRIBUTE),
        values=ma.String(validate=ATTRIBUTE, **field_texts("name a context attribute")),
        load_default=dict,
        **field_texts('write a table such as city = "city_tier"'),
    )
    stages = Items(
        ma.Nested(StageTableSchema),
        required=True,
        validate=validate.Length(
            FEWEST, MOST, error=f"has too few or too many; give {FEWEST} to {MOST} stages"
        ),
        **field_texts("write each stage as [[stages]]"),
    )


def load_funnel(place: Path | ConfigTables) -> Funnel:
    """Load the funnel of a configuration.

    Raises:
        InvalidConfigError: all problems, each with file and key.
    """
    tables = ConfigTables.of(place)
    return parse_funnel(tables.read(FILE), str(tables.place(FILE)))


def funnel_warnings(directory: Path) -> list[str]:
    """Return what the file still says and nobody reads, as texts for `nudge check`.

    Raises:
        InvalidConfigError: the file cannot be read.
    """
    visit = read_table(directory / FILE).get("visit")
    if not isinstance(visit, Mapping) or OFFSET not in visit:
        return []
    cure = "days begin by the setting zone; remove it"
    return [f"{FILE}: visit.{OFFSET} counts no longer: {cure}"]


def parse_funnel(table: Mapping[str, object], source: str) -> Funnel:
    """Parse the funnel of a plain table; `source` names the file in messages.

    Raises:
        InvalidConfigError: all problems, each as `<source>: <dotted.key>: wrong; right`.
    """
    try:
        data: dict[str, Any] = _schema().load(table)
        found = list(_problems(data))
    except ValidationError as error:
        found, data = list(problems_of(error.messages, table)), {}
    if found:
        raise InvalidConfigError([f"{source}: {key}: {wrong}" for key, wrong in found])
    visit = data["visit"]
    return Funnel(
        stages=tuple(_stage(one) for one in data["stages"]),
        gap=visit["gap"],
        late=visit["late"],
        dimensions=data["dimensions"],
    )


@cache
def _schema() -> FunnelFileSchema:
    return FunnelFileSchema()


def _stage(one: Mapping[str, Any]) -> FunnelStage:
    return FunnelStage(one["name"], tuple(Match(**event) for event in one["events"]), one["needs"])


def _problems(data: Mapping[str, Any]) -> Iterator[Problem]:
    names = Counter(one["name"] for one in data["stages"])
    for name in (name for name, count in names.items() if count > 1):
        yield f"stages.{name}.name", "is given twice; give each stage a name of its own"
    events = [(one["name"], Match(**event)) for one in data["stages"] for event in one["events"]]
    for i, (name, event) in enumerate(events):
        yield from _event_problems(f"stages.{name}.events", event, [e for _, e in events[:i]])
    for name in (name for name in data["dimensions"] if name in TAKEN):
        yield f"dimensions.{name}", "is there already; use another word"


def _event_problems(key: str, event: Match, before: list[Match]) -> Iterator[Problem]:
    if (event.type == "step") != bool(event.step):
        yield key, f'{event.type!r} and step do not fit; write {{ type = "step", step = "home" }}'
    if any(_meet(event, other) for other in before):
        yield key, f"{event.step or event.type!r} reaches two stages; name each event once"


def _meet(one: Match, other: Match) -> bool:
    same = (one.type, one.step) == (other.type, other.step)
    return same and (one.source == other.source or "" in {one.source, other.source})
