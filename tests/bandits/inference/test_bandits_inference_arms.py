"""Comparisons of arms and of policy and holdout: sums, subjects, verdicts."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bandits.inference import fixed, sequence
from bandits.inference.arm_sums import ArmSums, arm_sums
from bandits.inference.holdout import HOLDOUT, POLICY, holdout_sums
from bandits.inference.verdict import verdict, verdicts


def logged(
    n: int, rates: list[float], seed: int = 0, *, amount: float = 1.0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Arms, rewards and pmf of a log whose distribution changes from row to row."""
    rng = np.random.default_rng(seed)
    pmf = 0.9 * rng.dirichlet(np.ones(len(rates)), n) + 0.1 / len(rates)
    arms = (pmf.cumsum(axis=1) < rng.random((n, 1))).sum(axis=1).clip(0, len(rates) - 1)
    rewards = (rng.random(n) < np.array(rates)[arms]) * amount
    return arms, rewards, pmf


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 500), st.sampled_from([None, 60]))
def test_parts_add_up_to_the_whole(cut: int, subjects: int | None) -> None:
    """Sums of partitions, added in any order, give those of one pass, with subjects and without."""
    arms, rewards, pmf = logged(500, [0.2, 0.3, 0.4])
    who = None if subjects is None else np.arange(500) % subjects
    hours = np.arange(500) // 100
    whole = arm_sums(arms, rewards, pmf, who, blocks=hours)
    ends = [slice(cut, 500), slice(0, cut)]
    parts = [
        arm_sums(arms[s], rewards[s], pmf[s], None if who is None else who[s], blocks=hours[s])
        for s in ends
    ]
    both = parts[0] + parts[1]
    for judge in (fixed.difference, sequence.difference):
        one, other = judge(whole, 0, 1), judge(both, 0, 1)
        assert (one.value, one.low, one.high) == pytest.approx((other.value, other.low, other.high))


def test_a_hand_computed_case() -> None:
    """Means equal those by hand: 2 of (2 + 4) for arm 0, 4 of (4 + 4/3) for arm 1."""
    arms, rewards = np.array([0, 0, 1, 1]), np.array([1.0, 0.0, 1.0, 0.0])
    pmf = np.array([[0.5, 0.5], [0.25, 0.75], [0.75, 0.25], [0.25, 0.75]])
    sums = arm_sums(arms, rewards, pmf)
    assert sums.table.mean() == pytest.approx([2 / 6, 4 / (16 / 3)])
    influence = (2 * (1 - 1 / 3)) ** 2 + (4 * (0 - 1 / 3)) ** 2
    assert sums.table.variance_of_mean()[0] == pytest.approx(influence / 36)
    assert sums.table.inverse[0] == pytest.approx(2 + 4 + 4 / 3 + 4)


def test_rows_where_an_arm_could_not_be_drawn_are_left_out() -> None:
    """Arms are compared over the same rows or not at all; fewer arms keep more rows."""
    pmf = np.array([[0.5, 0.5, 0.0], [0.2, 0.3, 0.5]] * 10)
    sums = arm_sums(np.array([0, 2] * 10), np.ones(20), pmf)
    assert (sums.left_out, float(sums.table.rows)) == (10, 10.0)
    pair = arm_sums(np.array([0, -1] * 10), np.ones(20), pmf[:, :2])
    assert (pair.left_out, float(pair.table.rows)) == (0, 20.0)


def test_what_cannot_be_compared_is_refused() -> None:
    """Misfitting shapes, arms, rewards, and parts with and without subjects raise a ValueError."""
    pmf = np.full((3, 2), 0.5)
    for arms, rewards in (([0, 1], [1, 1]), ([0, 1, 2], [1, 1, 1]), ([0, 1, 1], [1, 1, np.nan])):
        with pytest.raises(ValueError, match=r"fit together|not finite"):
            arm_sums(arms, rewards, pmf)
    plain = arm_sums([0, 1, 1], [1, 0, 0], pmf)
    with pytest.raises(ValueError, match="with and without"):
        _ = plain + arm_sums([0, 1, 1], [1, 0, 0], pmf, [1, 2, 3])
    assert float((ArmSums.empty(2) + plain).table.rows) == 3.0


