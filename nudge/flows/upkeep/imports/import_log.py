"""Import: historical logs become decisions, each row once (docs/decisions/0015-imports.md).

A row and the mark that names it are written together, so that whoever looks for known rows finds
all that was written, whenever it was broken off.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from bandits.features import CellSpec
from nudge.domain.credit.count_import import ANY, CountImport
from nudge.domain.credit.earlier_import import EarlierImport
from nudge.domain.credit.import_marks import rows_mark
from nudge.domain.credit.log_import import ImportRules, LogImport
from nudge.domain.journal.records import Record
from nudge.domain.slots.learning import learner_config
from nudge.errors import NotFoundError
from nudge.flows.upkeep.imports.import_book import ImportBook, read_book
from nudge.flows.upkeep.imports.import_commits import ImportCommits, import_commits
from nudge.flows.upkeep.imports.import_survey import (
    ImportSurvey,
    Look,
    Plan,
    RowChoice,
    fitting,
    look_through,
)
from nudge.lake.checks.imports import import_names
from nudge.lake.engine.query import connect_contents
from nudge.lake.files.history import History
from nudge.lake.intake.bad_row import BadRow
from nudge.lake.intake.input_file import InputFile
from nudge.store.store import Store

BATCH: Final = 200
"""Rows of a commit, which is one script call: pages wait for it."""
RENEW: Final = 20_000
"""Rows behind which a lease is renewed although nothing was written."""


@dataclass(frozen=True)
class ImportResult:
    """The result of an import: fresh + known + refused = rows.

    Attributes:
        rows: of the file.
        fresh: of them written now.
        known: of them there already.
        refused: of them left out.
        records: written now.
        bad: the first of the refused rows.
    """

    rows: int
    fresh: int
    known: int
    refused: int
    records: int
    bad: tuple[BadRow, ...] = ()


@dataclass
class _Waiting:
    """Rows of a partition that wait for their commit."""

    records: list[Record] = field(default_factory=list)
    digests: list[bytes] = field(default_factory=list)


def digest(path: Path) -> str:
    """Return a name for a file's content, 16 hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "blake2b").hexdigest()[:16]


@dataclass(frozen=True)
class Importer:
    """The flow that takes historical logs in.

    Attributes:
        history: every entry there is.
        key: of the rows' digests; 32 bytes.
        now: seconds; no row is later.
    """

    store: Store
    history: History
    key: bytes
    now: float

    def plan(self, rules: ImportRules, name: str, times: dict[int, int] | None = None) -> Plan:
        """Return the import of a file into the slot as it is now.

        Args:
            rules: mapping of its columns.
            name: of the import.
            times: partition -> how often it was taken back there.

        Raises:
            NotFoundError: there is no such slot.
        """
        slot = self.store.slots.current().get(rules.slot)
        if slot is None:
            raise NotFoundError(
                f"there is no slot {rules.slot!r}; put it into service: nudge apply"
            )
        cells = CellSpec.build(learner_config(slot).context)
        partitions = self.store.keys.partitions
        plan = LogImport(name, rules, slot, cells, partitions, self.key, self.now, times or {})
        return CountImport(plan) if rules.teach_only else plan

    def run(
        self, source: InputFile, rules: ImportRules, name: str, look: Look, *, strict: bool = False
    ) -> ImportResult:
        """Write the rows that are not written yet; idempotent, also for a file that grew.

        Args:
            source: the file.
            rules: mapping of its columns.
            name: of the import.
            look: is called with the rows of each batch, twice for each row.
            strict: the first row that does not fit is an error, before anything is written.

        Raises:
            InvalidConfigError: the file cannot be read; or a row does not fit, and `strict`.
            InvalidRequestError: an import of the slot was taken back in part; that comes first.
            NotFoundError: there is no such slot.
            StoreError: another import of the slot runs.
            FencedError: it was taken over.
            StoreAwayError: no answer; doing it again goes on where it was.
        """
        plan = self.plan(rules, name)
        earlier = self._earlier(source, plan, rules)
        survey = look_through(source, plan, earlier, strict=strict, look=look)
        with import_commits(self.store, rules.slot) as commits:
            book = read_book(self.store, self.history, rules.slot)
            book.check()
            choice = RowChoice.of(survey, book.known())
            plan = self.plan(rules, name, book.times(name))
            records = _Writer(commits, plan, rules.slot).write(source, survey, choice, look)
        fresh = int(choice.fresh.sum())
        known = survey.rows - survey.refused - fresh
        return ImportResult(survey.rows, fresh, known, survey.refused, records, tuple(survey.bad))

    def _earlier(self, source: InputFile, plan: Plan, rules: ImportRules) -> list[EarlierImport]:
        """Return what an earlier version has written of the file, or of the one that grew to it."""
        backend = connect_contents(self.history.lake.contents(), whole=True)
        others = import_names(backend, rules.slot)
        backend.disconnect()
        candidates = {one for one in others | {plan.name} if any(positions(self.store, one))}
        if not candidates:
            return []
        book = read_book(self.store, self.history, rules.slot)
        names = beginnings(Path(source.name), candidates) | (candidates & {plan.name})
        partitions, teach_only = self.store.keys.partitions, rules.teach_only
        written = {name: written_earlier(self.store, name, book) for name in sorted(names)}
        return [EarlierImport(name, of, partitions, teach_only) for name, of in written.items()]


