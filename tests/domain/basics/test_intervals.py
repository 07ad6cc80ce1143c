"""Intervals: what is left when others are taken out, second by second."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from nudge.domain.basics.intervals import Interval, merge, without

pairs = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=8)


def seconds(intervals: list[Interval] | tuple[Interval, ...]) -> set[int]:
    """Which of the first 40 are in one of them."""
    return {n for n in range(40) if any(low <= n < high for low, high in intervals)}


@given(pairs)
def test_merging_keeps_every_second_once(some: list[Interval]) -> None:
    """In order, not empty, not touching; empty and backward ones go."""
    found = merge(some)
    assert seconds(found) == seconds(some)
    assert all(low < high for low, high in found)
    assert all(one[1] < other[0] for one, other in pairwise(found))


@given(pairs, pairs)
def test_what_is_left_is_the_difference(some: list[Interval], others: list[Interval]) -> None:
    """All that is in the first and in none of the others, in as few pieces as that takes."""
    found = without(merge(some), others)
    assert seconds(found) == seconds(some) - seconds(others)
    assert found == merge(found)
