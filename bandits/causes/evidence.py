"""Evidence for each conjunction of attribute values, at one strength of pooling.

Arrivals of one leaf share what the search does not know (a server, a bank, a version), so that they
are not as many witnesses as they are. With an intraclass correlation rho, n of them have the weight
of n / (phi + (n - 1) rho), phi being the dispersion between earlier spans: a large leaf cannot
outvote all others, and leaves of one cause may be hit unequally.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from bandits.arrays import BoolArray, FloatArray, IntArray
from bandits.causes.conjunctions import Conjunction, Grouping
from bandits.causes.likelihood import loss_evidence
from bandits.causes.rules import CauseRules

_LEAST_LOSS, _MOST_LOSS = 1e-6, 1.0 - 1e-6


@dataclass(frozen=True, eq=False)
class TroubleCounts:
    """Counts of the leaves that had arrivals in the trouble, (N,) each.

    Attributes:
        bad: lost arrivals.
        arrivals: all of them.
        usual: usual rate of the lost.
        dispersion: variance between spans as a multiple of the binomial's.
        values: number of values of all attributes together.
    """

    bad: FloatArray
    arrivals: FloatArray
    usual: FloatArray
    dispersion: float
    values: int

    def weighted(self, correlation: float) -> TroubleCounts:
        """Return the counts with the weight that they have under an intraclass correlation."""
        weight = 1.0 / (self.dispersion + np.maximum(self.arrivals - 1.0, 0.0) * correlation)
        return replace(self, bad=self.bad * weight, arrivals=self.arrivals * weight, dispersion=1.0)

    def without(self, cover: BoolArray) -> TroubleCounts:
        """Return the counts as if some leaves had had no arrivals."""
        return replace(
            self,
            bad=np.where(cover, 0.0, self.bad),
            arrivals=np.where(cover, 0.0, self.arrivals),
        )

    def excess(self) -> FloatArray:
        """Return the lost arrivals beyond the usual by leaf, (N,)."""
        return np.asarray(self.bad - self.arrivals * self.usual)

    def costs(self, rules: CauseRules) -> tuple[float, float]:
        """Return the price of a value in a name, and that of a conjunction, in nats."""
        literal = rules.literal_cost * np.log(max(self.values, 2))
        return float(literal), float(rules.conjunction_cost * 0.5 * np.log1p(len(self.bad)))


@dataclass(frozen=True, eq=False)
class NamedLoss:
    """Conjunction with the evidence for a loss of its leaves.

    Attributes:
        conjunction: its values.
        gain: evidence in nats less the price of the name; above 0.
        loss: share of what usually succeeds that is tested for.
        cover: its leaves, (N,).
    """

    conjunction: Conjunction
    gain: float
    loss: float
    cover: BoolArray


def find_losses(
    counts: TroubleCounts, groupings: Sequence[Grouping], rules: CauseRules
) -> list[NamedLoss]:
    """Find the conjunctions whose loss is worth its name, the best first, at most `rules.kept`."""
    literal, conjunction = counts.costs(rules)
    gains, losses = [], []
    places: list[tuple[int, int]] = []
    for number, one in enumerate(groupings):
        gain, loss = group_gains(counts, one.groups, len(one.codes), rules.part)
        gain = np.where(one.named > 0, gain - literal * len(one.attributes) - conjunction, 0.0)
        worth = np.flatnonzero(gain > 0.0)
        gains.append(gain[worth])
        losses.append(loss[worth])
        places.extend((number, int(group)) for group in worth)
    gain, loss = np.concatenate(gains), np.concatenate(losses)
    # Stable: of equal ones the shorter, which was grouped first.
    best = np.argsort(-np.round(gain, 9), kind="stable")[: rules.kept]
    return [_named(groupings, places[i], gain[i], loss[i]) for i in best]


def _named(
    groupings: Sequence[Grouping], place: tuple[int, int], gain: float, loss: float
) -> NamedLoss:
    grouping, group = groupings[place[0]], place[1]
    return NamedLoss(
        grouping.conjunction(group), float(gain), float(loss), grouping.groups == group
    )


def group_gains(
    counts: TroubleCounts, groups: IntArray, size: int, part: float
) -> tuple[FloatArray, FloatArray]:
    """Return evidence of a loss in nats and the loss that is tested for, by group, (size,) each."""
    arrivals = np.bincount(groups, counts.arrivals, size)
    bad = np.bincount(groups, counts.bad, size)
    expected = np.bincount(groups, counts.arrivals * counts.usual, size)
    own = (bad - expected) / np.maximum(arrivals - expected, 1e-12)
    loss = part * np.clip(own, _LEAST_LOSS, _MOST_LOSS)
    evidence = loss_evidence(counts.bad, counts.arrivals, counts.usual, loss[groups])
    gain = np.bincount(groups, evidence, size)
    return np.where(bad > expected, gain, 0.0), loss


def everything_contradicted(
    counts: TroubleCounts, groupings: Sequence[Grouping], rules: CauseRules
) -> bool:
    """Return whether the arrivals of some single value speak clearly against a fall of everything.

    They do if their evidence against the common loss is worth a name of its own.
    """
    weighted = counts.weighted(0.0)
    everything = np.zeros(len(counts.bad), dtype=np.int64)
    _, loss = group_gains(weighted, everything, 1, 1.0)
    evidence = loss_evidence(weighted.bad, weighted.arrivals, weighted.usual, loss)
    bar = sum(weighted.costs(rules))
    return any(
        np.bincount(one.groups, evidence).min() < -bar
        for one in groupings
        if len(one.attributes) == 1
    )
