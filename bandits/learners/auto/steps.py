"""The steps of one fit: scales and terms, the weights of half-lives, and the modes to draw from."""

import math
from dataclasses import replace

import numpy as np

from bandits.arrays import FloatArray, IntArray
from bandits.config import LearnerConfig
from bandits.learners.auto.forgetting import HALF_LIVES, block_score, edges, tracked
from bandits.learners.auto.laplace import Mode
from bandits.learners.auto.memory import Memory
from bandits.learners.auto.model import Model
from bandits.learners.auto.prior import Prior, make_prior, start_scales
from bandits.learners.auto.scales import next_scales

COLD, WARM = 8, 2  # Newton steps at most, without and with a start from the last fit
COLD_ROUNDS, WARM_ROUNDS = 5, 2  # of empirical Bayes
JUDGED_AT_ONCE = 15  # models of the past that one fit makes at most
COLD_WIDTH, WARM_WIDTH = 4, 8  # blocks of each width


def aged(times: FloatArray, at: float, half_life: float) -> FloatArray:
    """Weights 2 ** (-age / half_life) of times (n,); 1 for what lies after `at`."""
    return np.asarray(2.0 ** (-np.maximum(at - times, 0.0) / half_life), dtype=np.float64)


def half_lives(config: LearnerConfig) -> tuple[float, ...]:
    """The half-lives to choose from: the one that is configured, or several."""
    own = config.policy.half_life
    return HALF_LIVES if own is None else (own,)


def learned(config: LearnerConfig, model: Model, at: float, known: Memory) -> tuple[Model, Prior]:
    """The model with the terms and the prior with the scales that the data ask for."""
    leading = half_lives(config)[0] if known.leading is None else known.leading
    counts = model.counts(aged(model.history.at, at, leading))
    rate = float((counts[1].sum() + 1.0) / (counts[0].sum() + 20.0))
    start, cold = start_scales(model.design), known.empty
    prior = make_prior(model.design, known.scales, config, rate)
    if cold:
        prior.mean[0] = math.log(rate / (1.0 - rate))
    beta = known.beta.get(leading, prior.mean)
    for _ in range(COLD_ROUNDS if cold else WARM_ROUNDS):
        mode = model.mode(counts, prior, beta, COLD if cold else WARM)
        beta, ids = model.full(mode.beta, prior), model.ids
        variance = np.diag(np.linalg.inv(mode.hessian))
        known.scales = next_scales(
            known.scales, start, model.design.term_of[ids], mode.beta - prior.mean[ids], variance
        )
        prior = make_prior(model.design, known.scales, config, rate)
    known.beta.setdefault(leading, beta)
    extra = int(sum(t.width for t, a in zip(model.design.terms, known.active, strict=True) if a))
    active = model.admitted(counts, beta, known.room - extra)
    known.active = active
    return (model if (active == model.active).all() else replace(model, active=active)), prior


def weighed(
    config: LearnerConfig, model: Model, prior: Prior, at: float, known: Memory
) -> dict[float, float]:
    """Half-life -> weight, from what models of the past would have predicted."""
    choices = half_lives(config)
    if len(choices) == 1:
        return {choices[0]: 1.0}
    times = model.history.at
    width = WARM_WIDTH if known.judged else COLD_WIDTH
    marks = edges(float(times.min(initial=at)), at, width)
    _judge(model, prior, marks, choices, known)
    block = np.searchsorted(marks, times, side="right")
    scores = [
        _scores(model, np.flatnonzero(block == place), [known.judged[mark, h] for h in choices])
        for place, mark in enumerate(marks, start=1)
        if all((mark, h) in known.judged for h in choices)
    ]
    weights = tracked(np.array(scores, dtype=np.float64).reshape(-1, len(choices)))
    known.leading = choices[int(weights.argmax())]
    return dict(zip(choices, weights.tolist(), strict=True))


def _scores(model: Model, inside: IntArray, betas: list[FloatArray]) -> list[float]:
    """What models (H of them) of the past say of the history's entries `inside` a block."""
    rows, place = np.unique(model.grid.row[inside], return_inverse=True)
    trials = np.bincount(place, model.ripe[inside], len(rows)).astype(np.float64)
    hits = np.bincount(place, model.history.counts[1][inside], len(rows)).astype(np.float64)
    return [block_score(model.eta(beta, rows), trials, hits) for beta in betas]


def _judge(
    model: Model, prior: Prior, marks: list[float], choices: tuple[float, ...], known: Memory
) -> None:
    """Fit what is not yet known of the past, the latest first, within one fit's budget."""
    wanted = [(m, h) for m in reversed(marks) for h in choices if (m, h) not in known.judged]
    for mark, half_life in wanted[:JUDGED_AT_ONCE]:
        before = model.history.at < mark
        counts = model.counts(np.where(before, aged(model.history.at, mark, half_life), 0.0))
        start = known.beta.get(half_life, next(iter(known.beta.values())))
        mode = model.mode(counts, prior, start, WARM)
        known.judged[mark, half_life] = model.full(mode.beta, prior)
    for old in [key for key in known.judged if key[0] not in set(marks)]:
        del known.judged[old]


def fresh_mode(model: Model, prior: Prior, at: float, half_life: float, known: Memory) -> Mode:
    """The mode of today's counts under a half-life; remembered as the next start."""
    counts = model.counts(aged(model.history.at, at, half_life))
    warm = half_life in known.beta
    start = known.beta.get(half_life, next(iter(known.beta.values())))
    mode = model.mode(counts, prior, start, WARM if warm else COLD)
    known.beta[half_life] = model.full(mode.beta, prior)
    return mode
