"""Slots as files, read with every problem named."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from marshmallow import ValidationError

from nudge.config.slot_rules import RULES, Problem, SlotDraft
from nudge.config.slot_schema import SlotSchema
from nudge.config.slot_table import digest, dump_slot, slot_of
from nudge.config.table_file import problems_of, read_table
from nudge.domain.slots.slot import Slot
from nudge.errors import InvalidConfigError

__all__ = ["digest", "dump_slot", "load_slot", "load_slots", "parse_slot"]


def load_slots(directory: Path) -> dict[str, Slot]:
    """Load the slots of a directory, by name: one for each `<slot>.toml`.

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
    """Load the slot of one file.

    Raises:
        InvalidConfigError: all problems, each with file and key, or with the line of a TOML error.
    """
    return parse_slot(read_table(path), str(path))


def parse_slot(table: Mapping[str, object], source: str) -> Slot:
    """Parse the slot of a plain table, from a file or the API.

    Args:
        table: not yet checked.
        source: its name in messages, for example the file's path.

    Raises:
        InvalidConfigError: all problems, each as `<source>: <dotted.key>: wrong; right`.
    """
    try:
        data: dict[str, Any] = _schema().load(table)
        found: list[Problem] = []
    except ValidationError as error:
        valid = error.valid_data
        data = valid if isinstance(valid, dict) else {}
        found = list(problems_of(error.messages, table))
    draft = SlotDraft.of(table, data)
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
