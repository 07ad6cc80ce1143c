"""Batch policies: one visitor and many get the same, by the posterior or by the odds."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from bandits.arrays import BoolArray, Context
from bandits.config import read_config
from bandits.counts import CountTable
from bandits.learners import fit
from bandits.policies.base import Policy
from bandits.policies.batch import BatchPolicy, find_posterior
from bandits.policies.mixture import MixturePolicy
from bandits.policies.uniform import UniformPolicy
from bandits.trials import BatchTerms

CONFIG = read_config(
    {
        "arms": [{"name": name} for name in ("end", "mid", "early")],
        "context": [{"name": "tier", "kind": "category", "cells": ["high", "low"]}],
    }
)
EVERY = np.ones(3, dtype=np.bool_)


def own(_: Context, eligible: BoolArray) -> int:
    """The first arm that is possible."""
    return int(np.argmax(eligible))


def batch(main: Policy, proved: tuple[bool, ...] = (True, True, True)) -> BatchPolicy:
    """The policy as it is served to a batch."""
    return BatchPolicy(
        arms=CONFIG.names,
        main=main,
        baseline=own,
        terms=BatchTerms(plans=10_000.0),
        odds=np.array([10.0, 1.0, 3.0]),
        proved=np.array(proved),
    )


@pytest.fixture(scope="module")
def learned() -> Policy:
    """High visitors like the end, low ones the front."""
    rates = {"1": (0.10, 0.01, 0.03), "2": (0.05, 0.01, 0.15)}
    rows = [
        (0, cell, arm, 4000, round(4000 * rate), 0, 0)
        for cell, listed in rates.items()
        for arm, rate in enumerate(listed)
    ]
    return fit(CONFIG, CountTable.from_rows(rows), 3600.0, seed=1, version="3")


def test_before_anything_is_learned_the_odds_say_what_is_worth_a_trial() -> None:
    """The operator's own arm is served; the arm with the smaller odds has fewer trials."""
    policy = batch(UniformPolicy(arms=CONFIG.names))
    pmf = policy.distribution_one({}, EVERY)
    assert pmf[0] >= 0.95 - 2 * policy.terms.least
    assert pmf[2] > pmf[1] >= policy.terms.least
    assert policy.trials_one({}, EVERY)[1:] == pytest.approx(pmf[1:])


def test_what_was_learned_is_served_by_cell(learned: Policy) -> None:
    """Each value of the context has its own leader, and the same alone as among many."""
    policy = batch(learned)
    tiers: list[object] = ["high", "low", None]
    found = policy.distribution({"tier": tiers}, np.ones((3, 3), dtype=np.bool_))
    assert found[0].argmax() == 0
    assert found[1].argmax() == 2
    for row, tier in zip(found, tiers, strict=True):
        assert row == pytest.approx(policy.distribution_one({"tier": tier}, EVERY))
    masked = policy.distribution_one({"tier": "low"}, np.array([True, True, False]))
    assert masked[2] == 0.0
    assert masked.sum() == pytest.approx(1.0)
    assert (policy.worth_one({"tier": "low"}) == learned.worth_one({"tier": "low"})).all()


@pytest.mark.parametrize("alpha", [0.0, 0.01, 0.05, 0.5])
def test_the_floor_of_a_batch_is_that_of_its_own_terms(learned: Policy, alpha: float) -> None:
    """No window that is possible falls below the floor of the terms, whatever the bound leaves."""
    tight = BatchTerms(plans=10_000.0, alpha=alpha, least=0.004)
    policy = replace(batch(learned), terms=tight)
    assert policy.floor == 0.004 != learned.floor
    every = [np.array(one, dtype=np.bool_) for one in product([False, True], repeat=3)]
    for mask in filter(np.any, every):
        for tier in ("high", "low", None):
            pmf = policy.distribution_one({"tier": tier}, mask)
            assert pmf[mask].min() >= min(policy.floor, 1.0 / mask.sum()) - 1e-12
            assert pmf.sum() == pytest.approx(1.0)


def test_an_arm_without_conversions_of_its_own_takes_nothing_over(learned: Policy) -> None:
    """The posterior of an arm with few conversions leads to trials only."""
    pmf = batch(learned, (True, True, False)).distribution_one({"tier": "low"}, EVERY)
    assert pmf[2] <= 0.05 + 1e-9
    assert pmf[0] > 0.9


def test_the_posterior_of_a_mixture_is_that_of_its_main_part(learned: Policy) -> None:
    """A mixture with a page's word keeps the posterior of its main part."""
    other = UniformPolicy(arms=CONFIG.names)
    mixed = MixturePolicy(arms=CONFIG.names, main=learned, other=other, share=0.05)
    assert find_posterior(mixed) is find_posterior(learned) is not None
    assert find_posterior(other) is None


def test_nothing_eligible_is_a_row_of_zeros(learned: Policy) -> None:
    """No arm, no propensity."""
    nothing = np.zeros(3, dtype=np.bool_)
    assert not batch(learned).distribution_one({}, nothing).any()
    assert not batch(learned).trials_one({}, nothing).any()
