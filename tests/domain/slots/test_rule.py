"""The rule language: what holds, what is unknown, and what is refused with its place."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nudge.domain.slots.rule import RuleError, read_rule

AT = 1_000_000.0
KNOWN: dict[str, Any] = {"amount": 50, "city": "hangzhou", "tier": "1", "new": True, "paid_at": AT}


@pytest.mark.parametrize(
    ("table", "found"),
    [
        ({"attribute": "amount", "is": 50}, True),
        ({"attribute": "amount", "is": "50"}, True),
        ({"attribute": "tier", "is": 1}, True),
        ({"attribute": "new", "is": True}, True),
        ({"attribute": "new", "is": 1}, False),
        ({"attribute": "city", "in": ["ningbo", "hangzhou"]}, True),
        ({"attribute": "amount", "above": 50}, False),
        ({"attribute": "amount", "at_least": 50}, True),
        ({"attribute": "amount", "below": 50.5}, True),
        ({"attribute": "amount", "at_most": 49}, False),
        ({"attribute": "amount", "between": [50, 100]}, True),
        ({"attribute": "city", "matches": "hang*"}, True),
        ({"attribute": "city", "matches": "hang"}, False),
        ({"attribute": "paid_at", "since": "30d"}, True),
        ({"attribute": "city", "above": 3}, None),
        ({"attribute": "gone", "is": 1}, None),
        ({"attribute": "gone", "known": False}, True),
        ({"not": {"attribute": "gone", "is": 1}}, None),
        ({"not": {"attribute": "amount", "is": 1}}, True),
        ({"all": [{"attribute": "gone", "is": 1}, {"attribute": "amount", "is": 1}]}, False),
        ({"any": [{"attribute": "gone", "is": 1}, {"attribute": "amount", "is": 50}]}, True),
        ({"any": [{"attribute": "gone", "is": 1}, {"attribute": "amount", "is": 1}]}, None),
    ],
)
def test_what_holds(table: dict[str, Any], *, found: bool | None) -> None:
    """A comparison with what is not known is neither true nor false, also behind `not`."""
    rule = read_rule(table)
    assert rule.holds(KNOWN, AT) is found
    assert read_rule(rule.table) == rule


def test_since_ends() -> None:
    """An event that lies longer back than the duration is not since it."""
    rule = read_rule({"attribute": "paid_at", "since": "1h"})
    assert [rule.holds(KNOWN, AT + more) for more in (3600.0, 3601.0)] == [True, False]


@pytest.mark.parametrize(
    ("table", "key"),
    [
        ([], ""),
        ({}, ""),
        ({"all": []}, "all"),
        ({"all": [{"attribute": "x"}]}, "all[0]"),
        ({"any": [{"attribute": "x", "abov": 1}]}, "any[0].abov"),
        ({"not": {"attribute": "x", "between": [2, 1]}}, "not.between"),
        ({"attribute": "x", "is": 1, "above": 2}, ""),
        ({"attribute": "", "is": 1}, "attribute"),
        ({"attribute": "x", "since": "soon"}, "since"),
        ({"all": [{"attribute": "x", "is": 1}], "why": "so"}, "why"),
    ],
)
def test_what_is_no_rule_is_refused_with_its_place(table: Any, key: str) -> None:
    """The message names the place below the rule, and what would be right."""
    with pytest.raises(RuleError) as caught:
        read_rule(table)
    assert [place for place, _ in caught.value.problems] == [key]
    assert all(text for _, text in caught.value.problems)


leaves = st.builds(
    lambda name, op: {"attribute": name, **op},
    st.sampled_from(["amount", "gone", "new"]),
    st.sampled_from([{"is": 50}, {"above": 10}, {"known": True}, {"in": [True, 50]}]),
)
rules = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(lambda r: {"not": r}, inner),
        st.builds(lambda r: {"all": r}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda r: {"any": r}, st.lists(inner, min_size=1, max_size=3)),
    ),
    max_leaves=8,
)


@given(rules)
def test_learning_more_never_takes_an_answer_back(table: dict[str, Any]) -> None:
    """A rule that is true or false without an attribute stays so, whatever it turns out to be."""
    if "known" in str(table):
        return  # `known` asks what is known: its answer is meant to change
    rule = read_rule(table)
    without = rule.holds(KNOWN, AT)
    if without is not None:
        for value in (50, 0, True, "x"):
            assert rule.holds(KNOWN | {"gone": value}, AT) is without


@given(rules, rules)
def test_de_morgan(one: dict[str, Any], other: dict[str, Any]) -> None:
    """Not both is the same as either not."""
    left = read_rule({"not": {"all": [one, other]}})
    right = read_rule({"any": [{"not": one}, {"not": other}]})
    assert left.holds(KNOWN, AT) is right.holds(KNOWN, AT)
