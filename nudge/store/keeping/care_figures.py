"""Figures of warnings, as the store tells them: counts of the fold, and what waits longest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from nudge.domain.care.case_tally import (
    HEARD,
    TEXTS,
    added_tallies,
    opened_by_level,
    tally_of,
    unclosed_by_level,
)
from nudge.domain.journal.fold_name import FoldName
from nudge.store.folds.case_store import CaseStore
from nudge.store.folds.folds import TALLY, Folds
from nudge.store.folds.watch_store import WatchStore
from nudge.store.wire.client import Client
from nudge.store.wire.keys import Keys


@dataclass(frozen=True)
class CareFigures:
    """The figures of warnings, over all partitions.

    Attributes:
        opened: level -> cases since the fold's state was made; `proposal` are the model's.
        unclosed: level -> cases that are not closed.
        texts: that came by feedback.
        heard: texts in which words or a complaint were found.
        late: seconds since a delayed rule should have been looked at; 0 where none is late.
        oldest: seconds since the opening of the oldest case that is not closed.
    """

    opened: Mapping[str, int] = field(default_factory=dict)
    unclosed: Mapping[str, int] = field(default_factory=dict)
    texts: int = 0
    heard: int = 0
    late: float = 0.0
    oldest: float = 0.0


def read_care_figures(client: Client, keys: Keys, at: float) -> CareFigures:
    """Read the figures: four round trips for each partition.

    Args:
        client: of the store.
        keys: of the installation.
        at: seconds, of now.

    Raises:
        StoreAwayError: no answer.
    """
    folds, cases, watches = Folds(client, keys), CaseStore(client, keys), WatchStore(client, keys)
    tallies, due, opened = [], [at], [at]
    for p in keys.every_partition():
        (text,) = folds.read_fields(p, FoldName.CARE, TALLY)
        tallies.append(tally_of(text or ""))
        generation = folds.generation_of(p, FoldName.CARE)
        due += [when for _, when in watches.due(p, at, 1, generation)]
        opened += cases.oldest_open(p, generation)
    tally = added_tallies(tallies)
    return CareFigures(
        opened_by_level(tally),
        unclosed_by_level(tally),
        tally.get(TEXTS, 0),
        tally.get(HEARD, 0),
        at - min(due),
        at - min(opened),
    )
