"""The uplift in force, made of the analysis of live cases: plain terms that the list can score."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from nudge.domain.care.factors.conditions import Relation
from nudge.domain.care.factors.findings import Shape
from nudge.domain.care.factors.people_table import Factor, FactorKind
from nudge.domain.winback.contact_effect import ContactReport, ContactVerdict, Increment
from nudge.domain.winback.contact_table import ContactTable
from nudge.domain.winback.uplift_in_force import GainBand, UpliftInForce, UpliftTerm
from nudge.models.factors.terms import Side, Term
from nudge.models.uplift.effect import CampaignAnalysis
from nudge.models.uplift.ranking import FIFTHS, UpliftModel

LOWEST = -1e300
"""Bound of the last band: all who are left are in it."""


def uplift_in_force(analysis: CampaignAnalysis, table: ContactTable, at: float) -> UpliftInForce:
    """Return the uplift that an analysis of live cases puts into force.

    Only where whom a contact helps more can be told are people ranked by it.

    Args:
        analysis: of the table.
        table: people of whom chance held some out.
        at: seconds, now.
    """
    report, model = analysis.report, analysis.model
    head = (at, report.people - report.held_out, report.held_out, report.verdict)
    if report.verdict is ContactVerdict.HELPS_SOME and model is not None:
        return _ranked(head, report, model, table)
    if report.whole is None:
        return UpliftInForce(*head)
    whole = report.whole
    if report.verdict is ContactVerdict.NO_DIFFERENCE:
        # Judged with the first fifth beside it: an interval by itself may say more.
        return UpliftInForce(
            *head, 0.0, (), (GainBand(LOWEST, min(whole.low, 0.0), max(whole.high, 0.0)),)
        )
    return UpliftInForce(*head, whole.value, (), (_band(LOWEST, whole),))


def _ranked(
    head: tuple[float, int, int, ContactVerdict],
    report: ContactReport,
    model: UpliftModel,
    table: ContactTable,
) -> UpliftInForce:
    line = model.score(table)
    bounds = np.quantile(line, [1.0 - (n + 1) / FIFTHS for n in range(FIFTHS - 1)])
    bands = zip((*bounds.tolist(), LOWEST), report.fifths, strict=True)
    plan, weights = model.plan, model.fit.weights * model.plan.scale
    base = model.fit.base - float(weights @ plan.middle)
    terms = [
        term
        for one, weight in zip(plan.terms, weights.tolist(), strict=True)
        for term in _terms(plan.factors, one, weight)
    ]
    return UpliftInForce(*head, base, tuple(terms), tuple(_band(*one) for one in bands))


def _band(at_least: float, one: Increment) -> GainBand:
    return GainBand(at_least, one.low, one.high)


def _terms(factors: tuple[Factor, ...], term: Term, weight: float) -> Iterator[UpliftTerm]:
    """Yield a term as the list scores it; one that weighs nothing is left out."""
    if weight == 0.0:
        return
    if term.shape == Shape.UNIT:
        yield UpliftTerm(factors[term.place].name, weight, usual=term.usual)
        return
    (side,) = term.sides
    yield _step(factors[side.place], side, weight)


def _step(factor: Factor, side: Side, weight: float) -> UpliftTerm:
    if factor.kind is FactorKind.NUMBER:
        return UpliftTerm(factor.name, weight, up_to=side.bound)
    if side.relation is Relation.IS:
        return UpliftTerm(factor.name, weight, level=factor.levels[int(side.bound)])
    return UpliftTerm(factor.name, weight, level=factor.levels[1])
