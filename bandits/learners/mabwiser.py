"""MABWiser learner: its learning policies, published as draws (`policy.kind = "mabwiser"`).

MABWiser (Strong, Kleynhans and Kadioglu 2021) predicts arms and has neither propensities nor
forgetting. So it is fitted to weighted counts and predicts M times the expectation of each arm in
each cell, and these answers are published: the served policy is "take one of the M answers at
random and its best arm", whose probabilities are exact counts, mixed with uniform to keep the
floor. Ties of a deterministic policy (UCB1, LinUCB) are split evenly.

Only its public interface is used. It is imported at its first use, because that takes seconds and
130 MB. `LinTS`, `LinUCB` and `LinGreedy` see the levels of the cell; the other six ignore the
context and choose alike in all cells. Rewards are 0 or 1, or for the revenue objective in
units of the mean amount, so that `alpha` and `tau` mean the same in every currency.
"""

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import cast

import numpy as np

from bandits.arrays import Float32Array, FloatArray
from bandits.config import LearnerConfig
from bandits.config_mabwiser import KEY, LINEAR, read_options
from bandits.counts import CountTable, Interval, WeightedCounts
from bandits.errors import ConfigError
from bandits.features import CellSpec
from bandits.learners.amounts import amount_draws
from bandits.learners.beta import draw_worths, posterior, shown_cells, totals
from bandits.learners.bounded import bound_policy
from bandits.learners.mabwiser_rows import BATCH, MabwiserBandit, fit_arms, fit_cells, level_columns
from bandits.policies.base import Policy
from bandits.policies.ensemble import EnsemblePolicy
from bandits.policies.table import TableDraws
from bandits.units import DAY

HALF_LIFE = 7.0 * DAY
_SALT = 0x6D6162  # separates the draws of this module from others with the same seed


def fit(
    config: LearnerConfig,
    table: CountTable,
    at: float,
    *,
    seed: int = 0,
    version: str = "0",
    meta: Mapping[str, object] | None = None,
    quarantined: Sequence[Interval] = (),
) -> Policy:
    """Fit the ensemble policy of M answers of a MABWiser policy; see `learners.fit`.

    Forgetting is by weight, with a half-life of 7 days unless the slot sets one. MABWiser's
    generator is seeded from `seed` alone: two workers that publish the same version publish the
    same bytes, and two versions never share their draws.

    Raises:
        ConfigError: MABWiser does not accept the options.
    """
    weighted = table.weigh_buckets(at, config.policy.half_life or HALF_LIFE, quarantined)
    spec = CellSpec.build(config.context, config.policy.max_cells)
    mab_seed, rest = np.random.SeedSequence([seed, _SALT]).generate_state(2)
    rng = np.random.default_rng(int(rest))
    codes, answers = _collect_answers(config, weighted, spec, int(mab_seed) & 0x7FFFFFFF)
    if _read_learning_policy(config) == "ThompsonSampling" and config.objective == "revenue":
        answers = answers * amount_draws(weighted, len(config.arms), config.policy.draws, rng)
    policy = EnsemblePolicy(
        arms=config.names,
        version=version,
        meta=meta or {},
        draws=TableDraws(spec, codes, rank_answers(answers, rng)),
        floor=config.policy.explore_share * config.policy.floor,
        explore_share=config.policy.explore_share,
        seed=seed,
    )
    # MABWiser's answers are ranks here, and no rates: a Beta posterior judges them.
    judge = posterior(totals(weighted, spec, len(config.arms)), config.policy.strength)
    draws = draw_worths(config, spec, weighted, judge, rng)
    return bound_policy(config, policy, shown_cells(config, spec, table, at, quarantined), draws)


def _read_learning_policy(config: LearnerConfig) -> str:
    return read_options(config.policy.options)[0]