@pytest.mark.parametrize("judge", [fixed.difference, sequence.difference])
def test_rows_of_a_subject_are_one_answer(judge: object) -> None:
    """An interval stays about as wide if every row comes ten times under one subject."""
    arms, rewards, pmf = logged(3000, [0.2, 0.3])
    once = judge(arm_sums(arms, rewards, pmf), 0, 1)
    who = np.repeat(np.arange(3000), 10)
    ten = arm_sums(np.repeat(arms, 10), np.repeat(rewards, 10), np.repeat(pmf, 10, axis=0), who)
    clustered = judge(ten, 0, 1)
    naive = judge(
        arm_sums(np.repeat(arms, 10), np.repeat(rewards, 10), np.repeat(pmf, 10, axis=0)), 0, 1
    )
    assert naive.high - naive.low < 0.5 * (once.high - once.low)
    assert clustered.high - clustered.low > 0.75 * (once.high - once.low)


def test_the_unit_of_rewards_does_not_matter() -> None:
    """Rewards in fen give the intervals of rewards in yuan, times 100."""
    arms, rewards, pmf = logged(3000, [0.2, 0.3], amount=50.0)
    yuan, fen = arm_sums(arms, rewards, pmf), arm_sums(arms, rewards * 100, pmf)
    for judge in (fixed.difference, sequence.difference):
        one, other = judge(yuan, 0, 1), judge(fen, 0, 1)
        assert (other.low, other.high) == pytest.approx((100 * one.low, 100 * one.high))


def test_before_the_first_reward_nothing_is_known() -> None:
    """A confidence sequence is infinite until the size of a reward was seen or is given."""
    sums = arm_sums(np.array([0, 1] * 50), np.zeros(100), np.full((100, 2), 0.5))
    assert sequence.mean(sums, 0).high == math.inf
    assert math.isfinite(sequence.mean(sums, 0, unit=1.0).high)
    nobody = ArmSums.empty(2)
    assert fixed.mean(nobody, 0).low == -math.inf


def test_the_sequence_is_wider_than_the_interval_for_one_look() -> None:
    """A confidence sequence is 1.3 to 3 times as wide as the interval for one look."""
    sums = arm_sums(*logged(20_000, [0.1, 0.12]))
    look, always = fixed.difference(sums, 1, 0), sequence.difference(sums, 1, 0)
    assert 1.3 < (always.high - always.low) / (look.high - look.low) < 3.0


def visits(seed: int, *, lift: float, subjects: int = 4000) -> tuple[np.ndarray, ...]:
    """Exposures of subjects with different rates: rewards, holdout, subject."""
    rng = np.random.default_rng(seed)
    count = rng.geometric(0.3, subjects)
    holdout = rng.random(subjects) < 0.2
    rate = rng.beta(1, 9, subjects) * np.where(holdout, 1.0, 1.0 + lift)
    who = np.repeat(np.arange(subjects), count)
    return (rng.random(len(who)) < rate[who]).astype(float), holdout[who], who


def test_lift_over_holdout_covers_with_subjects_that_differ() -> None:
    """The .95 interval of the lift contains the truth in .91 to .99 of 300 campaigns.

    The binomial standard error is .0126. The sequence at the end is wrong in at most .05.
    """
    hits = always = 0
    for seed in range(300):
        rewards, holdout, who = visits(seed, lift=0.5)
        sums = holdout_sums(rewards, holdout, 0.2, who)
        hits += fixed.lift(sums, POLICY, HOLDOUT).contains(0.5)
        always += sequence.lift(sums, POLICY, HOLDOUT).contains(0.5)
    assert 0.91 <= hits / 300 <= 0.99
    assert always / 300 >= 0.95


