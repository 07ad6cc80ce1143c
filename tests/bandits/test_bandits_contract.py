"""Contract of the package, from the user's side."""

import subprocess
import sys

import numpy as np
import pytest
from bandit_samples import CONFIG, contexts_of

import bandits
from bandits.learners import MODULES


def test_importing_and_serving_loads_numpy_alone() -> None:
    """Importing and serving load neither the learning side nor its libraries."""
    code = (
        "import sys, bandits, bandits.distribution, bandits.features, bandits.policies\n"
        "bad = {'scipy', 'pandas', 'mabwiser', 'sklearn', 'bandits.learners', 'nudge'}\n"
        "print(sorted(bad & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_rewards_come_in_any_order_and_unknown_ids_are_counted() -> None:
    """A snapshot does not depend on the order of rewards; unknown ids are counted."""
    contexts = contexts_of(300)
    ids, arms, at = np.arange(300), np.arange(300) % 4, np.linspace(0, 86400, 300)
    blobs = []
    for order in (np.arange(0, 300, 7), np.arange(0, 300, 7)[::-1]):
        learner = bandits.make_learner(CONFIG, seed=5)
        learner.expose(ids, contexts, arms, at)
        learner.reward(order, np.ones(len(order)), 86400.0)
        learner.reward(["who", 999], [1.0, 1.0], 86400.0)
        assert learner.unknown_rewards == 2
        blobs.append(learner.snapshot(86400.0))
    assert blobs[0] == blobs[1]


def test_a_policy_needs_no_context_and_takes_any() -> None:
    """A policy gives a distribution before any data, without columns, and with unknown ones."""
    policy = bandits.load_policy(bandits.make_learner(CONFIG).snapshot(0.0))
    assert policy.distribution({}).shape == (1, 4)
    assert policy.distribution({"x": np.zeros(3)}).shape == (3, 4)
    assert policy.distribution({}, np.ones((5, 4), dtype=bool)).shape == (5, 4)
    assert policy.draw(policy.distribution({"x": np.zeros(3)}), ["a", "b", "a"]).shape == (3,)


def test_what_is_not_there_yet_says_so_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A kind without a learner is refused when the learner is made, not when it publishes."""
    monkeypatch.delitem(MODULES, "beta")
    with pytest.raises(bandits.ConfigError, match="not yet available"):
        bandits.make_learner({**CONFIG, "policy": {"kind": "beta"}})


def test_an_arm_that_does_not_exist_is_refused() -> None:
    """An index outside the arms raises a ValueError."""
    with pytest.raises(ValueError, match="arms"):
        bandits.make_learner(CONFIG).expose([1], {}, [4], 0.0)
