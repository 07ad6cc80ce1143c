"""Effects of factors among some people: each tested with all others held equal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from scipy.stats import chi2, norm

from bandits.arrays import FloatArray, IntArray
from nudge.domain.care.factors.findings import (
    ALPHA,
    LEVEL,
    SEEN,
    SMALL,
    Cut,
    CutEffects,
    Effect,
    Interval,
    Reason,
    Verdict,
)
from nudge.domain.care.factors.people_table import Factor, PeopleTable
from nudge.models.factors.contrasts import SidedContrast, contrasts_of
from nudge.models.factors.design import (
    PER_COLUMN,
    Design,
    FactorColumns,
    build_design,
    made_up,
    widest_design,
)
from nudge.models.factors.firth import LogisticFit, fit_logistic

FEWEST_COLUMNS: Final = 10
"""Columns that a test needs at least: beside fewer of the other factors nothing is held equal."""
PER_BEND: Final = 10
"""The same, before lines may bend."""
STRAIGHT: Final = 0.1
"""A line stays straight whose bends have a larger p."""
TANGLED: Final = 10.0
"""Inflation of a variance from which factors cannot be told apart."""
POWER: Final = 0.8


@dataclass(frozen=True, eq=False)
class EffectModel:
    """The model in which all factors are held equal.

    Attributes:
        design: its columns; bends that tell nothing are dropped.
        left: (n,) 1 or 0.
        fit: of both.
    """

    design: Design
    left: FloatArray
    fit: LogisticFit


@dataclass(frozen=True, eq=False)
class CutTests:
    """The tests of all factors among some of the people, before correction.

    Attributes:
        effects: with their p; verdicts are not given yet.
        errors: standard error of each effect's log odds; NaN where there is none.
        model: in which all factors were held equal; None where only those most alike were.
    """

    found: CutEffects
    errors: FloatArray
    model: EffectModel | None = None


def factor_tests(table: PeopleTable, cut: Cut, group: str = "") -> CutTests:
    """Test each factor of a table, all others held equal.

    Args:
        table: the people of the cut.
        cut: which people they are.
        group: name of the segment or of the kind of leaving.
    """
    dropped, straight = made_up(table)
    beside = [_left_out(one, table) for one in table.factors if one.name in dropped]
    table = table.without(dropped)
    left = table.left.astype(np.float64)
    rarer = int(min(left.sum(), len(left) - left.sum()))
    size = {"cut": cut, "group": group, "people": len(left), "left": int(left.sum())}
    # All columns, or those of the most alike.
    needed = PER_COLUMN * min(int(straight.columns.shape[1]) - 1, FEWEST_COLUMNS)
    if rarer < max(needed, 1):
        effects = [Effect(f.name, f.scene, reason=Reason.FEW_LEFT) for f in table.factors]
        effects += beside
        none = np.full(len(effects), np.nan)
        return CutTests(CutEffects(**size, effects=tuple(effects), needed=max(needed, 1)), none)  # type: ignore[arg-type] # keys of the class
    model, tested = _tested(table, straight, rarer // PER_COLUMN)
    pairs = [*tested, *((one, float("nan")) for one in beside)]
    errors = np.array([error for _, error in pairs])
    return CutTests(CutEffects(**size, effects=tuple(e for e, _ in pairs)), errors, model)  # type: ignore[arg-type] # the same


def untested(table: PeopleTable) -> CutEffects:
    """Return the effects of people who all left, or all stayed, or of whom nothing is known."""
    effects = tuple(Effect(f.name, f.scene, reason=Reason.FEW_LEFT) for f in table.factors)
    needed = PER_COLUMN * max(1, min(len(effects), FEWEST_COLUMNS))
    return CutEffects(Cut.ALL, "", len(table), int(table.left.sum()), effects, needed)


def _tested(
    table: PeopleTable, straight: Design, most: int
) -> tuple[EffectModel | None, list[tuple[Effect, float]]]:
    """Test each factor beside all others, or beside those most like it: as many as `most` columns.

    Who is held equal depends on the factors alone, and not on who left.
    """
    if straight.columns.shape[1] - 1 <= most:
        model = _effect_model(table, straight)
        return model, [_effect(one, model, table) for one in model.design.factors]
    left, found = table.left.astype(np.float64), []
    for n, own in enumerate(straight.factors):
        design = straight.without(_unlike(own, straight, most))
        model = EffectModel(design, left, fit_logistic(design.columns, left))
        found.append(_effect(design.factors[n], model, table))
    return None, found


def _unlike(own: FactorColumns, design: Design, most: int) -> IntArray:
    """Return the columns of factors that are least like one, so that at most so many are left."""
    near = sorted(
        (one for one in design.factors if one.factor.name != own.factor.name),
        key=lambda one: -_likeness(own, one, design),
    )
    room = most - len(own.main) - len(own.unknown)
    dropped = [np.zeros(0, dtype=np.int64)]
    for one in near:
        columns = np.concatenate([one.all, one.unknown])
        if len(columns) > room:
            dropped.append(columns)
        else:
            room -= len(columns)
    return np.concatenate(dropped)


def _likeness(one: FactorColumns, other: FactorColumns, design: Design) -> float:
    """Return the largest correlation of two factors' columns."""
    if not (len(one.main) and len(other.main)):
        return 0.0
    first, second = design.columns[:, one.main], design.columns[:, other.main]
    both = np.corrcoef(first.T, second.T)[: first.shape[1], first.shape[1] :]
    return float(np.abs(both).max())


