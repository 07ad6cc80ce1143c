"""The composition root of a worker: the loops of the named folds, and their parts."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from threading import Event
from typing import Final, TypeVar

from nudge import faults
from nudge.client.api import SERVE_FILE, Api, Patience, find
from nudge.client.walk import ServiceWalk
from nudge.config.documents.configuration import Configuration
from nudge.domain.care.text_reading import TextFinder
from nudge.domain.identity.sealing import Sealer
from nudge.domain.journal.fold_name import FOLDS, FoldName
from nudge.domain.slots.snapshot_pace import SHORTEST
from nudge.errors import InvalidConfigError
from nudge.flows.folds.archive import ArchiveFold, ArchiveLimits
from nudge.flows.folds.attribute import AttributeFold
from nudge.flows.folds.care import CareFold, TextDesk
from nudge.flows.folds.fold import Fold
from nudge.flows.folds.learn import LearnFold
from nudge.flows.folds.monitor import MonitorFold
from nudge.flows.folds.publish import Publisher
from nudge.flows.folds.segment import SegmentFold
from nudge.flows.upkeep.compact import Compaction
from nudge.flows.upkeep.expire import Expiry
from nudge.flows.upkeep.retain import JournalRetention
from nudge.lake.files.reader import Lake
from nudge.settings.settings import Settings
from nudge.store.keeping.retention import RetentionRule
from nudge.store.store import Store
from nudge.wiring.stores import patient_store
from nudge.workers.alarms.alarm_loop import AlarmLoop
from nudge.workers.alarms.harm_guard_loop import HarmGuardLoop
from nudge.workers.alarms.notice_loop import NoticeLoop
from nudge.workers.archive_loop import ArchiveLoop, SpareWork
from nudge.workers.complaint_model_file import ComplaintModelFile
from nudge.workers.configuration_follower import ConfigurationFollower, FollowedPlanReview
from nudge.workers.courtesy import Courtesy
from nudge.workers.leases import TTL, Leases
from nudge.workers.loops import Loop, stop_signals, supervise
from nudge.workers.publish_loop import PublishLoop
from nudge.workers.reports.answers import Answers
from nudge.workers.reports.report_loop import ReportLoop
from nudge.workers.runner import Runner
from nudge.workers.service_loop import ServiceLoop
from nudge.workers.store_check import StoreCheck
from nudge.workers.text_reader import FollowedTextReader
from nudge.workers.turns.assigner_loop import AssignerLoop
from nudge.workers.turns.first_slots_loop import FirstSlotsLoop
from nudge.workers.turns.heartbeat_loop import HeartbeatLoop
from nudge.workers.turns.proof_loop import ProofLoop
from nudge.workers.turns.rhythm_loop import RhythmLoop
from nudge.workers.turns.stock_loop import StockLoop
from nudge.workers.turns.uplift_loop import UpliftLoop
from nudge.workers.turns.winback_loop import WinbackLoop
from nudge.workers.walk_loop import WalkLoop

REPORT: Final = "report"
NAMES: Final = (*FOLDS, REPORT)
"""Work that can be asked for: folds and reports. `attribute` brings the heartbeats with it, `learn`
the publisher, `care` the assigner, reports the guard, the notices, the rhythm and the uplift."""
LONGEST_LOOK: Final = 0.5
WALKING: Final = Patience(timeout=5.0, tries=1, refused=0.0)
"""A walk waits no longer than a visitor would."""

S = TypeVar("S")


@dataclass(frozen=True)
class Worker:
    """The parts that a worker's loops share.

    Attributes:
        owner: under which the leases are held; no two processes ever share one.
        ttl: seconds after which a dead worker's work is taken over.
    """

    settings: Settings
    store: Store
    owner: str
    ttl: float = TTL

    @property
    def store_check(self) -> StoreCheck:
        """Make a store check, one for each loop."""
        return StoreCheck(self.store, self.settings.store_note)


def work(
    settings: Settings, names: Sequence[str] = (), ttl: float = TTL, *, first_slots: bool = False
) -> int:
    """Run folds until SIGTERM or SIGINT; call it from the main thread.

    Args:
        settings: of the installation.
        names: of the folds; none means all.
        ttl: seconds after which a dead worker's work is taken over.
        first_slots: whether a store that never had a slot gets those of config/slots.

    Returns:
        The exit status: 0 after an orderly end, 1 where a loop ended by itself.

    Raises:
        InvalidConfigError: a name is unknown.
    """
    unknown = sorted(set(names) - set(NAMES))
    if unknown:
        raise InvalidConfigError(
            [f"no such fold: {name}; use {', '.join(NAMES)}" for name in unknown]
        )
    faults.arm(settings.fault_dir)
    store = patient_store(settings)
    worker = Worker(settings, store, _owner(), ttl)
    loops = loops_of(worker, names or NAMES)
    if first_slots:
        loops["slots"] = FirstSlotsLoop(store, worker.store_check, settings)
    stop = Event()
    try:
        with stop_signals(stop):
            return supervise(loops, stop)
    finally:
        store.close()


def loops_of(worker: Worker, names: Sequence[str]) -> dict[str, Loop]:
    """Return the loops of these folds, by the names of their threads."""
    makers: dict[str, Callable[[Worker], dict[str, Loop]]] = {
        FoldName.ATTRIBUTE: _attribute,
        FoldName.LEARN: _learn,
        FoldName.ARCHIVE: _archive,
        FoldName.MONITOR: _monitor,
        FoldName.CARE: _care,
        FoldName.SEGMENT: _segment,
        REPORT: _report,
    }
    return {name: loop for fold in names for name, loop in makers[fold](worker).items()}


def _attribute(worker: Worker) -> dict[str, Loop]:
    follower = ConfigurationFollower(worker.store, worker.settings)
    review = FollowedPlanReview(worker.store, follower)
    fold = AttributeFold(worker.store, plan_review=review)
    heartbeats = HeartbeatLoop(worker.store, worker.store_check)
    proofs = ProofLoop(worker.store, worker.store_check, follower)
    return {fold.name: _runner(worker, fold), "heartbeat": heartbeats, "proofs": proofs}


def _learn(worker: Worker) -> dict[str, Loop]:
    fold = LearnFold(worker.store)
    every, share = worker.settings.publish_every, worker.settings.learning_page_share
    publisher = Publisher(worker.store, worker.owner, worker.ttl, every, share)
    look = min(LONGEST_LOOK, every * SHORTEST / 2, worker.ttl / 3)
    return {
        fold.name: _runner(worker, fold),
        "publish": PublishLoop(worker.store, publisher, look, worker.store_check),
        "stock": StockLoop(worker.store, worker.store_check, worker.settings.stock_hold),
    }


def _monitor(worker: Worker) -> dict[str, Loop]:
    follower = ConfigurationFollower(worker.store, worker.settings)
    fold = MonitorFold(worker.store, lambda: follower.current().watch_plan)
    judging = AlarmLoop(
        worker.store, follower.current, worker.owner, worker.ttl, worker.store_check
    )
    walking = WalkLoop(partial(_walk, worker.settings))
    watching = ServiceLoop(
        worker.store, worker.owner, worker.ttl, worker.store_check, walking.read_failed
    )
    return {
        fold.name: _runner(worker, fold),
        "alarms": judging,
        "service": watching,
        "walk": walking,
    }


def _care(worker: Worker) -> dict[str, Loop]:
    follower = ConfigurationFollower(worker.store, worker.settings)
    seal = Sealer(worker.settings.secret_key, worker.settings.vault_secrets).vault
    reader = FollowedTextReader(follower, _finder, _model_file(worker.settings).current)
    fold = CareFold(
        worker.store, lambda: follower.current().rule_book, TextDesk(seal, reader.current)
    )
    assigner = AssignerLoop(worker.store, worker.store_check, follower, worker.owner, worker.ttl)
    ordering = WinbackLoop(worker.store, follower, worker.owner, worker.ttl, worker.store_check)
    return {fold.name: _runner(worker, fold), "assigner": assigner, "winback": ordering}


def _segment(worker: Worker) -> dict[str, Loop]:
    follower = ConfigurationFollower(worker.store, worker.settings)
    fold = SegmentFold(worker.store, lambda: follower.current().segment_book)
    return {fold.name: _runner(worker, fold)}


def _finder(configuration: Configuration) -> TextFinder:
    """Return the finder of the lexicon's words; making it takes a moment."""
    from nudge.domain.care.words.finder import WordFinder  # noqa: PLC0415 - an automaton's library

    return WordFinder(configuration.lexicon)


