"""The rows of the system page: the store, the folds, policies, questions, lake, spools, notices."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from nudge.domain.alarms.delivery import DeliveryOutcome
from nudge.domain.system.store_rows import away_row, store_rows
from nudge.domain.system.system_row import SystemRow
from nudge.domain.system.work_rows import (
    failed_row,
    fold_row,
    jobs_row,
    lake_row,
    notices_row,
    policy_row,
    spool_row,
)
from nudge.errors import StoreError
from nudge.store.jobs.jobs import JobFailure
from nudge.store.keeping.memory import NEARLY_FULL
from nudge.store.keeping.work_figures import WorkFigures
from nudge.store.store import Store

ARCHIVE = "archive"


def system_rows(
    store: Store, slots: Mapping[str, str], failing: Mapping[str, str], wrong: str
) -> list[SystemRow]:
    """Return the rows of everything that runs; one row where the store cannot be asked.

    Args:
        store: of the installation.
        slots: names of the slots.
        failing: slot -> kind of its learner's failure.
        wrong: the problem of a store that is not the known one, in a sentence; empty without one.
    """
    if wrong:
        return [away_row(wrong)]
    try:
        return [*_store(store), *_work(store, slots, failing)]
    except StoreError:
        return [away_row("")]


def _store(store: Store) -> Iterator[SystemRow]:
    level, writes = store.memory.level(), store.client.writes_log()
    yield from store_rows(
        level.used, level.limit, level.ratio, NEARLY_FULL, evicts=level.evicts, writes=writes
    )


def _work(
    store: Store, slots: Mapping[str, str], failing: Mapping[str, str]
) -> Iterator[SystemRow]:
    work = store.work_figures.read(slots)
    for name, one in work.folds.items():
        yield fold_row(name, one.entries, one.seconds, one.partitions)
    for name in sorted(slots):
        yield policy_row(name, work.published.get(name), failing.get(name, ""))
    yield from _questions(work, store.jobs.failures())
    yield lake_row(work.folds[ARCHIVE].seconds)
    for process, figures in sorted(store.process_notes.read().items()):
        yield spool_row(process, figures.spool_used)
    yield notices_row(work.notices, DeliveryOutcome.GIVEN_UP)


def _questions(work: WorkFigures, failures: list[JobFailure]) -> Iterator[SystemRow]:
    yield jobs_row(work.jobs["waiting"], work.jobs["running"])
    by_kind: dict[str, list[JobFailure]] = defaultdict(list)
    for one in failures:
        by_kind[one.kind].append(one)
    for kind, several in sorted(by_kind.items()):
        yield failed_row(kind, several[0].message, len(several))
