"""Rules in words, Chinese and English."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nudge.domain.slots.rule import COMPARISONS, read_rule
from nudge.domain.slots.rule_words import rule_words

VALUES = {
    **dict.fromkeys(("above", "at_least", "below", "at_most"), 5),
    "is": "app",
    "in": ["a", "b"],
    "between": [1, 2],
    "matches": "1*",
    "since": "30d",
    "known": True,
}


@pytest.mark.parametrize("name", sorted(COMPARISONS))
def test_every_comparison_has_words(name: str) -> None:
    """Each comparison is said in both languages, with its attribute and its value."""
    said = rule_words(read_rule({"attribute": "plan_age", name: VALUES[name]}))
    assert all("plan_age" in words for words in said.values())
    assert said["zh"] != said["en"]


def test_groups_are_told_with_brackets_where_they_are_mixed() -> None:
    """Alternatives inside conditions are in brackets, so that nobody reads them otherwise."""
    one, two = {"attribute": "payments", "below": 4}, {"attribute": "city", "is": "杭州"}
    rule = read_rule({"all": [{"any": [one, two]}, {"not": {"attribute": "x", "known": True}}]})
    assert rule_words(rule) == {
        "zh": "（缴费次数小于 4，或城市是 杭州），且并非（x 已知）",
        "en": "(payments is below 4 or city is 杭州) and not (x is known)",
    }


@given(
    st.recursive(
        st.sampled_from(sorted(VALUES)), lambda inner: st.lists(inner, min_size=1, max_size=3)
    )
)
def test_any_rule_has_words(shape: object) -> None:
    """Whatever the nesting, there are words, and none is a placeholder."""

    def table(part: object, depth: int = 0) -> dict[str, object]:
        if isinstance(part, str):
            return {"attribute": "x", part: VALUES[part]}
        assert isinstance(part, list)
        return {"any" if depth % 2 else "all": [table(one, depth + 1) for one in part]}

    said = rule_words(read_rule(table(shape)))
    assert all(words and "{" not in words for words in said.values())
