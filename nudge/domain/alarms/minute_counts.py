"""Minute counts: arrivals, successes and failures of a minute, by stage and attributes. Pure.

A *leaf* is a stage with the attributes of those counted, `method|channel=web|method=wechat`, here
with the separator that no value can hold. Streams, such as a stage with one value of an attribute,
are sums of leaves. A field is a leaf with a kind.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Final, NamedTuple

from bandits.units import MINUTE
from nudge.domain.slots.slot import Scalar

ARRIVED: Final = "a"
SUCCEEDED: Final = "s"
FAILED: Final = "f"
DELAYED: Final = "d"
"""Kind of a success by its delay: the number of minutes follows."""
LONGEST_DELAY: Final = 60
"""Minutes; a longer delay counts as this."""
LONGEST_VALUE: Final = 40
"""Characters of an attribute's value that are told apart."""
_PART: Final = "\x1f"
_KIND: Final = "\x1e"


class LeafCount(NamedTuple):
    """A count of one leaf.

    Attributes:
        stage: name of the stage.
        attributes: name -> value, without those that are unknown.
        kind: `a`, `s`, `f`, or `d` with the minutes of the delay.
        number: how many.
    """

    stage: str
    attributes: Mapping[str, str]
    kind: str
    number: int


def minute_of(at: float) -> int:
    """Return the minute since the epoch in which a moment lies."""
    return int(at // MINUTE)


def value_text(value: Scalar) -> str:
    """Return an attribute's value as it is counted: short, and without control characters."""
    text = (value if isinstance(value, str) else _plain(value))[:LONGEST_VALUE]
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else " " for c in text)


def leaf_of(stage: str, attributes: Mapping[str, str]) -> str:
    """Return the leaf of a stage with the attributes that are known."""
    known = [f"{name}={attributes[name]}" for name in sorted(attributes) if attributes[name]]
    return _PART.join((stage, *known))


@lru_cache(maxsize=20_000, typed=True)
def tail_of(names: tuple[str, ...], *values: Scalar | None) -> str:
    """Return the known attributes as they stand in a leaf: what follows its stage.

    Most visits share theirs with many others.

    Args:
        names: of the attributes.
        values: of each; None where it is unknown.
    """
    known = {n: value_text(v) for n, v in zip(names, values, strict=True) if v is not None}
    return leaf_of("", known)[1:]


@lru_cache(maxsize=50_000)
def leaf_with(stage: str, tail: str, *more: tuple[str, str]) -> str:
    """Return the leaf of a stage with the attributes of a tail.

    Args:
        stage: name of the stage.
        tail: of `tail_of`.
        more: (name, value) of further attributes, each instead of the tail's; an empty value is
            unknown.
    """
    return leaf_of(stage, {**_read_leaf(_PART.join(("", tail)))[1], **dict(more)})


def field_of(leaf: str, kind: str) -> str:
    """Return the field that counts a kind of a leaf."""
    return f"{leaf}{_KIND}{kind}"


def delay_field(stage: str, minutes: int) -> str:
    """Return the field that counts successes of a stage by their delay, whatever their leaf."""
    return field_of(stage, f"{DELAYED}{min(minutes, LONGEST_DELAY)}")


def read_field(field: str, number: int) -> LeafCount:
    """Read a count from its field."""
    leaf, _, kind = field.partition(_KIND)
    return LeafCount(*_read_leaf(leaf), kind, number)


@lru_cache(maxsize=50_000)
def _read_leaf(leaf: str) -> tuple[str, Mapping[str, str]]:
    stage, *pairs = leaf.split(_PART)
    return stage, dict(_pair(pair) for pair in pairs if pair)


def _pair(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name, value


def _plain(value: Scalar) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    # Nothing below zero is zero: the two are equal, and would share what was kept of either.
    return f"{value + 0.0:g}" if isinstance(value, float) else str(value)
