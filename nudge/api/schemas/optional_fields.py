"""Optional fields that do not fit: left out and told, so that they never cost the rest."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

from marshmallow import Schema, ValidationError

from nudge.api.forms import MAX_ATTRIBUTES, MAX_NAME
from nudge.domain.choosing.requests import FieldWarning
from nudge.domain.values.number_words import mask_numbers

PASSES: Final = 3
"""Loads until a table fits: a field may have one more mistake behind the first."""


def load_with_warnings(
    schema: Schema, raw: Mapping[str, Any], optional: Collection[str]
) -> tuple[dict[str, Any], tuple[FieldWarning, ...]]:
    """Load a table without those of its optional fields that do not fit, each with a warning.

    Of a table of values only the values that do not fit are left out. A table that is in order
    costs no more than `schema.load`.

    Args:
        schema: of the table.
        raw: table as it came.
        optional: names of the fields without which the table still says something.

    Raises:
        ValidationError: a field that is needed does not fit, or one is unknown.
    """
    warnings: list[FieldWarning] = []
    left = raw
    for _ in range(PASSES):
        try:
            data: dict[str, Any] = schema.load(left)
        except ValidationError as error:
            messages = error.messages_dict
            if not messages.keys() <= set(optional):
                raise
            left = dict(left)
            for name, told in messages.items():
                warnings += _leave_out(left, name, told)
        else:
            return data, tuple(warnings)
    return schema.load(_needed(left, optional)), tuple(warnings)


def warning_of(name: str, problem: object) -> FieldWarning:
    """Return the warning of a field that was left out."""
    return FieldWarning(mask_numbers(name), f"{problem}; the field was left out")


def _leave_out(table: dict[str, Any], name: str, told: object) -> list[FieldWarning]:
    """Take a field, or the wrong ones of its values, out of the table."""
    value = table.pop(name)
    if not isinstance(value, Mapping):
        return [warning_of(name, _text(told))]
    if wrong := _by_key(told):
        table[name] = {key: one for key, one in value.items() if key not in wrong}
        return [warning_of(f"{name}.{key[:MAX_NAME]}", text) for key, text in wrong.items()]
    if len(value) > MAX_ATTRIBUTES:
        table[name] = dict(list(value.items())[:MAX_ATTRIBUTES])
        return [FieldWarning(name, f"{_text(told)}; the others were left out")]
    return [warning_of(name, _text(told))]


def _by_key(told: object) -> dict[str, str]:
    """Return key -> message, of messages about single values; marshmallow lists some of them."""
    tables = told if isinstance(told, list) else [told]
    found = [one for one in tables if isinstance(one, Mapping)]
    return {str(key): _text(text) for one in found for key, text in one.items()}


def _needed(table: Mapping[str, Any], optional: Collection[str]) -> dict[str, Any]:
    return {name: value for name, value in table.items() if name not in optional}


def _text(told: object) -> str:
    return " ".join(map(str, told)) if isinstance(told, list) else str(told)
