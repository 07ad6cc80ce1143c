"""What `nudge work` runs: the named folds, each in a thread, until the process is told to stop."""

from __future__ import annotations

import os
import secrets
import signal
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from threading import Event, Thread
from types import FrameType
from typing import Final, Protocol, TypeVar

import structlog

from nudge import faults
from nudge.domain.identity.sealing import Sealer
from nudge.errors import InvalidConfigError
from nudge.flows.folds.archive import ArchiveFold, ArchiveLimits
from nudge.flows.folds.attribute import AttributeFold
from nudge.flows.folds.fold import Fold
from nudge.flows.folds.learn import LearnFold
from nudge.flows.folds.publish import Publisher
from nudge.flows.upkeep.compact import Compaction
from nudge.flows.upkeep.expire import Expiry
from nudge.flows.upkeep.retain import JournalRetention
from nudge.lake.files.reader import Lake
from nudge.settings.settings import Settings
from nudge.store.folds.folds import FOLDS
from nudge.store.keeping.retention import RetentionRule
from nudge.store.wire import client as clients
from nudge.store.wire.client import Client
from nudge.store.wire.keys import Keys
from nudge.workers.answers import Answers
from nudge.workers.archive_loop import ArchiveLoop, SpareWork
from nudge.workers.courtesy import Courtesy
from nudge.workers.harm_guard_loop import HarmGuardLoop
from nudge.workers.leases import TTL, Leases
from nudge.workers.publish_loop import PublishLoop
from nudge.workers.report_loop import ReportLoop
from nudge.workers.runner import Runner
from nudge.workers.stock_loop import StockLoop
from nudge.workers.store_check import StoreCheck

log = structlog.get_logger()

REPORT: Final = "report"
NAMES: Final = (*FOLDS, REPORT)
"""What can be asked for: folds, of which `learn` brings the publisher with it, and reports, which
bring the guard."""
LONGEST_LOOK: Final = 0.5

S = TypeVar("S")


class Loop(Protocol):
    """What runs in a thread."""

    def run(self, stop: Event) -> None:
        """Work until `stop` is set."""
        ...


@dataclass(frozen=True)
class Worker:
    """What every loop of a worker is made from.

    Attributes:
        settings: of the installation.
        client: of the store.
        keys: of the installation.
        owner: under which the leases are held; no two processes ever share one.
        ttl: seconds after which a dead worker's work is taken over.
    """

    settings: Settings
    client: Client
    keys: Keys
    owner: str
    ttl: float = TTL

    @property
    def guard(self) -> StoreCheck:
        """One for each loop."""
        return StoreCheck(self.client, self.keys, self.settings.store_note)


def work(settings: Settings, names: Sequence[str] = (), ttl: float = TTL) -> int:
    """Run folds until SIGTERM or SIGINT; from the main thread.

    Args:
        settings: of the installation.
        names: of the folds; none means all.
        ttl: seconds after which a dead worker's work is taken over.

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
    client = clients.patient(settings.store_url)
    worker = Worker(settings, client, Keys(settings.namespace, settings.partitions), _owner(), ttl)
    loops = loops_of(worker, names or NAMES)
    stop = Event()
    try:
        with _signals(stop):
            return supervise(loops, stop)
    finally:
        client.close()


def loops_of(worker: Worker, names: Sequence[str]) -> dict[str, Loop]:
    """The loops of these folds, by the names of their threads."""
    makers: dict[str, Callable[[Worker], dict[str, Loop]]] = {
        "attribute": _attribute,
        "learn": _learn,
        "archive": _archive,
        REPORT: _report,
    }
    return {name: loop for fold in names for name, loop in makers[fold](worker).items()}


def supervise(loops: dict[str, Loop], stop: Event) -> int:
    """Run the loops in threads until `stop` is set, or one of them ends by itself.

    Returns:
        0 after `stop`, 1 otherwise: whoever started the process starts it again.
    """
    failed = Event()
    threads = [
        Thread(target=partial(_run, name, loop, stop, failed), name=name)
        for name, loop in loops.items()
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return int(failed.is_set())


def _run(name: str, loop: Loop, stop: Event, failed: Event) -> None:
    try:
        loop.run(stop)
    except Exception:
        log.exception("loop_failed", loop=name)
        failed.set()
    finally:
        stop.set()


def _attribute(worker: Worker) -> dict[str, Loop]:
    fold = AttributeFold(worker.client, worker.keys)
    return {fold.name: _runner(worker, fold)}


def _learn(worker: Worker) -> dict[str, Loop]:
    fold = LearnFold(worker.client, worker.keys)
    every = worker.settings.publish_every
    publisher = Publisher(worker.client, worker.keys, worker.owner, worker.ttl, every)
    return {
        fold.name: _runner(worker, fold),
        "publish": PublishLoop(
            publisher, min(LONGEST_LOOK, every / 4, worker.ttl / 3), worker.guard
        ),
        "stock": StockLoop(worker.client, worker.keys, worker.guard),
    }


def _archive(worker: Worker) -> dict[str, Loop]:
    settings = worker.settings
    limits = ArchiveLimits(every=settings.archive_every)
    sealer = Sealer(settings.secret_key, settings.vault_secrets)
    lake = Lake(settings.lake_dir)
    archive = ArchiveFold(worker.client, worker.keys, lake, sealer.seal_each, limits)
    leases = Leases(worker.client, worker.keys, "archive", worker.owner, worker.ttl, worker.guard)
    keep = RetentionRule(settings.journal_keep, settings.journal_max_bytes)
    retain = JournalRetention(worker.client, worker.keys, keep)
    expire = Expiry(worker.client, worker.keys, lake, sealer.unseal, settings.lake_keep)
    spare, courtesy = SpareWork(Compaction(lake), expire), Courtesy(worker.client, worker.keys)
    return {"archive": ArchiveLoop(archive, leases, retain, spare, settings.store_note, courtesy)}


def _runner(worker: Worker, fold: Fold[S]) -> Runner[S]:
    return Runner(worker.client, worker.keys, fold, worker.owner, worker.ttl, worker.guard)


def _report(worker: Worker) -> dict[str, Loop]:
    client, keys, settings = worker.client, worker.keys, worker.settings
    loops: dict[str, Loop] = {
        kind.name: ReportLoop(client, keys, kind, worker.ttl)
        for kind in Answers(client, keys, settings).kinds
    }
    guarding = HarmGuardLoop(client, keys, settings, worker.owner, worker.ttl, worker.guard)
    return loops | {"guard": guarding}


def _owner() -> str:
    return f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"


@contextmanager
def _signals(stop: Event) -> Iterator[None]:
    """SIGTERM and SIGINT set `stop` while this lasts."""

    def end(number: int, _frame: FrameType | None) -> None:
        log.info("stopping", signal=signal.Signals(number).name)
        stop.set()

    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
