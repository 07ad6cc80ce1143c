"""The analysis of factors: from a table of people to the report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.stats import rankdata

from nudge.domain.care.factors.findings import (
    Cut,
    CutEffects,
    FactorReport,
    ToldModel,
)
from nudge.domain.care.factors.people_table import Factor, FactorKind, Grouping, PeopleTable
from nudge.models.factors.effects import CutTests, corrected, factor_tests, untested
from nudge.models.factors.pairs import FoundPair, find_pairs
from nudge.models.factors.steadiness import steady
from nudge.models.factors.terms import Term
from nudge.models.factors.told_model import tell_model

SHARES: Final[Mapping[str, float]] = {"all": 0.4, "pair": 0.2, "segment": 0.2, "kind": 0.2}
"""Parts of the report's chance of an error; those of families that are not asked are shared out."""
KNOWN_LATE: Final = 0.99
"""AUC of a single column from which it is taken for one that was known only after leaving."""
LEAST: Final = 20
"""People who left, and who stayed, before a column can be taken for such a one."""


@dataclass(frozen=True)
class FactorSearch:
    """The findings of a search, before they are told as a model.

    Attributes:
        table: the people, without columns that were known late.
        cuts: all people first, then segments, then kinds of leaving.
        pairs: of all people.
        known_late: columns that tell leaving by themselves.
        share: of the report's chance of an error that pairs used.
    """

    table: PeopleTable
    cuts: tuple[CutEffects, ...]
    pairs: tuple[FoundPair, ...]
    known_late: tuple[str, ...]
    share: float


def analyse(table: PeopleTable, seed: int = 0) -> FactorReport:
    """Find which factors go with leaving, and tell them as a model.

    The chance that the report names anything in pure noise is at most `findings.ALPHA`.

    Args:
        table: people.
        seed: of the halves and folds; the same table and seed give the same report.
    """
    search = find_factors(table, seed)
    named = bool(search.pairs) or any(e.found for e in search.cuts[0].effects)
    model = _model(search, seed) if named else _no_model(search.table)
    rules = tuple(one.rule for one in search.pairs)
    return FactorReport(search.cuts, rules, model, search.known_late)


def find_factors(table: PeopleTable, seed: int = 0) -> FactorSearch:
    """Find which factors go with leaving: among all people, by segment, and by kind of leaving.

    Args:
        table: people.
        seed: of the halves.
    """
    late = frozenset(one.name for one in table.factors if _tells_alone(one, table))
    table = table.without(late)
    shares = _shares(table)
    if not (table.factors and table.left.any() and not table.left.all()):
        return FactorSearch(table, (untested(table),), (), tuple(sorted(late)), shares["pair"])
    pairs = tuple(find_pairs(table, shares["pair"], seed))
    terms = [one.term for one in pairs]
    cuts = (
        *_judged([table], [factor_tests(table, Cut.ALL)], shares["all"], terms),
        *_cuts(table, Cut.SEGMENT, shares, terms),
        *_cuts(table, Cut.KIND, shares, terms),
    )
    return FactorSearch(table, cuts, pairs, tuple(sorted(late)), shares["pair"])


def _model(search: FactorSearch, seed: int) -> ToldModel:
    def pairs_of(others: PeopleTable) -> list[Term]:
        return [one.term for one in find_pairs(others, search.share, seed)]

    return tell_model(search.table, [one.term for one in search.pairs], pairs_of, seed)


def _no_model(table: PeopleTable) -> ToldModel:
    return ToldModel(float(table.left.mean()) if len(table) else 0.0, (), None)


def _shares(table: PeopleTable) -> dict[str, float]:
    asked = {"all", "pair"}
    asked |= {"segment"} if table.segments else set()
    asked |= {"kind"} if table.kinds else set()
    whole = sum(SHARES[name] for name in asked)
    return {name: SHARES[name] / whole for name in asked}


def _cuts(
    table: PeopleTable, cut: Cut, shares: Mapping[str, float], pairs: Sequence[Term]
) -> list[CutEffects]:
    grouping = table.segments if cut == Cut.SEGMENT else table.kinds
    if grouping is None:
        return []
    groups = list(_groups(grouping))
    tables = [_part(table, cut, place) for place, _ in groups]
    tests = [factor_tests(one, cut, name) for one, (_, name) in zip(tables, groups, strict=True)]
    return _judged(tables, tests, shares[cut.value], pairs)


def _judged(
    tables: Sequence[PeopleTable], tests: Sequence[CutTests], share: float, pairs: Sequence[Term]
) -> list[CutEffects]:
    """Return the effects of a family with their verdicts, each of which stays."""
    found = corrected(tests, share)
    return [
        steady(table, one, test.model, pairs)
        for table, test, one in zip(tables, tests, found, strict=True)
    ]


def _groups(grouping: Grouping) -> Iterable[tuple[int, str]]:
    present = np.unique(grouping.codes[grouping.codes >= 0])
    return [(int(place), grouping.groups[int(place)]) for place in present]


def _part(table: PeopleTable, cut: Cut, place: int) -> PeopleTable:
    return table.segment(place) if cut == Cut.SEGMENT else table.leaving_so(place)


def _tells_alone(factor: Factor, table: PeopleTable) -> bool:
    """Return True where a factor by itself tells nearly surely who left."""
    left, values = table.left, factor.values
    if min(left.sum(), (~left).sum()) < LEAST:
        return False
    if factor.kind == FactorKind.LEVELS:
        codes = np.where(np.isnan(values), len(factor.levels), values).astype(np.int64)
        size = np.bincount(codes)
        values = (np.bincount(codes, left) / np.maximum(size, 1))[codes]
    else:
        values = np.nan_to_num(
            values, nan=float(np.nanmean(values)) if not np.isnan(values).all() else 0.0
        )
    ranks, many = rankdata(values), int(left.sum())
    area = (ranks[left].sum() - many * (many + 1) / 2) / (many * (len(left) - many))
    return bool(max(area, 1.0 - area) >= KNOWN_LATE)
