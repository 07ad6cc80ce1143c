"""Rows of a log whose values no estimator can carry: each is refused, and named by its place.

One reward of 1e308 makes every sum infinite, and one propensity of 1e-308 every weight. Estimates
square a reward times a weight and add up billions of these: with the bounds below they stay exact
numbers, far from the end of what a double holds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bandits.arrays import BoolArray, FloatArray
from nudge.lake.evaluation.log_arrays import REAL, TEXT, RawBatch
from nudge.lake.evaluation.log_columns import Columns
from nudge.lake.evaluation.log_matrices import list_lengths, list_members, list_numbers
from nudge.lake.intake.bad_row import BadRow

LARGEST_REWARD: Final = 1e12
LEAST_PROPENSITY: Final = 1e-12
CLOSE: Final = 1e-6
"""Rounding that a probability may have."""
Flaw = tuple[str, str, BoolArray]
"""Column, problem with its cure, and bool (n,): the row has it."""


def refused_rows(part: RawBatch, flaws: Iterator[Flaw]) -> tuple[BoolArray, list[BadRow]]:
    """Return bool (n,), the rows that stay, and the others by their first flaw."""
    kept = np.ones(len(part), dtype=np.bool_)
    bad: list[BadRow] = []
    for name, problem, wrong in flaws:
        told = f"column {name!r} {problem}"
        bad += [BadRow(line, told) for line in part.numbers[kept & wrong].tolist()]
        kept &= ~wrong
    return kept, sorted(bad)


def flag_flaws(part: RawBatch) -> Iterator[Flaw]:
    """Yield the flaws of the columns that tell whether a row may be used."""
    for name in ("matured", "quarantined"):
        if part.has(name):
            yield name, "is neither true nor false; correct it", part.bad_flag(name)


def value_flaws(part: RawBatch, columns: Columns, variants: Sequence[str]) -> Iterator[Flaw]:
    """Yield the flaws of the values that estimates are made of.

    Args:
        part: rows that may be used.
        columns: their meaning.
        variants: all of them, where they were named.
    """
    if part.bad_context is not None:
        yield "context", "is no JSON table; write names with values", part.bad_context
    yield from _variant_flaws(part, columns, variants)
    value, wrong = part.numbers_of(columns.reward)
    wrong |= ~part.null(columns.reward) & ~(np.abs(value) <= LARGEST_REWARD)
    yield columns.reward, f"is no number up to {LARGEST_REWARD:g}; correct it", wrong
    if isinstance(columns.propensity, str):
        value, wrong = part.numbers_of(columns.propensity)
        wrong |= ~((value >= LEAST_PROPENSITY) & (value <= 1.0 + CLOSE))
        text = f"is no probability from {LEAST_PROPENSITY:g} to 1; correct it"
        yield columns.propensity, text, wrong
    yield from _list_flaws(part, variants)
    if columns.target is not None:
        yield from _target_flaws(part, columns.target, len(variants))


def _variant_flaws(part: RawBatch, columns: Columns, variants: Sequence[str]) -> Iterator[Flaw]:
    values = part.text(columns.variant)
    empty = pc.fill_null(pc.equal(values, pa.scalar("", TEXT)), fill_value=True)
    yield columns.variant, "is empty; name the variant drawn", _mask(empty)
    if variants:
        known = pc.is_in(values, value_set=pa.array(variants, TEXT))
        text = "is not among the variants; name them all with --variants"
        yield columns.variant, text, ~_mask(known)


def _list_flaws(part: RawBatch, variants: Sequence[str]) -> Iterator[Flaw]:
    lengths = None
    if part.has("eligible"):
        names, wrong = part.lists("eligible", TEXT), part.bad_list("eligible", TEXT)
        yield "eligible", 'is no list of variants; write lists such as ["a", "b"]', wrong
        lengths = list_lengths(names)
        if variants:
            rows, places = list_members(names, pa.array(variants, TEXT))
            wrong = np.isin(np.arange(len(part)), rows[places < 0])
            yield "eligible", "has an unknown variant; name them all with --variants", wrong
    if part.has("pmf"):
        values, wrong = part.lists("pmf", REAL), part.bad_list("pmf", REAL)
        wrong = wrong | ~_all_probabilities(values)
        yield "pmf", "is no list of probabilities; write lists such as [0.2, 0.8]", wrong
        if lengths is not None:
            fits = list_lengths(values) == lengths
            yield "pmf", "is of the wrong length; write one number for each eligible", ~fits
        elif variants:
            text = f"is of the wrong length; write {len(variants)} numbers, one for each variant"
            yield "pmf", text, list_lengths(values) != len(variants)


def _target_flaws(part: RawBatch, name: str, wide: int) -> Iterator[Flaw]:
    if not part.holds_lists(name):
        value, wrong = part.numbers_of(name)
        wrong |= ~((value >= 0.0) & (value <= 1.0 + CLOSE))
        yield name, "is no probability from 0 to 1; correct it", wrong
        return
    values, wrong = part.lists(name, REAL), part.bad_list(name, REAL)
    wrong = wrong | ~_all_probabilities(values)
    yield name, "is no list of probabilities; write lists such as [0.2, 0.8]", wrong
    if wide:
        text = f"is of the wrong length; write {wide} numbers, in the order of --variants"
        yield name, text, list_lengths(values) != wide
    off = np.abs(_sums(values) - 1.0) > CLOSE
    yield name, "is no distribution: its numbers do not add up to 1; correct it", off


def _all_probabilities(values: pa.ListArray) -> BoolArray:
    """Return bool (n,): all numbers of a list are in [0, 1]."""
    flat = list_numbers(values)
    wrong = ~((flat >= 0.0) & (flat <= 1.0 + CLOSE))
    rows = np.repeat(np.arange(len(values)), list_lengths(values))
    found = np.ones(len(values), dtype=np.bool_)
    found[rows[wrong]] = False
    return found


def _sums(values: pa.ListArray) -> FloatArray:
    """Return the sum (n,) of each list."""
    rows = np.repeat(np.arange(len(values)), list_lengths(values))
    found = np.bincount(rows, np.nan_to_num(list_numbers(values), posinf=2.0), len(values))
    return found.astype(np.float64)


def _mask(column: pa.Array) -> BoolArray:
    return np.asarray(column.to_numpy(zero_copy_only=False), dtype=np.bool_)
