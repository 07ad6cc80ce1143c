"""Default learner: fits an ensemble policy to counts.

A fit reads the counts, sets the terms' scales by empirical Bayes, admits further terms that the
data support, weighs the half-lives, and draws from the normal posterior of each half-life in
proportion to its weight. See docs/learning.md.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from bandits.arrays import Float32Array, FloatArray
from bandits.config import LearnerConfig
from bandits.counts import CountTable, Interval
from bandits.delay import DelayDistribution
from bandits.features import CellSpec
from bandits.learners.amounts import amount_draws
from bandits.learners.auto.design import make_design
from bandits.learners.auto.history import CountHistory, FeatureGrid, coarsen_attributes, read_table
from bandits.learners.auto.memory import FitMemory
from bandits.learners.auto.model import LogisticModel
from bandits.learners.auto.posterior import draw_coefficients, share_draws
from bandits.learners.auto.prior import start_scales
from bandits.learners.auto.rule import rule_counts
from bandits.learners.auto.steps import fit_leading, refresh_mode, weigh_half_lives
from bandits.learners.bounded import ShownCells, bound_policy, is_bounded
from bandits.policies.base import Policy
from bandits.policies.feature_draws import FeatureDraws, FeatureTerm
from bandits.policies.feature_ensemble import FeatureEnsemble

MOST_ROWS = 10_000  # (cell, arm) pairs that a fit can handle in its time
MATURE = 0.9  # share of conversions that have come when an exposure counts as mature
ROOM = 150  # features that admitted terms may have together


def fit(
    config: LearnerConfig,
    table: CountTable,
    at: float,
    *,
    seed: int = 0,
    version: str = "0",
    meta: Mapping[str, object] | None = None,
    quarantined: Sequence[Interval] = (),
    delay: DelayDistribution | None = None,
    memory: FitMemory | None = None,
) -> Policy:
    """Fit the ensemble policy to a count table; see `learners.fit`.

    An exposure counts at once and its conversion when it comes. Half-lives are weighed on mature
    exposures only; see `maturity`. The memory is that of earlier fits of this slot and is changed
    in place; None starts anew.
    """
    spec = CellSpec.build(config.context, config.policy.max_cells)
    history = read_table(table, spec, len(config.arms)).drop_intervals(quarantined, at)
    return fit_history(
        config, spec, history, at, seed=seed, version=version, meta=meta, delay=delay, memory=memory
    )


def fit_history(
    config: LearnerConfig,
    spec: CellSpec,
    history: CountHistory,
    at: float,
    *,
    seed: int,
    version: str,
    meta: Mapping[str, object] | None,
    delay: DelayDistribution | None,
    memory: FitMemory | None,
) -> Policy:
    """Fit the ensemble policy to a count history; see `fit`."""
    known = FitMemory() if memory is None else memory
    most = min(config.policy.max_cells, MOST_ROWS // len(config.arms))
    history, sizes = coarsen_attributes(history, spec, known.coarsened, most)
    known.coarsened |= {place for place, size in enumerate(spec.sizes) if size > sizes[place]}
    spec = CellSpec(spec.attributes, sizes)
    design = make_design(config, sizes)
    key = spec.version, tuple((a.name, str(dict(a.attributes))) for a in config.arms)
    known.prepare_for(key, start_scales(design), design.first, ROOM)
    count = len(config.arms)
    shown = history.by_cell(count)
    hits = history.by_cell(count, row=1)
    rule = rule_counts(config, design, history.levels, shown, hits)
    model = LogisticModel(design, history, FeatureGrid.build(history, design, rule), known.active)
    found = fit_leading(config, model, at, known)
    until = at - maturity(config.window, delay)
    model, weights = found.model, weigh_half_lives(config, found, at, until, known)
    rng = np.random.default_rng(seed)
    counts = share_draws(weights, config.policy.draws)
    modes = {half_life: refresh_mode(found, at, half_life, known) for half_life in counts}
    draws = draw_coefficients(model, found.prior, modes, counts, found.width, rng)
    amounts = _draw_amounts(config, history, at, weights, rng)
    policy = FeatureEnsemble(
        arms=config.names,
        version=version,
        meta={**(meta or {}), **_describe_fit(weights, found.width)},
        draws=_pack_draws(spec, model, draws, amounts),
        floor=config.policy.explore_share * config.policy.floor,
        explore_share=config.policy.explore_share,
        seed=seed,
    )
    if not is_bounded(config):
        return policy
    # The bound asks for the posterior as it is, and not for draws that are narrowed to explore.
    whole = draw_coefficients(model, found.prior, modes, counts, 1.0, rng)
    visits = history.by_cell(count, history.age_weights(at, found.half_life))
    record = ShownCells(spec, history.levels, shown, visits.sum(axis=1), hits.sum(axis=0))
    return bound_policy(config, policy, record, _pack_draws(spec, model, whole, amounts))


def _describe_fit(weights: Mapping[float, float], width: float) -> dict[str, object]:
    shares = {str(half_life): round(weight, 4) for half_life, weight in weights.items()}
    return {"half_lives": shares, "width": round(width, 4)}


def _pack_draws(
    spec: CellSpec, model: LogisticModel, draws: FloatArray, amounts: Float32Array | None
) -> FeatureDraws:
    """Return the draws of the active terms only, with their features renumbered."""
    live = np.flatnonzero(np.append(True, model.active)[1 + model.design.term_of])
    place = np.full(model.design.width + 1, len(live), dtype=np.int64)
    place[live] = np.arange(len(live))
    terms = [FeatureTerm(at, place[index]) for at, index in model.design.parts(model.active)]
    return FeatureDraws(spec, tuple(terms), draws[live].astype(np.float32), amounts)


def maturity(window: float | None, delay: DelayDistribution | None) -> float:
    """Return the age in seconds at which an exposure is mature: MATURE of conversions have come.

    At most the window. Without window and distribution, conversions are taken to come at once.

    Args:
        window: attribution window in seconds.
        delay: distribution of the delay.
    """
    known = [] if window is None else [window]
    if delay is not None:
        known.append(delay.quantile(MATURE))
    return min(known, default=0.0)


def _draw_amounts(
    config: LearnerConfig,
    history: CountHistory,
    at: float,
    weights: Mapping[float, float],
    rng: np.random.Generator,
) -> Float32Array | None:
    if config.objective != "revenue":
        return None
    leading = max(weights, key=lambda h: weights[h])
    by_arm = history.sum_by_arm(history.age_weights(at, leading))
    drawn = amount_draws(by_arm, len(config.arms), config.policy.draws, rng)[0]
    return np.ascontiguousarray(drawn.T, dtype=np.float32)
