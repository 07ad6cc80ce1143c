"""Detectors that are made anew: the same bits, whatever was lost, and no alarm a second time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import pytest

from nudge.domain.alarms.alarm import AlarmLevel
from nudge.domain.alarms.monitors import Monitor, Monitors, WatchKind
from nudge.domain.alarms.watch_plan import WatchedStage, WatchPlan
from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.identity.sealing import Sealer
from nudge.domain.journal.records import Event
from nudge.flows.alarms.judge import Judge
from nudge.flows.alarms.judged_time import JudgedTime
from nudge.flows.alarms.rounds import MonitorRounds
from nudge.flows.alarms.watch_state import decode_state
from nudge.flows.folds.archive import ArchiveFold
from nudge.flows.folds.monitor import MonitorFold
from nudge.flows.upkeep.detectors.judgement_rebuild import JudgementRebuild, JudgementResult
from nudge.lake.files.history import History
from nudge.lake.files.reader import Lake
from nudge.settings.settings import Settings
from nudge.store.service.alarms import Judgement
from nudge.store.store import Store
from nudge.store.wire import client as clients
from nudge.store.wire.codec import encode
from nudge.store.wire.keys import Keys

MIDNIGHT: Final = 20_000 * 1440 + 960
FIRST: Final = MIDNIGHT - 150
LONG: Final = 240
OUTAGE: Final = range(190, 215)
PLAN: Final = WatchPlan(
    (
        WatchedStage("method", (("step", "method", ""),)),
        WatchedStage("paid", (("paid", "", "server"),)),
    )
)
JUDGE: Final = Judge(
    Monitors(
        (
            Monitor("payment", WatchKind.RATE, ("method",), ("method",), 0.3, AlarmLevel.CRITICAL),
            Monitor("many", WatchKind.HOURLY_COUNT, ("paid",), (), 0, AlarmLevel.INFO, most=1e6),
        )
    ),
    PLAN,
    JudgedTime(OperatorCalendar()),
)
METHODS: Final = ("wechat", "wechat", "card")


@pytest.fixture
def store(store_url: str, settings: Settings) -> Iterator[Store]:
    store = Store(clients.patient(store_url), Keys(settings.namespace, 2))
    yield store
    store.close()


class Operator:
    """An installation whose minutes pass as they are told to: records, counts, judgement."""

    def __init__(self, store: Store, path: Path, settings: Settings) -> None:
        self.store, self.sealer = store, Sealer(settings.secret_key)
        self.lake = Lake(path / "lake")
        self.random, self.last = np.random.default_rng(3), [0, 0]
        self.rounds = self.worker()

    def worker(self) -> MonitorRounds:
        """A worker that knows what is written, and no more."""
        return MonitorRounds(self.store, lambda: JUDGE, lambda _alarm, _monitor: {"en": "."})

    def pass_minutes(self, minutes: Sequence[int]) -> None:
        """Let visitors choose a method and pay; no method is paid with in the outage."""
        for minute in minutes:
            for number in range(int(self.random.poisson(5))):
                subject, p = f"{minute * 100 + number:032x}", int(self.random.integers(2))
                at = (FIRST + minute) * 60_000 + number * 1_000
                method = METHODS[int(self.random.integers(3))]
                told = {"step": "method", "method": method}
                self._append(p, at, Event(subject, "s", "step", "page", fields=told))
                if self.random.random() < 0.6 and minute not in OUTAGE:
                    self._append(p, at + 500, Event(subject, "p", "paid", "server"))

    def _append(self, p: int, at: int, event: Event) -> None:
        self.last[p] += 1
        row = ["t", at, "s", event.subject, "r", encode(event)]
        self.store.client.call("XADD", self.store.keys.journal(p), f"{self.last[p]}-0", *row)
        # One more is on its way: time passes by the journal's stamps.
        self.store.client.call("SET", self.store.keys.seq(p), self.last[p] + 1)

    def judge(self, batch: int = 100) -> None:
        """Let the fold and the monitors catch up."""
        fold = MonitorFold(self.store, lambda: PLAN, batch)
        for p in (0, 1):
            lease = self.store.folds.seize(p, fold.name, "test", 60)
            state = fold.prepare(p)
            while entries := self.store.journal.read(p, lease.position, batch):
                state, made = fold.handle(p, state, entries)
                lease = self.store.folds.commit(lease, made)
        self.turn()

    def turn(self) -> None:
        """Let the monitors catch up."""
        for _ in range(5):
            self.rounds.turn()

    def archive(self) -> None:
        """Let the journal's records move to the lake."""
        leases = [self.store.folds.acquire(p, "archive", "test", 60) for p in (0, 1)]
        held = [lease for lease in leases if lease is not None]
        ArchiveFold(self.store, self.lake, self.sealer.seal_each).run(held)
        for p in (0, 1):
            self.store.journal.drop(p, self.last[p] - 20)

    def rebuild(self) -> JudgementResult:
        """Make the detectors anew."""
        history = History(self.lake, self.sealer.unseal, self.store.journal.read)
        made = JudgementRebuild(self.store, history, lambda: PLAN, lambda _since: JUDGE)
        return made.run(lambda _entries: None)


