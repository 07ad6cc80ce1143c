"""The rhythm of recharges as a file (`rhythm.toml`), as a worker writes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any, Final

from marshmallow import ValidationError, validate
from marshmallow import fields as ma

from nudge.config.slot_fields import StrictTable, field_texts
from nudge.config.table_file import ConfigTables, problems_of
from nudge.domain.people.rhythm import Rhythm
from nudge.errors import InvalidConfigError

FILE: Final = "rhythm.toml"
VERSION: Final = 1
MOST_STAGES: Final = 64
_BOUNDS: Final = (1e-7, 1e7)


def _positive() -> ma.Float:
    text = "write a number above 0, as `nudge rhythm --json` tells it"
    return ma.Float(
        required=True, validate=validate.Range(*_BOUNDS, error=text), **field_texts(text)
    )


def _count(most: int) -> ma.Integer:
    text = f"write a whole number from 1 to {most:,}"
    return ma.Integer(
        required=True,
        strict=True,
        validate=validate.Range(1, most, error=text),
        **field_texts(text),
    )


class RhythmSchema(StrictTable):
    """The whole file: version, parameters, and from what they were fitted."""

    version = ma.Integer(
        required=True,
        validate=validate.Equal(VERSION, error=f"use {VERSION}: this version reads no other"),
        **field_texts(f"write {VERSION}"),
    )
    regularity = _count(MOST_STAGES)
    rate_shape = _positive()
    rate_scale = _positive()
    leaving_shape = _positive()
    leaving_scale = _positive()
    people = _count(10**10)
    repeats = _count(10**12)
    until = ma.Date(required=True, **field_texts('write a day such as "2026-11-27"'))
    log_likelihood = ma.Float(required=True, **field_texts("write a number"))


def load_rhythm(place: Path | ConfigTables) -> Rhythm | None:
    """Load the rhythm of a configuration; None where none was ever fitted.

    Raises:
        InvalidConfigError: all problems, each with file and key.
    """
    tables = ConfigTables.of(place)
    return parse_rhythm(tables.read(FILE), str(tables.place(FILE))) if tables.has(FILE) else None


def parse_rhythm(table: Mapping[str, object], source: str) -> Rhythm:
    """Parse a rhythm of a plain table.

    Raises:
        InvalidConfigError: all problems, each as `<source>: <dotted.key>: wrong; right`.
    """
    try:
        data: dict[str, Any] = RhythmSchema().load(_with_text(table))
    except ValidationError as error:
        problems = problems_of(error.messages, table)
        raise InvalidConfigError([f"{source}: {key}: {wrong}" for key, wrong in problems]) from None
    del data["version"]
    return Rhythm(**data | {"until": data["until"].isoformat()})


def _with_text(table: Mapping[str, object]) -> dict[str, object]:
    """Return the table with its day as text: TOML has days of its own."""
    return {
        key: value.isoformat() if isinstance(value, date) else value for key, value in table.items()
    }


def rhythm_text(rhythm: Rhythm) -> str:
    """Return a rhythm as the text of its file."""
    told = asdict(rhythm) | {"until": f'"{rhythm.until}"'}
    rows = [f"{key} = {one}" for key, one in told.items()]
    return "\n".join([f"version = {VERSION}", *rows, ""])
