"""Rule of the operator as counts: visitors whose arms were spread evenly, as the rule expects.

In each cell of the attributes that the rule reads, each place of distance from its arm divides the
rate by RULE_RATIO; with odds in numbers the arms convert in their proportion. The counts stand
beside those of real visitors in every fit, so they act on every term that tells arms apart. Terms
of other attributes are absent from them.
"""

import math
from dataclasses import dataclass

import numpy as np

from bandits.arrays import BoolArray, FloatArray, IntArray
from bandits.baseline.choice import distances, make_belief
from bandits.baseline.rankings import Baseline, arms_of_cells
from bandits.config import LearnerConfig
from bandits.learners.auto.design import Design

RULE_RATIO = 2.0  # rate of a rule's arm over that of the next arm
FURTHEST = 3.0  # places from which on the rate falls no further
TRUST = (1.0, 0.3, 0.1)  # shares of its visitors that a rule may be worth
START_HITS, START_RATE = 1.0, 0.05  # rate of a slot without data, and its weight in conversions


@dataclass(frozen=True, eq=False)
class RuleCounts:
    """Counts that a rule is worth.

    Attributes:
        features: (Q, 1 + T) features of each (cell, arm).
        trials: (Q,) visitors.
        hits: (Q,) conversions, not whole.
    """

    features: IntArray
    trials: FloatArray
    hits: FloatArray

    @classmethod
    def empty(cls, design: Design) -> "RuleCounts":
        """Return no counts."""
        return cls(np.zeros((0, 1 + len(design.terms)), np.int64), np.zeros(0), np.zeros(0))


def rule_counts(
    config: LearnerConfig, design: Design, levels: IntArray, shown: FloatArray, hits: FloatArray
) -> RuleCounts:
    """Return the counts of visitors who follow the operator's rule or prior.

    They are `prior_visitors` as long as the conversions seen fit the rule, and fewer where they
    contradict it (`find_trust`).

    Args:
        config: the slot.
        design: of the fit.
        levels: (C, J) levels of the cells seen.
        shown: (C, K) exposures in each.
        hits: (C, K) conversions.
    """
    belief = make_belief(config)
    visitors = config.policy.prior_visitors
    if belief is None or visitors <= 0.0:
        return RuleCounts.empty(design)
    places = [i for i, one in enumerate(config.context) if _reads(belief, one.name)]
    cells, weight, where = _cells(design, places, levels, shown.sum(axis=1))
    own = arms_of_cells(belief, config.context, cells, design.arms)
    known = own >= 0
    if not known.any():
        return RuleCounts.empty(design)
    ratios = np.array([_ratios(config, arm) for arm in own.tolist()])
    trials = np.repeat(visitors * weight[:, None] / design.arms, design.arms, axis=1)
    seen = RuleEvidence.collect(ratios, trials, where, shown, hits, known)
    trials *= find_trust(seen)
    count = len(config.arms)
    rows = np.repeat(np.flatnonzero(known), count)
    features = design.features(cells[rows], np.tile(np.arange(count), int(known.sum())))
    features[:, 1:][:, _absent(design, places)] = design.width
    worth, hit = trials[known].ravel(), (trials * np.minimum(seen.rate * ratios, 0.9))[known]
    return RuleCounts(features, worth, hit.ravel())


@dataclass(frozen=True, eq=False)
class RuleEvidence:
    """Evidence on a rule: sums over the (cell, arm) pairs that it thinks equally good.

    Attributes:
        rate: conversions per visitor of the arm that the rule shows.
        ratio: (G,) expected rate over that of the rule's arm.
        trials: (G,) visitors that the rule is worth.
        shown: (G,) exposures.
        hits: (G,) conversions.
    """

    rate: float
    ratio: FloatArray
    trials: FloatArray
    shown: FloatArray
    hits: FloatArray

    @classmethod
    def collect(
        cls,
        ratios: FloatArray,
        trials: FloatArray,
        where: IntArray,
        shown: FloatArray,
        hits: FloatArray,
        known: BoolArray,
    ) -> "RuleEvidence":
        """Return the sums of the cells (C, K) seen, in the rule's own cells (c, K)."""
        groups, place = np.unique(ratios.round(6), return_inverse=True)
        place = place.reshape(ratios.shape)
        inside = known[where] if len(where) else np.zeros(0, dtype=np.bool_)

        def add(column: FloatArray, index: IntArray) -> FloatArray:
            found = np.bincount(index.ravel(), column.ravel(), len(groups))
            return found.astype(np.float64)

        sums = [add(one[inside], place[where[inside]]) for one in (shown, hits)]
        expected = float((sums[0] * groups).sum())
        rate = (float(sums[1].sum()) + START_HITS) / (expected + START_HITS / START_RATE)
        return cls(min(rate, 0.5), groups, add(trials[known], place[known]), *sums)


def find_trust(seen: RuleEvidence) -> float:
    """Return the share of its visitors that a rule is worth beside what was seen, in TRUST.

    It has the largest marginal likelihood: the conversions of a group are negative binomial where
    its rate is Gamma distributed about the rule's with the weight of the rule's visitors
    (empirical Bayes). Of equal ones it is the largest.
    """
    mean = seen.shown * seen.rate * seen.ratio
    scores = []
    for trust in TRUST:
        shape = np.maximum(trust * seen.trials * seen.rate * seen.ratio, 1e-9)
        rows = zip(seen.hits.tolist(), shape.tolist(), mean.tolist(), strict=True)
        scores.append(sum(_log_likelihood(y, k, m) for y, k, m in rows if m > 0.0))
    return TRUST[int(np.argmax(scores))]


def _log_likelihood(hits: float, shape: float, mean: float) -> float:
    """Return that of a negative binomial count, without the term that the shape leaves alone."""
    told, rest = math.log(mean / (shape + mean)), math.log(shape / (shape + mean))
    return math.lgamma(hits + shape) - math.lgamma(shape) + hits * told + shape * rest


def _reads(belief: Baseline, name: str) -> bool:
    return any(one.attribute.name == name for one in belief.rankings)


def _cells(
    design: Design, places: list[int], levels: IntArray, visits: FloatArray
) -> tuple[IntArray, FloatArray, IntArray]:
    """Return the combinations (c, J) of the rule's levels, their weights, and each cell's (C,).

    A weight is the share of the visitors seen, with one visitor of each combination beside them.
    """
    sizes = [design.sizes[place] for place in places]
    count = int(np.prod(sizes)) if sizes else 1
    cells = np.zeros((count, len(design.sizes)), dtype=np.int64)
    if places:
        cells[:, places] = np.array(np.unravel_index(np.arange(count), sizes)).T
    index = np.zeros(len(levels), dtype=np.int64)
    if places and len(levels):
        index = np.ravel_multi_index(tuple(levels[:, places].T), sizes).astype(np.int64)
    seen = 1.0 + np.bincount(index, visits, count)
    return cells, seen / seen.sum(), index


def _absent(design: Design, places: list[int]) -> list[int]:
    """Return the terms that depend on attributes which the rule does not read."""
    return [t for t, one in enumerate(design.terms) if not set(one.attributes) <= set(places)]


def _ratios(config: LearnerConfig, arm: int) -> list[float]:
    """Return the rate of each arm (K,) over that of the arm that the rule shows."""
    if config.rule is None and config.policy.prior_odds:
        odds = config.policy.prior_odds
        most = max(odds.values())
        return [odds[other] / most for other in range(len(config.arms))]
    return [RULE_RATIO ** -min(d, FURTHEST) for d in distances(config, arm)]
