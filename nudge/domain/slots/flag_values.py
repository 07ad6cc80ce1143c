"""Values of a slot as a flag of OpenFeature: which value a variant stands for. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from nudge.domain.basics.slot_values import suggestion
from nudge.domain.slots.slot import Slot, Variant
from nudge.settings.flag_terms import FlagKind, FlagTerms

RIGHT: Final[Mapping[FlagKind, Callable[[object], bool]]] = {
    FlagKind.BOOLEAN: lambda value: isinstance(value, bool),
    FlagKind.STRING: lambda value: isinstance(value, str),
    FlagKind.NUMBER: lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    FlagKind.OBJECT: lambda value: isinstance(value, dict | list),
}
"""Kind -> whether a value is of it."""


def flag_value(terms: FlagTerms, variant: str, shown: object) -> object:
    """Return the flag's value of a variant.

    Args:
        terms: of the flag.
        variant: name of the variant.
        shown: the variant's value as the page would get it.

    Returns:
        What `values` says; else the named part of the value; else the whole value. A flag of kind
        `string` without both gives the variant's name where its value is no text.
    """
    if variant in terms.values:
        return terms.values[variant]
    if terms.member:
        return shown.get(terms.member) if isinstance(shown, Mapping) else None
    if terms.kind is FlagKind.STRING and not isinstance(shown, str):
        return variant
    return shown


def flag_problems(terms: FlagTerms, slot: Slot) -> list[str]:
    """Return what keeps a slot from being a flag of this kind, each with key and cure."""
    unknown = [
        f"values.{name}: slot {slot.name!r} has no such variant; {suggestion(name, slot.names)}"
        for name in terms.values
        if name not in slot.names
    ]
    wrong = [_wrong(terms, one) for one in slot.variants]
    return unknown + [text for text in wrong if text]


def flag_set_problems(flags: Iterable[FlagTerms], slots: Mapping[str, Slot]) -> list[str]:
    """Return what is wrong with `[ofrep] slots`, as lines of `nudge check`."""
    return [
        f"nudge.toml: ofrep.slots.{terms.slot}: {text}"
        for terms in flags
        if terms.slot in slots
        for text in flag_problems(terms, slots[terms.slot])
    ]


def unknown_flags(flags: Iterable[FlagTerms], slots: Mapping[str, Slot]) -> list[str]:
    """Return warnings of slots that have no file; they may be in service alone."""
    return [
        f"nudge.toml: ofrep.slots.{terms.slot}: no such file in slots; "
        f"{suggestion(terms.slot, slots)}"
        for terms in flags
        if terms.slot not in slots
    ]


def _wrong(terms: FlagTerms, variant: Variant) -> str:
    """Return what is wrong with a variant's value; an empty text where nothing is."""
    value = flag_value(terms, variant.name, variant.value)
    if terms.kind is None:
        missing = bool(terms.member) and value is None
        return f"variant {variant.name!r} has no {terms.member!r} in its value" if missing else ""
    if RIGHT[terms.kind](value):
        return ""
    cure = f"give it one, values.{variant.name}"
    return f"variant {variant.name!r} has no value of kind {terms.kind}; {cure}"