def _collect_answers(
    config: LearnerConfig, weighted: WeightedCounts, spec: CellSpec, seed: int
) -> tuple[np.ndarray[tuple[int], np.dtype[np.int64]], FloatArray]:
    """Return the codes (C,) of the cells and the answers (C + 1, M, K); the last row is pooled."""
    name, parameters = read_options(config.policy.options)
    arms = len(config.arms)
    bandit = make_mab(arms, name, parameters, seed)
    unit = _unit(config, weighted)
    if name in LINEAR:
        fit_cells(bandit, weighted, spec, arms, unit, scaled=bool(parameters.get("scale")))
        codes = np.arange(spec.count, dtype=np.int64)
        cells = np.append(codes, 0)  # every cell has its own row, so the last one is unused
    else:
        fit_arms(bandit, weighted, arms, unit, binary=name == "ThompsonSampling")
        codes, cells = np.zeros(0, dtype=np.int64), np.zeros(1, dtype=np.int64)
    return codes, sample_expectations(bandit, level_columns(spec, cells), config.policy.draws, arms)


def make_mab(
    arms: int,
    learning_policy: str,
    parameters: Mapping[str, object],
    seed: int,
    neighborhood: tuple[str, Mapping[str, object]] | None = None,
) -> MabwiserBandit:
    """Return a `mabwiser.mab.MAB` over the arms 0 to K - 1.

    Args:
        arms: number K of arms.
        learning_policy: one of `config_mabwiser.LEARNING`.
        parameters: parameters of the learning policy.
        seed: seed of MABWiser's generator.
        neighborhood: name and parameters of a neighborhood policy, for use offline.

    Raises:
        ConfigError: MABWiser refuses an argument; the message is MABWiser's.
    """
    mab = import_module("mabwiser.mab")
    try:
        learning = getattr(mab.LearningPolicy, learning_policy)(**parameters)
        near = None
        if neighborhood is not None:
            near = getattr(mab.NeighborhoodPolicy, neighborhood[0])(**neighborhood[1])
        return cast("MabwiserBandit", mab.MAB(list(range(arms)), learning, near, seed=seed))
    except (TypeError, ValueError) as error:
        raise ConfigError(KEY, str(error).rstrip("."), "See MABWiser's documentation") from error


def sample_expectations(
    bandit: MabwiserBandit, contexts: FloatArray, draws: int, arms: int
) -> FloatArray:
    """Return M sampled expectations of each arm in contexts (c, d), as (c, M, K)."""
    rows = np.repeat(contexts, draws, axis=0)
    out = np.empty((len(rows), arms))
    for start in range(0, len(rows), BATCH):
        part = rows[start : start + BATCH]
        # MABWiser answers a single row in another form.
        whole = part if len(part) > 1 else np.repeat(part, 2, axis=0)
        answers = bandit.predict_expectations(np.ascontiguousarray(whole))
        for i, answer in enumerate(answers[: len(part)], start=start):
            out[i] = [answer[arm] for arm in range(arms)]
    return out.reshape(len(contexts), draws, arms)


def rank_answers(answers: FloatArray, rng: np.random.Generator) -> Float32Array:
    """Return the ranks of the answers (..., K) among the arms, ties broken at random.

    Only the order within a draw matters. Neither large rewards nor the rounding to float32 in a
    snapshot can change ranks, and equal arms share their traffic.
    """
    order = np.lexsort((rng.random(answers.shape), answers), axis=-1)
    places = np.empty(answers.shape, dtype=np.float32)
    values = np.broadcast_to(np.arange(answers.shape[-1], dtype=np.float32), answers.shape)
    np.put_along_axis(places, order, values, axis=-1)
    return places


def _unit(config: LearnerConfig, weighted: WeightedCounts) -> float:
    """Return the mean reward of a conversion in fen; 0 where conversions are the objective."""
    hits = float(weighted.conversions.sum())
    if config.objective != "revenue" or hits <= 0.0:
        return 0.0
    return max(float(weighted.reward.sum()) / hits, 0.0)
