"""Unions of conjunctions: a cause that has several parts, where each is worth its name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bandits.arrays import FloatArray
from bandits.causes.conjunctions import Conjunction
from bandits.causes.evidence import NamedLoss, TroubleCounts
from bandits.causes.likelihood import loss_evidence


@dataclass(frozen=True)
class RankedSets:
    """Conjunctions that explain a fall together, with what they gain in nats."""

    sets: tuple[Conjunction, ...]
    gain: float


def rank_unions(counts: TroubleCounts, losses: Sequence[NamedLoss], most: int) -> list[RankedSets]:
    """Rank single conjunctions, all pairs and the best pair's extensions, the best first.

    Pairs are tried all, and not the best single one with another: of two parts, a wider conjunction
    that covers some of both may gain more than either.
    """
    found = [RankedSets((one.conjunction,), one.gain) for one in losses]
    parts = [one for one in losses if one.conjunction]
    if most > 1 and len(parts) > 1:
        gains = np.array([one.gain for one in parts])
        covers = np.array([one.cover for one in parts])
        evidence = _evidence(counts, parts) * covers
        found += _pairs(parts, gains, covers, evidence, most)
    return sorted(found, key=lambda one: -round(one.gain, 9))


def _evidence(counts: TroubleCounts, parts: Sequence[NamedLoss]) -> FloatArray:
    """Return the evidence of each leaf for the loss of each part, (K, N)."""
    losses = np.array([[one.loss] for one in parts])
    return loss_evidence(counts.bad[None], counts.arrivals[None], counts.usual[None], losses)


def _pairs(
    parts: Sequence[NamedLoss],
    gains: FloatArray,
    covers: FloatArray,
    evidence: FloatArray,
    most: int,
) -> list[RankedSets]:
    """Return the pairs that beat both of their parts; the best of them, extended, stands first."""
    # What of row k lies in the cover of column j is credited to j.
    both = gains[:, None] + gains[None, :] - evidence @ covers.T.astype(np.float64)
    np.fill_diagonal(both, -np.inf)
    better = both > np.maximum(gains[:, None], gains[None, :]) + 1e-9
    order = np.argsort(-np.where(better, both, -np.inf), axis=None, kind="stable")
    found: list[RankedSets] = []
    for place in order[: min(10, np.count_nonzero(better))]:
        second, first = divmod(int(place), len(parts))
        chosen, gain = [first, second], float(both[second, first])
        while not found and len(chosen) < most:
            more = gains - (evidence * covers[chosen].any(axis=0)).sum(axis=1)
            more[chosen] = -np.inf
            if more.max() <= 0.0:
                break
            chosen.append(int(more.argmax()))
            gain += float(more.max())
        found.append(RankedSets(tuple(parts[i].conjunction for i in chosen), gain))
    return found