def test_a_holdout_share_of_zero_is_refused() -> None:
    """A holdout share of 0 raises a ValueError."""
    with pytest.raises(ValueError, match="share"):
        holdout_sums([1.0], [False], 0.0, [1])


def test_a_verdict_needs_rewards_and_a_difference() -> None:
    """Verdicts name their reason: few rewards, open, a winner, too close, nothing to compare."""
    few = verdict(arm_sums(*logged(50, [0.1, 0.1])))
    assert (few.kind, few.reason) == ("too_early", "few_rewards")
    early = verdict(arm_sums(*logged(1000, [0.1, 0.12])))
    assert (early.kind, early.reason, early.arm) == ("too_early", "still_open", None)
    clear = verdict(arm_sums(*logged(20_000, [0.1, 0.2, 0.12])))
    assert (clear.kind, clear.reason, clear.arm, clear.leader) == ("winner", "separated", 1, 1)
    assert clear.lead is not None
    assert clear.lead.low > 0.0
    close = verdict(arm_sums(*logged(200_000, [0.5, 0.5])), relevant=0.1)
    assert (close.kind, close.reason) == ("cannot_tell", "too_close")
    alone = arm_sums([0, 0], [1, 1], np.array([[1.0, 0.0]] * 2))
    assert verdict(alone).reason == "no_comparison"
    assert verdict(ArmSums.empty(1)).kind == "cannot_tell"


def test_verdicts_on_segments_are_stricter() -> None:
    """A winner alone may be "too early" among many segments, since alpha is split."""
    sums = arm_sums(*logged(8_000, [0.1, 0.145], seed=3))
    assert verdict(sums).kind == "winner"
    many = verdicts({str(i): sums for i in range(1_000)})
    assert {found.kind for found in many.values()} == {"too_early"}


def test_noise_has_no_winner() -> None:
    """A winner among 4 equal arms is named in at most 5 of 50 logs with 5 looks (measured: none).

    At a true share of .05, 50 logs have more than 5 once in 26 times.
    """
    wrong = 0
    for seed in range(50):
        arms, rewards, pmf = logged(4000, [0.1] * 4, seed)
        sums, named = ArmSums.empty(4), False
        for start in range(0, 4000, 800):
            part = slice(start, start + 800)
            sums += arm_sums(arms[part], rewards[part], pmf[part])
            named |= verdict(sums).kind == "winner"
        wrong += named
    assert wrong <= 5


def test_an_arm_without_luck_among_those_who_pay_most_may_still_be_as_good() -> None:
    """The interval of an arm that six of them saw, in vain, holds their rate of .15 among all.

    The sample's own variance is that of the others alone, whose weights are 2 and not 200.
    """
    rare, even = 1_200, 2_800
    arms = np.concatenate([np.arange(rare) < 6, np.arange(even) % 2 == 0]).astype(int)
    paid = np.concatenate(
        [(np.arange(rare) % 20 < 3) & (arms[:rare] == 0), np.arange(even) % 33 == 0]
    )
    pmf = np.repeat([[0.995, 0.005], [0.5, 0.5]], [rare, even], axis=0)
    sums = arm_sums(arms, paid.astype(float), pmf)
    truth = (0.15 * rare + 0.03 * even) / (rare + even)
    assert sums.table.mean()[1] < truth / 2
    assert fixed.mean(sums, 1).contains(truth)
    assert fixed.difference(sums, 0, 1).contains(0.0)


def test_an_arm_without_a_payment_has_an_upper_end_in_yuan() -> None:
    """No payment in 40 visits says little where one of 50 yuan comes in 50 visits."""
    arms, y = np.repeat([0, 1], [960, 40]), np.where(np.arange(1_000) % 50 == 0, 50.0, 0.0)
    y[arms == 1] = 0.0
    found = fixed.mean(arm_sums(arms, y, np.tile([0.96, 0.04], (1_000, 1))), 1)
    assert found.low == 0.0 == found.value
    assert found.high > 1.0
