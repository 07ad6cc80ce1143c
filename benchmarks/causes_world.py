"""Recharge channel of which a part fails: the truth that a cause search has to name.

Fifty visits a minute pass up to three stages. Rates differ by all attributes, so that no leaf's
usual rate is that of another. A search is asked when a plain alarm is raised: a CUSUM in each
stream (a stage, or a stage with one value) against a fall by 30 %, with one false alarm a year for
all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from bandits.arrays import BoolArray, FloatArray, IntArray
from bandits.causes.table import AttributeTable

ATTRIBUTES: Final = ("stage", "channel", "method", "city", "variant", "carrier", "app_version")
VISITS: Final = 50
"""Visits a minute."""
BEFORE: Final = 360
SPAN: Final = 30
"""Minutes before the fall that are known, in spans."""
LOOKS: Final = (0, 30, 90, 240)
"""Minutes up to which passages are drawn until there is an alarm: none later is waited for."""
_STAGES: Final = (0.5, 1.5, 1.5)
"""Logits of the stages: about 40 in 100 visits end paid."""
_SHARES: Final[Mapping[str, tuple[float, ...]]] = {
    "channel": (0.2, 0.3, 0.5),
    "method": (0.4, 0.3, 0.2, 0.1),
    "city": (0.2, 0.15, 0.12, 0.1, 0.08, 0.07, 0.06, 0.05, 0.05, 0.05, 0.04, 0.03),
    "variant": (0.25, 0.25, 0.25, 0.25),
    "carrier": (0.6, 0.25, 0.15),
    "app_version": (0.5, 0.3, 0.2),
}
_APP: Final = 2
ABSENT: Final = 99
"""Code of a value that a visit does not have: a method before one is chosen, an app's version."""
_FALL: Final = 0.7
_YEAR: Final = 525_600
LEAST: Final = 0.05
"""Least share of a stage's arrivals of a value or a pair that fails."""


@dataclass(frozen=True)
class Failure:
    """Part of the channel that fails.

    Attributes:
        sets: conjunctions of (attribute, code); each is a part.
        loss: share of those who would succeed that is lost; 1 is all.
    """

    sets: tuple[tuple[tuple[int, int], ...], ...]
    loss: float


@dataclass(frozen=True, eq=False)
class Passages:
    """Arrivals at stages, a row each: values (R, D), minute (R,), whether it was lost (R,)."""

    codes: IntArray
    minutes: IntArray
    lost: BoolArray

    def joined(self, more: Passages) -> Passages:
        """Return these and later ones."""
        return Passages(
            np.concatenate([self.codes, more.codes]),
            np.concatenate([self.minutes, more.minutes]),
            np.concatenate([self.lost, more.lost]),
        )


def draw_failure(kind: str, loss: float, rng: np.random.Generator) -> Failure:
    """Draw what fails: a value of one attribute, a pair such as `city+method`, or `two cities`."""
    if kind == "two cities":
        first, second = sorted(rng.choice(_large("city"), size=2, replace=False).tolist())
        city = ATTRIBUTES.index("city")
        return Failure((((city, first),), ((city, second),)), loss)
    names = sorted(kind.split("+"), key=ATTRIBUTES.index)
    while True:
        codes = [int(rng.choice(_large(name))) for name in names]
        share = np.prod([_SHARES[name][code] for name, code in zip(names, codes, strict=True)])
        if share >= LEAST - 1e-9:
            places = (ATTRIBUTES.index(name) for name in names)
            return Failure((tuple(zip(places, codes, strict=True)),), loss)


def draw_trouble(failure: Failure, rng: np.random.Generator) -> tuple[AttributeTable, int] | None:
    """Draw the counts when the alarm is raised, and its minute; None where none comes."""
    effects = [rng.normal(0.0, 0.25, (3, len(shares))) for shares in _SHARES.values()]
    before = _passages((0, BEFORE), effects, None, rng)
    streams = _streams(before.codes)
    rates = [1.0 - float(before.lost[one].mean()) if one.any() else 0.0 for one in streams]
    during: Passages | None = None
    for span in pairwise(LOOKS):
        more = _passages(span, effects, failure, rng)
        during = more if during is None else during.joined(more)
        minutes = _alarm(rates, during)
        if minutes is not None:
            return _table(before, during, minutes), minutes
    return None


