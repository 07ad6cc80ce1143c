"""Sentences of the lift over today's rule: what is sure, what is open, what has no upper end."""

from __future__ import annotations

import math

import pytest

from bandits.inference.interval import Estimate
from nudge.domain.reports.lift_sentences import lift_sentence


@pytest.mark.parametrize(
    ("found", "zh", "en"),
    [
        (
            Estimate(0.12, 0.03, 0.21),
            "转化率提升 12.0%（区间 +3.0% 至 +21.0%",
            "12.0 % higher (+3.0",
        ),
        (
            Estimate(-0.1, -0.2, -0.01),
            "转化率下降 10.0%（区间 -20.0% 至 -1.0%",
            "10.0 % lower (-20",
        ),
        (
            Estimate(0.1, -0.1, 0.3),
            "尚未见明确差异（区间 -10.0% 至 +30.0%",
            "no clear difference yet",
        ),
        (Estimate(0.5, 0.1, math.inf), "提升 50.0%（区间 +10.0% 以上", "(+10.0 % or more"),
        (Estimate(math.nan, math.nan, math.nan), "数据不足", "too little data"),
        (Estimate(math.inf, -1.0, math.inf), "数据不足", "too little data"),
    ],
)
def test_the_lift_over_today_s_rule_is_a_sentence(found: Estimate, zh: str, en: str) -> None:
    """A direction is named only where the interval of every look lies on one side of zero."""
    said = lift_sentence(found, revenue=False)
    assert said["zh"].startswith("与现行规则相比")
    assert zh in said["zh"]
    assert en in said["en"]
    assert "每次曝光收入" in lift_sentence(found, revenue=True)["zh"]
