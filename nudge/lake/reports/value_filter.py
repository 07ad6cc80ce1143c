"""Filters of rows by the values, or ranges of values, of a dimension."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import or_
from typing import Final, cast

import ibis
from ibis.expr.types import BooleanValue, StringValue, Value

from nudge.domain.reports.filters import ValueRange

NUMBER: Final = r"^-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?$"
"""Form of the numbers in the log: other texts that an engine would convert, as nan, are none."""
DATE: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}"
"""Form of a date, perhaps with a time behind it."""
_DATE_LENGTH: Final = len("2026-11-27")


def fits(values: StringValue, wanted: Sequence[str | ValueRange]) -> BooleanValue:
    """Return whether each value is one of those wanted, or in one of the ranges.

    Args:
        values: of a dimension, as text; empty for an unknown one.
        wanted: values and ranges; at least one.
    """
    texts = [one for one in wanted if isinstance(one, str)]
    parts = [_within(values, one) for one in wanted if isinstance(one, ValueRange)]
    if texts:
        parts.append(values == texts[0] if len(texts) == 1 else values.isin(texts))
    return reduce(or_, parts)


def _within(values: StringValue, span: ValueRange) -> BooleanValue:
    found, low, high = _sortable(values, span)
    known = found.notnull()
    after = known if low is None else known & (found >= low)
    inside = after if high is None else after & (found <= high)
    return inside.fill_null(False)


def _sortable(
    values: StringValue, span: ValueRange
) -> tuple[Value, str | float | None, str | float | None]:
    """Return values that can be compared, null where they are of another kind, and both ends."""
    nothing = ibis.null("string")
    if span.dated:
        dates = ibis.ifelse(values.re_search(DATE), values.left(_DATE_LENGTH), nothing)
        return dates, span.low or None, span.high or None
    # Converted only where it is a number: engines compute both branches as they like.
    numbers = cast("StringValue", ibis.ifelse(values.re_search(NUMBER), values, nothing))
    ends = [float(end) if end else None for end in (span.low, span.high)]
    return numbers.try_cast("float64"), ends[0], ends[1]