def beginnings(path: Path, names: AbstractSet[str]) -> set[str]:
    """Return those of some digests that are the digest of a file's first lines.

    An earlier version named an import by its file, so that one which grew is told by them.
    """
    found: set[str] = set()
    running = hashlib.blake2b()
    with path.open("rb") as file:
        for line in file if names else ():
            ended, bare = running.copy(), line.rstrip(b"\r\n")
            ended.update(bare)  # the old file may have ended without a line break
            running.update(line)
            found |= {ended.hexdigest()[:16], running.hexdigest()[:16]} & names
    return found


def positions(store: Store, name: str) -> list[int]:
    """Return, by partition, the number of the last row that an earlier version has written."""
    fold = f"import-{name}"
    return [store.folds.position_of(p, fold) for p in store.keys.every_partition()]


def written_earlier(store: Store, name: str, book: ImportBook) -> dict[int, int]:
    """Return the same where it was not taken back, and is not 0."""
    gone = book.times(name)
    found = enumerate(positions(store, name))
    return {p: number for p, number in found if number and p not in gone}


@dataclass
class _Writer:
    """The writer of an import's rows, with what waits for a commit."""

    commits: ImportCommits
    plan: Plan
    slot: str
    records: int = 0
    rows: int = 0
    waiting: defaultdict[int, _Waiting] = field(default_factory=lambda: defaultdict(_Waiting))

    def write(self, source: InputFile, survey: ImportSurvey, choice: RowChoice, look: Look) -> int:
        """Write the chosen rows; return the number of records."""
        fresh, named = choice.fresh, choice.named
        if not (fresh.any() or named.any()):
            return 0
        for place, row in fitting(source, survey):
            if fresh[place] or named[place]:
                digest = choice.digests[place].tobytes()
                known = self.plan.known(row)
                partition, records = self.plan.records(known, digest) if fresh[place] else (ANY, [])
                self._add(partition, records, digest)
            elif place % RENEW == 0:
                self.commits.keep()
            look(1)
        for p in list(self.waiting):
            self._commit(p)
        return self.records

    def _add(self, partition: int, records: list[Record], digest: bytes) -> None:
        if partition == ANY:
            partition = self.rows // BATCH % len(self.commits.leases)
        self.rows += 1
        waiting = self.waiting[partition]
        waiting.records += records
        waiting.digests.append(digest)
        if len(waiting.digests) >= BATCH:
            self._commit(partition)

    def _commit(self, partition: int) -> None:
        waiting = self.waiting.pop(partition)
        records = self.plan.packed(waiting.records)
        mark = rows_mark(self.plan.name, self.slot, waiting.digests)
        self.commits.commit(partition, [*records, mark])
        self.records += len(records)
