"""The effect of a campaign: what contacting added, to whom most, and whether that can be told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.stats import chi2

from bandits.arrays import FloatArray, IntArray
from bandits.inference.quantiles import normal_quantile
from nudge.domain.winback.contact_effect import (
    ALPHA,
    FEWEST,
    LEVEL,
    ContactReport,
    ContactVerdict,
    Increment,
    Obstacle,
)
from nudge.domain.winback.contact_table import ContactTable
from nudge.models.uplift.columns import ColumnPlan, factor_places, plan_columns
from nudge.models.uplift.contact_scores import contact_scores, draw_folds
from nudge.models.uplift.ranking import FIFTHS, UpliftModel, forward_fifths
from nudge.models.uplift.ridge import RegressionSums, fit_ridge

UNLIKE: Final = 0.001
"""Chance that a campaign drawn by chance is said not to be."""
TWO_SIDED: Final = normal_quantile(1.0 - ALPHA / 2.0)
"""Bound for all people: half of the chance of an error, to both sides."""
ONE_SIDED: Final = normal_quantile(1.0 - ALPHA)
"""Bound for the first fifth: the other half, to one side."""
RANKED: Final = normal_quantile(1.0 - 2.0 * ALPHA)
"""Bound for the first fifth against the rest, once something was told."""
SEEN: Final = 0.2
"""Increment for which the sample needed is told, as a share of the held out's rate."""
POWER: Final = 0.84
"""Normal quantile of four chances in five."""


@dataclass(frozen=True, eq=False)
class CampaignAnalysis:
    """The analysis of a campaign.

    Attributes:
        report: findings.
        model: ranks other people; None where the campaign cannot answer.
    """

    report: ContactReport
    model: UpliftModel | None = None


@dataclass(frozen=True)
class _CampaignTests:
    """The tests of a campaign, each as a normal quantile.

    Attributes:
        whole: of the increment of all people.
        top: of the increment of the first fifth.
        beyond: of the first fifth against the rest.
    """

    whole: float
    top: float
    beyond: float


def measure_effect(table: ContactTable, seed: int = 0) -> CampaignAnalysis:
    """Measure what contacting added, and rank people by it.

    The chance that a campaign without any effect is said to help or to harm is at most `ALPHA`.

    Args:
        table: people of a campaign, whom chance contacted or held out.
        seed: of folds and of the order among equals; the same table and seed give the same report.
    """
    if _is_few(table):
        return CampaignAnalysis(_unanswered(table, Obstacle.FEW, ()))
    plan = plan_columns(table)
    columns = plan.columns(table) if table.factors else np.zeros((len(table), 0))
    unlike = unlike_factors(table, plan, columns)
    obstacle = _obstacle(table, unlike)
    if obstacle is not None:
        return CampaignAnalysis(_unanswered(table, obstacle, unlike))
    folds = draw_folds(len(table), seed)
    scores = contact_scores(table, columns, folds)
    fifths = forward_fifths(columns, scores, folds, seed)
    fit = fit_ridge(RegressionSums.of(columns, scores))
    return CampaignAnalysis(_report(table, scores, fifths), UpliftModel(plan, fit))


def unlike_factors(table: ContactTable, plan: ColumnPlan, columns: FloatArray) -> tuple[str, ...]:
    """Return the factors in which contacted and held out differ more than chance allows.

    They were known only after the contact, or chance did not decide who is contacted.

    Args:
        table: people.
        plan: of the columns.
        columns: (n, k) of the people.
    """
    places = factor_places(plan.terms)
    bound = UNLIKE / max(len(table.factors), 1)
    side = table.contacted - table.contacted.mean()
    found = []
    for place, factor in enumerate(table.factors):
        if _told_by(columns[:, places == place], side) < bound:
            found.append(factor.name)
    return tuple(found)


def _told_by(columns: FloatArray, side: FloatArray) -> float:
    """Return p of the test that columns (n, k) tell nothing of who was contacted (n,)."""
    spread = float(side @ side)
    if columns.shape[1] == 0 or spread == 0.0:
        return 1.0
    weights, _, rank, _ = np.linalg.lstsq(columns - columns.mean(axis=0), side, rcond=1e-8)
    told = (columns - columns.mean(axis=0)) @ weights
    return float(chi2.sf(len(side) * float(told @ told) / spread, int(rank)))


def _is_few(table: ContactTable) -> bool:
    contacted = int(table.contacted.sum())
    return min(contacted, len(table) - contacted) < FEWEST


def _obstacle(table: ContactTable, unlike: tuple[str, ...]) -> Obstacle | None:
    if unlike:
        return Obstacle.NOT_BY_CHANCE
    return Obstacle.NOBODY_BACK if np.ptp(table.outcome) == 0.0 else None


def _unanswered(table: ContactTable, obstacle: Obstacle, unlike: tuple[str, ...]) -> ContactReport:
    return ContactReport(
        len(table),
        int((~table.contacted).sum()),
        *_rates(table),
        ContactVerdict.CANNOT_ANSWER,
        obstacle=obstacle,
        unlike=unlike,
    )


def _rates(table: ContactTable) -> tuple[float, float]:
    """Return the mean outcome of the contacted, and of the held out; 0 of nobody."""
    contacted, held_out = (
        float(table.outcome[side].mean()) if side.any() else 0.0
        for side in (table.contacted, ~table.contacted)
    )
    return contacted, held_out


def _report(table: ContactTable, scores: FloatArray, fifths: IntArray) -> ContactReport:
    rates = _rates(table)
    first, others = scores[fifths == 0], scores[fifths > 0]
    told = _CampaignTests(_z(scores), _z(first), _difference(first, others))
    return ContactReport(
        len(table),
        int((~table.contacted).sum()),
        *rates,
        _verdict(told),
        whole=_increment(scores),
        top=_increment(first),
        rest=_increment(others),
        fifths=tuple(_increment(scores[fifths == n]) for n in range(FIFTHS)),
        needed=_needed(scores, abs(rates[1])),
    )


def _verdict(told: _CampaignTests) -> ContactVerdict:
    helps = told.whole > TWO_SIDED
    if (helps or told.top > ONE_SIDED) and told.beyond > RANKED:
        return ContactVerdict.HELPS_SOME
    if helps:
        return ContactVerdict.HELPS
    return ContactVerdict.HARMS if told.whole < -TWO_SIDED else ContactVerdict.NO_DIFFERENCE


def _increment(scores: FloatArray) -> Increment:
    """Return the increment of a group, with both intervals."""
    value, error = float(scores.mean()), _error(scores)
    wide, both = normal_quantile(LEVEL) * error, TWO_SIDED * np.sqrt(2.0) * error
    return Increment(
        len(scores), value, value - wide, value + wide, float(value - both), float(value + both)
    )


def _error(scores: FloatArray) -> float:
    return float(scores.std(ddof=1) / np.sqrt(len(scores)))


def _z(scores: FloatArray) -> float:
    return float(scores.mean()) / max(_error(scores), 1e-300)


def _difference(first: FloatArray, others: FloatArray) -> float:
    error = float(np.hypot(_error(first), _error(others)))
    return float(first.mean() - others.mean()) / max(error, 1e-300)


def _needed(scores: FloatArray, rate: float) -> int:
    """Return the people of a campaign that tells an increment of a fifth of the rate."""
    if rate == 0.0:
        return 0
    return int(np.ceil(((TWO_SIDED + POWER) * scores.std() / (SEEN * rate)) ** 2))
