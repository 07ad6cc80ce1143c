"""Import: historical logs become decisions, each row once (docs/decisions/0005-import.md).

A fold over the file: the records of a batch and the position in the file are committed together.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from bandits.features import CellSpec
from nudge.domain.credit.count_import import CountImport
from nudge.domain.credit.log_import import ImportRules, LogImport, RowError
from nudge.domain.journal.records import Record
from nudge.domain.slots.learning import learner_config
from nudge.errors import InvalidConfigError, NotFoundError, StoreError
from nudge.lake.evaluation.log_file import LogFile
from nudge.store.folds.folds import Commit, Lease
from nudge.store.store import Store

BATCH: Final = 200
"""Rows of a commit, which is one script call: pages wait for it."""
TTL: Final = 30.0
"""Seconds after which an import that died can be begun again."""
NAMED: Final = 10
"""Most rows that do not fit that are named."""
Look = Callable[[int], object]
Plan = LogImport | CountImport
"""How rows become records: decisions with exposure and reward, or counts that only teach."""


@dataclass(frozen=True)
class ImportResult:
    """The result of an import.

    Attributes:
        rows: of the file.
        fresh: of them written now; the others were there already.
        records: written now.
    """

    rows: int
    fresh: int
    records: int


def digest(path: Path) -> str:
    """Return a name for a file's content, 16 hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "blake2b").hexdigest()[:16]


def plan_import(store: Store, rules: ImportRules, name: str) -> Plan:
    """Return the import of a file into the slot as it is now.

    Raises:
        NotFoundError: there is no such slot.
    """
    slot = store.slots.current().get(rules.slot)
    if slot is None:
        raise NotFoundError(f"there is no slot {rules.slot!r}; put it into service: nudge apply")
    cells = CellSpec.build(learner_config(slot).context)
    plan = LogImport(name, rules, slot, cells, store.keys.partitions)
    return CountImport(plan) if rules.teach_only else plan


def check(log: LogFile, plan: Plan, look: Look) -> int:
    """Read the whole file without writing anything; return its number of rows.

    Raises:
        InvalidConfigError: rows do not fit; the first few with number and cure.
    """
    wrong: list[str] = []
    number = 0
    for number, row in _rows(log):
        try:
            plan.records(row, number)
        except (RowError, ValueError, TypeError) as error:
            wrong.append(f"{log.name}: row {number:,}: {error}")
            if len(wrong) >= NAMED:
                break
        look(1)
    if wrong:
        raise InvalidConfigError(wrong)
    return number


def run(store: Store, log: LogFile, plan: Plan, look: Look) -> ImportResult:
    """Write the rows that are not written yet; idempotent.

    Raises:
        StoreError: the same import runs elsewhere.
        FencedError: it was taken over.
        StoreAwayError: no answer; doing it again goes on where it was.
    """
    owner = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
    leases: dict[int, Lease] = {}
    try:
        for p in store.keys.every_partition():
            leases[p] = _lease(store, plan, p, owner)
        return _written(store, log, plan, leases, look)
    finally:
        for lease in leases.values():
            store.folds.release(lease)


def _written(
    store: Store, log: LogFile, plan: Plan, leases: dict[int, Lease], look: Look
) -> ImportResult:
    waiting: dict[int, list[tuple[int, list[Record]]]] = {p: [] for p in leases}
    done = ImportResult(0, 0, 0)
    for number, row in _rows(log):
        p, records = plan.records(row, number)
        fresh = number > leases[p].position
        if fresh:
            waiting[p].append((number, records))
        done = replace(done, rows=number, fresh=done.fresh + fresh)
        if len(waiting[p]) >= BATCH:
            leases[p], written = _commit(store, plan, leases[p], waiting[p])
            done = replace(done, records=done.records + written)
        look(1)
    for p, lease in leases.items():
        leases[p], written = _commit(store, plan, lease, waiting[p])
        done = replace(done, records=done.records + written)
    return done


def _rows(log: LogFile) -> Iterator[tuple[int, dict[str, object]]]:
    number = 0
    for batch in log.read(log.columns):
        for row in batch.to_pylist():
            number += 1
            yield number, row


def _lease(store: Store, plan: Plan, partition: int, owner: str) -> Lease:
    fold = f"import-{plan.name}"
    found = store.folds.acquire(partition, fold, owner, TTL)
    if found is None:
        raise StoreError(f"import {plan.name!r} runs already; wait {TTL:.0f} s if it died")
    return found


def _commit(
    store: Store,
    plan: Plan,
    lease: Lease,
    waiting: list[tuple[int, list[Record]]],
) -> tuple[Lease, int]:
    """Commit a partition's rows and forget them; return the number of records.

    The lease's position is the last row's number.
    """
    if not waiting:
        return lease, 0
    store.folds.acquire(lease.partition, lease.fold, lease.owner, TTL)
    records = plan.packed([record for _, some in waiting for record in some])
    after = store.folds.commit(lease, Commit(waiting[-1][0], records))
    waiting.clear()
    return after, len(records)
