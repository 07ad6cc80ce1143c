"""Normal prior of the coefficients: from the scales of the terms and an optional rule."""

import math
from dataclasses import dataclass

import numpy as np

from bandits.arrays import FloatArray
from bandits.config import LearnerConfig
from bandits.learners.auto.design import FAR, Design

INTERCEPT = 10.0  # scale of the intercept
RELATED = 0.5  # factor on the scale of `arm x level` where a relation exists
RULE_RATIO = 2.0  # odds of a conversion with a rule's arm over those with the next arm
START = {
    "level": 1.0, "arm": 1.0, "arm x level": 0.3, "offset": 1.0, "offset x level": 0.6,
    "arm x pair": 0.1, "offset x pair": 0.2,
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class NormalPrior:
    """Normal prior: means and precisions (P,) of a design's coefficients."""

    mean: FloatArray
    precision: FloatArray


def start_scales(design: Design) -> FloatArray:
    """Return the scales (T,) of the terms before any data: interactions have smaller ones.

    Where a relation between arms and context exists, interactions of single arms are halved.
    """
    scales = np.array([START[term.kind] for term in design.terms])
    if any(term.kind == "offset" for term in design.terms):
        scales[[term.kind == "arm x level" for term in design.terms]] *= RELATED
    return scales


def make_prior(
    design: Design, scales: FloatArray, config: LearnerConfig, rate: float
) -> NormalPrior:
    """Return the prior with these scales (T,), and with the rule of `policy.prior` if there is one.

    The rule names a context attribute, such as `last_amount`: the arm that matches it is the
    best, and each place of distance divides the odds by RULE_RATIO. It has the weight of
    `policy.prior_visitors` visitors at this conversion rate whose arms were spread evenly.
    """
    scale = np.concatenate([[INTERCEPT], scales])[1 + design.term_of]
    mean, precision = np.zeros(design.width), 1.0 / scale**2
    for term, start in zip(design.terms, design.starts, strict=True):
        if term.kind == "offset" and config.context[term.attributes[0]].name == config.policy.prior:
            part = slice(start, start + term.width)
            distance = np.abs(np.arange(term.width) - FAR)
            mean[part] = math.log(RULE_RATIO) * (distance.mean() - distance)
            precision[part] += config.policy.prior_visitors * rate * (1.0 - rate) / term.width
    return NormalPrior(mean, precision)
