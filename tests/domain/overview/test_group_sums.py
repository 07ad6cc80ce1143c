"""Money that a group brought beyond another: its interval holds, and small groups are hidden."""

from __future__ import annotations

import numpy as np
import pytest

from nudge.domain.overview.group_sums import GroupLift, GroupSums
from nudge.domain.overview.money_sentences import holdout_sentence, usual_sentence, yuan


def group(rng: np.random.Generator, visitors: int, rate: float) -> GroupSums:
    """Visitors of whom a share pays 30, 50 or 100 yuan."""
    paid = rng.random(visitors) < rate
    fen = np.where(paid, rng.choice([3_000.0, 5_000.0, 10_000.0], visitors), 0.0)
    return GroupSums(visitors, int(paid.sum()), int(fen.sum()), float((fen**2).sum()))


def test_the_interval_of_the_money_holds() -> None:
    """In 93 of 100 groups at least it has what the better experience brings: 60 yuan a payer."""
    rng = np.random.default_rng(11)
    truth = 19_000 * 0.02 * 60.0
    held = 0
    for _ in range(300):
        lift = GroupLift(group(rng, 19_000, 0.22), group(rng, 1_000, 0.20))
        held += lift.money.low <= truth <= lift.money.high
    assert held >= 0.93 * 300


def test_a_small_group_is_hidden() -> None:
    """Fewer than 20 visitors on one side: counts alone, and a sentence that says so."""
    lift = GroupLift(GroupSums(500, 100, 500_000, 5e9), GroupSums(19, 4, 20_000, 1e8))
    assert lift.plain == {
        "hidden": True,
        "visitors": 500,
        "compared_visitors": 19,
        "money": None,
        "rate": None,
    }
    assert "19" in holdout_sentence(lift)["zh"]
    assert "19" in usual_sentence(lift)["en"]
    assert "no visitors of the holdout" in holdout_sentence(None)["en"]


@pytest.mark.parametrize(("rate", "word"), [(0.30, "more"), (0.12, "less"), (0.2, "cannot")])
def test_the_sentence_says_more_less_or_that_it_cannot_be_told(rate: float, word: str) -> None:
    """By whether the interval has 0 in it; both languages have the ends."""
    rng = np.random.default_rng(2)
    lift = GroupLift(group(rng, 20_000, rate), group(rng, 2_000, 0.20))
    said = holdout_sentence(lift)
    assert word in said["en"]
    assert yuan(lift.money.low) in said["zh"]
    assert yuan(lift.money.high) in said["en"]


def test_yuan_have_their_sign_before_the_currency() -> None:
    """Nothing below half a yuan has a sign."""
    assert [yuan(x) for x in (182_400.4, -1_200.0, -0.2)] == ["¥182,400", "−¥1,200", "¥0"]
