"""Count tables: addition, lossless compaction, weights."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bandits.counts import FINE, CountTable, Row, bucket_of, reward_delta, width_of
from bandits.units import DAY, HOUR

ROWS = st.lists(
    st.tuples(
        st.integers(0, 200 * DAY // FINE).map(lambda i: i * FINE),
        st.sampled_from(["0.1", "2.1", "-"]),
        st.integers(0, 2),
        st.integers(0, 5),
        st.integers(-1, 5),
        st.integers(-500, 50_000),
        st.integers(-(10**9), 10**30),
    ),
    max_size=20,
)
TIMES = st.floats(0, 300 * DAY)


@given(ROWS, ROWS)
def test_merging_equals_one_pass(first: list[Row], second: list[Row]) -> None:
    """Tables of two partitions add to the table of all rows, and rows come back as they were."""
    whole = CountTable.from_rows([*first, *second])
    assert CountTable.from_rows(first) + CountTable.from_rows(second) == whole
    assert CountTable.from_rows(whole.rows()) == whole


@given(ROWS, TIMES, TIMES)
def test_compaction_keeps_sums_and_may_be_repeated(rows: list[Row], a: float, b: float) -> None:
    """Sums by cell and arm stay to the unit, and an earlier compaction changes no later one."""
    table = CountTable.from_rows(rows)
    early, late = sorted((a, b))

    def sums(t: CountTable) -> list[Row]:
        return list(CountTable.from_rows((0, *row[1:]) for row in t.rows()).rows())  # type: ignore[misc]

    assert sums(table.compact(late)) == sums(table)
    assert table.compact(early).compact(late) == table.compact(late)


@given(TIMES, TIMES)
def test_a_bucket_holds_its_time_and_has_the_width_of_its_age(at: float, watermark: float) -> None:
    """Buckets are 5 minutes wide within 7 days, an hour to 90 days, a day beyond."""
    start, width = bucket_of(at, watermark), width_of(at, watermark)
    assert start <= at < start + width
    assert start % width == 0
    age = watermark - at
    if age <= 7 * DAY:
        assert width == FINE
    elif 7 * DAY + HOUR < age <= 90 * DAY:
        assert width == HOUR
    elif age > 91 * DAY:
        assert width == DAY


@given(st.lists(st.integers(0, 100_000), min_size=1, max_size=6))
def test_a_reward_that_changes_ends_as_if_it_came_once(values: list[int]) -> None:
    """Deltas from one value to the next sum to the last value's row, at the exposure's time."""
    table, before = CountTable(), 0
    table.add_exposure(1000.0, "0", 1)
    for value in values:
        table.add_reward(1000.0, "0", 1, *reward_delta(before, value))
        before = value
    assert list(table.rows()) == [(900, "0", 1, 1, int(before > 0), before, before**2)]


def test_weights_follow_the_half_life() -> None:
    """A bucket one half-life old weighs .5; later ones, and all without forgetting, weigh 1."""
    day = CountTable.from_rows(
        [(0, "a", 0, 8, 4, 400, 40_000), (DAY, "a", 0, 2, 1, 0, 0), (9 * DAY, "b", 1, 1, 0, 0, 0)]
    )
    found = day.weigh_buckets(DAY, half_life=DAY)
    assert (found.cells.tolist(), found.arms.tolist()) == (["a", "b"], [0, 1])
    assert found.trials.tolist() == [6.0, 1.0]
    assert found.conversions.tolist() == [3.0, 0.0]
    assert found.reward.tolist() == [200.0, 0.0]
    assert day.weigh_buckets(DAY, half_life=np.inf).trials.tolist() == [10.0, 1.0]


@pytest.mark.parametrize(("start", "stop", "left"), [(299, 301, 2), (300, 600, 3), (601, 899, 3)])
def test_an_outage_leaves_out_every_bucket_it_touches(start: int, stop: int, left: int) -> None:
    """Intervals are rounded outward to buckets, and a released one counts again."""
    table = CountTable.from_rows([(i * FINE, "a", 0, 1, 0, 0, 0) for i in range(4)])
    assert table.weigh_buckets(1200, np.inf, [(start, stop)]).trials.tolist() == [left]
    assert table.weigh_buckets(1200, np.inf).trials.tolist() == [4]


def test_an_empty_table_has_empty_columns() -> None:
    """An empty table gives empty columns and length 0."""
    assert CountTable().weigh_buckets(0, 1.0).trials.shape == (0,)
    assert len(CountTable()) == 0