def _left_out(factor: Factor, table: PeopleTable) -> Effect:
    """Return the effect of a number that the other factors make up."""
    design = build_design(table, bends=())
    own = next(one for one in design.factors if one.factor.name == factor.name)
    return Effect(factor.name, factor.scene, reason=Reason.ALIKE, partner=_partner(own, design))


def effect_model(table: PeopleTable) -> EffectModel:
    """Fit the model of a table's effects, without numbers that other factors make up."""
    dropped, straight = made_up(table)
    return _effect_model(table.without(dropped), straight)


def _effect_model(table: PeopleTable, straight: Design) -> EffectModel:
    left = table.left.astype(np.float64)
    design = widest_design(table, PER_BEND, straight)
    fit = fit_logistic(design.columns, left)
    bends = [one.bends for one in design.factors if len(one.bends)]
    dropped = [places for places in bends if wald(fit, places) > STRAIGHT]
    if not dropped:
        return EffectModel(design, left, fit)
    design = design.without(np.concatenate(dropped))
    return EffectModel(design, left, fit_logistic(design.columns, left))


def wald(fit: LogisticFit, at: IntArray) -> float:
    """Return the p of some coefficients together, by their places."""
    beta, inside = fit.beta[at], fit.covariance[np.ix_(at, at)]
    return float(chi2.sf(beta @ np.linalg.solve(inside, beta), len(at)))


def _effect(one: FactorColumns, model: EffectModel, table: PeopleTable) -> tuple[Effect, float]:
    factor, design, fit = one.factor, model.design, model.fit
    named = Effect(factor.name, factor.scene)
    sides = contrasts_of(one, design, table.left)
    if not sides:
        return replace(named, reason=Reason.FEW_ON_A_SIDE), float("nan")
    if not len(one.main):
        partner = _partner(one, design)
        return replace(named, reason=Reason.ALIKE, partner=partner), float("nan")
    side, error = _surest(sides, fit)
    # A line that might have bent was looked at twice: its p is doubled (Bonferroni).
    looks = 2 if one.bendable else 1
    p = min(1.0, looks * wald(fit, one.all))
    value = float(side.direction @ fit.beta)
    reach = float(norm.isf((1.0 - LEVEL) / 2.0 / len(sides))) * error
    odds = Interval(*(float(np.exp(value + d)) for d in (0.0, -reach, reach)))
    found = replace(named, contrast=side.contrast, odds=odds, p=p)
    if _inflation(side.direction, one, design, fit) > TANGLED:
        found = replace(found, reason=Reason.ENTANGLED, partner=_partner(one, design))
    return found, error


