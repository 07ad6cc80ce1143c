"""Search for the cause of a fall."""

from __future__ import annotations

import numpy as np
import pytest
from cause_tables import draw_table

from bandits.causes.conjunctions import Conjunction
from bandits.causes.rules import CauseRules
from bandits.causes.search import find_cause
from bandits.causes.summary import describe_cause
from bandits.causes.table import AttributeTable
from bandits.causes.unions import RankedSets
from bandits.causes.usual import estimate_usual

VALUE: Conjunction = ((1, 2),)
PAIR: Conjunction = ((0, 1), (2, 3))


@pytest.mark.parametrize("cause", [VALUE, PAIR, ((0, 0), (1, 3), (2, 1))])
def test_the_shortest_name_of_what_fails_is_found(cause: Conjunction) -> None:
    """A value, a pair and a triple are named exactly, with share and rates near the truth."""
    finding = find_cause(draw_table({cause: 0.6}))
    assert finding.sets == (cause,)
    assert finding.unchanged == tuple({0, 1, 2} - {at for at, _ in cause})
    # The usual rate is .3 give or take .05 a leaf; its loss of .6 makes .72.
    assert finding.usual == pytest.approx(0.3, abs=0.08)
    assert finding.rate == pytest.approx(0.72, abs=0.1)
    assert finding.share > 0.5


def test_a_cause_of_two_parts_names_both() -> None:
    """Two values that share nothing are both named, and none that covers a bit of each."""
    parts: tuple[Conjunction, ...] = (((1, 0),), ((2, 4),))
    table = draw_table(dict.fromkeys(parts, 0.5))
    assert set(find_cause(table).sets) == set(parts)
    assert len(find_cause(table, CauseRules(most=1)).sets) == 1


def test_the_rest_of_a_fall_is_searched_where_much_of_it_is_left() -> None:
    """A second part that shows at a looser pooling only is found if it holds enough of the fall."""
    table = draw_table({((1, 0),): 0.5, ((2, 4),): 0.5}, arrivals=30)
    assert len(find_cause(table).sets) == 2
    alone = find_cause(table, CauseRules(least_rest=1.0))
    assert len(alone.sets) == 1
    assert alone.share < find_cause(table).share


def test_a_fall_of_half_the_values_is_not_one_of_everything() -> None:
    """Values that did not fall contradict "everything": those that did are named."""
    parts: tuple[Conjunction, ...] = (((1, 0),), ((1, 3),))
    finding = find_cause(draw_table(dict.fromkeys(parts, 0.5), arrivals=30))
    assert not finding.everything
    assert set(finding.sets) == set(parts)


def test_leaves_of_one_cause_may_be_hit_unequally() -> None:
    """A cause stays one name where a large leaf is hit three times as much as the others."""
    table = draw_table({VALUE: 0.2, (*VALUE, (2, 0)): 0.5}, arrivals=3_000)
    assert find_cause(table).sets == (VALUE,)


def test_a_fall_of_everything_names_no_value() -> None:
    """A fall that concerns all alike has everything as its answer, and no value."""
    finding = find_cause(draw_table({(): 0.3}))
    assert finding.everything
    assert finding.sets == ()
    assert finding.share == pytest.approx(1.0, abs=0.01)


def test_a_rise_has_no_cause() -> None:
    """Fewer losses than usual are no fall: nothing is named, and nothing explained."""
    table = draw_table({})
    better = AttributeTable(
        table.codes, 0.0 * table.bad, table.arrivals, table.usual_bad, table.usual_arrivals
    )
    finding = find_cause(better)
    assert (finding.sets, finding.ranked, finding.share) == ((), (), 0.0)
    assert not finding.everything


def test_a_trouble_without_arrivals_has_no_cause() -> None:
    """Silence is another monitor's: a table without arrivals in the trouble is an empty answer."""
    table = draw_table({})
    silent = AttributeTable(
        table.codes, 0.0 * table.bad, 0.0 * table.bad, table.usual_bad, table.usual_arrivals
    )
    assert find_cause(silent).ranked == ()


def test_the_order_of_leaves_and_the_codes_of_values_do_not_matter() -> None:
    """Counts under other row orders and codes have the same cause."""
    table, rng = draw_table({PAIR: 0.7}), np.random.default_rng(3)
    order = rng.permutation(len(table.codes))
    codes = table.codes[order].copy()
    codes[:, 2] = np.array([40, 3, 17, 8, 0])[codes[:, 2]]
    moved = AttributeTable(
        codes,
        table.bad[order],
        table.arrivals[order],
        table.usual_bad[:, order],
        table.usual_arrivals[:, order],
    )
    first, second = find_cause(table), find_cause(moved)
    assert second.sets == (((0, 1), (2, 8)),)
    assert second.share == pytest.approx(first.share)
    assert second.tested == first.tested


def test_an_ignored_value_never_stands_in_a_cause() -> None:
    """A value that means "not known" is not named, though it fails."""
    rules = CauseRules(ignored=frozenset(VALUE))
    finding = find_cause(draw_table({VALUE: 0.6}), rules)
    assert VALUE[0] not in {value for one in finding.ranked for part in one.sets for value in part}


def test_a_value_that_comes_with_the_cause_is_implied_and_not_named() -> None:
    """A value that always brings another stands alone, and tells the other."""
    table = draw_table({VALUE: 0.6})
    stage = (table.codes[:, 1] == VALUE[0][1]).astype(np.int64)
    beside = AttributeTable(
        np.column_stack([table.codes, stage]),
        table.bad,
        table.arrivals,
        table.usual_bad,
        table.usual_arrivals,
    )
    finding = find_cause(beside)
    assert finding.sets == (VALUE,)
    assert finding.implied == ((3, 1),)


def test_a_part_that_adds_little_is_left_out() -> None:
    """A second part with a hundredth of the loss is not worth a word of an alarm."""
    large, small = ((1, 3),), ((0, 2), (1, 0), (2, 0))
    table = draw_table({large: 0.9}, arrivals=200)
    ranked = [RankedSets((small, large), 9.0), RankedSets((large,), 8.0)]
    usual = estimate_usual(table)
    finding = describe_cause(table, usual, ranked, 1, CauseRules())
    assert [one.sets for one in finding.ranked] == [(large,)]
    whole = describe_cause(table, usual, ranked, 1, CauseRules(least_part=-1.0))
    assert [one.sets for one in whole.ranked] == [(small, large), (large,)]


def test_counts_that_cannot_be_are_refused() -> None:
    """More lost ones than arrivals, codes below 0 and shapes that differ are errors by name."""
    table = draw_table({})
    usual = (table.usual_bad, table.usual_arrivals)
    with pytest.raises(ValueError, match="bad: a count is below 0, above its arrivals"):
        AttributeTable(table.codes, table.arrivals + 1.0, table.arrivals, *usual)
    with pytest.raises(ValueError, match="usual_bad: shapes"):
        AttributeTable(table.codes, table.bad, table.arrivals, usual[0][:, 1:], usual[1])
    with pytest.raises(ValueError, match="codes: a value's code is below 0"):
        AttributeTable(table.codes - 1, table.bad, table.arrivals, *usual)
    with pytest.raises(ValueError, match="code is above 1000000; number values from 0 on"):
        AttributeTable(table.codes + 2**40, table.bad, table.arrivals, *usual)
    with pytest.raises(ValueError, match="no earlier span"):
        AttributeTable(table.codes, table.bad, table.arrivals, usual[0][:0], usual[1][:0])
