"""Alarms of the service itself: from its figures to what is wrong, pure, with hysteresis.

A trouble opens when its figure was bad for a while, and is over when it was good for a while; in
between it stays as it is, so that a figure that wavers opens one alarm and not twenty.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, NamedTuple

from bandits.units import MINUTE
from nudge.domain.alarms.alarm import AlarmLevel, alarm_key


class ServiceMonitor(StrEnum):
    """Monitor of the service's own figures; part of the keys of its alarms."""

    FOLD_LAG = "service.fold_lag"
    STORE_AWAY = "service.store_away"
    WRONG_STORE = "service.wrong_store"
    STORE_MEMORY = "service.store_memory"
    SPOOL = "service.spool"
    STALE_SNAPSHOT = "service.stale_snapshot"
    PUBLISH_FAILING = "service.publish_failing"
    SLOT_FROZEN = "service.slot_frozen"
    HARM_FREEZE = "service.harm_freeze"
    PAGE_WORD_FREEZE = "service.page_word_freeze"
    REWARD_DROUGHT = "service.reward_drought"
    SAMPLE_RATIO = "service.sample_ratio"
    WALK = "service.walk"


class RewardRun(NamedTuple):
    """A run of exposures of a slot without a reward, among matured ones.

    Attributes:
        exposures: since the last one that was rewarded.
        rate: usual share of exposures that are rewarded.
    """

    exposures: int
    rate: float


class Freeze(NamedTuple):
    """A freeze of a slot.

    Attributes:
        who: `guard`, `page_word` or a person.
        said: its own sentence by language; empty where a person froze it.
    """

    who: str
    said: Mapping[str, str] = {}


FREEZERS: Final[Mapping[str, ServiceMonitor]] = {
    "guard": ServiceMonitor.HARM_FREEZE,
    "page_word": ServiceMonitor.PAGE_WORD_FREEZE,
}
"""Name in the audit -> monitor of the freezes that the service made by itself."""
AT_ONCE: Final = frozenset(
    {
        # A spool fills while the store is away, and is empty moments after it is back.
        ServiceMonitor.SPOOL,
        ServiceMonitor.HARM_FREEZE,
        ServiceMonitor.PAGE_WORD_FREEZE,
        ServiceMonitor.SAMPLE_RATIO,
        ServiceMonitor.REWARD_DROUGHT,
    }
)
"""Monitors whose figure is a finding already: it needs no minute of being bad."""


@dataclass(frozen=True)
class ServiceFigures:
    """The figures of the service at one moment.

    Attributes:
        fold_lags: fold -> age in seconds of the oldest record that it has not read.
        store_away: seconds without an answer of the store; 0 while it answers.
        wrong_store: reason why the store is not the known one; empty where it is.
        store_memory: share of the store's memory that is used.
        spool_used: share of the spool that is used, of the fullest process.
        waiting_news: slot -> seconds that news waits for a snapshot.
        failing: slot -> error of its learner.
        frozen: slot -> who froze it, and why.
        rewards: slot -> run without a reward.
        mismatched: slots whose shares and logged probabilities differ.
        walk_failed: step at which the synthetic walk fails; empty where it does not.
    """

    fold_lags: Mapping[str, float] = field(default_factory=dict)
    store_away: float = 0.0
    wrong_store: str = ""
    store_memory: float = 0.0
    spool_used: float = 0.0
    waiting_news: Mapping[str, float] = field(default_factory=dict)
    failing: Mapping[str, str] = field(default_factory=dict)
    frozen: Mapping[str, Freeze] = field(default_factory=dict)
    rewards: Mapping[str, RewardRun] = field(default_factory=dict)
    mismatched: frozenset[str] = frozenset()
    walk_failed: str = ""


@dataclass(frozen=True)
class ServiceLimits:
    """The limits of the figures, and how long one must be bad or good.

    Attributes:
        fold_lag: seconds.
        store_away: seconds.
        memory: share of the store's memory.
        spool: share of the spool.
        waiting_news: seconds.
        drought: probability below which a run without a reward is no chance. It is looked at with
            every reward: at 10,000 a day, 1e-9 is one false alarm in centuries.
        fallen: share of the usual rate that a drought is judged by: a mere fall is none.
        bad_for: seconds that a figure is bad before its alarm opens.
        good_for: seconds that it is good before its alarm is over.
        good: share of a limit below which a figure is good again.
    """

    fold_lag: float = 5.0 * MINUTE
    store_away: float = 30.0
    memory: float = 0.8
    spool: float = 0.5
    waiting_news: float = 5.0 * MINUTE
    drought: float = 1e-9
    fallen: float = 0.5
    bad_for: float = 1.0 * MINUTE
    good_for: float = 5.0 * MINUTE
    good: float = 0.8


class Check(NamedTuple):
    """A check of one figure.

    Attributes:
        cause: what it concerns, such as `slot: banner`; empty for all of the service.
        badness: the figure as a share of its limit: bad from 1 on.
        figure: in the sentence; a number in the figure's unit, or a word.
        said: sentence of its own, by language; empty where the monitor has one for all.
    """

    monitor: ServiceMonitor
    cause: Mapping[str, str]
    level: AlarmLevel
    badness: float
    figure: float | str = ""
    said: Mapping[str, str] = {}

    @property
    def key(self) -> str:
        """The key under which its alarms are grouped."""
        return alarm_key(self.monitor.value, self.cause)


