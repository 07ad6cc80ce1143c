"""Figures of a cause: how much of the fall it explains, what it implies and what did not change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from bandits.arrays import BoolArray
from bandits.causes.conjunctions import Conjunction
from bandits.causes.evidence import TroubleCounts, group_gains
from bandits.causes.finding import CauseCandidate, CauseFinding
from bandits.causes.rules import CauseRules
from bandits.causes.table import AttributeTable
from bandits.causes.unions import RankedSets
from bandits.causes.usual import UsualRates

_NEARLY_ALL: Final = 0.99
_ELSEWHERE: Final = 0.9


def describe_cause(
    table: AttributeTable,
    usual: UsualRates,
    ranked: Sequence[RankedSets],
    tested: int,
    rules: CauseRules,
) -> CauseFinding:
    """Describe ranked causes by the counts of their leaves."""
    ranked = _pruned(table, usual, ranked, rules.least_part)
    first = ranked[0].sets if ranked else ()
    inside = _cover(table, first)
    return CauseFinding(
        ranked=tuple(_candidate(table, usual, one) for one in ranked),
        unchanged=_unchanged(table, usual, first, rules),
        implied=_implied(table, inside, _attributes(first), rules) if first else (),
        tested=tested,
    )


def _pruned(
    table: AttributeTable, usual: UsualRates, ranked: Sequence[RankedSets], least: float
) -> list[RankedSets]:
    """Return the causes without the conjunctions that add little, each cause once."""
    beyond = table.bad - table.arrivals * usual.rates
    found: dict[tuple[Conjunction, ...], RankedSets] = {}
    for one in ranked:
        sets = one.sets
        for part in one.sets[::-1]:
            others = tuple(other for other in sets if other != part)
            whole = float(beyond[_cover(table, sets)].sum())
            if others and whole - beyond[_cover(table, others)].sum() < least * whole:
                sets = others
        found.setdefault(sets, RankedSets(sets, one.gain))
    return list(found.values())


def _cover(table: AttributeTable, sets: tuple[Conjunction, ...]) -> BoolArray:
    inside = np.zeros(len(table.codes), dtype=bool)
    for one in sets:
        inside |= table.covers(one)
    return inside


def _attributes(sets: tuple[Conjunction, ...]) -> set[int]:
    return {attribute for one in sets for attribute, _ in one}


def _candidate(table: AttributeTable, usual: UsualRates, one: RankedSets) -> CauseCandidate:
    inside = _cover(table, one.sets)
    beyond = table.bad - table.arrivals * usual.rates
    arrivals = float(table.arrivals[inside].sum())
    excess, total = float(beyond[inside].sum()), float(beyond.sum())
    rate = float(table.bad[inside].sum()) / arrivals
    share = float(np.clip(excess / total, 0.0, 1.0)) if total > 0.0 else 1.0
    return CauseCandidate(
        one.sets, one.gain, share, excess, arrivals, rate, rate - excess / arrivals
    )


def _unchanged(
    table: AttributeTable, usual: UsualRates, sets: tuple[Conjunction, ...], rules: CauseRules
) -> tuple[int, ...]:
    outside = ~_cover(table, sets)
    counts = TroubleCounts(
        table.bad[outside],
        table.arrivals[outside],
        usual.rates[outside],
        usual.dispersion,
        int(table.values.sum()),
    ).weighted(0.0)
    bar = sum(counts.costs(rules))
    found = []
    for attribute in sorted(set(range(table.dimensions)) - _attributes(sets)):
        codes = table.codes[outside, attribute]
        gain, _ = group_gains(counts, codes, int(codes.max(initial=0)) + 1, rules.part)
        if gain.max(initial=0.0) <= bar:
            found.append(attribute)
    return tuple(found)


def _implied(
    table: AttributeTable, inside: BoolArray, named: set[int], rules: CauseRules
) -> Conjunction:
    arrivals = table.arrivals + table.usual_arrivals.sum(0)
    found = []
    for attribute in sorted(set(range(table.dimensions)) - named):
        codes = table.codes[:, attribute]
        here = np.bincount(codes[inside], arrivals[inside])
        code = int(here.argmax())
        elsewhere = arrivals[(codes == code) & ~inside].sum() / max(arrivals[~inside].sum(), 1.0)
        if (
            here[code] >= _NEARLY_ALL * here.sum()
            and elsewhere < _ELSEWHERE
            and (attribute, code) not in rules.ignored
        ):
            found.append((attribute, code))
    return tuple(found)
