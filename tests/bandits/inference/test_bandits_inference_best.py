"""Chance of each arm to be the best, and the lead and beaten arms of a verdict."""

from __future__ import annotations

import numpy as np
import pytest

from bandits.inference.arm_sums import ArmSums, arm_sums
from bandits.inference.best import best_arm
from bandits.inference.verdict import verdict


def logged(rates: list[float], n: int, pmf: np.ndarray, seed: int = 0) -> ArmSums:
    rng = np.random.default_rng(seed)
    arms = rng.choice(len(rates), n, p=pmf)
    rewards = (rng.random(n) < np.array(rates)[arms]).astype(float)
    return arm_sums(arms, rewards, np.tile(pmf, (n, 1)), np.arange(n))


def test_equal_arms_have_equal_chances_however_often_they_were_drawn() -> None:
    """Equal arms have equal chances, even if one arm had a tenth of the visitors."""
    conversions = np.array([30, 270])
    arms = np.repeat([0, 1], [1000, 9000])
    rewards = np.concatenate([np.arange(1000) < 30, np.arange(9000) < 270]).astype(float)
    sums = arm_sums(arms, rewards, np.tile([0.1, 0.9], (10_000, 1)))
    assert conversions.sum() == rewards.sum()
    found = best_arm(sums)
    assert found.chance == pytest.approx([0.5, 0.5], abs=0.06)
    assert found.loss[0] == pytest.approx(found.loss[1], abs=0.002)


def test_chances_agree_with_the_normal_theory() -> None:
    """The chance of one of two means is the normal probability, within the error of 4000 draws."""
    sums = logged([0.10, 0.11], 40_000, np.array([0.5, 0.5]), seed=3)
    mean, error = sums.table.mean(), np.sqrt(sums.table.variance_of_mean())
    z = (mean[1] - mean[0]) / np.hypot(*error)
    normal = float(np.mean(np.random.default_rng(1).normal(size=200_000) < z))
    assert best_arm(sums).chance[1] == pytest.approx(normal, abs=0.025)
    assert best_arm(sums).chance.sum() == pytest.approx(1.0)


def test_amounts_have_chances_too() -> None:
    """For rewards other than 0 and 1, the arm with the greater mean has the greater chance."""
    rng = np.random.default_rng(0)
    arms = rng.integers(0, 2, 5000)
    rewards = np.where(rng.random(5000) < 0.1, 50.0 + 20.0 * arms, 0.0)
    found = best_arm(arm_sums(arms, rewards, np.full((5000, 2), 0.5)))
    assert found.chance[1] > 0.9
    assert found.loss[0] > found.loss[1] >= 0.0


def test_nothing_is_said_of_what_was_never_drawn() -> None:
    """Figures are NaN while one arm has no row."""
    sums = arm_sums([0] * 30, [1.0] * 30, np.full((30, 2), 0.5))
    assert np.isnan(best_arm(sums).chance).all()


def test_a_verdict_names_whom_to_stop_and_by_how_much() -> None:
    """The relative lead has the sign of the lead; beaten arms are named before there is a winner.

    10 % against 7 and 2 %: the last is beaten long before the second.
    """
    rates = [0.10, 0.07, 0.02]
    early = verdict(logged(rates, 2000, np.full(3, 1 / 3), seed=1))
    assert (early.kind, early.leader, early.second, early.beaten) == ("too_early", 0, 1, (2,))
    assert early.relative is not None
    assert early.relative.low < 0.0 < early.relative.high
    late = verdict(logged(rates, 60_000, np.full(3, 1 / 3), seed=1))
    assert (late.kind, late.arm, late.beaten) == ("winner", 0, (1, 2))
    assert late.relative is not None
    assert 0.0 < late.relative.low < late.relative.value < late.relative.high
    assert late.relative.contains(0.10 / 0.07 - 1.0)


def test_one_lucky_visit_leaves_a_chance_to_the_others() -> None:
    """An arm that one visitor of the three expected saw, and paid, counts as one trial."""
    arms = np.array([1] + [0] * 299)
    rewards = np.concatenate([[1.0], np.arange(299) % 3 == 0]).astype(float)
    found = best_arm(arm_sums(arms, rewards, np.tile([0.99, 0.01], (300, 1))))
    assert found.chance[0] == pytest.approx(1 / 9, abs=0.02)  # Beta(2, 1) is below 1 / 3
