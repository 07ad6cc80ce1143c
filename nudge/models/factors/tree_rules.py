"""Rules that boosted trees propose for what an additive model leaves, ranked by permutation."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.tree import DecisionTreeRegressor

from bandits.arrays import AnyArray, FloatArray
from nudge.domain.care.factors.conditions import Relation
from nudge.domain.care.factors.people_table import FactorKind, PeopleTable
from nudge.models.factors.terms import Side, level_sides

TREES: Final = 80
PACE: Final = 0.1
ROWS: Final = 15_000
"""Most people whom the trees see."""
LEAF: Final = 30
"""Fewest people of a rule."""
NOMINATED: Final = 4
"""Rules that are handed on to a test."""
Pair = tuple[int, int]


def nominated_pairs(table: PeopleTable, chance: FloatArray, seed: int) -> list[tuple[Side, Side]]:
    """Return the rules to be tested, in people whom this table does not have.

    Two thirds of the people grow the trees. In the last third each pair's trees are asked how
    much worse they explain what is left once both factors are permuted (L. Breiman, Machine
    Learning 45, 2001, section 10); the best pairs are told as the leaf that stands out most.

    Args:
        table: people to learn from.
        chance: (n,) of leaving by the additive model.
        seed: of the trees and permutations.
    """
    rng = np.random.default_rng(seed)
    rows = rng.permutation(len(table))[:ROWS]
    table, rest = table.take(rows), (table.left - chance)[rows]
    inputs, sides = _inputs(table)
    if len({one.place for one in sides}) < 2:  # noqa: PLR2004 - a pair
        return []
    grown = 2 * len(rows) // 3
    booster = GradientBoostingRegressor(
        n_estimators=TREES,
        learning_rate=PACE,
        max_depth=2,
        subsample=0.5,
        min_samples_leaf=LEAF,
        max_features=min(1.0, 12 / inputs.shape[1]),
        random_state=seed,
    ).fit(inputs[:grown], rest[:grown])
    trees = _trees_of_pairs(booster.estimators_[:, 0], sides)
    held, target = inputs[grown:].astype(np.float32), rest[grown:]
    worth = {pair: _worth(many, held, target, rng) for pair, many in trees.items()}
    best = sorted((p for p in worth if worth[p] > 0.0), key=lambda p: -worth[p])[:NOMINATED]
    found = [_rule(pair, inputs, rest, sides) for pair in best]
    return [one for one in found if one is not None]


def _inputs(table: PeopleTable) -> tuple[FloatArray, list[Side]]:
    """Return a column for each number, flag and level, with the side that its upper part is."""
    columns: list[FloatArray] = []
    sides: list[Side] = []
    for place, factor in enumerate(table.factors):
        values = factor.values
        if factor.kind == FactorKind.NUMBER:
            known = ~np.isnan(values)
            if known.any() and np.ptp(values[known]) > 0.0:
                columns.append(np.where(known, values, np.median(values[known])))
                sides.append(Side(place, 0.0, Relation.OVER))
            continue
        for side in level_sides(place, factor):
            columns.append(side.holds(table).astype(np.float64))
            sides.append(side)
    return (np.column_stack(columns) if columns else np.zeros((len(table), 0))), sides


def _trees_of_pairs(trees: AnyArray, sides: list[Side]) -> Mapping[Pair, list[Any]]:
    """Return the trees that split by two columns of different factors, by these columns."""
    found: dict[Pair, list[Any]] = defaultdict(list)
    for one in trees:
        used = sorted({int(n) for n in one.tree_.feature if n >= 0})
        for pair in _pairs(used):
            if sides[pair[0]].place != sides[pair[1]].place:
                found[pair].append(one)
    return found


def _pairs(used: list[int]) -> Iterator[Pair]:
    for n, first in enumerate(used):
        for second in used[n + 1 :]:
            yield first, second


def _worth(
    trees: list[Any], inputs: AnyArray, target: FloatArray, rng: np.random.Generator
) -> float:
    """Return the loss of squared error when the columns of some trees are permuted together."""
    # The trees themselves are asked: checks of scikit-learn's inputs take most of the time.
    mixed = inputs[rng.permutation(len(inputs))]
    told, blind = (PACE * sum(t.tree_.predict(x)[:, 0] for t in trees) for x in (inputs, mixed))
    return float(np.mean((target - blind) ** 2) - np.mean((target - told) ** 2))


def _rule(
    pair: Pair, inputs: FloatArray, rest: FloatArray, sides: list[Side]
) -> tuple[Side, Side] | None:
    """Return the leaf of one tree of two columns whose rest is the surest; None if it has one."""
    own = inputs[:, list(pair)]
    tree = DecisionTreeRegressor(max_depth=2, min_samples_leaf=LEAF).fit(own, rest)
    leaves = tree.apply(own)
    nodes = tree.tree_
    best: tuple[float, tuple[Side, Side]] | None = None
    for path in _paths(nodes, 0, ()):
        leaf, splits = path
        if {column for column, _, _ in splits} != {0, 1}:
            continue
        inside = leaves == leaf
        strength = abs(float(rest[inside].sum())) / np.sqrt(inside.sum())
        ordered = sorted(splits)
        told = tuple(_side(sides[pair[c]], bound, over=over) for c, bound, over in ordered)
        if best is None or strength > best[0]:
            best = strength, (told[0], told[1])
    return None if best is None else best[1]


def _paths(
    nodes: Any,  # noqa: ANN401 - scikit-learn publishes no types
    node: int,
    splits: tuple[tuple[int, float, bool], ...],
) -> Iterator[tuple[int, tuple[tuple[int, float, bool], ...]]]:
    if nodes.children_left[node] < 0:
        yield node, splits
        return
    split = int(nodes.feature[node]), float(nodes.threshold[node])
    yield from _paths(nodes, int(nodes.children_left[node]), (*splits, (*split, False)))
    yield from _paths(nodes, int(nodes.children_right[node]), (*splits, (*split, True)))


def _side(side: Side, bound: float, *, over: bool) -> Side:
    """Return the side of a split: over the bound, or up to it."""
    if side.relation == Relation.IS:
        return side if over else Side(side.place, side.bound, Relation.IS_NOT)
    at = 0.5 if side.bound == 0.5 else bound  # noqa: PLR2004 - a flag's
    return Side(side.place, at, Relation.OVER if over else Relation.UP_TO)