def _surest(sides: Sequence[SidedContrast], fit: LogisticFit) -> tuple[SidedContrast, float]:
    errors = [float(np.sqrt(s.direction @ fit.covariance @ s.direction)) for s in sides]
    values = [abs(float(s.direction @ fit.beta)) for s in sides]
    best = int(np.argmax([v / e for v, e in zip(values, errors, strict=True)]))
    return sides[best], errors[best]


def _inflation(
    direction: FloatArray, one: FactorColumns, design: Design, fit: LogisticFit
) -> float:
    """Return how much the other factors inflate the variance of an effect."""
    places = np.concatenate([[0], one.all])
    weight = fit.chance * (1.0 - fit.chance)
    own = design.columns[:, places]
    alone = np.linalg.inv((own * weight[:, None]).T @ own + 1e-9 * np.eye(len(places)))
    at = direction[places]
    return float(direction @ fit.covariance @ direction / max(at @ alone @ at, 1e-12))


def _partner(one: FactorColumns, design: Design) -> str:
    """Return the name of the factor that is most like this one."""
    own = np.nan_to_num(one.factor.values, nan=float(np.nanmean(one.factor.values)))
    own = np.column_stack([own, design.columns[:, one.main]])
    best, name = -1.0, ""
    for other in design.factors:
        if other.factor.name == one.factor.name or not len(other.main):
            continue
        both = np.corrcoef(own.T, design.columns[:, other.main].T)
        near = float(np.nanmax(np.abs(both[: own.shape[1], own.shape[1] :])))
        if near > best:
            best, name = near, other.factor.name
    return name


def corrected(tests: Sequence[CutTests], share: float) -> list[CutEffects]:
    """Correct the tests of a family together, and give the verdicts.

    Holm's step-down procedure (Scandinavian Journal of Statistics 6, 1979): whatever goes with
    what, the chance that any factor is named in pure noise is at most `share` of `ALPHA`.

    Args:
        tests: of one family: all people, all segments, or all kinds of leaving.
        share: of the report's chance of an error that the family may use.
    """
    plain = [e.p for t in tests for e in t.found.effects if e.p is not None]
    adjusted = iter(holm(np.array(plain)) / share)
    found = []
    for one in tests:
        effects = [
            e
            if e.p is None
            else _judged(
                replace(e, p_adjusted=min(1.0, float(next(adjusted)))),
                error,
                one,
                share / len(plain),
            )
            for e, error in zip(one.found.effects, one.errors, strict=True)
        ]
        effects.sort(key=lambda e: (2.0 if e.p_adjusted is None else e.p_adjusted, e.p or 0.0))
        found.append(replace(one.found, effects=tuple(effects)))
    return found


def holm(p: FloatArray) -> FloatArray:
    """Return Holm's adjusted p (n,)."""
    order = np.argsort(p)
    steps = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    found = np.empty(len(p))
    found[order] = np.minimum(steps, 1.0)
    return found


def _judged(effect: Effect, error: float, tests: CutTests, share: float) -> Effect:
    odds = effect.odds
    if odds is None or effect.p_adjusted is None:
        return effect
    if effect.p_adjusted <= ALPHA:
        verdict = Verdict.RAISES if odds.value > 1.0 else Verdict.LOWERS
        return replace(effect, verdict=verdict, reason=None, partner="")
    if odds.low >= 1.0 / SMALL and odds.high <= SMALL:
        return replace(effect, verdict=Verdict.NONE, reason=None, partner="")
    reach = float(norm.isf(ALPHA * share / 2.0) + norm.ppf(POWER))
    needed = int(np.ceil(tests.found.people * (reach * error / np.log(SEEN)) ** 2))
    if effect.reason is not None:
        return replace(effect, needed=needed)
    if needed <= tests.found.people:
        return replace(effect, reason=Reason.SMALL)
    return replace(effect, reason=Reason.SAMPLE, needed=needed)
