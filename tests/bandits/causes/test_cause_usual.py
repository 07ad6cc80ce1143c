"""Usual rates before a trouble, and the reasons of what was lost in it."""

from __future__ import annotations

import numpy as np
import pytest
from cause_tables import draw_table

from bandits.causes.outcomes import find_outcomes
from bandits.causes.table import AttributeTable
from bandits.causes.usual import estimate_usual


def test_a_leaf_without_arrivals_gets_the_rate_of_its_values() -> None:
    """A leaf that was never seen has the rate that its values have elsewhere."""
    table = draw_table({}, arrivals=200)
    unseen = table.covers(((0, 1), (1, 1), (2, 1)))
    usual_bad = np.where(unseen, 0.0, np.round(table.usual_arrivals * 0.1))
    high = table.codes[:, 1] == 1
    usual_bad = np.where(high & ~unseen, np.round(table.usual_arrivals * 0.4), usual_bad)
    there = np.where(unseen, 0.0, table.usual_arrivals)
    found = estimate_usual(AttributeTable(table.codes, table.bad, table.arrivals, usual_bad, there))
    assert found.rates[unseen] == pytest.approx(0.4, abs=0.03)
    assert found.rates[~high] == pytest.approx(0.1, abs=0.02)


def test_dispersion_is_one_for_binomial_counts_and_more_where_spans_wander() -> None:
    """Counts that vary as chance has it have dispersion 1; a wandering level is told."""
    table = draw_table({}, arrivals=200, spans=12)
    # A mean of 60 deviances has a standard deviation of .18.
    assert estimate_usual(table).dispersion == pytest.approx(1.1, abs=0.3)
    wander = np.where(np.arange(12) % 2 == 0, 0.7, 1.3)[:, None]
    level = np.minimum(np.round(table.usual_bad * wander), table.usual_arrivals)
    restless = AttributeTable(table.codes, table.bad, table.arrivals, level, table.usual_arrivals)
    assert estimate_usual(restless).dispersion > 3.0


def test_one_earlier_span_is_enough() -> None:
    """A single span gives rates, with the dispersion of chance."""
    found = estimate_usual(draw_table({}, spans=1))
    assert found.dispersion == 1.0
    assert np.all((found.rates > 0.0) & (found.rates < 1.0))


def test_reasons_of_the_excess_are_told_the_greatest_first() -> None:
    """A reason is told for its share of the excess, and not for how common it is."""
    lost, usually = np.array([120.0, 90.0, 41.0]), np.array([1_000.0, 100.0, 10.0])
    found = find_outcomes(lost, usually, 0.1)
    assert [reason for reason, _ in found] == [1, 2]
    # 20, 80 and 40 beyond the usual 100, 10 and 1.
    assert [share for _, share in found] == pytest.approx([80 / 140, 40 / 140])
    assert find_outcomes(usually * 0.1, usually, 0.1) == ()
