"""An installation as a command sees it: its settings, its store, and the flows of commands.

pyarrow takes long to import: flows that need it are imported when a command asks for them.
"""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from nudge import clock, faults
from nudge.config.documents.configuration import Configuration
from nudge.config.slot_file import load_slots
from nudge.domain.alarms.watch_plan import WatchPlan
from nudge.domain.care.rule_book import RuleBook
from nudge.domain.identity.input_rules import InputRules
from nudge.domain.identity.sealing import Sealer
from nudge.domain.membership.segment_book import SegmentBook
from nudge.domain.slots.slot import Slot
from nudge.domain.timing.windows import Calendar
from nudge.errors import StoreError
from nudge.flows.plan import Planner
from nudge.flows.upkeep.erase import Eraser
from nudge.flows.upkeep.load import VisitorLoader
from nudge.flows.upkeep.load_replies import ReplyLoader
from nudge.settings.settings import Settings
from nudge.store.service.catalogue import Catalogue
from nudge.store.store import Store
from nudge.wiring.stores import hot_store, patient_store

if TYPE_CHECKING:
    from nudge.flows.alarms.judge import Judge
    from nudge.flows.measures.measure_desk import MeasureDesk
    from nudge.flows.upkeep.accept import StoreAcceptance
    from nudge.flows.upkeep.detectors.judgement_rebuild import JudgementRebuild
    from nudge.flows.upkeep.imports.import_log import Importer
    from nudge.flows.upkeep.imports.import_undo import ImportUndo
    from nudge.flows.upkeep.rebuild import Rebuild
    from nudge.flows.upkeep.split import PeopleSplit
    from nudge.lake.files.history import History
    from nudge.lake.files.reader import Lake


QUICK = 1.0
"""Seconds that a command which can do without the store waits for it."""


