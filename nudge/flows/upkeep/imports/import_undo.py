"""Taking an import back: its sums are booked once more, with the other sign.

What is left to take back is what all its records come to, those of an earlier try among them. So
whenever it is broken off, doing it again takes back the rest and no more.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from nudge.domain.credit.import_marks import reversal_mark, undone_mark
from nudge.domain.identity.sealing import Sealer
from nudge.domain.journal.records import (
    Decision,
    Exposure,
    JournalEntry,
    Mark,
    Ref,
    Reward,
    is_imported,
)
from nudge.errors import InvalidRequestError, NotFoundError
from nudge.flows.upkeep.imports.import_book import read_book
from nudge.flows.upkeep.imports.import_commits import ImportCommits, import_commits
from nudge.flows.upkeep.imports.import_log import written_earlier
from nudge.lake.checks.imports import ImportTrace, belonging, trace_import
from nudge.lake.engine.query import Backend, connect_contents
from nudge.lake.files.history import History
from nudge.lake.files.import_balance import SOURCE
from nudge.store.store import Store

BLOCK: Final = 200
"""Sums of one mark, which is one script call: pages wait for it."""


@dataclass(frozen=True)
class UndoResult:
    """The result of taking an import back.

    Attributes:
        slots: that had learned from the import.
        decisions: that count no more; none where its rows were counts.
        exposures: that count no more.
        conversions: of them.
    """

    slots: tuple[str, ...]
    decisions: int = 0
    exposures: int = 0
    conversions: int = 0


@dataclass(frozen=True)
class ImportUndo:
    """The flow that takes imports back.

    Attributes:
        history: every entry there is.
        sealer: makes decision ids.
    """

    store: Store
    history: History
    sealer: Sealer

    def run(self, name: str) -> UndoResult:
        """Take an import back, in every slot; idempotent.

        Raises:
            InvalidRequestError: rows of it were removed from the lake by age.
            NotFoundError: there is no such import.
            StoreError: an import of the slot runs.
            FencedError: it was taken over.
            StoreAwayError: no answer; doing it again takes back the rest.
        """
        trace = self._trace(name)
        slots = sorted({*trace.slots, *self._removed(name, trace)})
        if not slots:
            cure = "give the file as it was imported, or its --name"
            raise NotFoundError(f"there is no import {name!r}; {cure}")
        done = UndoResult(tuple(slots))
        for slot in slots:
            with import_commits(self.store, slot) as commits:
                done = self._undone(commits, name, slot, done)
        return done

    def _undone(self, commits: ImportCommits, name: str, slot: str, done: UndoResult) -> UndoResult:
        trace = self._trace(name)
        earlier = written_earlier(self.store, name, read_book(self.store, self.history, slot))
        for p in commits.leases:
            left = sorted(trace.left((slot, p)).items())
            for start in range(0, len(left), BLOCK):
                some = left[start : start + BLOCK]
                commits.commit(p, [reversal_mark(name, slot, some)])
            if trace.counts((slot, p)) or p in earlier:
                commits.commit(p, [undone_mark(name, slot)])
            done = UndoResult(
                done.slots,
                done.decisions + trace.decisions[slot, p],
                done.exposures + sum(sums[0] for _, sums in left),
                done.conversions + sum(sums[1] for _, sums in left),
            )
        return done

    def _removed(self, name: str, trace: ImportTrace) -> Iterator[str]:
        """Yield the slots of which the lake removed rows by age that had been taken back."""
        contents = self.history.lake.contents()
        for p in contents.manifests:
            for (slot, one), left in contents.balance(p).imports().imports.items():
                if one == name and left.counts and (slot, p) not in trace.undone:
                    text = "the lake has removed rows of it by age (lake_keep_days)"
                    cure = "its counts fade by the slot's half-life alone"
                    raise InvalidRequestError(f"import {name!r} stays: {text}; {cure}")
                if one == name:
                    yield slot

    def _trace(self, name: str) -> ImportTrace:
        """Return the import's trace in the lake and in what the journal holds behind it."""
        contents = self.history.lake.contents()
        backend = connect_contents(contents, whole=True)
        trace, positions = trace_import(backend, name), contents.positions()
        for p in self.store.keys.every_partition():
            last = self.store.journal.last_position(p)
            entries = self.history.entries(p, positions.get(p, 0), last)
            for entry in self._own(backend, name, entries):
                trace.take(p, entry.position, entry.record)
        backend.disconnect()
        return trace

    def _own(
        self, backend: Backend, name: str, entries: Iterator[JournalEntry]
    ) -> Iterator[JournalEntry]:
        """Yield the entries that belong to the import."""
        refs: dict[Ref, bool] = {}
        for entry in entries:
            record = entry.record
            if isinstance(record, Decision) and is_imported(entry.ref):
                refs[entry.ref] = record.source == SOURCE + name
                if refs[entry.ref]:
                    yield entry
            elif isinstance(record, Exposure | Reward) and is_imported(record.decision):
                ref = record.decision
                if ref not in refs:  # its decision is the last one in the lake
                    refs[ref] = bool(belonging(backend, name, [self.sealer.seal(ref)]))
                if refs[ref]:
                    yield entry
            elif isinstance(record, Mark) and record.fields.get("import") == name:
                yield entry
