"""A patch of a slot's table: JSON merge patch (RFC 7396), with named entries in lists."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

NAMED: Final = ("variants", "context")
"""Lists of named entries: a patch may give a table of names instead of the whole list."""


def merge_patch(table: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """Apply a patch to a slot's table and return the new table.

    A null removes a key, a table is merged, anything else replaces. For `variants` and `context` a
    table changes the entries of these names, adds new ones at the end, and removes those that are
    null: `{"variants": {"coffee": {"enabled": false}}}`.
    """
    named = {key: patch[key] for key in NAMED if isinstance(patch.get(key), Mapping)}
    rest = {key: value for key, value in patch.items() if key not in named}
    after = _merged(table, rest)
    for key, changes in named.items():
        after[key] = _entries(after.get(key) or [], changes)
    return after


def _merged(table: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    after = {key: value for key, value in table.items() if patch.get(key, value) is not None}
    for key, value in patch.items():
        if isinstance(value, Mapping):
            before = table.get(key)
            after[key] = _merged(before if isinstance(before, Mapping) else {}, value)
        elif value is not None:
            after[key] = value
    return after


def _entries(entries: list[Any], changes: Mapping[str, Any]) -> list[Any]:
    after = []
    known = set()
    for entry in entries:
        name = str(entry.get("name")) if isinstance(entry, Mapping) else ""
        known.add(name)
        if name not in changes:
            after.append(entry)
        elif changes[name] is not None:
            after.append(_changed(entry, changes[name]))
    new = [(name, change) for name, change in changes.items() if name not in known]
    return after + [_changed({"name": name}, one) for name, one in new if one is not None]


def _changed(entry: Mapping[str, Any], change: object) -> object:
    # What is no table is left for the schema to refuse, with the place in its message.
    return _merged(entry, change) if isinstance(change, Mapping) else change