@dataclass(frozen=True)
class Installation:
    """An installation whose store is open.

    Attributes:
        settings: of the installation.
        store: patient.
    """

    settings: Settings
    store: Store

    @property
    def sealer(self) -> Sealer:
        """Hashes and ids of the installation."""
        return Sealer(self.settings.secret_key, self.settings.vault_secrets)

    @cached_property
    def configuration(self) -> Configuration:
        """The configuration as it was applied when the command first asked; else the files'."""
        return Configuration(self.settings, self.store.documents.current())

    @property
    def rules(self) -> InputRules:
        """The rules for values from outside.

        Raises:
            InvalidConfigError: the contact policy is wrong.
        """
        return self.configuration.rules

    @property
    def eraser(self) -> Eraser:
        """The flow that forgets people."""
        return Eraser(self.store, self.sealer)

    @property
    def loader(self) -> VisitorLoader:
        """The flow that takes what the operator knows of visitors."""
        return VisitorLoader(self.store, self.sealer)

    @property
    def reply_loader(self) -> ReplyLoader:
        """The flow that takes replies to SMS from a gateway's file.

        Raises:
            InvalidConfigError: the contact policy is wrong.
        """
        return ReplyLoader(self.store, self.sealer, self.configuration.reply_reader)

    def people_split(self, patience: float, tell: Callable[[int], object]) -> PeopleSplit:
        """Return the flow that takes a wrong merge apart; it waits so many seconds for the fold."""
        from nudge.flows.upkeep.split import PeopleSplit  # noqa: PLC0415 (see the module)

        return PeopleSplit(self.store, self.history, self.sealer, patience, tell)

    @property
    def planner(self) -> Planner:
        """The flow that plans SMS.

        Raises:
            InvalidConfigError: the contact policy or the segments are wrong.
        """
        return Planner(
            store=self.store,
            sealer=self.sealer,
            holdout=self.settings.holdout,
            calendar=Calendar(self.configuration.contact),
            segments=self.configuration.segments,
            rhythm=self.configuration.rhythm,
        )

    @property
    def measure_desk(self) -> MeasureDesk:
        """The desk that says which measure is due for a case.

        Raises:
            InvalidConfigError: the measures, the segments or the contact policy are wrong.
        """
        from nudge.flows.measures.measure_desk import MeasureDesk  # noqa: PLC0415 (see the module)
        from nudge.flows.serving.subject_decider import SubjectDecider  # noqa: PLC0415

        known = self.configuration
        store, holdout = self.store, self.settings.holdout
        slots = store.catalogue.refresh(Catalogue.empty()).slots
        decider = SubjectDecider(store, self.sealer, holdout, known.segments, known.rhythm)
        policy = known.contact if known.plans_contacts else None
        return MeasureDesk(store, decider, slots, known.measures, policy)

    @property
    def lake(self) -> Lake:
        """The lake in the data directory."""
        from nudge.lake.files.reader import Lake  # noqa: PLC0415 (see the module)

        return Lake(self.settings.lake_dir)

    @property
    def history(self) -> History:
        """Every entry there is: of the lake, then of the journal."""
        from nudge.lake.files.history import History  # noqa: PLC0415 (see the module)

        return History(self.lake, self.sealer.unseal, self.store.journal.read)

    @property
    def importer(self) -> Importer:
        """The flow that takes historical logs in."""
        from nudge.flows.upkeep.imports.import_log import Importer  # noqa: PLC0415 (see the module)

        return Importer(self.store, self.history, self.sealer.import_key, clock.now())

    @property
    def import_undo(self) -> ImportUndo:
        """The flow that takes imports back."""
        from nudge.flows.upkeep.imports.import_undo import ImportUndo  # noqa: PLC0415 (see the module)

        return ImportUndo(self.store, self.history, self.sealer)

    def _plan(self) -> WatchPlan:
        """Return what the fold `monitor` counts."""
        return self.configuration.watch_plan

    def _book(self) -> RuleBook:
        """Return the rules of the fold `care`."""
        return self.configuration.rule_book

    def _segments(self) -> SegmentBook:
        """Return the segments of the fold `segment`."""
        return self.configuration.segment_book

    @property
    def rebuild(self) -> Rebuild:
        """The flow that rebuilds folds, under a name of this process."""
        from nudge.flows.upkeep.rebuild import Rebuild  # noqa: PLC0415 (see the module)

        owner = _owner("rebuild")
        rules = self._plan, self._book, self._segments
        return Rebuild(self.store, self.history, owner, *rules)

    @property
    def judgement_rebuild(self) -> JudgementRebuild:
        """The flow that rebuilds the monitors' detectors."""
        from nudge.flows.upkeep.detectors.judgement_rebuild import (  # noqa: PLC0415 (see the module)
            JudgementRebuild,
        )

        return JudgementRebuild(self.store, self.history, self._plan, self._judge)

    def _judge(self, since: float) -> Judge:
        """Return the judge in force, whose calendar reaches back to a second."""
        from nudge.flows.alarms.judge import Judge  # noqa: PLC0415 - numpy, which help does not need
        from nudge.workers.alarms.alarm_loop import judged_time  # noqa: PLC0415

        current, known = self.configuration, self.store.quarantines.current().values()
        time = judged_time(current, clock.now(), since)
        marked = tuple(one for one in known if not one.alarm)
        return Judge(current.monitors, current.watch_plan, time, marked)

    @property
    def acceptance(self) -> StoreAcceptance:
        """The flow that accepts another store, under a name of this process."""
        from nudge.flows.upkeep.accept import StoreAcceptance  # noqa: PLC0415 (see the module)

        note, seal = self.settings.store_note, self.sealer.seal_each
        owner = _owner("accept")
        rules = self._plan, self._book, self._segments
        return StoreAcceptance(self.store, self.lake, seal, note, owner, *rules)


@contextmanager
def open_installation(settings: Settings) -> Iterator[Installation]:
    """Open the installation's store for the time of a command."""
    faults.arm(settings.fault_dir)
    store = patient_store(settings)
    try:
        yield Installation(settings, store)
    finally:
        store.close()


def applied_configuration(settings: Settings) -> Configuration:
    """Return the configuration that is applied; the files' where the store does not answer.

    A question about the lake needs no store.
    """
    store = hot_store(settings, QUICK)
    try:
        return Configuration(settings, store.documents.current())
    except StoreError:
        return Configuration(settings)
    finally:
        store.close()


def applied_slots(settings: Settings) -> dict[str, Slot]:
    """Return the slots in service; the files' where the store does not answer or has none.

    Raises:
        InvalidConfigError: a file is needed and invalid.
    """
    store = hot_store(settings, QUICK)
    try:
        found = store.slots.current()
    except StoreError:
        found = {}
    finally:
        store.close()
    return found or load_slots(settings.config_dir / "slots")


def _owner(what: str) -> str:
    """The name under which a command holds leases; no two processes ever share one."""
    return f"{what}-{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