def _large(name: str) -> IntArray:
    return np.flatnonzero(np.array(_SHARES[name]) >= LEAST)


def _passages(
    span: tuple[int, int],
    effects: list[FloatArray],
    failure: Failure | None,
    rng: np.random.Generator,
) -> Passages:
    minute = np.repeat(np.arange(*span), VISITS)
    visits = len(minute)
    drawn = {
        name: rng.choice(len(shares), size=visits, p=shares) for name, shares in _SHARES.items()
    }
    drawn["app_version"][drawn["channel"] != _APP] = ABSENT
    there = np.ones(visits, dtype=bool)
    parts = []
    for stage, level in enumerate(_STAGES):
        values = dict(drawn, stage=np.full(visits, stage))
        if stage < len(_STAGES) - 1:
            values["method"] = np.full(visits, ABSENT)
        codes = np.stack([values[name] for name in ATTRIBUTES], axis=1)
        logit = np.full(visits, level)
        for name, effect in zip(_SHARES, effects, strict=True):
            known = values[name] != ABSENT
            logit[known] += effect[stage][values[name][known]]
        lost = rng.random(visits) >= 1.0 / (1.0 + np.exp(-logit))
        lost |= _failing(codes, failure) & (rng.random(visits) < (failure.loss if failure else 0))
        parts.append((codes[there], minute[there], lost[there]))
        there = there & ~lost
    codes, minute, lost = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Passages(codes, minute, lost)


def _failing(codes: IntArray, failure: Failure | None) -> BoolArray:
    inside = np.zeros(len(codes), dtype=bool)
    for one in failure.sets if failure else ():
        inside |= np.all([codes[:, place] == code for place, code in one], axis=0)
    return inside


def _streams(codes: IntArray) -> list[BoolArray]:
    """Return the rows of each stream: a stage, or a stage with one value of an attribute."""
    found = []
    for stage in range(len(_STAGES)):
        there = codes[:, 0] == stage
        found.append(there)
        for name, shares in _SHARES.items():
            column = codes[:, ATTRIBUTES.index(name)]
            found.extend(there & (column == code) for code in range(len(shares)))
    return found


def _alarm(rates: list[float], during: Passages) -> int | None:
    """Return the minutes from the fall to the first alarm of any stream that has a usual rate."""
    streams = _streams(during.codes)
    latest = int(during.minutes.max()) + 1
    first: int | None = None
    for rate, rows in zip(rates, streams, strict=True):
        if not 0.0 < rate < 1.0:
            continue
        lost, minute = during.lost[rows], during.minutes[rows]
        step = np.where(lost, np.log((1.0 - _FALL * rate) / (1.0 - rate)), np.log(_FALL))
        walk = np.cumsum(np.bincount(minute, step, latest))
        # CUSUM: the walk over its own least value so far.
        height = walk - np.minimum.accumulate(np.concatenate(([0.0], walk[:-1])))
        over = np.flatnonzero(height > np.log(_YEAR * len(streams)))
        if over.size and (first is None or over[0] + 1 < first):
            first = int(over[0]) + 1
    return first


def _table(before: Passages, during: Passages, minutes: int) -> AttributeTable:
    now = during.minutes < minutes
    rows = np.concatenate([during.codes[now], before.codes])
    codes, leaf = np.unique(rows, axis=0, return_inverse=True)
    leaf = leaf.ravel()
    here, there = leaf[: now.sum()], leaf[now.sum() :]
    size, spans = len(codes), BEFORE // SPAN
    cell = before.minutes // SPAN * size + there
    return AttributeTable(
        codes,
        np.bincount(here, during.lost[now], size).astype(np.float64),
        np.bincount(here, minlength=size).astype(np.float64),
        np.bincount(cell, before.lost, spans * size).reshape(spans, size).astype(np.float64),
        np.bincount(cell, minlength=spans * size).reshape(spans, size).astype(np.float64),
    )