@pytest.fixture
def operator(store: Store, tmp_path: Path, settings: Settings) -> Operator:
    return Operator(store, tmp_path, settings)


def live(operator: Operator, until: int = LONG, first: int = 0) -> None:
    """Minutes pass, are counted and are judged, ten at a time."""
    for start in range(first, until, 10):
        operator.pass_minutes(range(start, min(start + 10, until)))
        operator.judge()


def test_detectors_come_to_the_same_bits(operator: Operator) -> None:
    """A night with an outage, from lake and journal, over a restart: state and alarms are equal."""
    live(operator, 100)
    operator.archive()
    operator.rounds = operator.worker()
    live(operator, first=100)
    judged, alarms = operator.store.alarms.judgement(), operator.store.alarms.recent()
    state = decode_state(judged.state)
    assert state is not None
    assert state.watches["payment/method"].known.all()
    assert (state.watches["payment/method"].season.base.expected > 0).all()
    assert [len(one.alarm.steps) for one in alarms] == [2]
    done = operator.rebuild()
    assert done.minute == judged.minute
    assert operator.store.alarms.judgement() == replace(judged, generation=1)
    assert operator.store.alarms.recent() == alarms


def test_a_rebuild_in_the_middle_changes_nothing(operator: Operator) -> None:
    """With a state that was damaged in an outage, and made anew, the rest comes as it would have.

    The worker that had judged on is refused and begins at what was made.
    """
    live(operator, 210)
    store, good = operator.store, operator.store.alarms.judgement()
    opened = store.alarms.recent()
    assert len(opened) == 1
    worse = Judgement(good.minute, b"")
    assert store.alarms.settle(good.minute, worse, [])
    assert operator.rebuild().minute == good.minute
    assert store.alarms.judgement() == replace(good, generation=1)
    live(operator, first=210)
    after, alarms = store.alarms.judgement(), store.alarms.recent()
    assert (after.generation, after.minute > good.minute) == (1, True)
    assert [one.alarm.id for one in alarms] == [opened[0].alarm.id]
    operator.rebuild()
    assert store.alarms.judgement() == replace(after, generation=2)


def test_a_lost_state_is_made_up_to_what_is_judged_live(operator: Operator) -> None:
    """Nothing is judged unseen that a worker can still judge: the last two hours are its own."""
    live(operator)
    store, good = operator.store, operator.store.alarms.judgement()
    for name in ("judgement", "alarms", "alarm_times", "alarms_open"):
        store.client.call("DEL", store.keys.config(name))
    done = operator.rebuild()
    assert good.minute - 130 < done.minute < good.minute - 110
    operator.rounds.forget()
    operator.turn()
    assert store.alarms.judgement() == replace(good, generation=1)
    assert [len(one.alarm.steps) for one in store.alarms.recent()] == [2]


def test_who_had_read_another_generation_is_refused(store: Store) -> None:
    """A worker that judged while the state was made anew writes neither state nor alarm."""
    assert store.alarms.settle(0, Judgement(5, b"a"), [])
    read = store.alarms.judgement()
    assert store.alarms.replace(read, Judgement(5, b"b"))
    assert not store.alarms.settle(5, Judgement(6, b"c", read.generation), [])
    assert not store.alarms.replace(read, Judgement(5, b"d"))
    assert store.alarms.judgement() == Judgement(5, b"b", 1)
    assert store.alarms.settle(5, Judgement(6, b"c", 1), [])


def test_without_records_nothing_is_written(operator: Operator) -> None:
    """An installation that saw nobody has no state to make."""
    assert operator.rebuild().minutes == 0
    assert operator.store.alarms.judgement() == Judgement()
