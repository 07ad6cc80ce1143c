"""The operator's rule: one text for a slot's file and for an evaluation's target."""

from __future__ import annotations

import pytest

from nudge.domain.reports.target_policy import rule_of
from nudge.domain.slots.operator_rule import OperatorRule
from nudge.errors import InvalidRequestError

TEXT = "page:home=100,recharge=50,*=30"


@pytest.mark.parametrize("text", [TEXT, f"rule:{TEXT}", " page : home = 100, recharge=50 ,* =30 "])
def test_a_rule_is_one_whoever_wrote_it(text: str) -> None:
    """With the prefix of evaluations or without, and whatever spaces stand between."""
    rule = OperatorRule.parse(text)
    assert rule.text == TEXT
    found = [rule.find_variant(one) for one in ("home", "recharge", "", None)]
    assert found == ["100", "50", "30", "30"]


@pytest.mark.parametrize(
    ("text", "value", "variant"),
    [("vip:true=a", True, "a"), ("vip:true=a", False, None), ("page:x=1=b", "x=1", "b")],
)
def test_flags_are_words_and_a_value_may_hold_a_sign(
    text: str, value: object, variant: str | None
) -> None:
    """Without `*` a value that is not named has no variant; the last sign parts."""
    assert OperatorRule.parse(text).find_variant(value) == variant


@pytest.mark.parametrize("text", ["page:home", "page:", "page:=a", "page:home=a,home=b", ":*=a"])
def test_a_wrong_rule_is_refused_at_both_doors(text: str) -> None:
    """The slot's table and the evaluation have one parser."""
    with pytest.raises(ValueError, match="; "):
        OperatorRule.parse(text)
    with pytest.raises(InvalidRequestError):
        rule_of(text, ("a", "b"))
