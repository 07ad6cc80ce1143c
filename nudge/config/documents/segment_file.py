"""The segments as a file (`config/segments.toml`), read with every problem named."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from marshmallow import ValidationError, validate
from marshmallow import fields as ma

from nudge.config.slot_fields import Items, RuleTable, StrictTable, field_texts
from nudge.config.slot_rules import Problem
from nudge.config.slot_schema import ATTRIBUTE, NAME
from nudge.config.table_file import ConfigTables, problems_of
from nudge.domain.basics.slot_values import suggestion
from nudge.domain.choosing.context_names import MADE, unmade_names
from nudge.domain.slots.rule import EXAMPLE
from nudge.domain.slots.segments import Segment, Segments
from nudge.domain.slots.slot import Slot
from nudge.errors import InvalidConfigError

FILE: Final = "segments.toml"
MOST_KINDS: Final = 10
MOST: Final = 50


class SegmentTableSchema(StrictTable):
    """A segment's table: name, rule and titles."""

    name = ma.String(required=True, validate=NAME, **field_texts("name the segment"))
    when = RuleTable(required=True, **field_texts(f"write a rule such as {EXAMPLE}"))
    title = ma.Dict(
        keys=ma.String(validate=validate.OneOf(("zh", "en"), error="unknown language; use zh, en")),
        values=ma.String(**field_texts("write a text for people")),
        load_default=dict,
        **field_texts('write { zh = "...", en = "..." }'),
    )


def load_segments(place: Path | ConfigTables) -> Segments:
    """Load the segments of a configuration; none where the file is missing.

    Raises:
        InvalidConfigError: all problems, each with file and key.
    """
    tables = ConfigTables.of(place)
    return parse_segments(tables.read(FILE), str(tables.place(FILE))) if tables.has(FILE) else {}


def parse_segments(table: Mapping[str, object], source: str) -> Segments:
    """Parse the segments of a plain table: kind -> list of segments.

    Raises:
        InvalidConfigError: all problems, each as `<source>: <dotted.key>: wrong; right`.
    """
    found: list[Problem] = []
    kinds: dict[str, tuple[Segment, ...]] = {}
    if len(table) > MOST_KINDS:
        found.append(("(whole table)", f"has {len(table)} kinds; use at most {MOST_KINDS}"))
    for kind, rows in table.items():
        try:
            ATTRIBUTE(kind)
            data: list[dict[str, Any]] = list(_rows().deserialize(rows))  # type: ignore[arg-type]
            found += _repeated(kind, data)
            kinds[kind] = tuple(Segment(**one) for one in data)
        except ValidationError as error:
            found += problems_of(error.messages, rows, kind)
    if found:
        raise InvalidConfigError([f"{source}: {key}: {wrong}" for key, wrong in found])
    return kinds


def context_warnings(
    slots: Iterable[Slot], segments: Segments, brought: Collection[str]
) -> list[str]:
    """Return the attributes that nothing makes, as texts for `nudge check`.

    A learner sees them as not known, for everybody, and a rule on them never holds.

    Args:
        slots: of the installation.
        segments: from `load_segments`.
        brought: attributes that the operator's pages, servers or files bring (`[people]`).
    """
    known = (*segments, *sorted(MADE), *brought)
    cure = "list it in nudge.toml, [people] attributes, if pages or files bring it"
    return [
        f"{f'slots/{slot}.toml' if slot else FILE}: {key}: nothing makes {name!r}; "
        f"{_meant(name, known)}{cure}"
        for (slot, key), name in unmade_names(slots, segments, brought).items()
    ]


def _meant(name: str, known: Iterable[str]) -> str:
    """Return a hint at the attribute that was probably meant, with a comma behind it."""
    words = [one for one in known if one in name.split("_")] or list(known)
    hint = suggestion(name if len(words) > 1 else words[0], words)
    return f"{hint} If not, " if hint.startswith("did you mean") else ""


@cache
def _rows() -> Items:
    return Items(
        ma.Nested(SegmentTableSchema),
        validate=validate.Length(1, MOST, error=f"is empty or too long; list 1 to {MOST}"),
        **field_texts("write each segment as [[stage]]"),
    )


def _repeated(kind: str, data: list[dict[str, Any]]) -> list[Problem]:
    names = [one["name"] for one in data]
    twice = sorted({name for name in names if names.count(name) > 1})
    return [(f"{kind}.{name}.name", "is given twice; give each name once") for name in twice]
