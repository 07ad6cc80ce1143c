"""Functions of Spark that Ibis does not know: a hash, DuckDB's hash of a text, and `bit_or`.

A subject must be in one group of subjects and one split of the reward model in both engines, or
their intervals would differ by chance. So Spark computes DuckDB's hash of a text: blocks of
eight bytes, little-endian, each mixed in by exclusive or and a multiplication modulo 2^64, behind
a seed with the length, and the finalizer of MurmurHash.
"""

from __future__ import annotations

from typing import Any, Final, cast

import ibis
from ibis.expr.types import Column, IntegerColumn, IntegerScalar

PERSON: Final = "nudge_person"
_SEED: Final = 0xE17A1465
_LENGTH: Final = 0xC6A4A7935BD1E995
_FACTOR: Final = 0xD6E8FEB86659FD93


def _signed(number: int) -> str:
    return f"{number - (number >> 63 << 64)}L"


# Spark's products of 64-bit numbers wrap, since its ANSI mode is off.
DEFINITION: Final = f"""
CREATE OR REPLACE TEMPORARY FUNCTION {PERSON}(subject STRING) RETURNS BIGINT RETURN aggregate(
  regexp_extract_all(hex(subject), '.{{1,16}}', 0),
  {_signed(_SEED)} ^ (octet_length(subject) * {_signed(_LENGTH)}),
  (h, block) -> {_signed(_FACTOR)} * (
    h ^ CAST(conv(regexp_replace(reverse(block), '(.)(.)', '$2$1'), 16, -10) AS BIGINT)),
  h -> aggregate(
    array(1, 2), h,
    (x, round) -> {_signed(_FACTOR)} * (x ^ shiftrightunsigned(x, 32)),
    x -> x ^ shiftrightunsigned(x, 32)))
"""
"""Statement that defines the function in a session."""


@ibis.udf.scalar.builtin(name="xxhash64", signature=((None,), "int64"))  # type: ignore[untyped-decorator]
def _xxhash64(value: Any) -> int:  # type: ignore[empty-body]  # noqa: ANN401 - Spark's own
    """Spark's 64-bit hash of any value."""


@ibis.udf.scalar.builtin(name=PERSON)  # type: ignore[untyped-decorator]
def _person(subject: str) -> int:  # type: ignore[empty-body]
    """Spark function that `DEFINITION` creates."""


@ibis.udf.agg.builtin(name="bit_or")  # type: ignore[untyped-decorator]
def _bit_or(bits: int) -> int:  # type: ignore[empty-body]
    """Spark's own `bit_or`, which Ibis offers for other engines only."""


def hash_values(value: Column) -> IntegerColumn:
    """Return Spark's 64-bit hash of any value."""
    return cast("IntegerColumn", _xxhash64(value))


def hash_subject(subject: Column) -> IntegerColumn:
    """Return DuckDB's hash of a text, as a signed 64-bit number."""
    return cast("IntegerColumn", _person(subject))


def combine_bits(places: IntegerColumn) -> IntegerScalar:
    """Aggregate places to one number that has the bit of each place that occurs in the rows."""
    # A literal 1 would be 32 bits wide, whatever Ibis takes it for, and so would be what it gives.
    one = ibis.literal("1").cast("int64")
    return cast("IntegerScalar", _bit_or(one << places))
