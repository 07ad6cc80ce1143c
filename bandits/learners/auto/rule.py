"""Rule of the operator as counts: visitors whose arms were spread evenly, as the rule expects.

In each cell of the attributes that the rule reads, its arm converts at the slot's rate, and each
place of distance from it divides the odds by RULE_RATIO; with odds in words the arms convert in
their proportion. The counts stand beside those of real visitors in every fit, so they act on every
term that tells arms apart. Terms of other attributes are absent from them.
"""

from dataclasses import dataclass

import numpy as np

from bandits.arrays import FloatArray, IntArray
from bandits.baseline.choice import distances, make_belief
from bandits.baseline.rankings import Baseline, arms_of_cells
from bandits.config import LearnerConfig
from bandits.learners.auto.design import Design

RULE_RATIO = 2.0  # odds of a conversion with a rule's arm over those with the next arm
FURTHEST = 3.0  # places from which on the odds fall no further


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
    config: LearnerConfig, design: Design, levels: IntArray, visits: FloatArray, rate: float
) -> RuleCounts:
    """Return the counts of `prior_visitors` visitors who follow the operator's rule or prior.

    Args:
        config: the slot.
        design: of the fit.
        levels: (C, J) levels of the cells seen.
        visits: (C,) visitors seen in each.
        rate: conversions per visitor of the slot.
    """
    belief = make_belief(config)
    if belief is None or config.policy.prior_visitors <= 0.0:
        return RuleCounts.empty(design)
    places = [i for i, one in enumerate(config.context) if _reads(belief, one.name)]
    cells, weight = _cells(design, places, levels, visits)
    own = arms_of_cells(belief, config.context, cells, design.arms)
    count = len(config.arms)
    rows = np.repeat(np.arange(len(cells)), count)
    features = design.features(cells[rows], np.tile(np.arange(count), len(cells)))
    features[:, 1:][:, _absent(design, places)] = design.width
    rates = np.array([_rates(config, arm, rate) for arm in own.tolist()]).ravel()
    trials = config.policy.prior_visitors * weight[rows] / count
    known = np.repeat(own >= 0, count)
    return RuleCounts(features[known], trials[known], (trials * rates)[known])


def _reads(belief: Baseline, name: str) -> bool:
    return any(one.attribute.name == name for one in belief.rankings)


def _cells(
    design: Design, places: list[int], levels: IntArray, visits: FloatArray
) -> tuple[IntArray, FloatArray]:
    """Return the combinations (c, J) of the rule's levels, and the weight (c,) of each.

    The weight is the share of the visitors seen, with one visitor of each combination beside them.
    """
    sizes = [design.sizes[place] for place in places]
    count = int(np.prod(sizes)) if sizes else 1
    cells = np.zeros((count, len(design.sizes)), dtype=np.int64)
    if places:
        cells[:, places] = np.array(np.unravel_index(np.arange(count), sizes)).T
    seen = np.ones(count)
    if len(levels):
        where = levels[:, places].T
        index = np.ravel_multi_index(tuple(where), sizes) if places else np.zeros(len(levels), int)
        seen += np.bincount(index, visits, count)
    return cells, seen / seen.sum()


def _absent(design: Design, places: list[int]) -> list[int]:
    """Return the terms that depend on attributes which the rule does not read."""
    return [t for t, one in enumerate(design.terms) if not set(one.attributes) <= set(places)]


def _rates(config: LearnerConfig, arm: int, rate: float) -> list[float]:
    """Return the rates (K,) of the arms where the rule shows `arm`."""
    if config.rule is None and config.policy.prior_odds:
        odds = config.policy.prior_odds
        most = max(odds.values())
        return [rate * odds[other] / most for other in range(len(config.arms))]
    own = rate / (1.0 - rate)
    odds_of = [own / RULE_RATIO ** min(d, FURTHEST) for d in distances(config, arm)]
    return [x / (1.0 + x) for x in odds_of]
