"""The mapping file of a replay: it turns rows of a campaign log into requests and events.

Every key is explained in examples/hillstrom/README.md.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from marshmallow import Schema, ValidationError
from marshmallow import fields as ma

from nudge.config.slot_fields import Items, JsonTable, OneOf, StrictTable, field_texts
from nudge.config.slot_schema import CHANNELS
from nudge.domain.basics.slot_values import text_problem
from nudge.domain.journal.event import EVENT_TYPES
from nudge.errors import InvalidConfigError

FILE_NAME = "mapping.toml"
ROW = "row"
"""Value of `visitor.column` for the number of the data row, from 1, if no column has that name."""


@dataclass(frozen=True)
class EventRule:
    """A rule by which a row causes an event.

    Attributes:
        type: type of the event.
        when: column; the event is sent if it holds a number other than 0 or a true flag.
        fields: field of the event -> column.
    """

    type: str
    when: str
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class LogMapping:
    """A mapping: the meaning of a campaign log's columns.

    Attributes:
        source: path of the mapping, for messages.
        slot: name of the slot that decides.
        slot_file: path of the slot's file, or None.
        channel: channel of every request.
        page: page of every request.
        propensity: probability of the logged variant: one number, or the name of a column.
        visitor_column: column of the visitor's id, or `row`.
        visitor_prefix: prefix of the visitor's external id.
        variant_column: column of the logged variant.
        variant_names: word in that column -> variant; empty if the words are the names.
        context: attribute of the slot -> column.
        reward: rule of the event that rewards.
        events: rules of further events.
    """

    source: Path
    slot: str
    slot_file: Path | None
    channel: str
    page: str
    propensity: float | str
    visitor_column: str
    visitor_prefix: str
    variant_column: str
    variant_names: Mapping[str, str]
    context: Mapping[str, str]
    reward: EventRule
    events: tuple[EventRule, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that a replay reads, each once; the visitor's is last."""
        rules = (self.reward, *self.events)
        names = [self.variant_column, *self.context.values(), *(rule.when for rule in rules)]
        names += [column for rule in rules for column in rule.fields.values()]
        names += [self.propensity] if isinstance(self.propensity, str) else []
        return tuple(dict.fromkeys([*names, self.visitor_column]))


def load_mapping(path: Path) -> LogMapping:
    """Load a mapping from its file.

    Raises:
        InvalidConfigError: the mapping is invalid; each problem names file, key and cure.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InvalidConfigError([f"{path}: cannot be read as TOML: {error}"]) from error
    try:
        data: dict[str, Any] = _Mapping().load(table)
    except ValidationError as error:
        problems = [f"{path}: {key}: {wrong}" for key, wrong in _flat(error.messages, "")]
        raise InvalidConfigError(problems) from error
    return _mapping(path, data)


def default_mapping(log: Path, config_dir: Path) -> Path:
    """Find the project's own mapping for a log, by the log's name.

    Raises:
        InvalidConfigError: the examples have no such mapping.
    """
    path = config_dir.parent / "examples" / log.stem / FILE_NAME
    if not path.exists():
        cure = "give one with --mapping (examples/hillstrom/README.md explains every key)"
        raise InvalidConfigError([f"{log}: it has no mapping at {path}; {cure}"])
    return path


class _Propensity(ma.Field[float | str]):
    def _deserialize(self, value: object, *_: object, **__: object) -> float | str:
        if isinstance(value, str) and value:
            return value
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= 1:
            return float(value)
        raise self.make_error("invalid")


class _Visitor(StrictTable):
    column = ma.String(required=True, **field_texts("name the column that identifies the customer"))
    prefix = ma.String(load_default="", **field_texts("write a text"))


class _Variant(StrictTable):
    column = ma.String(
        required=True, **field_texts("name the column with the variant that was given")
    )
    map = JsonTable('write a table such as { "A" = "a" }', check=text_problem, load_default=dict)


def _event(named: str, right: str) -> type[Schema]:
    """Make the schema of an event rule; the key `named` holds the event's type."""
    # Made from a dict: a class cannot have a field of the name `fields`.
    table: dict[str, ma.Field[Any]] = {
        named: ma.String(required=True, validate=OneOf(*EVENT_TYPES), **field_texts(right)),
        "when": ma.String(
            required=True, **field_texts("name the column that says whether it happened")
        ),
        "fields": JsonTable(
            'write a table such as { amount = "spend" }', check=text_problem, load_default=dict
        ),
    }
    return StrictTable.from_dict(table, name=f"{named.title()}Rule")


class _Mapping(StrictTable):
    slot = ma.String(required=True, **field_texts("name the slot that decides"))
    slot_file = ma.String(
        load_default=None, **field_texts("give its file, relative to the mapping")
    )
    channel = ma.String(
        load_default="web", validate=OneOf(*CHANNELS), **field_texts("name a channel")
    )
    page = ma.String(load_default="default", **field_texts("name a page"))
    propensity = _Propensity(
        required=True,
        **field_texts("write a probability above 0, or the name of a column that holds it"),
    )
    visitor = ma.Nested(_Visitor, required=True, **field_texts("write [visitor] with column"))
    variant = ma.Nested(_Variant, required=True, **field_texts("write [variant] with column"))
    context = JsonTable(
        'write [context] with attribute = "column"', check=text_problem, load_default=dict
    )
    reward = ma.Nested(
        _event("event", "name the event type that rewards in the slot"),
        required=True,
        **field_texts("write [reward] with event and when"),
    )
    events = Items(
        ma.Nested(_event("type", "name an event type")),
        load_default=list,
        **field_texts("write each event as [[events]]"),
    )


def _mapping(path: Path, data: Mapping[str, Any]) -> LogMapping:
    return LogMapping(
        source=path,
        slot=data["slot"],
        slot_file=path.parent / data["slot_file"] if data["slot_file"] else None,
        channel=data["channel"],
        page=data["page"],
        propensity=data["propensity"],
        visitor_column=data["visitor"]["column"],
        visitor_prefix=data["visitor"]["prefix"],
        variant_column=data["variant"]["column"],
        variant_names=data["variant"]["map"],
        context=data["context"],
        reward=_rule(data["reward"], "event"),
        events=tuple(_rule(one, "type") for one in data["events"]),
    )


def _rule(data: Mapping[str, Any], named: str) -> EventRule:
    return EventRule(data[named], data["when"], data["fields"])


def _flat(messages: object, key: str) -> Iterator[tuple[str, str]]:
    if isinstance(messages, dict):
        for part, inner in messages.items():
            below = key if part == "_schema" else f"{key}.{part}" if key else str(part)
            yield from _flat(inner, below)
    else:
        lines = messages if isinstance(messages, list) else [messages]
        yield from ((key, str(line)) for line in lines)