class Watch(NamedTuple):
    """A watch on one figure.

    Attributes:
        open: whether its alarm is.
        turned: seconds since which the figure speaks for the other state; None where it does not.
    """

    open: bool = False
    turned: float | None = None


class ServiceVerdict(NamedTuple):
    """A verdict on the service.

    Attributes:
        watches: by key, for the next verdict.
        opened: checks whose alarm opens now.
        over: keys of alarms that are over now.
    """

    watches: Mapping[str, Watch]
    opened: tuple[Check, ...]
    over: tuple[str, ...]


def judge_service(
    figures: ServiceFigures,
    watches: Mapping[str, Watch],
    now: float,
    limits: ServiceLimits | None = None,
) -> ServiceVerdict:
    """Judge the service's figures.

    Args:
        figures: of this moment.
        watches: of the verdict before; empty for the first.
        now: seconds, not before those of the verdict before.
        limits: None are the defaults.
    """
    limits = limits or ServiceLimits()
    checks = {one.key: one for one in service_checks(figures, limits)}
    after: dict[str, Watch] = {}
    for key in watches.keys() | checks.keys():
        # What is not checked any more, such as a slot that is gone, is good.
        check = checks.get(key)
        badness = check.badness if check else 0.0
        bad_for = 0.0 if check and check.monitor in AT_ONCE else limits.bad_for
        patience = bad_for, limits.good_for
        watch = _next(watches.get(key, Watch()), badness, now, limits.good, patience)
        if watch != Watch():
            after[key] = watch
    opened = [key for key, one in after.items() if one.open and not _was_open(watches, key)]
    over = [key for key in watches if _was_open(watches, key) and not _was_open(after, key)]
    return ServiceVerdict(after, tuple(checks[key] for key in sorted(opened)), tuple(sorted(over)))


def _was_open(watches: Mapping[str, Watch], key: str) -> bool:
    return watches.get(key, Watch()).open


def _next(
    watch: Watch, badness: float, now: float, good: float, patience: tuple[float, float]
) -> Watch:
    turns = badness < good if watch.open else badness >= 1.0
    if not turns:
        return Watch(watch.open)
    since = now if watch.turned is None else watch.turned
    waits = patience[1] if watch.open else patience[0]
    return Watch(not watch.open) if now - since >= waits else Watch(watch.open, since)


def service_checks(figures: ServiceFigures, limits: ServiceLimits) -> Iterator[Check]:
    """Yield a check of each figure, good or bad."""
    critical, warning = AlarmLevel.CRITICAL, AlarmLevel.WARNING
    away, wrong = figures.store_away, figures.wrong_store
    yield Check(ServiceMonitor.STORE_AWAY, {}, critical, away / limits.store_away, away)
    yield Check(ServiceMonitor.WRONG_STORE, {}, critical, float(bool(wrong)), wrong)
    step = figures.walk_failed
    yield Check(ServiceMonitor.WALK, {}, critical, float(bool(step)), step)
    memory, spool = figures.store_memory, figures.spool_used
    yield Check(ServiceMonitor.STORE_MEMORY, {}, warning, memory / limits.memory, memory)
    yield Check(ServiceMonitor.SPOOL, {}, critical, spool / limits.spool, spool)
    for fold, lag in figures.fold_lags.items():
        yield Check(ServiceMonitor.FOLD_LAG, {"fold": fold}, warning, lag / limits.fold_lag, lag)
    yield from _slot_checks(figures, limits)


def _slot_checks(figures: ServiceFigures, limits: ServiceLimits) -> Iterator[Check]:
    warning = AlarmLevel.WARNING
    for slot, waits in figures.waiting_news.items():
        bad = waits / limits.waiting_news
        yield Check(ServiceMonitor.STALE_SNAPSHOT, {"slot": slot}, warning, bad, waits)
    for slot, error in figures.failing.items():
        yield Check(ServiceMonitor.PUBLISH_FAILING, {"slot": slot}, warning, 1.0, error)
    for slot, freeze in figures.frozen.items():
        yield _freeze_check(slot, freeze)
    for slot in figures.mismatched:
        yield Check(ServiceMonitor.SAMPLE_RATIO, {"slot": slot}, AlarmLevel.CRITICAL, 1.0)
    for slot, run in figures.rewards.items():
        bad = drought_length(run, limits)
        yield Check(ServiceMonitor.REWARD_DROUGHT, {"slot": slot}, warning, bad, run.exposures)


def _freeze_check(slot: str, freeze: Freeze) -> Check:
    monitor = FREEZERS.get(freeze.who, ServiceMonitor.SLOT_FROZEN)
    by_itself = monitor is not ServiceMonitor.SLOT_FROZEN
    level = AlarmLevel.CRITICAL if by_itself else AlarmLevel.WARNING
    return Check(monitor, {"slot": slot}, level, 1.0, freeze.who, freeze.said)


def drought_length(run: RewardRun, limits: ServiceLimits) -> float:
    """Return a run without a reward as a share of the longest that may be chance.

    At a rate r, n exposures in a row go without with the probability (1 - r)^n.
    """
    rate = min(max(run.rate * limits.fallen, 0.0), 1.0 - 1e-12)
    return run.exposures * math.log1p(-rate) / math.log(limits.drought)
