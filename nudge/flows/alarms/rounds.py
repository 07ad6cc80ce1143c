"""Rounds of the monitors: minutes that every partition has passed are judged, each once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import structlog

from nudge.domain.alarms.alarm import Alarm, AlarmAction
from nudge.domain.alarms.minute_counts import LeafCount, minute_of, read_field
from nudge.domain.alarms.monitors import Monitor
from nudge.flows.alarms.alarm_book import AGAIN, AlarmBook, Say
from nudge.flows.alarms.cause_search import SPAN, SPANS, Cause, search_cause
from nudge.flows.alarms.judge import Judge, MonitorFinding, StreamFinding
from nudge.flows.alarms.minute_sums import sum_minute
from nudge.flows.alarms.watch_state import WatchState, decode_state, encode_state
from nudge.store.service.alarms import Judgement, StoredAlarm
from nudge.store.store import Store

log = structlog.get_logger()

KEPT: Final = 120
"""Minutes of counts that the fold keeps."""
EVERY: Final = 5
"""Minutes after which the state is written, where no alarm changes."""
MOST: Final = 60
"""Minutes of one round: a lease is renewed between rounds."""


@dataclass
class MonitorRounds:
    """The rounds of the monitors, in one worker at a time.

    The state is written with the alarms that it led to and the minute reached, in one step that
    fails where another worker was first: then this one begins again from what is written. Minutes
    behind the written one are judged again after a crash, and come to the same bits.

    Attributes:
        judge: makes the judge of the configuration that is in force.
        say: puts an alarm in words.
    """

    store: Store
    judge: Callable[[], Judge]
    say: Say
    _state: WatchState | None = None
    _written: int = 0
    _generation: int = 0
    _generations: tuple[int, ...] = ()

    def turn(self) -> list[Alarm]:
        """Judge the minutes that are due; return the alarms that changed.

        Raises:
            StoreAwayError: no answer; the next turn goes on.
        """
        due = self._due()
        if self._state is None:
            self._load()
        self._state = _skipped(self._state, due - KEPT)
        changed: list[Alarm] = []
        for _ in range(MOST):
            state = self._known()
            if state is None or state.minute + 1 >= due:
                break
            changed += self._judge(state, state.minute + 1)
        return changed

    def forget(self) -> None:
        """Forget what is in memory: another worker may have gone on."""
        self._state = None

    def _due(self) -> int:
        """Return the first minute that some partition has not passed yet."""
        fronts = [self.store.minute_counts.front(p) for p in self.store.keys.every_partition()]
        self._generations = tuple(front.generation for front in fronts)
        return minute_of(min(front.at for front in fronts))

    def _known(self) -> WatchState | None:
        """Return the state in memory; None behind a minute that another worker had written."""
        return self._state

    def _load(self) -> None:
        found = self.store.alarms.judgement()
        self._written, self._generation = found.minute, found.generation
        self._state = decode_state(found.state)

    def _sum(self, minute: int) -> Counter[str]:
        return self.store.minute_counts.read_each(minute, self._generations)

    def _judge(self, state: WatchState, minute: int) -> list[Alarm]:
        """Judge a minute; write the state where an alarm changed, or it is time."""
        after, findings = judge_minute(self.judge(), state, minute, self._sum(minute))
        stored = self._stored(minute)
        search = partial(self._search, now=minute)
        book = AlarmBook([one.alarm for one in stored.values()], search, self.say)
        changed = book.changes(findings, minute)
        if changed or minute - self._written >= EVERY:
            known = [
                StoredAlarm(one, stored[one.id].revision if one.id in stored else 0)
                for one in changed
            ]
            judgement = Judgement(minute, encode_state(after), self._generation)
            if not self.store.alarms.settle(self._written, judgement, known):
                log.info("monitors_gave_up", minute=minute)
                self.forget()
                return []
            self._written = minute
        self._state = after
        for alarm in changed:
            _tell(alarm)
        return changed

    def _stored(self, minute: int) -> dict[str, StoredAlarm]:
        recent = self.store.alarms.recent(minute * 60.0 - AGAIN)
        return {one.alarm.id: one for one in (*recent, *self.store.alarms.unresolved())}

    def _search(self, monitor: Monitor, found: StreamFinding, *, now: int) -> Cause:
        first = max(found.began - SPAN * SPANS, now - KEPT)
        minutes = {minute: _leaves(self._sum(minute)) for minute in range(first, now + 1)}
        held = {minute: counts for minute, counts in minutes.items() if counts}
        return search_cause(held, monitor, found.stream, found.began, now)


def judge_minute(
    judge: Judge, state: WatchState, minute: int, sums: Mapping[str, int]
) -> tuple[WatchState, list[MonitorFinding]]:
    """Return the state behind a minute, and what its counts say.

    Nothing begins before the first count: so a state that is made anew from the records begins at
    the same minute as that of a worker which waited for them.

    Args:
        judge: in force.
        state: behind the minute before.
        minute: since the epoch.
        sums: field -> number, over all partitions.
    """
    if not state.day and not sums:
        return replace(state, minute=minute), []
    return judge.advance(state, minute, sum_minute(_leaves(sums)))


def _leaves(sums: Mapping[str, int]) -> list[LeafCount]:
    return [read_field(name, number) for name, number in sorted(sums.items())]


def _skipped(state: WatchState | None, oldest: int) -> WatchState:
    """Return the state behind the minutes whose counts are gone: the detectors go on from there."""
    if state is None:
        return WatchState(oldest)
    if state.minute >= oldest:
        return state
    log.warning("monitors_skip", minutes=oldest - state.minute)
    # Whoever was to succeed in the minutes that nobody counts is no fall.
    watches = {name: one.without_pending() for name, one in state.watches.items()}
    return replace(state, minute=oldest, watches=watches)


def _tell(alarm: Alarm) -> None:
    last = alarm.steps[-1].action
    level = log.info if last is AlarmAction.RESOLVE else log.error
    level("alarm", id=alarm.id, action=last.value, monitor=alarm.monitor, why=alarm.sentence["en"])
