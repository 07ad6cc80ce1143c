"""The process of the folds: it follows the traffic of a history on the same moved clock."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.context import SpawnContext
from multiprocessing.process import BaseProcess
from typing import Final

from lab.history.fold_turns import FoldTurns
from lab.history.journal_tail import FoldStore
from lab.history.quiet import quiet
from lab.history.timetable import Timetable
from lab.history.wall_clock import Moment
from nudge import clock
from nudge.settings.settings import Settings
from nudge.wiring.stores import patient_store

LOOK: Final = 0.004
"""Seconds between two looks whether the other process is farther."""
AHEAD: Final = 3 * 3600.0
"""Seconds of the history that traffic may be ahead of the folds."""
START: Final = 120.0
END: Final = 30.0


class FoldsFailedError(RuntimeError):
    """The process of the folds ended before the history did."""


@dataclass(frozen=True)
class Progress:
    """How far each of the two processes is, in memory that both share.

    Attributes:
        wall: the moved wall clock.
        traffic: moment up to which everything has happened.
        folds: moment up to which all of it is folded.
        over: 1 once nothing more happens.
    """

    wall: Moment
    traffic: Moment
    folds: Moment
    over: Moment

    @classmethod
    def start(cls, at: float, context: SpawnContext) -> Progress:
        """Return the progress of a history that begins."""
        found = [context.Value("d", value) for value in (at, at, at, 0.0)]
        return cls(*found)


def follow(settings: Settings, progress: Progress, timetable: Timetable) -> None:
    """Fold what happens until it is over; the entry of the process."""
    quiet()
    found = patient_store(settings)
    store = FoldStore(found.client, found.keys, found.most_visitors, found.pages_own_ids)
    try:
        with clock.moved(lambda: progress.wall.value):
            turns = FoldTurns(settings, store)
            while _step(turns, progress, timetable):
                pass
            turns.release()
    finally:
        store.close()


def _step(turns: FoldTurns, progress: Progress, timetable: Timetable) -> bool:
    """Fold what has happened since the last step; return False at the end."""
    before, at = progress.folds.value, progress.traffic.value
    if at <= before:
        parent = multiprocessing.parent_process()
        if progress.over.value or parent is None or not parent.is_alive():
            return False
        clock.sleep(LOOK)
        return True
    turns.catch_up()
    if timetable.is_watched(before, at):
        turns.judge(at)
    if timetable.publishes(before, at):
        turns.publish(at)
    if timetable.assigns(before, at):
        turns.assign()
    if timetable.archives(before, at):
        turns.archive()
    progress.folds.value = at
    return True


@contextmanager
def fold_process(
    settings: Settings, progress: Progress, timetable: Timetable, context: SpawnContext
) -> Iterator[Callable[[float], None]]:
    """Run the process beside this one; yield a function that waits until it is so far."""
    child = context.Process(target=follow, args=(settings, progress, timetable), daemon=True)
    child.start()
    try:
        yield lambda at: _await(child, progress, at)
        progress.over.value = 1.0
        child.join(END)
    finally:
        child.kill()
        child.join()


def _await(child: BaseProcess, progress: Progress, at: float) -> None:
    while progress.folds.value < at:
        if not child.is_alive():
            raise FoldsFailedError("the folds of the history ended before it did")
        clock.sleep(LOOK)
