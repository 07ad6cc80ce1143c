"""Terms of a flag: how a slot's variants become values of one kind, as `[ofrep] slots` says."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from marshmallow import ValidationError
from marshmallow import fields as ma

KEYS: Final = ("kind", "field", "values")
CURE: Final = 'write slots = ["banner"], or a table [ofrep.slots.SLOT] with kind = "boolean"'


class FlagKind(StrEnum):
    """Kind of a flag's values, in the words of OpenFeature."""

    BOOLEAN = "boolean"
    STRING = "string"
    NUMBER = "number"
    OBJECT = "object"


@dataclass(frozen=True)
class FlagTerms:
    """The terms on which a slot is a flag.

    Attributes:
        slot: name of the slot, which is the flag's key.
        kind: of all its values; None where each variant's value is given as it is.
        member: name in the variant's value that holds the flag's value; empty for the whole value.
        values: variant -> value of the flag, which counts before the variant's own.
    """

    slot: str
    kind: FlagKind | None = None
    member: str = ""
    values: Mapping[str, object] = field(default_factory=dict)

    def plain(self) -> dict[str, object]:
        """Return the terms as the file has them, without what is left to its default."""
        given = {"kind": self.kind and self.kind.value, "field": self.member, "values": self.values}
        return {name: value for name, value in given.items() if value}


class FlagTable(ma.Field[tuple[FlagTerms, ...]]):
    """A field for `[ofrep] slots`: a list of slots, or a table of slots with their terms.

    A variable holds the same as JSON, or names with commas between them.
    """

    def _deserialize(self, value: object, *_: object, **__: object) -> tuple[FlagTerms, ...]:
        given = _read(value) if isinstance(value, str) else value
        if isinstance(given, list):
            if not all(isinstance(one, str) and one for one in given):
                raise ValidationError(CURE)
            given = {slot: {} for slot in given}
        if not isinstance(given, dict):
            raise ValidationError(CURE)
        return tuple([_terms(slot, table) for slot, table in given.items()])


def dump_flags(flags: Iterable[FlagTerms]) -> str:
    """Return the text of a variable from which `FlagTable` makes these terms again."""
    return json.dumps({one.slot: one.plain() for one in flags}, ensure_ascii=False)


def _read(text: str) -> object:
    if not text.lstrip().startswith(("{", "[")):
        return [one.strip() for one in text.split(",") if one.strip()]
    try:
        return json.loads(text)
    except ValueError:
        raise ValidationError("is not JSON; give a table of slots, such as {}") from None


def _terms(slot: str, table: object) -> FlagTerms:
    if not isinstance(table, dict):
        raise ValidationError(f'{slot}: {CURE}, such as [ofrep.slots.{slot}] kind = "boolean"')
    if unknown := [name for name in table if name not in KEYS]:
        raise ValidationError(f"{slot}.{unknown[0]}: no such key; use {', '.join(KEYS)}")
    return FlagTerms(
        slot,
        _kind(slot, table.get("kind")),
        _member(slot, table.get("field", "")),
        _values(slot, table.get("values", {})),
    )


def _kind(slot: str, given: object) -> FlagKind | None:
    try:
        return None if given is None else FlagKind(str(given))
    except ValueError:
        raise ValidationError(f"{slot}.kind: use one of {', '.join(FlagKind)}") from None


def _member(slot: str, given: object) -> str:
    if not isinstance(given, str):
        raise ValidationError(f"{slot}.field: name a key of the variants' values, such as amount")
    return given


def _values(slot: str, given: Any) -> Mapping[str, object]:  # noqa: ANN401 (any value of a file)
    if not isinstance(given, dict):
        raise ValidationError(f"{slot}.values: give variant = value, such as {{ on = true }}")
    return given
