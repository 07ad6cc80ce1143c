"""Steadiness: a named effect has to stay when factors like it may take any form.

The model of effects is additive and bends at a few quantiles. What it misses of a cause (a step, or
a pair of causes) it would put down to whatever resembles that cause. So each named effect is looked
at once more, beside steps at the deciles of the numbers that are most like it, and beside the pairs
that were found. Nothing is named here that was not named before: the bound on errors stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from scipy.stats import rankdata

from bandits.arrays import FloatArray
from nudge.domain.care.factors.findings import ALPHA, CutEffects, Effect, Reason, Verdict
from nudge.domain.care.factors.people_table import Factor, FactorKind, PeopleTable
from nudge.models.factors.design import aliased
from nudge.models.factors.effects import EffectModel, effect_model, wald
from nudge.models.factors.firth import fit_logistic
from nudge.models.factors.terms import Term, number_cuts

ALIKE: Final = 3
"""Numbers that may take any form beside an effect."""
LEAST_LIKE: Final = 0.1
"""Rank correlation below which a number resembles no factor: it cannot lend its effect."""


def steady(
    table: PeopleTable, found: CutEffects, model: EffectModel | None, pairs: Sequence[Term]
) -> CutEffects:
    """Return the effects of a cut; one that does not stay cannot be told from its partner.

    Args:
        table: the people of the cut.
        found: effects with verdicts.
        model: in which they were tested; None where each had its own.
        pairs: that were found among all people.
    """
    if not any(one.found for one in found.effects):
        return found
    model, ranks = model or effect_model(table), _ranks(table)
    effects = [_checked(one, table, model, ranks, pairs) for one in found.effects]
    return replace(found, effects=tuple(effects))


def _checked(
    effect: Effect,
    table: PeopleTable,
    model: EffectModel,
    ranks: FloatArray,
    pairs: Sequence[Term],
) -> Effect:
    if not effect.found:
        return effect
    names = [one.name for one in table.factors]
    like = _like(names.index(effect.factor), table, ranks)
    # A pair's own factors are told by its rule.
    others = [one for one in pairs if effect.factor not in {names[s.place] for s in one.sides}]
    beside = [_steps(table.factors[n]) for n in like] + [
        one.column(table)[:, None] for one in others
    ]
    if not beside or _stays(effect.factor, model, np.column_stack(beside)):
        return effect
    partner = names[like[0]] if like else names[others[0].sides[0].place]
    return replace(effect, verdict=Verdict.CANNOT_TELL, reason=Reason.ENTANGLED, partner=partner)


def _stays(name: str, model: EffectModel, beside: FloatArray) -> bool:
    columns = np.column_stack([model.design.columns, beside - beside.mean(axis=0)])
    columns = np.delete(columns, aliased(columns), axis=1)
    fit = fit_logistic(columns, model.left, model.fit.beta)
    own = next(one for one in model.design.factors if one.factor.name == name)
    return wald(fit, own.all) <= ALPHA


def _like(place: int, table: PeopleTable, ranks: FloatArray) -> list[int]:
    """Return the places of the numbers that are most like a factor, the nearest first."""
    near = np.abs(ranks.T @ ranks[:, place]) / len(ranks)
    near[place] = 0.0
    order = [int(n) for n in np.argsort(-near, kind="stable")]
    numbers = [n for n in order if table.factors[n].kind == FactorKind.NUMBER]
    return [n for n in numbers if near[n] >= LEAST_LIKE][:ALIKE]


def _ranks(table: PeopleTable) -> FloatArray:
    """Return the ranks (n, factors) of all people, of spread 1; levels by their share that left."""
    return np.column_stack([_rank(one, table) for one in table.factors])


def _rank(factor: Factor, table: PeopleTable) -> FloatArray:
    values = factor.values
    known = ~np.isnan(values)
    if factor.kind == FactorKind.LEVELS and known.any():
        codes = values[known].astype(np.int64)
        share = np.bincount(codes, table.left[known]) / np.maximum(np.bincount(codes), 1)
        values = np.where(known, share[np.where(known, values, 0.0).astype(np.int64)], np.nan)
    found = np.zeros(len(values))
    if known.any():
        found[known] = rankdata(values[known])
        found[known] -= found[known].mean()
    return found / max(float(found.std()), 1e-12)


def _steps(factor: Factor) -> FloatArray:
    known = factor.values[~np.isnan(factor.values)]
    return (factor.values[:, None] <= number_cuts(known)).astype(np.float64)
