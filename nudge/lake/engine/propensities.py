"""Class of an exposure's logged probabilities, as an expression for the engine."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import add
from typing import Final, cast

import ibis
from ibis.expr.types import FloatingColumn, IntegerValue, Table

DIGITS: Final = 20
"""Arms with a digit of their own; further ones share them."""
BASE: Final = 8


def propensity_class(table: Table, columns: Sequence[str]) -> IntegerValue:
    """Return the number that `bandits.inference.arm_blocks.propensity_class` gives a row.

    Args:
        table: rows with the probabilities; null where a variant was not eligible.
        columns: of the variants, in the order of the arms; those that the rows lack count as null.
    """
    digits = [
        _digit(cast("FloatingColumn", table[name])) * BASE ** (number % DIGITS)
        for number, name in enumerate(columns)
        if name in table.columns
    ]
    return reduce(add, digits, cast("IntegerValue", ibis.literal(0, "int64")))


def _digit(e: FloatingColumn) -> IntegerValue:
    found = (-e.nullif(0.0).log2() / 2.0 + 0.25).floor()
    bounded = ibis.least(ibis.greatest(found, 0.0), BASE - 1.0)
    return cast("IntegerValue", bounded.fill_null(0.0).cast("int64"))