def _model_file(settings: Settings) -> ComplaintModelFile:
    """Return the file of the operator's own complaint model, else of the shipped one."""
    from nudge.models.complaints.file import (  # noqa: PLC0415 - only this fold needs it
        SHIPPED,
        load_complaint_model,
        own_model,
    )

    return ComplaintModelFile((own_model(settings.data_dir), SHIPPED), load_complaint_model)


def _walk(settings: Settings) -> str:
    """Walk through the service of this machine; return the step that failed, or an empty word.

    Raises:
        InvalidConfigError: there is no key, or the service's file cannot be read.
    """
    if not (settings.data_dir / SERVE_FILE).exists():
        return ""  # `nudge serve` does not run here: nobody knows an address
    return ServiceWalk(Api(find(settings), WALKING)).run()


def _archive(worker: Worker) -> dict[str, Loop]:
    settings = worker.settings
    limits = ArchiveLimits(every=settings.archive_every)
    sealer = Sealer(settings.secret_key, settings.vault_secrets)
    lake = Lake(settings.lake_dir)
    archive = ArchiveFold(worker.store, lake, sealer.seal_each, limits)
    leases = Leases(worker.store, FoldName.ARCHIVE, worker.owner, worker.ttl, worker.store_check)
    keep = RetentionRule(settings.journal_keep, settings.journal_max_bytes)
    retain = JournalRetention(worker.store, keep)
    expire = Expiry(worker.store, lake, sealer.unseal, settings.lake_keep)
    spare, courtesy = SpareWork(Compaction(lake), expire), Courtesy(worker.store)
    return {
        FoldName.ARCHIVE: ArchiveLoop(archive, leases, retain, spare, settings.store_note, courtesy)
    }


def _runner(worker: Worker, fold: Fold[S]) -> Runner[S]:
    return Runner(worker.store, fold, worker.owner, worker.ttl, worker.store_check)


def _report(worker: Worker) -> dict[str, Loop]:
    store, settings = worker.store, worker.settings
    loops: dict[str, Loop] = {
        kind.name: ReportLoop(store, kind, worker.ttl) for kind in Answers(store, settings).kinds
    }
    guarding = HarmGuardLoop(store, settings, worker.owner, worker.ttl, worker.store_check)
    notices = NoticeLoop(store, settings, worker.owner, worker.ttl, worker.store_check)
    rhythm = RhythmLoop(store, settings, worker.owner, worker.ttl, worker.store_check)
    uplift = UpliftLoop(store, settings, worker.owner, worker.ttl, worker.store_check)
    return loops | {"guard": guarding, "notices": notices, "rhythm": rhythm, "uplift": uplift}


def _owner() -> str:
    return f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
