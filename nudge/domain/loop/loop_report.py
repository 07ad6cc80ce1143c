"""The report of the closed loop as plain JSON, from its cases. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from bandits.arrays import BoolArray
from bandits.inference.interval import Estimate
from bandits.inference.tables.step_down import StepAnswer
from nudge.domain.basics.duration import format_duration
from nudge.domain.loop.agent_results import AgentResult, agent_results
from nudge.domain.loop.holdout import (
    LEVEL,
    Comparison,
    HoldoutEffect,
    NoComparison,
    compare_with_held,
    judge,
)
from nudge.domain.loop.loop_cases import LoopCases
from nudge.domain.loop.loop_question import LoopQuestion, LoopTerms
from nudge.domain.loop.loop_sentences import (
    STEP_NAMES,
    agent_sentence,
    effect_sentence,
    group_name,
    headline,
    no_comparison,
    ranking_sentence,
)
from nudge.domain.loop.loop_steps import (
    LoopMoney,
    StepFigures,
    loop_money,
    loop_steps,
)

Plain = dict[str, Any]
BY_ASSIGNMENT: Final = ("agent", "team")
MOST_GROUPS: Final = 100
"""Most groups of a report, those with most cases."""


@dataclass(frozen=True, eq=False)
class _LoopGroup:
    """A group of cases: all of them, or those with one value.

    Attributes:
        value: that they have; None for all.
        cases: the held out among them.
        mature: (n,) cases whose horizon is over.
        judged: (n,) of them those that are compared: each person's first of a kind.
    """

    value: str | None
    cases: LoopCases
    mature: BoolArray
    judged: BoolArray


def loop_report(
    question: LoopQuestion, cases: LoopCases, known_until: float, terms: LoopTerms
) -> Plain:
    """Return the report of the closed loop.

    Args:
        question: that is asked.
        cases: of the question.
        known_until: seconds; a horizon that ends later is not over.
        terms: of the operator.
    """
    mature = cases.opened + question.kept_within <= known_until
    groups = _groups(question, cases, mature)
    whole = groups[0]
    compared_groups = groups[:1] if question.by in BY_ASSIGNMENT else groups
    effects = _effects([compare_with_held(one.cases, one.judged) for one in compared_groups])
    steps = [_steps(one, terms) for one in groups]
    rows = [_group(question, group, *figures) for group, figures in zip(groups, steps, strict=True)]
    for row, effect in zip(rows, effects, strict=False):
        row["holdout"] = effect
    label = question.calendar.label
    return {
        "from": label(question.start),
        "to": label(question.end),
        "by": question.by,
        "kind": question.kind,
        "kept_within": format_duration(question.kept_within),
        "interval_level": LEVEL,
        "headline": headline(steps[0][0], question.kept_within),
        "whole": rows[0],
        "groups": rows[1:],
        "number_of_groups": len(cases.labels(question.by)) if question.by else 0,
        **_results(question, whole, [str(one.value) for one in groups[1:]]),
    }


def _groups(question: LoopQuestion, cases: LoopCases, mature: BoolArray) -> list[_LoopGroup]:
    judged = mature & cases.is_first
    found = [_LoopGroup(None, cases, mature, judged)]
    names = cases.labels(question.by)[:MOST_GROUPS] if question.by else []
    for name in names:
        rows = cases.have(question.by, name)
        found.append(_LoopGroup(name, cases.take(rows), mature[rows], judged[rows]))
    return found


def _steps(group: _LoopGroup, terms: LoopTerms) -> tuple[list[StepFigures], LoopMoney]:
    acted = ~group.cases.held
    cases = group.cases.take(acted)
    money = loop_money(cases, terms.hour_cost)
    return loop_steps(cases, group.mature[acted], money), money


def _effects(compared: Sequence[Comparison | NoComparison]) -> list[Plain]:
    answers = iter(judge([one for one in compared if isinstance(one, Comparison)]))
    return [
        _nothing(one) if isinstance(one, NoComparison) else _effect(next(answers))
        for one in compared
    ]


def _group(
    question: LoopQuestion, group: _LoopGroup, steps: Sequence[StepFigures], money: LoopMoney
) -> Plain:
    cases = group.cases
    return {
        "value": group.value,
        "name": group_name("" if group.value is None else question.by, group.value or ""),
        "cases": int((~cases.held).sum()),
        "people": len(np.unique(cases.visitor[~cases.held])),
        "held_out": int(cases.held.sum()),
        "not_over": int((~group.mature & ~cases.held).sum()),
        "steps": [_step(one) for one in steps],
        "money": {
            "contacts": money.contacts,
            "contact_cost": round(money.contact_cost, 2),
            "time_cost": round(money.time_cost, 2),
            "grant_cost": round(money.grant_cost, 2),
            "cost": round(money.cost, 2),
            "revenue": round(money.revenue, 2),
        },
        "holdout": None,
    }


def _step(one: StepFigures) -> Plain:
    return {
        "step": one.step.value,
        "name": STEP_NAMES[one.step],
        "cases": one.cases,
        "of": one.of,
        "share": one.share and one.share.value,
        "interval": one.share and _ends(one.share),
        "seconds_from_before": one.since_before,
        "seconds_from_opening": one.since_opening,
        "cost": round(one.cost, 2),
    }


def _nothing(why: NoComparison) -> Plain:
    figures = ("people", "people_held", "left_out", "kept", "kept_held", "difference")
    more = ("more_kept", "more_yuan", "yuan_per_contact")
    head: Plain = {"answerable": False, "why": why.value, "verdict": "cannot_answer"}
    return head | dict.fromkeys((*figures, *more)) | no_comparison(why)


def _effect(one: HoldoutEffect) -> Plain:
    verdict = "no_difference"
    if one.kept.is_sure:
        verdict = "helps" if one.kept.estimate.value > 0.0 else "harms"
    per_contact = one.yuan_per_contact
    return {
        "answerable": True,
        "why": "",
        "verdict": verdict,
        "people": one.people,
        "people_held": one.people_held,
        "left_out": one.left_out,
        "kept": _estimate(one.shares[0]),
        "kept_held": _estimate(one.shares[1]),
        "difference": _answer(one.kept),
        "more_kept": _estimate(one.more_kept),
        "more_yuan": _estimate(one.more_yuan),
        "yuan_per_contact": per_contact and _estimate(per_contact),
        **effect_sentence(one),
    }


def _results(question: LoopQuestion, whole: _LoopGroup, names: Sequence[str]) -> Plain:
    if question.by not in BY_ASSIGNMENT:
        return {"results": [], "ranking": None}
    found = agent_results(whole.cases, whole.judged, question.by, [name for name in names if name])
    return {
        "results": [_result(one) for one in found],
        "ranking": ranking_sentence(found, question.by),
    }


def _result(one: AgentResult) -> Plain:
    return {
        "name": one.name,
        "people": one.people,
        "cases": one.cases,
        "hidden": one.kept is None,
        "kept": one.kept and _estimate(one.kept),
        "against_held": one.against_held and _answer(one.against_held),
        "against_others": one.against_others and _answer(one.against_others),
        "expected": one.expected,
        "rank": one.rank,
        **agent_sentence(one),
    }


def _answer(one: StepAnswer) -> Plain:
    verdict = "unclear"
    if one.is_sure:
        verdict = "better" if one.estimate.value > 0.0 else "worse"
    return _estimate(one.estimate) | {"level": one.level, "verdict": verdict}


def _estimate(one: Estimate) -> Plain:
    return {"value": one.value, "interval": _ends(one)}


def _ends(one: Estimate) -> list[float | None]:
    return [end if np.isfinite(end) else None for end in (one.low, one.high)]
