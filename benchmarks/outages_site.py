"""The alarm path from end to end: visits, folds, monitors, quarantine, notice and snapshot.

What runs is what `nudge serve` runs, in turns and in one thread: Decider and Recorder, the folds,
the loops of monitors and notices, the publisher. The store is a real one whose clock is moved.
Pages go on with the policy of the start: so what is drawn says nothing about what was learned, and
the allocation of a quiet day has a law of its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, TypeVar, cast

import numpy as np

import bandits
from bandits.buckets import FINE
from benchmarks.lifts_service import LONG, OWNER, PAGE, Service
from benchmarks.moved_clock import MovedClock
from nudge.config.slot_file import load_slots
from nudge.domain.alarms.alarm import Alarm, AlarmStatus
from nudge.domain.choosing.requests import DecisionRequest, EventRequest
from nudge.domain.slots.slot import RewardTerms, Slot
from nudge.flows.folds.fold import Fold
from nudge.flows.folds.learner_fit import fit_learner
from nudge.flows.folds.monitor import MonitorFold
from nudge.store.folds.counts import CountRow
from nudge.workers.alarms.alarm_loop import AlarmLoop
from nudge.workers.alarms.notice_loop import NoticeLoop, NoticeSender
from nudge.workers.configuration_follower import ConfigurationFollower
from nudge.workers.runner import Runner
from nudge.workers.store_check import StoreCheck

S = TypeVar("S")

START: Final = 1_795_572_000.0  # 2026-11-25T10:00+08:00, a Wednesday
CHANNELS: Final = ("app", "wap", "web")
METHODS: Final = ("wechat", "alipay", "card")
FAILS: Final = "wechat"
SHARES: Final[Mapping[str, tuple[float, ...]]] = {
    "data_draw": (0.2, 0.5, 0.3),
    "triple_gift": (0.2, 0.5, 0.3),
    "coffee": (0.8, 0.1, 0.1),
}
"""Variant -> shares of the methods: `coffee` brings those who pay by the method that fails."""
PAYS: Final[Mapping[str, float]] = {"data_draw": 0.4, "triple_gift": 0.4, "coffee": 0.5}
REFUSED: Final = 0.05
"""Share of the visits whose payment fails on a quiet day, and is reported."""
LATE: Final = 1.2
"""Mean minutes from the choice of a method to the payment."""
CONFIG: Final = Path("config")


def outage_slot() -> Slot:
    """Return the banner that learns from payments, with three variants and without cells."""
    banner = load_slots(CONFIG / "slots")["banner"]
    variants = tuple(one for one in banner.variants if one.name in SHARES)
    terms = RewardTerms("decision", "paid", "conversion", 3_600.0)
    # Without a bound the first policy draws evenly: every variant has its visitors.
    policy = {**banner.policy, "give_up": 1.0}
    return replace(banner, variants=variants, context=(), terms=terms, holdout=0.0, policy=policy)


@dataclass(frozen=True)
class Outage:
    """An outage of one method.

    Attributes:
        starts: minute of the run.
        ends: minute of the run, not included.
        reported: whether pages report the failed payments.
    """

    starts: int
    ends: int
    reported: bool = True


@dataclass
class OutageSite:
    """An installation with visitors, seen minute by minute.

    Attributes:
        service: of it.
        clock: of its store.
        visits: a minute, on average.
        outage: None for a quiet run.
        seen: minute of the run at which each alarm changed, with it as it was then.
    """

    service: Service
    clock: MovedClock
    seed: int
    outage: Outage | None
    visits: float = 50.0
    sender: NoticeSender | None = None
    minute: int = 0
    seen: list[tuple[int, Alarm]] = field(default_factory=list)
    later: defaultdict[int, list[EventRequest]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        """Start the folds and the loops of a worker."""
        store, settings = self.service.store, self.service.settings
        self.rng = np.random.default_rng(self.seed)
        self.follower = ConfigurationFollower(store, settings)
        check = StoreCheck(store, settings.store_note)
        self.alarms = AlarmLoop(store, self.follower.current, OWNER, LONG, check)
        self.notices = NoticeLoop(store, settings, OWNER, LONG, check)
        if self.sender is not None:
            self.notices.__dict__["sender"] = self.sender
        plan = lambda: self.follower.current().watch_plan  # noqa: E731 - a callback
        self.monitor: Callable[[], None] = self._folder(MonitorFold(store, plan))

    @property
    def now(self) -> float:
        """The second at which the present minute begins."""
        return START + 60.0 * self.minute

    def run(self, until: int, every: int = 1) -> None:
        """Let visitors come until a minute of the run; the monitors look every few minutes."""
        while self.minute < until:
            self.clock.move(self.now + 1.0)
            self._visit()
            told = self.later.pop(self.minute, [])
            if told:
                self.service.record(told, self.now + 1.0)
            self.minute += 1
            if self.minute % every == 0:
                self.look()

    def look(self) -> None:
        """Count, judge, and send what is due."""
        self.clock.move(self.now)
        self.monitor()
        self.seen += [(self.minute, one) for one in self.alarms.turn(self.now)]
        self.notices.turn(self.now)
        self.notices.settle()

    def publish(self) -> bandits.Policy:
        """Fold and publish; return the snapshot. Pages do not follow it."""
        served = self.service.catalogue
        self.service.learn()
        self.service.catalogue = served
        store = self.service.store
        lease = store.snapshots.acquire("banner", OWNER, LONG)
        blob = None if lease is None else store.snapshots.read("banner", lease.version)
        if blob is None:
            raise RuntimeError("the banner has no snapshot")
        return bandits.load_policy(blob)

    def opened(self) -> list[tuple[int, Alarm]]:
        """Return the alarms as they were opened, with the minute of the run."""
        return [
            (minute, one)
            for minute, one in self.seen
            if len(one.steps) == 1 and one.status(self.now) is AlarmStatus.OPEN
        ]

    def _visit(self) -> None:
        at, decider = self.now + 1.0, self.service.decider
        chosen = []
        for number in range(self.rng.poisson(self.visits)):
            name = f"v{self.seed}-{self.minute}-{number}"
            channel = CHANNELS[self.rng.integers(len(CHANNELS))]
            ask = DecisionRequest(name, channel, "home", ("banner",), {"city_tier": "1"})
            answer = decider.decide(self.service.catalogue, [ask], PAGE, at)[0]
            chosen.append(self._pay(name, answer.decisions["banner"].variant))
        if chosen:
            self.service.record(chosen, at)

    def _pay(self, name: str, variant: str) -> EventRequest:
        """Return the choice of a method; what becomes of it is told later."""
        method = METHODS[self.rng.choice(len(METHODS), p=SHARES[variant])]
        pays, refused, late = self.rng.random(3)
        due = self.minute + int(-LATE * np.log(late))
        out = self.outage
        down = out is not None and method == FAILS and out.starts <= self.minute < out.ends
        if pays < PAYS[variant] and not down:
            fields = {"amount": 50.0, "method": method}
            self.later[due].append(_event(f"{name}-paid", "paid", name, fields))
        elif refused < REFUSED or (down and out is not None and out.reported):
            fields = {"method": method, "reason": "gateway_down"}
            self.later[due].append(_event(f"{name}-failed", "payment_failed", name, fields))
        return _event(f"{name}-method", "step", name, {"step": "method", "method": method})

    def _folder(self, fold: Fold[S]) -> Callable[[], None]:
        runner = Runner(self.service.store, fold, OWNER, LONG)

        def run() -> None:
            while runner.turn():
                pass

        return run


def _event(name: str, kind: str, visitor: str, fields: Mapping[str, object]) -> EventRequest:
    return EventRequest(name, kind, visitor, None, None, dict(fields))  # type: ignore[arg-type]


def quiet_allocations(minutes: int, visits: float, runs: int, seed: int) -> list[float]:
    """Return the share of `coffee` behind runs of quiet days, drawn from their law."""
    return [_quiet(minutes, visits, np.random.default_rng([seed, n])) for n in range(runs)]


def _quiet(minutes: int, visits: float, rng: np.random.Generator) -> float:
    slot, rows = outage_slot(), []
    for bucket in range(int(START), int(START) + minutes * 60, FINE):
        for name in slot.names:
            shown = int(rng.poisson(visits * FINE / 60 / len(slot.names)))
            paid = int(rng.binomial(shown, PAYS[name]))
            rows.append(CountRow(bucket, "-", name, (shown, paid, 0, 0)))
    return coffee_share(fit_learner(slot, rows, [1], START + 60.0 * minutes, 1))


def coffee_share(policy: bandits.Policy) -> float:
    """Return the share of the visits that a policy gives to `coffee`."""
    allocation = cast("Mapping[str, float]", policy.meta["allocation"])
    return float(allocation["coffee"])
