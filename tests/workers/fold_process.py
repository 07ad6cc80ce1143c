"""Runs attribute and learn in a process that tests may kill.

Arguments: lease in seconds, entries of a batch, and optionally the fold that stops for ever
between handling its second batch and committing it.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from threading import Event
from typing import Any

from nudge.domain.journal.records import JournalEntry
from nudge.flows.folds.attribute import AttributeFold
from nudge.flows.folds.learn import LearnFold
from nudge.settings.settings import load
from nudge.store.folds.folds import Commit
from nudge.wiring.stores import patient_store
from nudge.workers.loops import supervise
from nudge.workers.runner import Runner


class Stuck:
    """A fold that handles its second batch and then waits to be killed."""

    def __init__(self, fold: Any) -> None:
        self._fold, self._left = fold, 1
        self.name, self.batch, self.prepare = fold.name, fold.batch, fold.prepare

    def handle(
        self, partition: int, state: Any, entries: Sequence[JournalEntry]
    ) -> tuple[Any, Commit]:
        """The fold's own answer, the first time."""
        outcome: tuple[Any, Commit] = self._fold.handle(partition, state, entries)
        if self._left == 0:
            print("stuck", flush=True)  # noqa: T201 - the test waits for it
            time.sleep(600)
        self._left -= 1
        return outcome


def main(ttl: float, batch: int, stuck: str = "") -> None:
    settings = load()
    store = patient_store(settings)
    wanted: list[Any] = [AttributeFold(store, batch), LearnFold(store, batch)]
    folds = [Stuck(fold) if fold.name == stuck else fold for fold in wanted]
    owner = f"process-{time.monotonic_ns()}"
    supervise({f.name: Runner(store, f, owner, ttl) for f in folds}, Event())


if __name__ == "__main__":
    main(float(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:])
