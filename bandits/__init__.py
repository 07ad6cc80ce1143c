"""Contextual bandits with exact propensities: choosing arms, and evaluating the choices.

    learner = bandits.make_learner(config, seed=0)
    learner.expose(ids, contexts, arms, at)
    learner.reward(ids, values, at)
    policy = bandits.load_policy(learner.snapshot(at))
    pmf = policy.distribution(contexts, eligible=None)
    arm = policy.draw(pmf, keys)

Importing the package loads the serving side only: numpy and nothing heavier.
"""

from collections.abc import Mapping
from importlib import import_module
from typing import cast

from bandits.config import LearnerConfig, read_config
from bandits.contract import Learner, Policy
from bandits.errors import BanditsError, ConfigError, SnapshotError
from bandits.policies.snapshot import dump, load_policy

__all__ = [
    "BanditsError",
    "ConfigError",
    "Learner",
    "LearnerConfig",
    "Policy",
    "SnapshotError",
    "dump",
    "load_policy",
    "make_learner",
    "read_config",
]


def make_learner(config: LearnerConfig | Mapping[str, object], seed: int = 0) -> Learner:
    """Return an in-memory learner for one slot.

    Args:
        config: a slot's tables (`arms`, `context`, `policy`), or the result of `read_config`.
        seed: determines every snapshot, together with the exposures and rewards.

    Raises:
        ConfigError: a table is invalid; the message names the key and the cure.
    """
    # Imported by name: the web process and the import checker must not reach the learning side.
    online = import_module("bandits.learners.online")
    checked = config if isinstance(config, LearnerConfig) else read_config(config)
    return cast("Learner", online.OnlineLearner(checked, seed))
