"""Slots as files: reading them with every problem named."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from marshmallow import ValidationError

from nudge.domain.slot import Slot
from nudge.domain.slot_rules import RULES, Draft, Problem
from nudge.domain.slot_schema import SlotSchema
from nudge.domain.slot_table import digest, dump_slot, slot_of
from nudge.errors import InvalidConfigError

__all__ = ["digest", "dump_slot", "load_slot", "load_slots", "parse_slot"]

_AT_LINE = re.compile(r"(.*) \(at line (\d+), column (\d+)\)", re.DOTALL)


def load_slots(directory: Path) -> dict[str, Slot]:
    """The slots of a directory, by name: one for each `<slot>.toml`.

    Raises:
        InvalidConfigError: all problems of all files, one a line.
    """
    if not directory.is_dir():
        raise InvalidConfigError([f"{directory}: no such directory; give one with <slot>.toml"])
    slots: dict[str, Slot] = {}
    problems: list[str] = []
    for path in sorted(directory.glob("*.toml")):
        try:
            slots[path.stem] = load_slot(path)
            problems += _misnamed(path, slots[path.stem])
        except InvalidConfigError as error:
            problems += error.problems
    if problems:
        raise InvalidConfigError(problems)
    return slots


def load_slot(path: Path) -> Slot:
    """The slot of one file.

    Raises:
        InvalidConfigError: all problems, each with file and key, or line where it is no TOML.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")  # some editors begin a file with a mark
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidConfigError([f"{path}: cannot be read ({error}); save as UTF-8"]) from error
    try:
        table = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidConfigError([f"{path}: {_syntax(str(error))}"]) from error
    return parse_slot(table, str(path))


def parse_slot(table: Mapping[str, object], source: str) -> Slot:
    """The slot that a plain table describes.

    Args:
        table: as a file or the API gives it.
        source: what messages call it, for example the file's path.

    Raises:
        InvalidConfigError: all problems, each as `<source>: <dotted.key>: wrong; right`.
    """
    try:
        data: dict[str, Any] = _schema().load(table)
        found: list[Problem] = []
    except ValidationError as error:
        valid = error.valid_data
        data = valid if isinstance(valid, dict) else {}
        found = list(_flat(error.messages, table))
    draft = Draft.of(table, data)
    found += [problem for rule in RULES for problem in rule(draft)]
    if found:
        raise InvalidConfigError([f"{source}: {key}: {wrong}" for key, wrong in found])
    return slot_of(data)


@cache
def _schema() -> SlotSchema:
    return SlotSchema()  # one instance: making it costs more than using it


def _misnamed(path: Path, slot: Slot) -> list[str]:
    if slot.name == path.stem:
        return []
    cure = f"name the file {slot.name}.toml, or the slot {path.stem!r}"
    return [f"{path}: slot: {slot.name!r} is not the file's name; {cure}"]


def _syntax(message: str) -> str:
    found = _AT_LINE.fullmatch(message)
    if found is None:
        return f"is no TOML: {message}; correct its syntax"
    return f"line {found[2]}, column {found[3]}: is no TOML: {found[1]}; correct its syntax"


def _flat(messages: object, raw: object, key: str = "") -> Iterator[Problem]:
    """The leaves of marshmallow's messages, each with its dotted key."""
    if not isinstance(messages, dict):
        lines = messages if isinstance(messages, list) else [messages]
        yield from ((key or "(whole table)", str(line)) for line in lines)
        return
    for part, inner in messages.items():
        below = _below(raw, part)
        yield from _flat(inner, below, key if part == "_schema" else _joined(key, part, below))


def _below(raw: object, part: object) -> object:
    if isinstance(raw, list) and isinstance(part, int):
        return raw[part]
    return raw.get(part) if isinstance(raw, Mapping) else raw


def _joined(key: str, part: object, raw: object) -> str:
    """`variants.coffee` where the entry has a name, `variants[2]` where it has none."""
    if isinstance(part, int):
        name = raw.get("name") if isinstance(raw, Mapping) else None
        return f"{key}.{name}" if isinstance(name, str) and name else f"{key}[{part}]"
    return f"{key}.{part}" if key else str(part)
