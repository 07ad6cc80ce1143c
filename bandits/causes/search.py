"""Search for the cause of a fall: the shortest name of the leaves that lose more than usual.

A name is one or more conjunctions of attribute values. Its worth is the evidence that its leaves
lose a share of what usually succeeds, less the price of the name: a minimum description length
(Rissanen 1978), over the attributes as in Adtributor (Bhagwan et al. 2014) and RobustSpot (Chen et
al. 2022). Leaves outside are as usual. How much the leaves of one cause differ is not known, so the
search begins with the strongest pooling of a leaf's arrivals (`evidence`), which sees the plainest
shape, and loosens it until some name is worth its price.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from bandits.causes.conjunctions import Grouping, cover_leaves, group_leaves
from bandits.causes.evidence import TroubleCounts, everything_contradicted, find_losses
from bandits.causes.finding import CauseFinding
from bandits.causes.rules import CauseRules
from bandits.causes.summary import describe_cause
from bandits.causes.table import AttributeTable
from bandits.causes.unions import RankedSets, rank_unions
from bandits.causes.usual import estimate_usual

_POOLING: Final = (*(0.32 / 2.0**step for step in range(11)), 0.0)
"""Intraclass correlations, the strongest first: from three witnesses a leaf to all arrivals."""
_RANKED: Final = 10
_DEFAULT: Final = CauseRules()


def find_cause(table: AttributeTable, rules: CauseRules = _DEFAULT) -> CauseFinding:
    """Find the smallest set of attribute values that explains a fall.

    The caller knows that there is a fall: a search in a quiet time finds nothing, mostly, but
    bounds no rate of false alarms.
    """
    usual = estimate_usual(table)
    inside = table.arrivals > 0.0
    if not inside.any():
        return describe_cause(table, usual, [], 0, rules)
    counts = TroubleCounts(
        table.bad[inside],
        table.arrivals[inside],
        usual.rates[inside],
        usual.dispersion,
        int(table.values.sum()),
    )
    groupings = tuple(group_leaves(table.codes[inside], rules.widest, rules.ignored))
    if everything_contradicted(counts, groupings, rules):
        groupings = groupings[1:]
    # The alarm says that something fails: where no name is worth its price, one conjunction is
    # free of its own.
    free = (0.0, replace(rules, conjunction_cost=0.0, most=1))
    ranked = _first_ranking(counts, groupings, [*((one, rules) for one in _POOLING), free])
    ranked = _with_rest(counts, groupings, rules, ranked[:_RANKED])
    tested = sum(int(one.named.sum()) for one in groupings)
    return describe_cause(table, usual, ranked, tested, rules)


def _first_ranking(
    counts: TroubleCounts,
    groupings: Sequence[Grouping],
    levels: Sequence[tuple[float, CauseRules]],
) -> list[RankedSets]:
    """Return the ranking at the strongest pooling at which a name is worth its price.

    "Everything" costs no value and is worth its price early: it waits until a name stands beside
    it, and is the answer only if it explains more then, or if no name comes.
    """
    ranked: list[RankedSets] = []
    for correlation, rules in levels:
        weighted = counts.weighted(correlation)
        losses = find_losses(weighted, groupings, rules)
        ranked = rank_unions(weighted, losses, rules.most)
        if any(one.conjunction for one in losses):
            break
    return ranked


def _with_rest(
    counts: TroubleCounts,
    groupings: Sequence[Grouping],
    rules: CauseRules,
    ranked: list[RankedSets],
) -> list[RankedSets]:
    """Return the ranking with the first answer completed, where much of the fall lies outside it.

    The first part is seen at the pooling that shows it best; what is left may need a looser one.
    """
    if not ranked or () in ranked[0].sets or len(ranked[0].sets) >= rules.most:
        return ranked
    first, whole = ranked[0], float(counts.excess().sum())
    rest = counts.without(cover_leaves(groupings, first.sets))
    if rest.excess().sum() < rules.least_rest * whole:
        return ranked
    named = [one for one in groupings if one.attributes]
    found = _first_ranking(rest, named, [(one, rules) for one in _POOLING])
    if not found:
        return ranked
    more = found[0].sets[: rules.most - len(first.sets)]
    if rest.excess()[cover_leaves(groupings, more)].sum() < rules.least_rest * whole:
        return ranked
    both = RankedSets((*first.sets, *more), first.gain + found[0].gain)
    return _with_rest(counts, groupings, rules, [both, *ranked])
