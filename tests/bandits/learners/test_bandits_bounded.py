"""The first visitors of a slot: a learner beside the operator's own rule."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import bandits
from bandits.config import read_config
from bandits.learners.auto.rule import TRUST, RuleEvidence, find_trust
from bandits.learners.bounded import is_bounded
from bandits.policies.conservative import ConservativePolicy

AMOUNTS = (10, 30, 50, 100)
HOME = 3  # the arm that the fallback of the home page shows


def table(**changes: Any) -> dict[str, Any]:
    """A slot of four amounts; the home page shows the largest."""
    policy = {"prior": "last_amount", **changes.pop("policy", {})}
    return {
        "arms": [{"name": str(one), "attributes": {"amount": one}} for one in AMOUNTS],
        "context": [
            {"name": "last_amount", "kind": "number", "cells": list(AMOUNTS)},
            {"name": "page", "kind": "category", "cells": ["home", "recharge"]},
        ],
        "fallback": {"default": "50", "home": "100"},
        "policy": policy,
    } | changes


def learner(**changes: Any) -> Any:
    """A learner of the slot."""
    return bandits.make_learner(table(**changes), seed=1)


def pmf(made: Any, at: float, context: dict[str, object] | None = None) -> Any:
    """The distribution of a visitor of the home page, from a snapshot's bytes."""
    policy = bandits.load_policy(made.snapshot(at))
    return policy.distribution_one(context or {"page": "home"}, np.ones(4, dtype=np.bool_))


@pytest.mark.parametrize("kind", ["auto", "beta", "mabwiser"])
def test_a_new_slot_shows_the_baseline_and_every_arm_a_little(kind: str) -> None:
    """Before anything is counted, each kind of learner stays within what may be given up."""
    options = {"options": {"learning_policy": "UCB1", "alpha": 1.0}} if kind == "mabwiser" else {}
    found = pmf(learner(policy={"kind": kind, **options}), 0.0)
    assert found[HOME] > 0.85
    assert found.min() > 0.0


def test_a_visitor_of_whom_nothing_is_known_gets_the_page_s_fallback() -> None:
    """The prior says nothing where the last amount is unknown; then the page's own rule holds."""
    made = learner()
    assert pmf(made, 0.0)[HOME] > 0.85
    assert pmf(made, 1.0, {"page": "recharge"})[2] > 0.85
    assert pmf(made, 2.0, {"page": "home", "last_amount": 10})[0] > 0.85


def expose(made: Any, first: int, arms: list[int], paid: list[int], at: float) -> None:
    """Visitors of the home page; those whose places are in `paid` pay at once."""
    ids = np.arange(first, first + len(arms))
    made.expose(ids, {"page": np.full(len(arms), "home")}, np.array(arms), at)
    hits = ids[paid]
    made.reward(hits, np.ones(len(hits)), at + 1.0)


@pytest.mark.parametrize("before", [0, 3, 39])
@pytest.mark.parametrize("arm", [0, 1])
def test_one_payment_changes_no_share_by_more_than_a_twentieth(before: int, arm: int) -> None:
    """Neither does a first visitor without a payment, nor one with, of an arm that is rare."""
    made = learner()
    shares = [pmf(made, 0.0)]
    if before:
        expose(made, 0, [HOME] * before, [], 1.0)
        shares.append(pmf(made, 3.0))
    expose(made, 1_000, [arm], [], 4.0)
    shares.append(pmf(made, 6.0))
    made.reward(np.array([1_000]), np.ones(1), 7.0)
    shares.append(pmf(made, 9.0))
    assert np.abs(np.diff(shares, axis=0)).max() <= 0.05


def play(made: Any, rates: tuple[float, ...], visitors: int, seed: int = 0) -> list[Any]:
    """Distributions of the home page, one for each batch of forty visitors."""
    rng, told = np.random.default_rng(seed), []
    for first in range(0, visitors, 40):
        found = pmf(made, float(first))
        told.append(found)
        arms = rng.choice(4, 40, p=found / found.sum())
        paid = np.flatnonzero(rng.random(40) < np.array(rates)[arms]).tolist()
        expose(made, first, arms.tolist(), paid, float(first))
    return told


def test_the_default_stays_without_evidence_against_it() -> None:
    """The first 200 visitors see the default where all amounts are worth the same."""
    for seed in range(5):
        found = play(learner(), (0.1,) * 4, 200, seed)
        assert min(one[HOME] for one in found) > 0.8


def test_a_better_arm_takes_over() -> None:
    """An arm that is three times as good has more than half of the draws before long."""
    found = play(learner(), (0.1, 0.3, 0.1, 0.1), 2_400)
    assert found[-1][1] > 0.5


def test_a_bound_of_one_leaves_the_learner_alone() -> None:
    """`give_up = 1` and a slot without any rule are served as learned."""
    free = learner(policy={"give_up": 1.0})
    policy = bandits.load_policy(free.snapshot(0.0))
    assert not isinstance(policy, ConservativePolicy)
    assert is_bounded(read_config(table()))
    assert not is_bounded(read_config(table(fallback={}, policy={"prior": None})))


def test_a_rule_is_worth_visitors_in_the_whole_decision() -> None:
    """The more visitors a rule is worth, the less a payment against it says."""
    found = []
    for visitors in (10, 1_000, 100_000):
        made = learner(policy={"give_up": 1.0, "prior_visitors": visitors})
        last = {"page": "home", "last_amount": 50}
        made.expose(
            np.arange(80),
            {"page": np.full(80, "home"), "last_amount": np.full(80, 50)},
            np.repeat([0, 2], 40),
            0.0,
        )
        made.reward(np.arange(37, 42), np.ones(5), 1.0)  # three of forty pay 10, two 50
        found.append(pmf(made, 2.0, last)[2])
    assert found[0] < found[1] <= found[2]
    assert found[2] > 0.9


def test_a_rule_that_the_payments_contradict_is_trusted_less() -> None:
    """Its weight in visitors follows the marginal likelihood, and stays where nothing speaks."""
    trials = np.array([100.0, 200.0])
    ratio = np.array([0.5, 1.0])

    def trust(shown: list[float], hits: list[float]) -> float:
        rate = (sum(hits) + 1.0) / (float(ratio @ np.array(shown)) + 20.0)
        return find_trust(RuleEvidence(rate, ratio, trials, np.array(shown), np.array(hits)))

    assert trust([0.0, 0.0], [0.0, 0.0]) == TRUST[0]
    assert trust([1_000.0, 1_000.0], [50.0, 100.0]) == TRUST[0]
    assert trust([1_000.0, 1_000.0], [300.0, 100.0]) <= 0.1


def test_explore_share_leaves_the_others_to_the_arm_that_leads() -> None:
    """A tenth of the draws explores with its floor; the propensities are those of the mixture."""
    free = {"give_up": 1.0, "floor": 0.02}
    last = {"page": "home", "last_amount": 30}
    whole = pmf(learner(policy=free), 0.0, last)
    part = pmf(learner(policy={**free, "explore_share": 0.1}), 0.0, last)
    leads = np.eye(4)[whole.argmax()]
    np.testing.assert_allclose(part, 0.1 * whole + 0.9 * leads)
    assert part.min() == pytest.approx(0.1 * whole.min())
