"""The cap of rewards: ordinary amounts stay as they are, a single enormous one is cut."""

from __future__ import annotations

import numpy as np
import pytest

from bandits.cap import reward_cap
from bandits.inference import sequence
from bandits.inference.arm_sums import arm_sums


def test_a_cap_is_five_times_the_95_percent_quantile_of_what_was_paid() -> None:
    """Rewards of nothing do not count, and below 20 rewards there is no cap."""
    paid = np.array([50.0] * 19 + [10_000.0])
    assert reward_cap(paid[:19]) is None
    assert reward_cap(np.concatenate([paid, np.zeros(500)])) == 5.0 * np.quantile(paid, 0.95)


def test_one_enormous_payment_decides_nothing_and_is_told() -> None:
    """Sums with a cap are those of the cut rewards; what was cut adds up over parts."""
    rng = np.random.default_rng(3)
    arms, pmf = rng.integers(0, 2, 2_000), np.full((2_000, 2), 0.5)
    rewards = np.where(rng.random(2_000) < 0.1, 50.0, 0.0)
    cut, large = rewards.copy(), rewards.copy()
    large[[10, 1_500]], cut[[10, 1_500]] = (10_000.0, 300.0), 250.0
    whole = arm_sums(arms, cut, pmf)
    halves = (slice(1_000), slice(1_000, 2_000))
    parts = [arm_sums(arms[s], large[s], pmf[s], cap=250.0) for s in halves]
    both = parts[0] + parts[1]
    one, other = sequence.difference(whole, 0, 1), sequence.difference(both, 0, 1)
    assert (one.low, one.high) == pytest.approx((other.low, other.high))
    assert (both.capped, both.cut) == (2, 9_800.0)
    assert (whole.capped, whole.cut) == (0, 0.0)
