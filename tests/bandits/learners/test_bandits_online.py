"""In-memory learner: the contract from exposure to snapshot, in short simulated campaigns."""

from collections.abc import Mapping

import numpy as np
import pytest
from scipy.stats import chi2

import bandits

DAY = 86400.0
ARMS = [{"name": "a"}, {"name": "b"}, {"name": "c"}]


def campaign(
    rates: np.ndarray, config: Mapping[str, object], contexts: Mapping[str, np.ndarray], seed: int
) -> np.ndarray:
    """Play n visitors of true rates (n, K) over 10 days; return the arms (n,) chosen."""
    n, rng = len(rates), np.random.default_rng(seed)
    at, chance = np.linspace(0, 10 * DAY, n), rng.random(n)
    learner = bandits.make_learner(config, seed=seed)
    arms = np.zeros(n, dtype=np.int64)
    for part in np.array_split(np.arange(n), n // 400):
        policy = bandits.load_policy(learner.snapshot(at[part[0]]))
        columns = {name: column[part] for name, column in contexts.items()}
        arms[part] = policy.draw(policy.distribution(columns), part + seed * n)
        learner.expose(part, columns, arms[part], at[part])
        hit = part[chance[part] < rates[part, arms[part]]]
        learner.reward(hit, np.ones(len(hit)), at[hit] + 60.0)
    return arms


def test_what_each_channel_prefers_is_found() -> None:
    """The last third gets above 85 % of the best rate where two channels have opposite orders."""
    n, rng = 12_000, np.random.default_rng(0)
    channel = rng.choice(["web", "app"], n)
    rates = np.where((channel == "web")[:, None], [0.10, 0.03, 0.03], [0.03, 0.03, 0.10])
    config = {"arms": ARMS, "context": [{"name": "channel", "cells": ["web", "app"]}]}
    arms = campaign(rates, config, {"channel": channel}, 1)
    late = np.arange(2 * n // 3, n)
    assert rates[late, arms[late]].mean() / 0.10 > 0.85


def test_an_offer_that_wears_out_is_dropped() -> None:
    """The new best arm gets 80 % of the last quarter after the old one fell to a tenth."""
    n = 12_000
    after = np.arange(n) >= n // 2
    rates = np.where(after[:, None], [0.012, 0.03, 0.10], [0.12, 0.03, 0.01])
    arms = campaign(rates, {"arms": ARMS}, {"x": np.zeros(n)}, 2)
    assert (arms[-n // 4 :] == 2).mean() > 0.8


def test_cells_that_were_left_out_are_learned() -> None:
    """Values become levels as they come up, without cells or without any context table."""
    n, rng = 12_000, np.random.default_rng(3)
    channel, age = rng.choice(["web", "app"], n), rng.uniform(18, 70, n)
    rates = np.where(
        ((channel == "web") & (age > 44))[:, None], [0.02, 0.02, 0.14], [0.14, 0.02, 0.02]
    )
    contexts = {"channel": channel, "age": age}
    given = [{"name": "channel"}, {"name": "age", "kind": "number"}]
    for config in ({"arms": ARMS, "context": given}, {"arms": ARMS}):
        arms = campaign(rates, config, contexts, 4)
        late = np.arange(2 * n // 3, n)
        assert rates[late, arms[late]].mean() / 0.14 > 0.8


def test_one_enormous_payment_does_not_choose_the_arm() -> None:
    """Rewards are cut at 5 times their 95 % quantile, and the snapshot's meta reports the cut.

    Arm 0 earns 10 yuan at 10 %, arm 1 the same at 5 % and once 100,000 yuan. Uncut, arm 1 would
    have 40 times the mean; cut at 50 yuan it has about half the revenue of arm 0.
    """
    config = {"arms": ARMS[:2], "reward": {"kind": "revenue"}, "context": []}
    learner = bandits.make_learner(config, seed=1)
    learner.expose(np.arange(4000), {}, np.arange(4000) % 2, 0.0)
    paid = np.concatenate([np.arange(0, 4000, 20), np.arange(1, 4000, 40)])
    amounts = np.full(len(paid), 1000.0)
    amounts[-1] = 1e7
    learner.reward(paid, amounts, 60.0)
    policy = bandits.load_policy(learner.snapshot(100.0))
    assert policy.meta["reward_cap"] == 5000
    assert policy.meta["rewards_capped"] == 1
    assert policy.distribution_one({}, np.ones(2, dtype=bool))[0] > 0.9


def test_columns_and_arms_must_fit() -> None:
    """Columns of different lengths, or other numbers of arms and ids, raise a ValueError."""
    learner = bandits.make_learner({"arms": ARMS, "context": [{"name": "c", "cells": ["x"]}]})
    with pytest.raises(ValueError, match="lengths"):
        learner.expose([1, 2], {"c": ["x"]}, [0, 1], 0.0)
    with pytest.raises(ValueError, match="ids"):
        learner.expose([1, 2], {"c": ["x", "x"]}, [0], 0.0)
    with pytest.raises(ValueError, match="ids"):
        learner.reward([1], [1.0, 1.0], 0.0)


def test_the_table_of_a_learner_teaches_the_same_to_the_service() -> None:
    """`learner.table` holds every exposure and reward, in the form that `learners.fit` reads."""
    learner = bandits.make_learner({"arms": ARMS, "context": [{"name": "c", "cells": ["x", "y"]}]})
    learner.expose([1, 2, 3], {"c": ["x", "y", "x"]}, [0, 1, 0], [10.0, 20.0, 30.0])
    learner.reward([1, 3, 3, 9], [2.0, 5.0, -5.0, 1.0], 400.0)
    assert list(learner.table.rows()) == [  # type: ignore[attr-defined]
        (0, "1", 0, 2, 1, 2, 4),
        (0, "2", 1, 1, 0, 0, 0),
    ]
    assert learner.unknown_rewards == 1


def test_realised_shares_are_the_logged_propensities() -> None:
    """Shares of 1,000,000 draws fit the propensities in every cell: chi-square, p > .001."""
    n, rng = 1_000_000, np.random.default_rng(5)
    config = {"arms": ARMS, "context": [{"name": "c", "cells": list("pqrs")}]}
    learner = bandits.make_learner(config, seed=1)
    small = rng.choice(list("pqrs"), 900)
    learner.expose(np.arange(900), {"c": small}, np.arange(900) % 3, 0.0)
    learner.reward(np.arange(0, 900, 11), np.ones(82), 60.0)
    policy = bandits.load_policy(learner.snapshot(100.0))
    column = rng.choice(list("pqrs"), n)
    pmf = policy.distribution({"c": column})
    arms = policy.draw(pmf, np.arange(n))
    for cell in "pqrs":
        here = column == cell
        p = pmf[here][0]
        seen = np.bincount(arms[here], minlength=3)
        expected = here.sum() * p
        assert ((seen - expected) ** 2 / expected).sum() < chi2.isf(0.001 / 4, 2)
