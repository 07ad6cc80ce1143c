"""Outages in the lake: the condition by which an exposure lies in a quarantine."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from functools import reduce
from operator import or_
from typing import cast

import ibis
from ibis.expr.types import BooleanValue, NumericValue, StringValue

from nudge.domain.alarms.quarantine import Quarantine


def is_quarantined(
    at: NumericValue, channel: StringValue, quarantines: Sequence[Quarantine]
) -> BooleanValue:
    """Return whether an exposure counts nothing; false where there is none.

    Args:
        at: seconds, time of the exposure.
        channel: of the decision.
        quarantines: those that leave something out.
    """
    inside = [ibis.literal(False)]
    for one in quarantines:
        found = (at >= one.start) & (at < one.end)
        inside.append(found & (channel == one.scope.channel) if one.scope.channel else found)
    return cast("BooleanValue", reduce(or_, inside).fill_null(False))


def parse_quarantines(fields: Iterable[str]) -> tuple[Quarantine, ...]:
    """Return the quarantines in force, in the order of their ids.

    Args:
        fields: JSON of the marks' fields, in any order and perhaps more than once: each holds a
            whole quarantine, and its highest revision is true.
    """
    latest: dict[str, Quarantine] = {}
    for text in fields:
        one = Quarantine.read(json.loads(text)["quarantine"])
        if one.id not in latest or latest[one.id].revision < one.revision:
            latest[one.id] = one
    return tuple(latest[name] for name in sorted(latest) if latest[name].leaves_out)
