"""Results of agents and teams: like cases compared with like, all of them judged together. Pure.

Assignments are not drawn by chance: rules, load and portfolios decide. So a case counts from the
moment at which it was assigned, beside held-out cases of its stratum that had not paid by then, and
beside the cases of the others. Reasons that the strata do not know remain.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from bandits.arrays import BoolArray, FloatArray
from bandits.inference.interval import Estimate
from bandits.inference.tables.like_groups import (
    GroupDifference,
    GroupMean,
    expected_after,
    shrunken,
    standardised_mean,
)
from bandits.inference.tables.step_down import StepAnswer, step_down
from nudge.domain.loop.loop_cases import LoopCases
from nudge.domain.loop.strata import find_strata
from nudge.domain.reports.report_time import FEWEST


@dataclass(frozen=True)
class AgentResult:
    """The result of an agent or a team.

    Attributes:
        name: of the agent, or of the team.
        people: whose cases are judged.
        cases: that are judged: the horizon is over, and nothing was paid before the assignment.
        kept: share of them that was kept.
        against_held: difference from like cases that are held out; None where there are too few.
        against_others: difference from like cases of the others; the same.
        expected: difference from the others, drawn to the middle of all by its own error; None
            where it is not known.
        rank: 1 for the best; None where no two can be told apart.
    """

    name: str
    people: int
    cases: int
    kept: Estimate | None
    against_held: StepAnswer | None
    against_others: StepAnswer | None
    expected: float | None
    rank: int | None = None


@dataclass(frozen=True)
class _AgentSums:
    """The comparisons of an agent before they are judged."""

    name: str
    people: int
    cases: int
    kept: Estimate | None = None
    held: GroupDifference | None = None
    others: GroupDifference | None = None


def agent_results(
    cases: LoopCases, mature: BoolArray, word: str, names: Sequence[str]
) -> list[AgentResult]:
    """Return the results of agents or teams, in the order of their names as given.

    Args:
        cases: of all, the held out among them.
        mature: (n,) cases whose horizon is over.
        word: `agent` or `team`.
        names: of those who are told.
    """
    since = cases.agent_since if word == "agent" else cases.assigned
    judged = mature & ~cases.held & ~np.isnan(since)
    judged &= np.isnan(cases.paid) | (cases.paid > since)
    sums = [_sums(cases, since, (judged, mature & cases.held), word, name) for name in names]
    held = _judged([one.held for one in sums])
    others = _judged([one.others for one in sums])
    expected = _expected([one.others for one in sums])
    ranks = _ranks(others, expected)
    return [
        AgentResult(one.name, one.people, one.cases, one.kept, *told)
        for one, told in zip(sums, zip(held, others, expected, ranks, strict=True), strict=True)
    ]


def _sums(
    cases: LoopCases, since: FloatArray, sides: tuple[BoolArray, BoolArray], word: str, name: str
) -> _AgentSums:
    judged, held = sides
    own = judged & cases.have(word, name)
    people = len(np.unique(cases.visitor[own]))
    head = _AgentSums(name, people, int(own.sum()))
    if people < FEWEST:
        return head
    kept = (~np.isnan(cases.paid)).astype(np.float64)
    one = np.zeros(int(own.sum()), dtype=np.int64)
    share = standardised_mean(kept[own], one, cases.visitor[own], np.ones(1)).estimate()
    return _AgentSums(
        name,
        people,
        head.cases,
        share,
        _against_held(cases, since, own, held),
        _against_others(cases, kept, own, judged & ~own),
    )


def _against_held(
    cases: LoopCases, since: FloatArray, own: BoolArray, held: BoolArray
) -> GroupDifference | None:
    strata = find_strata(cases, own, held)
    known = strata.codes >= 0
    mine, reference = own & known, held & known
    if not mine.any():
        return None
    kept = (~np.isnan(cases.paid[mine])).astype(np.float64)
    ends = cases.paid[reference] - cases.opened[reference]
    without = expected_after(
        (since - cases.opened)[mine],
        strata.codes[mine],
        np.where(np.isnan(ends), np.inf, ends),
        strata.codes[reference],
        cases.visitor[reference],
    )
    mix = strata.mix(own)
    with_ = standardised_mean(kept, strata.codes[mine], cases.visitor[mine], mix)
    return GroupDifference(with_, without)


def _against_others(
    cases: LoopCases, kept: FloatArray, own: BoolArray, others: BoolArray
) -> GroupDifference | None:
    strata = find_strata(cases, own, others)
    known = strata.codes >= 0
    if not (own & known).any():
        return None
    mix = strata.mix(own)
    sides: list[GroupMean] = [
        standardised_mean(kept[rows], strata.codes[rows], cases.visitor[rows], mix)
        for rows in (own & known, others & known)
    ]
    return GroupDifference(*sides)


def _judged(comparisons: Sequence[GroupDifference | None]) -> list[StepAnswer | None]:
    answers = iter(step_down([partial(one.estimate) for one in comparisons if one is not None]))
    return [None if one is None else next(answers) for one in comparisons]


def _expected(comparisons: Sequence[GroupDifference | None]) -> list[float | None]:
    known = [one for one in comparisons if one is not None]
    values = np.array([one.one.value - one.other.value for one in known])
    errors = np.sqrt(np.array([one.one.variance + one.other.variance for one in known]))
    if not known:
        return [None] * len(comparisons)
    # Where all or nobody was kept, the spread of the few is not 0 but unknown.
    least = np.array([0.5 / max(one.one.effective, 1.0) for one in known])
    found = iter(shrunken(values, np.maximum(errors, least)).tolist())
    return [None if one is None else next(found) for one in comparisons]


def _ranks(
    answers: Sequence[StepAnswer | None], expected: Sequence[float | None]
) -> list[int | None]:
    """Return the rank of each by what is expected; None for all where none is told from others."""
    if not any(one is not None and one.is_sure for one in answers):
        return [None] * len(answers)
    order = sorted((-value, n) for n, value in enumerate(expected) if value is not None)
    ranks: list[int | None] = [None] * len(answers)
    for rank, (_, n) in enumerate(order, 1):
        ranks[n] = rank
    return ranks
