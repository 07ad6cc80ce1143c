"""Normal prior of the coefficients, from the scales of the terms."""

from dataclasses import dataclass

import numpy as np

from bandits.arrays import FloatArray
from bandits.learners.auto.design import Design

INTERCEPT = 10.0  # scale of the intercept
RELATED = 0.5  # factor on the scale of `arm x level` where a relation exists
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


def make_prior(design: Design, scales: FloatArray) -> NormalPrior:
    """Return the prior with these scales (T,) and means 0."""
    scale = np.concatenate([[INTERCEPT], scales])[1 + design.term_of]
    return NormalPrior(np.zeros(design.width), 1.0 / scale**2)
