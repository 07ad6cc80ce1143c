"""Steps of one fit: scales and terms, weights of the half-lives, and modes to draw from."""

import math
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

import numpy as np

from bandits.arrays import FloatArray, IntArray
from bandits.config import LearnerConfig
from bandits.learners.auto.forgetting import (
    HALF_LIVES,
    list_judging_times,
    score_interval,
    track_weights,
)
from bandits.learners.auto.laplace import Eigendecomposition, PosteriorMode
from bandits.learners.auto.memory import FitMemory
from bandits.learners.auto.model import LogisticModel
from bandits.learners.auto.prior import NormalPrior, make_prior, start_scales
from bandits.learners.auto.scales import next_scales
from bandits.learners.auto.width import draw_width

STEPS = 6  # most Newton steps of a cold start; a warm one takes 1
COLD_ROUNDS = 4  # of empirical Bayes in a cold start; a warm one takes 1
JUDGE_WORK, JUDGE_LEAST = 6e7, 4e6  # budget of past fits in one fit; cost of one beside p**3
PER_WIDTH = 6  # intervals of each width


def half_lives(config: LearnerConfig) -> tuple[float, ...]:
    """Return the candidate half-lives: the configured one, or HALF_LIVES."""
    own = config.policy.half_life
    return HALF_LIVES if own is None else (own,)


@dataclass(frozen=True, eq=False)
class LeadingFit:
    """Fit under the leading half-life: model, prior, mode, and width of the draws."""

    model: LogisticModel
    prior: NormalPrior
    half_life: float
    mode: PosteriorMode
    width: float

    @cached_property
    def factors(self) -> Eigendecomposition:
        """Decomposition for approximate steps to the modes of similar weights."""
        return Eigendecomposition.build(self.mode.information, self.prior.precision[self.model.ids])


def fit_leading(
    config: LearnerConfig, model: LogisticModel, at: float, known: FitMemory
) -> LeadingFit:
    """Fit terms and scales under the half-life that has led so far; updates the memory."""
    leading = half_lives(config)[0] if known.leading is None else known.leading
    counts = model.counts(model.history.age_weights(at, leading))
    rate = float((counts[1].sum() + 1.0) / (counts[0].sum() + 20.0))
    start, cold = start_scales(model.design), known.empty
    prior = make_prior(model.design, known.scales)
    beta = known.beta.get(leading, prior.mean)
    if cold:
        beta = beta.copy()
        beta[0] = math.log(rate / (1.0 - rate))
    for _ in range(COLD_ROUNDS if cold else 1):
        mode = model.find_mode(counts, prior, beta, STEPS if cold else 1)
        beta, ids = model.expand(mode.beta, prior), model.ids
        variance = np.diag(np.linalg.inv(mode.hessian))
        known.scales = next_scales(
            known.scales, start, model.design.term_of[ids], mode.beta - prior.mean[ids], variance
        )
        width = draw_width(model, variance)
        prior = make_prior(model.design, known.scales)
    known.beta[leading] = beta
    known.active = model.admit_terms(counts, beta, known.room)
    if (known.active != model.active).any():
        model = replace(model, active=known.active)
        mode = model.find_mode(counts, prior, beta, 1)
    return LeadingFit(model, prior, leading, mode.with_precision(prior.precision[model.ids]), width)


def weigh_half_lives(
    config: LearnerConfig, found: LeadingFit, at: float, until: float, known: FitMemory
) -> dict[float, float]:
    """Return half-life -> weight, from the predictions of models fitted to past counts.

    Exposures after `until` are not scored, because their conversions are still to come. The memory
    is updated.
    """
    choices = half_lives(config)
    if len(choices) == 1:
        return {choices[0]: 1.0}
    model, times = found.model, found.model.history.at
    first = float(times.min(initial=at))
    marks = (
        list_judging_times(first, at, PER_WIDTH)
        if known.judged
        else list_judging_times(first, at, 1)[-3::-2][::-1]
    )
    _judge(found, marks, choices, known)
    scores = [
        _scores(model, inside, [known.judged[mark, h] for h in choices])
        for mark, inside in zip(marks, _split_intervals(times, marks, until), strict=True)
        if all((mark, h) in known.judged for h in choices)
    ]
    weights = track_weights(np.array(scores, dtype=np.float64).reshape(-1, len(choices)))
    known.leading = choices[int(weights.argmax())]
    return dict(zip(choices, weights.tolist(), strict=True))


def _split_intervals(times: FloatArray, marks: list[float], until: float) -> list[IntArray]:
    """Return the indices of entries from each mark to the next, of those before `until`."""
    interval = np.searchsorted(marks, times, side="right")
    interval[times >= until] = 0
    order = np.argsort(interval.astype(np.int16), kind="stable")
    ends = np.searchsorted(interval[order], np.arange(1, len(marks) + 2))
    return [order[start:end] for start, end in pairwise(ends.tolist())]


def _scores(model: LogisticModel, inside: IntArray, betas: list[FloatArray]) -> list[float]:
    """Return the scores of past models, one for each half-life, on the entries `inside`."""
    place, size = model.grid.row[inside], len(model.grid.features)
    trials = np.bincount(place, model.history.counts[0][inside], size).astype(np.float64)
    hits = np.bincount(place, model.history.counts[1][inside], size).astype(np.float64)
    rows = np.flatnonzero(trials > 0.0)
    return [score_interval(model.eta(beta, rows), trials[rows], hits[rows]) for beta in betas]


def _judge(
    found: LeadingFit, marks: list[float], choices: tuple[float, ...], known: FitMemory
) -> None:
    """Fit missing models at past times, the latest first, within the budget of one fit."""
    model = found.model
    wanted = [(m, h) for m in reversed(marks) for h in choices if (m, h) not in known.judged]
    most = len(choices) * max(1, int(JUDGE_WORK / (JUDGE_LEAST + len(model.ids) ** 3)))
    for mark, half_life in wanted[:most]:
        before = model.history.at < mark
        counts = model.counts(np.where(before, model.history.age_weights(mark, half_life), 0.0))
        start = known.beta.get(half_life, next(iter(known.beta.values())))
        known.judged[mark, half_life] = model.find_near_mode(
            counts, found.prior, start, found.factors
        )
    for old in [key for key in known.judged if key[0] not in set(marks)]:
        del known.judged[old]


def refresh_mode(found: LeadingFit, at: float, half_life: float, known: FitMemory) -> PosteriorMode:
    """Find the mode of the counts under a half-life, and store it in the memory."""
    if half_life == found.half_life:
        return found.mode
    model, prior = found.model, found.prior
    counts = model.counts(model.history.age_weights(at, half_life))
    warm = half_life in known.beta
    start = known.beta[half_life if warm else found.half_life]
    if not warm:
        start = model.find_near_mode(counts, prior, start, found.factors)
    mode = model.find_mode(counts, prior, start, 1)
    known.beta[half_life] = model.expand(mode.beta, prior)
    return mode
