"""The lexicon of complaints as a file (`config/lexicon.toml`), read with every problem named."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any, Final

from marshmallow import ValidationError, validate
from marshmallow import fields as ma

from nudge.config.slot_fields import Items, StrictTable, field_texts
from nudge.config.slot_rules import Problem
from nudge.config.slot_schema import NAME
from nudge.config.table_file import ConfigTables, problems_of
from nudge.domain.care.words.alternatives import listed_phrases
from nudge.domain.care.words.lexicon import GAP, Lexicon, WordGroup
from nudge.errors import InvalidConfigError

FILE: Final = "lexicon.toml"
MOST_GROUPS: Final = 100
MOST_PHRASES: Final = 20_000
LONGEST: Final = 40
"""Characters of a phrase."""
LONGEST_SPELLING: Final = 1_000
"""Characters of a spelling with alternatives."""
LISTS: Final = ("complaints", "praise", "short", "missing", "hints", "topics")


def _spelling(text: str) -> None:
    """Refuse a spelling that lists no phrases of a fitting length.

    Raises:
        ValidationError: what is wrong with it.
    """
    if len(text) > LONGEST_SPELLING:
        raise ValidationError(f"write at most {LONGEST_SPELLING} characters, alternatives included")
    try:
        phrases = listed_phrases(text)
    except ValueError as error:
        raise ValidationError(str(error)) from error
    if any(not 1 <= len(one) <= LONGEST for one in phrases):
        raise ValidationError(f"write 1 to {LONGEST} characters")
    if any(not all(one.split(GAP)) or one.count(GAP) > 1 for one in phrases):
        raise ValidationError(f"write one gap at most, as in 等了{GAP}小时")


def _phrases() -> Items:
    return Items(
        ma.String(
            validate=_spelling,
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
    curable = ma.Boolean(
        load_default=False, truthy={True}, falsy={False}, **field_texts("write true or false")
    )
    complaints = _phrases()
    praise = _phrases()
    short = _phrases()
    missing = _phrases()
    hints = _phrases()
    topics = _phrases()


class NeutralSchema(StrictTable):
    """The table of words that are no complaint: those that hide phrases, and spellings."""

    words = _phrases()
    spelt = _phrases()
    calm = _phrases()
    asking = _phrases()


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
        _spread(neutral.get("words", ())),
        tuple(neutral.get("spelt", ())),
        _spread(neutral.get("calm", ())),
        _spread(neutral.get("asking", ())),
    )


def _spread(spellings: Iterable[str]) -> tuple[str, ...]:
    """Return the phrases of spellings, each once."""
    return tuple(dict.fromkeys(chain.from_iterable(map(listed_phrases, spellings))))


def _group(data: Mapping[str, Any]) -> WordGroup:
    lists = {name: _spread(data[name]) for name in LISTS}
    return WordGroup(data["name"], data["title"], data["weight"], data["curable"], **lists)


def _problems(data: Mapping[str, Any]) -> Iterator[Problem]:
    names = [one["name"] for one in data["group"]]
    for name in _repeated(names):
        yield f"group.{name}.name", "is given twice; give each name once"
    spelt: dict[str, str] = {}
    kinds: dict[str, str] = {}
    for group in data["group"]:
        for kind in LISTS:
            key = f"group.{group['name']}.{kind}"
            for phrase in group[kind]:
                home = spelt.setdefault(phrase, key)
                if home != key or group[kind].count(phrase) > 1:
                    yield key, f"lists {phrase!r}, which {home} lists; list each phrase once"
            yield from _double(key, group[kind], kinds)
    yield from _double("neutral.words", data["neutral"].get("words", ()), kinds)


def _double(key: str, spellings: Iterable[str], kinds: dict[str, str]) -> Iterator[Problem]:
    """Yield the phrases that are listed in another sense as well, and remember the others."""
    sense = key.rpartition(".")[2]
    for phrase in _spread(spellings):
        home = kinds.setdefault(phrase, key)
        if home.rpartition(".")[2] != sense:
            yield key, f"lists {phrase!r}, which {home} lists; keep one of them"


def _repeated(names: Iterable[str]) -> list[str]:
    listed = list(names)
    return sorted({name for name in listed if listed.count(name) > 1})
