"""Draws of coefficients from the normal posterior, for the published ensemble."""

from collections.abc import Mapping

import numpy as np

from bandits.arrays import FloatArray
from bandits.learners.auto.laplace import PosteriorMode
from bandits.learners.auto.model import LogisticModel
from bandits.learners.auto.prior import NormalPrior

LEAST_SHARE = 0.03  # least weight of a half-life that gets draws


def share_draws(weights: Mapping[float, float], draws: int) -> dict[float, int]:
    """Return the number of draws of each half-life by its weight; the heaviest takes the rest."""
    leading = max(weights, key=lambda h: weights[h])
    counts = {h: int(w * draws) for h, w in weights.items() if w >= LEAST_SHARE}
    counts[leading] = draws - sum(n for h, n in counts.items() if h != leading)
    return {h: n for h, n in counts.items() if n > 0}


def draw_coefficients(
    model: LogisticModel,
    prior: NormalPrior,
    modes: Mapping[float, PosteriorMode],
    counts: Mapping[float, int],
    width: float,
    rng: np.random.Generator,
) -> FloatArray:
    """Draw coefficients (P, M) from each mode's posterior, and unseen ones from the prior.

    A level or an arm that was never exposed has its prior, whose scale the others have set: a new
    arm starts from the pool and is tried at once. Standard deviations are `width` times those of
    the posterior.
    """
    design, ids = model.design, model.ids
    live = np.append(True, model.active)[1 + design.term_of]
    live[ids] = False
    unseen = np.flatnonzero(live)
    drawn = np.zeros((design.width, sum(counts.values())))
    spread = 1.0 / np.sqrt(prior.precision[unseen])
    column = 0
    for half_life, count in counts.items():
        part = slice(column, column + count)
        column += count
        mode = modes[half_life]
        root = np.linalg.cholesky(mode.hessian)
        noise = np.linalg.solve(root.T, rng.standard_normal((len(ids), count)))
        drawn[ids, part] = mode.beta[:, None] + width * noise
        normal = rng.standard_normal((len(unseen), count))
        drawn[unseen, part] = prior.mean[unseen, None] + width * spread[:, None] * normal
    return drawn
