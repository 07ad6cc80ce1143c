"""The default learner: from counts to a published ensemble.

One fit: read the counts; set the terms' scales by empirical Bayes; admit further terms for which
the data speak; judge the half-lives; then draw from the normal posterior of each half-life, as
many draws as its weight says. See docs/learning.md.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from bandits.arrays import Float32Array, FloatArray
from bandits.config import LearnerConfig
from bandits.counts import CountTable, Interval
from bandits.delay import DelayLaw
from bandits.features import CellSpec
from bandits.learners.amounts import amount_draws
from bandits.learners.auto.design import make_design
from bandits.learners.auto.history import Grid, History, coarsened, read_table
from bandits.learners.auto.memory import Memory
from bandits.learners.auto.model import Model
from bandits.learners.auto.posterior import draws_of, share_out
from bandits.learners.auto.prior import start_scales
from bandits.learners.auto.steps import fresh_mode, learned, weighed
from bandits.policies.base import Policy
from bandits.policies.feature_draws import FeatureDraws, FeatureTerm
from bandits.policies.feature_ensemble import FeatureEnsemble

MOST_ROWS = 10_000  # of cells and arms, that a fit can take in its time
MATURE = 0.9
ROOM = 150  # features that further terms may have


def fit(
    config: LearnerConfig,
    table: CountTable,
    at: float,
    *,
    seed: int = 0,
    version: str = "0",
    meta: Mapping[str, object] | None = None,
    quarantined: Sequence[Interval] = (),
    delay: DelayLaw | None = None,
    memory: Memory | None = None,
) -> Policy:
    """The ensemble that the counts teach; see `learners.fit`.

    An exposure counts at once and its conversion when it comes. Half-lives are judged on mature
    exposures only: the delay, or else the configured window, tells which those are. The memory is
    that of earlier fits of this slot and is changed in place (None: start afresh).
    """
    spec = CellSpec.build(config.context, config.policy.max_cells)
    history = read_table(table, spec, len(config.arms)).without(quarantined, at)
    return fit_history(
        config, spec, history, at, seed=seed, version=version, meta=meta, delay=delay, memory=memory
    )


def fit_history(
    config: LearnerConfig,
    spec: CellSpec,
    history: History,
    at: float,
    *,
    seed: int,
    version: str,
    meta: Mapping[str, object] | None,
    delay: DelayLaw | None,
    memory: Memory | None,
) -> Policy:
    """The same, from columns."""
    known = Memory() if memory is None else memory
    most = min(config.policy.max_cells, MOST_ROWS // len(config.arms))
    history, sizes = coarsened(history, spec, known.folded, most)
    known.folded |= {place for place, size in enumerate(spec.sizes) if size > sizes[place]}
    spec = CellSpec(spec.attributes, sizes)
    design = make_design(config, sizes)
    key = spec.version, tuple((a.name, str(dict(a.attributes))) for a in config.arms)
    known.opened(key, start_scales(design), design.first, ROOM)
    model = Model(design, history, Grid.of(history, design), known.active)
    found = learned(config, model, at, known)
    until = at - maturity(config.window, delay)
    model, weights = found.model, weighed(config, found, at, until, known)
    rng = np.random.default_rng(seed)
    counts = share_out(weights, config.policy.draws)
    modes = {half_life: fresh_mode(found, at, half_life, known) for half_life in counts}
    draws = draws_of(model, found.prior, modes, counts, found.width, rng)
    return FeatureEnsemble(
        arms=config.names,
        version=version,
        meta={**(meta or {}), **_told(weights, found.width)},
        draws=_served(spec, model, draws, _amounts(config, history, at, weights, rng)),
        floor=config.policy.floor,
        seed=seed,
    )


def _told(weights: Mapping[float, float], width: float) -> dict[str, object]:
    shares = {str(half_life): round(weight, 4) for half_life, weight in weights.items()}
    return {"half_lives": shares, "width": round(width, 4)}


def _served(
    spec: CellSpec, model: Model, draws: FloatArray, amounts: Float32Array | None
) -> FeatureDraws:
    """The active terms with their features numbered anew, and nothing else."""
    live = np.flatnonzero(np.append(True, model.active)[1 + model.design.term_of])
    place = np.full(model.design.width + 1, len(live), dtype=np.int64)
    place[live] = np.arange(len(live))
    terms = [FeatureTerm(at, place[index]) for at, index in model.design.parts(model.active)]
    return FeatureDraws(spec, tuple(terms), draws[live].astype(np.float32), amounts)


def maturity(window: float | None, delay: DelayLaw | None) -> float:
    """Seconds after which an exposure is evidence: MATURE of its conversions have come by then.

    Never more than the window; without window and law, all conversions are taken to come at once.
    """
    known = [] if window is None else [window]
    if delay is not None:
        known.append(delay.quantile(MATURE))
    return min(known, default=0.0)


def _amounts(
    config: LearnerConfig,
    history: History,
    at: float,
    weights: Mapping[float, float],
    rng: np.random.Generator,
) -> Float32Array | None:
    if config.objective != "revenue":
        return None
    leading = max(weights, key=lambda h: weights[h])
    by_arm = history.by_arm(history.aged(at, leading))
    drawn = amount_draws(by_arm, len(config.arms), config.policy.draws, rng)[0]
    return np.ascontiguousarray(drawn.T, dtype=np.float32)
