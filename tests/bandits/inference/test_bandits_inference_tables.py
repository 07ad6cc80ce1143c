"""Tables of cells: changes that are told are real, and all of them together; words by group."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bandits.arrays import FloatArray, IntArray
from bandits.inference.interval import Estimate
from bandits.inference.quantiles import normal_quantile
from bandits.inference.tables.log_odds import log_odds
from bandits.inference.tables.paired_means import CrossSums, PairedMeans, PeriodSums
from bandits.inference.tables.step_down import step_down

SHAPES = {
    "usual": np.array([2, 2, 2, 3, 5, 6, 8, 12, 20, 20, 20]) / 100.0,
    "ends": np.array([12, 1, 1, 1, 2, 5, 3, 5, 10, 10, 50]) / 100.0,
    "rare zeros": np.array([3, 0, 0, 0, 0, 0, 0, 0, 0, 7, 90]) / 100.0,
}


def side(who: IntArray, values: FloatArray, people: int) -> tuple[FloatArray, FloatArray]:
    """Rows and total of each person."""
    rows = np.bincount(who, minlength=people).astype(float)
    return rows, np.bincount(who, values, minlength=people)


def sums(rows: FloatArray, total: FloatArray) -> PeriodSums:
    """The sums of a period, person by person."""
    people = int((rows > 0).sum())
    squares = (float(rows @ rows), float(rows @ total), float(total @ total))
    return PeriodSums(people, int(rows.sum()), float(total.sum()), *squares)


def paired(
    now: tuple[FloatArray, FloatArray], before: tuple[FloatArray, FloatArray]
) -> PairedMeans:
    """The sums of two periods with the same people."""
    (n, s), (m, r) = now, before
    return PairedMeans(
        sums(n, s), sums(m, r), CrossSums(*(float(x) for x in (n @ m, n @ r, s @ m, s @ r)))
    )


def drawn(
    rng: np.random.Generator, shape: FloatArray, people: int, fall: float = 0.0
) -> PairedMeans:
    """Two periods of people, half of whom are in both and tend to give their usual score."""
    usual = rng.choice(11, 2 * people, p=shape) / 10.0

    def period(lower: float) -> tuple[FloatArray, FloatArray]:
        who = np.repeat(rng.choice(2 * people, people, replace=False), 1 + rng.poisson(0.5, people))
        anew = rng.choice(11, len(who), p=shape) / 10.0
        values = np.where(rng.random(len(who)) < 0.6, usual[who], anew)
        return side(who, np.maximum(values - lower, 0.0), 2 * people)

    return paired(period(fall), period(0.0))


@pytest.mark.parametrize("shape", list(SHAPES))
def test_hardly_any_table_tells_a_change_where_there_is_none(shape: str) -> None:
    """Of tables of ten cells without a change at most 5 % tell one: 150 runs, three deviations."""
    rng, runs = np.random.default_rng(5), 150
    told = 0
    for _ in range(runs):
        cells = [drawn(rng, SHAPES[shape], int(rng.integers(20, 80))) for _ in range(10)]
        told += any(one.is_sure for one in step_down([partial(asked, c) for c in cells]))
    assert told <= runs * 0.05 + 3 * (runs * 0.05 * 0.95) ** 0.5


def asked(cell: PairedMeans, level: float) -> Estimate:
    """The difference of a cell, which has scores in both periods."""
    found = cell.difference(level)
    assert found is not None
    return found


def test_a_planted_fall_is_found_and_measured() -> None:
    """One cell of ten fell by a point: it is told in nearly every run, and its size is covered."""
    rng, found, covered = np.random.default_rng(6), 0, 0
    for _ in range(40):
        cells = [drawn(rng, SHAPES["usual"], 300, 0.15 * (i == 3)) for i in range(10)]
        answers = step_down([partial(asked, c) for c in cells])
        found += answers[3].is_sure and answers[3].estimate.value < 0.0
        covered += answers[3].estimate.low <= -0.14 <= answers[3].estimate.high
    assert found >= 38
    assert covered >= 36


def test_the_same_people_make_a_difference_surer() -> None:
    """People who score as before: the interval is that of pairs, a tenth as wide."""
    rng = np.random.default_rng(7)
    usual = rng.choice(11, 200) / 10.0
    who = np.arange(200)
    one = side(who, usual, 200)
    pairs, groups = paired(one, one), paired(one, one)
    groups = PairedMeans(groups.now, groups.before)
    same, apart = asked(pairs, 0.95), asked(groups, 0.95)
    assert same.high - same.low < 0.1 * (apart.high - apart.low)
    assert pairs.correlation((pairs.now.variance, pairs.before.variance)) == pytest.approx(1.0)


def test_one_who_scores_a_thousand_times_is_one_person() -> None:
    """The interval is that of people: a thousand scores of one of twenty-one tell hardly more."""
    rng = np.random.default_rng(8)
    who = np.concatenate([np.arange(20), np.full(1000, 20)])
    values = rng.choice(11, 1020) / 10.0
    found = sums(*side(who, values, 21))
    estimate = found.estimate()
    assert estimate is not None
    assert found.effective < 1.1
    assert (estimate.low, estimate.high) == (0.0, 1.0)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 30)), min_size=2))
def test_parts_of_other_people_add_up(people: list[tuple[int, int, int]]) -> None:
    """The sums of two groups of people, added, are those of all of them."""
    rows = np.array([p[0] for p in people], float), np.array([p[1] for p in people], float)
    total = rows[0] * np.array([p[2] for p in people]) / 30.0
    middle = len(people) // 2
    parts = [
        paired((rows[0][cut], total[cut]), (rows[1][cut], rows[1][cut]))
        for cut in (slice(None, middle), slice(middle, None), slice(None))
    ]
    both = parts[0] + parts[1]
    assert both.now.subjects == parts[2].now.subjects
    for name in ("now", "before", "cross"):
        added, whole = (list(vars(getattr(one, name)).values()) for one in (both, parts[2]))
        assert added == pytest.approx(whole)


@given(st.lists(st.floats(-6.0, 6.0).filter(lambda z: abs(z) > 0.01), min_size=1, max_size=12))
def test_steps_are_those_of_holm(scores: list[float]) -> None:
    """Sure answers are those that Holm's ordered p-values reject."""

    def question(z: float, level: float) -> Estimate:
        wide = normal_quantile(level)
        return Estimate(z, z - wide, z + wide)

    told = [one.is_sure for one in step_down([partial(question, z) for z in scores])]
    order, expected = sorted(range(len(scores)), key=lambda i: -abs(scores[i])), set()
    for step, i in enumerate(order):
        if abs(scores[i]) <= normal_quantile(1.0 - 0.05 / (len(scores) - step)):
            break
        expected.add(i)
    # Equal scores are judged alike by their intervals.
    assert {i for i, sure in enumerate(told) if sure} == expected


def test_words_by_hand() -> None:
    """Equation 16 with a prior of 50 people: a word of 30 of 100 against one of 10 of 100."""
    found = log_odds([30, 10], [10, 10], (100, 100))
    first = np.log((30 + 10) / (70 + 40)) - np.log((10 + 10) / (90 + 40))
    error = (1 / 40 + 1 / 110 + 1 / 20 + 1 / 130) ** 0.5
    assert (found.value[0], found.error[0]) == pytest.approx((first, error))
    assert found.value[1] == 0.0
    assert found.z[0] == pytest.approx(first / error)


def test_nobody_and_everybody_say_nothing() -> None:
    """A word that nobody says, or everybody, has no ratio; an empty group is refused."""
    found = log_odds([0, 5], [0, 7], (5, 7))
    assert (found.value.tolist(), found.z.tolist()) == ([0.0, 0.0], [0.0, 0.0])
    with pytest.raises(ValueError, match="at least as many"):
        log_odds([1], [0], (1, 0))
