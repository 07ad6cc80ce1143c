"""Attributes that are known of an audience, with the values that many of its members have. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from nudge.domain.audience.audience import Audience
from nudge.domain.reports.report_time import FEWEST
from nudge.domain.slots.slot import Scalar

MOST_VALUES: Final = 30
"""Values of an attribute that are told: the most frequent."""


@dataclass(frozen=True)
class KnownAttribute:
    """An attribute of which something is known in an audience.

    Attributes:
        share: of the members of whom it is known.
        values: value -> members who have it, the most frequent first; a value that hardly anybody
            has is left out, because it may stand for one person.
    """

    name: str
    share: float
    values: Mapping[Scalar, int]


def known_attributes(audience: Audience) -> tuple[KnownAttribute, ...]:
    """Return the attributes that are known of an audience, in alphabetic order."""
    counts: defaultdict[str, Counter[Scalar]] = defaultdict(Counter)
    for one in audience.members:
        for name, value in one.context.items():
            if value is not None:
                counts[name][value] += 1
    members = len(audience.members)
    return tuple(
        KnownAttribute(name, found.total() / members, _often(found))
        for name, found in sorted(counts.items())
        if found.total() >= FEWEST
    )


def _often(found: Counter[Scalar]) -> dict[Scalar, int]:
    return {value: n for value, n in found.most_common(MOST_VALUES) if n >= FEWEST}
