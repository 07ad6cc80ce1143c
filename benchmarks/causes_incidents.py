"""Labelled incidents of a public set (RobustSpot's): the operators' cause beside a search's."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np

from bandits.causes.conjunctions import Conjunction
from bandits.causes.table import AttributeTable
from bandits.units import MINUTE

NAMES: Final = ("cdn", "bitrate", "device", "p2p", "isp", "platform", "gameid")
GAP: Final = 3 * MINUTE
"""Nearest minute before the label that counts as usual: some labels come a minute or two late."""
Search: TypeAlias = Callable[[AttributeTable], tuple[Conjunction, ...]]
Named: TypeAlias = frozenset[frozenset[tuple[str, str]]]


@dataclass(frozen=True)
class Incident:
    """Incident with its label: attribute names, their values, counts, and the labelled cause."""

    number: int
    names: tuple[str, ...]
    values: tuple[Any, ...]
    table: AttributeTable
    label: Named

    def named(self, sets: tuple[Conjunction, ...]) -> Named:
        """Return a cause in words."""
        return frozenset(
            frozenset((self.names[place], str(self.values[place][code])) for place, code in one)
            for one in sets
        )


@dataclass(frozen=True)
class Score:
    """Conjunctions that were right, wrong and missed over some incidents, and median seconds."""

    right: int
    wrong: int
    missed: int
    seconds: float

    @property
    def f1(self) -> float:
        """F1 over all conjunctions together: one is right if exactly it was labelled."""
        return 2.0 * self.right / (2.0 * self.right + self.wrong + self.missed)


def read_incidents(folder: Path, first: int, last: int) -> list[Incident]:
    """Read some incidents; others are not looked at."""
    from pyarrow import parquet  # noqa: PLC0415 (the world needs numpy only)

    labels = json.loads((folder / "causes.json").read_text("utf-8"))
    wanted = [("incident", ">=", first), ("incident", "<=", last)]
    found = parquet.read_table(folder / "incidents.parquet", filters=wanted)
    rows = {name: found[name].to_numpy() for name in found.column_names}
    return [_incident(one, rows) for one in labels if first <= one["incident"] <= last]


def score(incidents: list[Incident], search: Search) -> Score:
    """Count what a search names in incidents."""
    right, wrong, missed, seconds = 0, 0, 0, []
    for one in incidents:
        began = time.perf_counter()
        sets = search(one.table)
        seconds.append(time.perf_counter() - began)
        told = one.named(sets)
        right += len(told & one.label)
        wrong += len(told - one.label)
        missed += len(one.label - told)
    return Score(right, wrong, missed, float(np.median(seconds)))


def _incident(label: Mapping[str, Any], rows: Mapping[str, Any]) -> Incident:
    at, minute = label["at"], rows["minute"]
    inside = (rows["incident"] == label["incident"]) & ((minute == at) | (minute <= at - GAP))
    here = {name: column[inside] for name, column in rows.items()}
    names = tuple(name for name in NAMES if not _empty(here[name]))
    coded = [np.unique(here[name].astype(str), return_inverse=True) for name in names]
    codes, leaf = np.unique(np.stack([c for _, c in coded], 1), axis=0, return_inverse=True)
    minutes, span = np.unique(here["minute"], return_inverse=True)
    cell, size = span * len(codes) + leaf.ravel(), len(minutes) * len(codes)
    bad, arrivals = (
        np.bincount(cell, here[name], size).reshape(len(minutes), -1).astype(np.float64)
        for name in ("value", "cnt")
    )
    # A few rows of the set count more bad ones than all.
    bad = np.minimum(bad, arrivals)
    return Incident(
        label["incident"],
        names,
        tuple(values for values, _ in coded),
        AttributeTable(codes, bad[-1], arrivals[-1], bad[:-1], arrivals[:-1]),
        frozenset(frozenset(one.items()) for one in label["cause"]),
    )


def _empty(column: Any) -> bool:  # noqa: ANN401 (texts or numbers)
    return all(one is None or one != one for one in column)  # noqa: PLR0124 (not a number)
