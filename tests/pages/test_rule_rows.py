"""Rows of a rule: what was typed becomes the rule that slots read, and comes back as it was."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nudge.domain.slots.rule import read_rule
from nudge.pages.screens.promotions.rule_rows import COMPARISONS, RuleRow, RuleRows, rows_of

RIGHT = {
    "is": "杭州",
    "is_not": "杭州",
    "in": "杭州, 宁波",
    "not_in": "杭州",
    "at_least": "50",
    "at_most": "50.5",
    "above": "-3",
    "below": "0",
    "between": "10, 50",
    "matches": "138*",
    "since": "7d",
    "known": "",
    "unknown": "",
}


@pytest.mark.parametrize("comparison", COMPARISONS)
def test_every_comparison_makes_a_rule_and_comes_back(comparison: str) -> None:
    """Each row of the form is a rule that slots accept, and the rule is the same row again."""
    rows = RuleRows(rows=(RuleRow("city", comparison, RIGHT[comparison]),)).checked()
    assert not rows.has_errors
    assert rows.table
    read_rule(rows.table)
    assert rows_of(rows.table) == rows


@given(
    st.sampled_from(("all", "any")),
    st.lists(st.sampled_from(COMPARISONS), min_size=2, max_size=8),
)
def test_groups_come_back(joint: str, names: list[str]) -> None:
    """A group of rows, whatever joins them, is the same rows again."""
    rows = RuleRows(joint, tuple(RuleRow("a", name, RIGHT[name]) for name in names))
    assert rows.table
    read_rule(rows.table)
    assert rows_of(rows.table) == rows


@given(st.sampled_from(COMPARISONS), st.text(max_size=30))
def test_whatever_is_typed_is_right_or_has_an_error(comparison: str, text: str) -> None:
    """No text makes a rule that slots refuse: the row says so before."""
    rows = RuleRows(rows=(RuleRow("city", comparison, text),)).checked()
    if not rows.has_errors:
        assert rows.table
        read_rule(rows.table)


@pytest.mark.parametrize(
    ("comparison", "text", "expected"),
    [
        ("since", "7 天", "7d"),
        ("since", "12小时", "12h"),
        ("since", "2 weeks", "2w"),
        ("in", "杭州、宁波；绍兴", ["杭州", "宁波", "绍兴"]),
        ("between", "10-50", [10, 50]),
        ("between", "10 到 50.5", [10, 50.5]),
        ("is", "是", True),
        ("is", "50", "50"),
    ],
)
def test_values_are_read_as_people_write_them(comparison: str, text: str, expected: object) -> None:
    """Chinese units, commas of either width, ranges and yes or no are understood."""
    row: Any = RuleRow("a", comparison, text).table
    assert row[comparison] == expected


@pytest.mark.parametrize(
    "rule",
    [
        {"all": [{"any": [{"attribute": "a", "is": 1}]}]},
        {"not": {"attribute": "a", "above": 3}},
        {"not": {"not": {"attribute": "a", "is": 3}}},
    ],
)
def test_a_rule_that_rows_cannot_show_is_told(rule: dict[str, Any]) -> None:
    """A nested rule has no rows: the form keeps it as it is."""
    assert rows_of(rule) is None


def test_empty_rows_are_left_out() -> None:
    """Rows that nobody filled in make no rule; a row without an attribute is a mistake."""
    assert RuleRows(rows=(RuleRow(), RuleRow())).checked().table is None
    assert RuleRows(rows=(RuleRow("", "is", "x"),)).checked().rows[0].error == "attribute"
