"""Batch policy: a learned policy as it is served to many who are planned at one look."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from bandits.arrays import BoolArray, Context, Contexts, FloatArray
from bandits.features import length_of
from bandits.policies.base import Policy, PolicyBase, batch_eligible
from bandits.policies.wins import PosteriorDraws
from bandits.trials import BatchTerms, Belief, find_trials, share_batch

PRIOR_DRAWS = 256
PRIOR_SPREAD = 1.0  # of the logarithm of an arm's worth, before anything is known
PRIOR_RATE = 0.05  # of the best arm: the rate of a slot without data, as the learners have it
MOST_KEPT = 4096  # distributions that are remembered; then all are forgotten


@dataclass(frozen=True, kw_only=True, eq=False)
class BatchPolicy(PolicyBase):
    """Policy of a batch: the baseline until the posterior says otherwise, and a share of trials.

    Attributes:
        main: learned policy, whose posterior is used.
        baseline: from context and eligible arms (K,) to the arm of the operator's own rule.
        terms: of the batch.
        odds: (K,) of the arms beside each other, while nothing is learned.
        proved: (K,) arms that have had enough conversions.
    """

    main: Policy
    baseline: Callable[[Context, BoolArray], int]
    terms: BatchTerms
    odds: FloatArray
    proved: BoolArray
    _kept: dict[tuple[int, bytes, int], FloatArray] = field(
        init=False, repr=False, default_factory=dict
    )

    @property
    def floor(self) -> float:
        """See `Policy.floor`: that of the batch's own terms, whatever `main` keeps."""
        return self.terms.least

    def distribution(self, contexts: Contexts, eligible: BoolArray | None = None) -> FloatArray:
        """See `Policy.distribution`."""
        mask = batch_eligible(contexts, eligible, len(self.arms))
        columns = {name: np.asarray(column, dtype=object) for name, column in contexts.items()}
        rows = [
            self.distribution_one({name: column[i] for name, column in columns.items()}, mask[i])
            for i in range(max(length_of(contexts), len(mask)))
        ]
        return np.array(rows).reshape(-1, len(self.arms))

    def distribution_one(self, context: Context, eligible: BoolArray) -> FloatArray:
        """See `Policy.distribution_one`."""
        if not eligible.any():
            return np.zeros(len(self.arms))
        own = self.baseline(context, eligible)
        draws = find_posterior(self.main)
        cell = -1 if draws is None else draws.cell_one(context)
        key = cell, eligible.tobytes(), own
        found = self._kept.get(key)
        if found is None:
            if len(self._kept) >= MOST_KEPT:
                self._kept.clear()
            found = share_batch(self.believe(context), own, eligible, self.terms)
            self._kept[key] = found
        return found

    def trials_one(self, context: Context, eligible: BoolArray) -> FloatArray:
        """Return the share (K,) of trials of each arm for one visitor."""
        if not eligible.any():
            return np.zeros(len(self.arms))
        own = self.baseline(context, eligible)
        return find_trials(self.believe(context), own, eligible, self.terms)

    def worth_one(self, context: Context) -> FloatArray:
        """See `Policy.worth_one`: that of the learned policy."""
        return self.main.worth_one(context)

    def believe(self, context: Context) -> Belief:
        """Return the belief about the arms for one visitor: the posterior, or the odds."""
        draws = find_posterior(self.main)
        if draws is not None:
            return Belief(draws.worth_draws_one(context), draws.unit, self.proved)
        noise = np.random.default_rng(0).standard_normal((len(self.arms), PRIOR_DRAWS))
        spread = np.exp(PRIOR_SPREAD * noise)
        spread /= spread.mean(axis=1, keepdims=True)  # arms of equal odds are equal
        worth = PRIOR_RATE * self.odds / self.odds.max()
        return Belief(worth[:, None] * spread, 1.0, np.zeros(len(self.arms), dtype=np.bool_))


def find_posterior(policy: Policy) -> PosteriorDraws | None:
    """Return the posterior draws of a policy; of a mixture, those of its main part."""
    found: object = policy
    while found is not None:
        draws: PosteriorDraws | None = getattr(found, "draws", None)
        if draws is not None:
            return draws
        found = getattr(found, "main", None)
    return None
