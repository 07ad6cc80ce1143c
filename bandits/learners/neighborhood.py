"""Neighborhood policies of MABWiser on arrays: for simulations and logs, never for serving.

They answer from stored rows near the context, so the cost of an answer grows with the log.
"""

from collections.abc import Mapping

import numpy as np

from bandits.arrays import FloatArray, IntArray
from bandits.config_mabwiser import KEY, NEIGHBORHOODS, check_names, read_options
from bandits.errors import ConfigError
from bandits.learners.mabwiser import make_mab, rank_answers, sample_expectations


class NeighborhoodBandit:
    """Bandit over contexts (n, d) with KNearest, Radius, LSHNearest, Clusters or TreeBandit.

    Args:
        arms: number K of arms.
        neighborhood: name of the neighborhood policy.
        parameters: parameters of the neighborhood policy, such as `{"k": 50}`.
        options: learning policy within a neighborhood and its parameters, as in a slot's
            `policy.options`; TreeBandit takes EpsilonGreedy, ThompsonSampling and UCB1 only.
        seed: seed of all random numbers.

    Raises:
        ConfigError: MABWiser does not accept a name or a value.
    """

    def __init__(
        self,
        arms: int,
        neighborhood: str,
        parameters: Mapping[str, object] | None = None,
        options: Mapping[str, object] | None = None,
        seed: int = 0,
    ) -> None:
        if neighborhood not in NEIGHBORHOODS:
            cure = f"Use one of {', '.join(NEIGHBORHOODS)}"
            raise ConfigError(f"{KEY}.neighborhood", f"{neighborhood!r} is unknown", cure)
        given = dict(parameters or {})
        check_names(given, NEIGHBORHOODS[neighborhood], neighborhood)
        default = {"learning_policy": "EpsilonGreedy", "epsilon": 0.1}
        name, learning = read_options(options or default)
        self._bandit = make_mab(arms, name, learning, seed, (neighborhood, given))
        self._arms = arms
        self._rng = np.random.default_rng([seed, 1])

    def learn(self, arms: IntArray, rewards: FloatArray, contexts: FloatArray) -> None:
        """Add n rows: arms (n,), rewards (n,), contexts (n, d), d the same each time."""
        rows = np.ascontiguousarray(contexts, dtype=np.float64)
        self._bandit.partial_fit(np.asarray(arms), np.asarray(rewards, dtype=np.float64), rows)

    def distribution(self, contexts: FloatArray, draws: int = 16) -> FloatArray:
        """Return the propensities (n, K) of "one of `draws` answers at random, and its best arm".

        Equal contexts are answered once.
        """
        rows = np.ascontiguousarray(contexts, dtype=np.float64)
        distinct, inverse = np.unique(rows, axis=0, return_inverse=True)
        best = rank_answers(
            sample_expectations(self._bandit, distinct, draws, self._arms), self._rng
        ).argmax(axis=2)
        pmf = np.stack([(best == arm).mean(axis=1) for arm in range(self._arms)], axis=1)
        return np.asarray(pmf[inverse.ravel()], dtype=np.float64)
