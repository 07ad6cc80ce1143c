"""The lexicon of complaints as a file (`config/lexicon.toml`), read with every problem named."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from marshmallow import ValidationError, validate
from marshmallow import fields as ma

from nudge.config.slot_fields import Items, StrictTable, field_texts
from nudge.config.slot_rules import Problem
from nudge.config.slot_schema import NAME
from nudge.config.table_file import ConfigTables, problems_of
from nudge.domain.care.words.lexicon import Lexicon, WordGroup
from nudge.errors import InvalidConfigError

FILE: Final = "lexicon.toml"
MOST_GROUPS: Final = 100
MOST_PHRASES: Final = 20_000
LONGEST: Final = 40
"""Characters of a phrase."""
LISTS: Final = ("complaints", "praise", "short")


def _phrases() -> Items:
    return Items(
        ma.String(
            validate=validate.Length(1, LONGEST, error=f"write 1 to {LONGEST} characters"),
            **field_texts("write a word or phrase"),
        ),
        load_default=list,
        validate=validate.Length(0, MOST_PHRASES, error=f"list at most {MOST_PHRASES} phrases"),
        **field_texts('list phrases, such as ["慢", "slow"]'),
    )


class WordGroupSchema(StrictTable):
    """A group's table: name, titles, weight and phrases."""

    name = ma.String(required=True, validate=NAME, **field_texts("name the group"))
    title = ma.Dict(
        keys=ma.String(validate=validate.OneOf(("zh", "en"), error="unknown language; use zh, en")),
        values=ma.String(**field_texts("write a text for people")),
        load_default=dict,
        **field_texts('write { zh = "...", en = "..." }'),
    )
    weight = ma.Float(
        load_default=1.0,
        validate=validate.Range(0, 100, error="write a number from 0 to 100"),
        **field_texts("write a number from 0 to 100"),
    )
    complaints = _phrases()
    praise = _phrases()
    short = _phrases()


class NeutralSchema(StrictTable):
    """The table of words that are no complaint: those that hide phrases, and spellings."""

    words = _phrases()
    spelt = _phrases()


class LexiconSchema(StrictTable):
    """The whole file."""

    group = Items(
        ma.Nested(WordGroupSchema),
        load_default=list,
        validate=validate.Length(0, MOST_GROUPS, error=f"has more than {MOST_GROUPS} groups"),
        **field_texts("write each group as [[group]]"),
    )
    neutral = ma.Nested(NeutralSchema, load_default=dict)


def load_lexicon(place: Path | ConfigTables) -> Lexicon:
    """Load the lexicon of a configuration; an empty one where the file is missing.

    Raises:
        InvalidConfigError: all problems, each with file and key.
    """
    tables = ConfigTables.of(place)
    return (
        parse_lexicon(tables.read(FILE), str(tables.place(FILE))) if tables.has(FILE) else Lexicon()
    )


def parse_lexicon(table: Mapping[str, object], source: str) -> Lexicon:
    """Parse the lexicon of a plain table.

    Raises:
        InvalidConfigError: all problems, each as `<source>: <dotted.key>: wrong; right`.
    """
    try:
        data: dict[str, Any] = LexiconSchema().load(table)
        found = list(_problems(data))
    except ValidationError as error:
        found = list(problems_of(error.messages, table))
    if found:
        raise InvalidConfigError([f"{source}: {key}: {wrong}" for key, wrong in found])
    neutral = data["neutral"]
    return Lexicon(
        tuple(_group(one) for one in data["group"]),
        tuple(neutral.get("words", ())),
        tuple(neutral.get("spelt", ())),
    )


def _group(data: Mapping[str, Any]) -> WordGroup:
    lists = {name: tuple(data[name]) for name in LISTS}
    return WordGroup(data["name"], data["title"], data["weight"], **lists)


def _problems(data: Mapping[str, Any]) -> Iterator[Problem]:
    names = [one["name"] for one in data["group"]]
    for name in _repeated(names):
        yield f"group.{name}.name", "is given twice; give each name once"
    homes: dict[str, str] = {}
    for group in data["group"]:
        for kind in LISTS:
            for phrase in group[kind]:
                key = f"group.{group['name']}.{kind}"
                home = homes.setdefault(phrase, key)
                if home != key or group[kind].count(phrase) > 1:
                    yield key, f"lists {phrase!r}, which {home} lists; list each phrase once"
    for phrase in data["neutral"].get("words", ()):
        if phrase in homes:
            yield (
                "neutral.words",
                f"lists {phrase!r}, which {homes[phrase]} lists; keep one of them",
            )


def _repeated(names: Iterable[str]) -> list[str]:
    listed = list(names)
    return sorted({name for name in listed if listed.count(name) > 1})
