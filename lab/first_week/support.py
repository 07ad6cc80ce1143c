"""Support of a log: which variants it has shown often enough to say what they bring, and to whom.

Visitors are divided by the variant that the operator's own rule shows them and by the one that the
log shows nearly always in their cell, if there is one. In each of these parts a variant is known
where it was shown often enough; elsewhere what it would bring is extrapolated from others.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from bandits.arrays import BoolArray, FloatArray, IntArray
from lab.first_week.week_log import CONVERSIONS, TRIALS, WeekLog

LEAST: Final = 50
"""Fewest exposures by which a variant is known."""
ERROR: Final = 1 / 3
"""Largest standard error of a known variant's rate, as a share of the rate."""
FEW_CONVERSIONS: Final = 30
"""Fewest conversions of a log that can answer."""
FEW_ROWS: Final = 20
"""Fewest rows of a cell of which it is told whether it has a variant of its own."""
OWN_SHARE: Final = 0.8
"""Share of a cell's rows from which on a variant is the cell's own."""
SMALL: Final = 0.05
"""Share of the visitors that may stay without an answer."""
FAR: Final = 4.0
"""Standard errors between two estimates that contradict each other."""
NEARLY: Final = 0.99
"""Least share of the visitors whose cells have shown a variant of which two estimates compare."""
ENOUGH: Final = 0.5
"""Least share of the visitors for whom the log knows a variant beside the rule's."""


@dataclass(frozen=True, eq=False)
class LogSupport:
    """The support of a log.

    Attributes:
        log: counts of the log.
    """

    log: WeekLog

    @cached_property
    def needed(self) -> int:
        """Exposures by which a variant is known in a part, at the log's mean rate."""
        rate = min(max(self.log.conversions / max(self.log.visitors, 1), 1e-6), 1.0)
        return max(LEAST, math.ceil((1.0 - rate) / rate / ERROR**2))

    @cached_property
    def known(self) -> BoolArray:
        """Flags (G, K): the variant is known for the group."""
        return np.asarray(self._shown >= self.needed, dtype=np.bool_)[self._part]

    @cached_property
    def extrapolated(self) -> Mapping[str, float]:
        """Variant -> share of the visitors who may see it and for whom it is not known."""
        missing = self.log.eligible & ~self.known
        shares = self.log.shares @ missing
        found = zip(self.log.slot.names, shares.tolist(), strict=True)
        return {name: share for name, share in found if share > SMALL}

    @cached_property
    def rule_unknown(self) -> float:
        """Share of the visitors of whom it is not known what the operator's own rule brings."""
        known = self.known[np.arange(len(self.log.groups)), self.log.own]
        return float(self.log.shares @ ~known)

    @cached_property
    def others_known(self) -> float:
        """Share of the visitors for whom another variant than the rule's is known."""
        others = self.known & self.log.eligible
        others[np.arange(len(others)), self.log.own] = False
        return float(self.log.shares @ others.any(axis=1))

    @property
    def why(self) -> str | None:
        """The reason for which the log cannot answer; None where it can."""
        if not self.log.visitors:
            return "no_rows"
        if self.log.conversions < FEW_CONVERSIONS:
            return "few_conversions"
        if int((self.log.sums[:, :, TRIALS].sum(axis=0) > 0).sum()) == 1:
            return "one_variant"
        if self.others_known < ENOUGH:
            return "no_variation"
        return "rule_unseen" if self.rule_unknown > SMALL else None

    @property
    def to_show(self) -> Mapping[str, int]:
        """Variant -> visitors who have yet to see it until it is known to nearly everybody."""
        visitors = self._of_part(self.log.shares[:, None])[:, 0]
        asked = self._of_part((self.log.shares[:, None] > 0) & self.log.eligible) > 0
        missing = np.where(asked, np.maximum(self.needed - self._shown, 0), 0)
        whole = missing[visitors >= SMALL].sum(axis=0).tolist()
        found = zip(self.log.slot.names, whole, strict=True)
        return {name: int(number) for name, number in found if number}

    @property
    def disagreeing(self) -> tuple[str, ...]:
        """Variants whose rate by propensities contradicts that by cells.

        Both estimate the rate of a variant for everybody. They part where the logged policy knew
        more of the visitors than the cell tells, and used it.
        """
        found = zip(self.log.slot.names, self._disagree, strict=True)
        return tuple(name for name, parts in found if parts)

    @property
    def _disagree(self) -> list[bool]:
        """Flags (K,): the two estimates are `FAR` standard errors apart."""
        trials = self.log.sums[:, :, TRIALS].astype(np.float64)
        if self.log.known < self.log.visitors or not self.log.visitors:
            return [False] * trials.shape[1]
        cells, place = np.unique([one.cell for one in self.log.groups], return_inverse=True)
        shown, hits = (np.zeros((len(cells), trials.shape[1])) for _ in range(2))
        np.add.at(shown, place, trials)
        np.add.at(hits, place, self.log.sums[:, :, CONVERSIONS])
        whole = shown.sum(axis=1)
        reached = np.where(shown > 0, whole[:, None], 0.0).sum(axis=0) / whole.sum()
        sums = (whole[:, None] * hits / np.maximum(shown, 1.0)).sum(axis=0)
        by_cell = sums / whole.sum() / np.maximum(reached, SMALL)
        count = np.maximum(self.log.inverse[:, 0], 1.0)
        by_weight = self.log.inverse[:, 1] / count
        error = np.sqrt(np.maximum(self.log.inverse[:, 2], 1e-12)) / count
        apart = np.abs(by_cell - by_weight) > FAR * error
        return [bool(one) for one in apart & (reached > NEARLY)]

    @cached_property
    def _part(self) -> IntArray:
        """Indices (G,) of the groups' parts."""
        keys = list(zip(self.log.own.tolist(), self._common, strict=True))
        places = {key: place for place, key in enumerate(dict.fromkeys(keys))}
        return np.array([places[key] for key in keys], dtype=np.int64)

    @cached_property
    def _common(self) -> list[int]:
        """Index (G,) of the variant that a group's cell shows nearly always; -1 without one."""
        shown: dict[str, Counter[int]] = {}
        for group, row in zip(self.log.groups, self.log.sums[:, :, TRIALS].tolist(), strict=True):
            shown.setdefault(group.cell, Counter()).update(dict(enumerate(row)))
        own = {cell: _own_variant(found) for cell, found in shown.items()}
        return [own[group.cell] for group in self.log.groups]

    @cached_property
    def _shown(self) -> FloatArray:
        """Exposures (parts, K)."""
        return self._of_part(self.log.sums[:, :, TRIALS])

    def _of_part(self, values: IntArray | FloatArray | BoolArray) -> FloatArray:
        """Return sums (parts, n) of values (G, n)."""
        sums = np.zeros((int(self._part.max(initial=-1)) + 1, values.shape[1]))
        np.add.at(sums, self._part, values)
        return sums


def _own_variant(shown: Counter[int]) -> int:
    """Return the variant that is nearly always shown; -1 where there is none."""
    (most, rows), *_ = shown.most_common(1)
    return most if rows >= max(FEW_ROWS, OWN_SHARE * shown.total()) else -1
