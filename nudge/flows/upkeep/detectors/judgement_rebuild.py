"""Rebuild of the detectors: all minutes are judged again, from the records of lake and journal.

The counts are those to which the fold came, the judge is the judge in force, and it learns what is
usual in the same order. So the state is, to the bit, that of a worker which was never interrupted.
Nothing is opened or told again: alarms stay what people made of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import structlog

from nudge.clock import monotonic
from nudge.domain.alarms.minute_counts import minute_of
from nudge.domain.journal.fold_name import FoldName
from nudge.flows.alarms.judge import Judge
from nudge.flows.alarms.rounds import KEPT, judge_minute
from nudge.flows.alarms.watch_state import WatchState, encode_state
from nudge.flows.folds.monitor import Plan
from nudge.flows.upkeep.detectors.minute_replay import MinuteReplay, Tell
from nudge.lake.files.history import History
from nudge.store.folds.generations import RebuildingError
from nudge.store.service.alarms import Judgement
from nudge.store.store import Store

log = structlog.get_logger()

ROUNDS: Final = 50
"""How often a rebuild runs after a worker that judges on: that one writes every few minutes."""

MakeJudge = Callable[[float], Judge]
"""Makes the judge in force, whose calendar reaches back to a second."""


@dataclass(frozen=True)
class JudgementResult:
    """The result of a rebuild of the detectors.

    Attributes:
        minutes: that were judged.
        minute: behind which the state stands; 0 where nothing was written.
        seconds: that it took.
    """

    minutes: int
    minute: int
    seconds: float


@dataclass(frozen=True)
class JudgementRebuild:
    """The rebuild of the detectors' state, beside a worker that goes on judging.

    Attributes:
        history: where entries come from.
        plan: what the fold `monitor` counts.
        judge: see `MakeJudge`.
    """

    store: Store
    history: History
    plan: Plan
    judge: MakeJudge

    def length(self) -> int:
        """Return about how many entries a rebuild reads."""
        return sum(self.history.length(p, position) for p, position in self._positions())

    def run(self, tell: Tell) -> JudgementResult:
        """Judge all minutes anew, up to the one that is judged, and write the state.

        It may die at any moment: nothing is written before the end.

        Raises:
            RebuildingError: somebody else wrote the state each time.
            DaysRemovedError: days were removed from the lake meanwhile; begin again.
            JournalGapError: neither lake nor journal holds a position.
            StoreAwayError: no answer; begin again.
        """
        began = monotonic()
        plan = self.plan()
        every = self.store.keys.every_partition()
        replays = [MinuteReplay(self.history, p, plan, tell) for p in every]
        state: WatchState | None = None
        judge, first = None, 0
        for _ in range(ROUNDS):
            before = self.store.alarms.judgement()
            target = max(before.minute, self._due() - KEPT)
            for p, position in self._positions():
                replays[p].follow(position)
            if state is None or judge is None:
                first = _first(replays)
                if not first or first > target:
                    return JudgementResult(0, 0, monotonic() - began)
                judge, state = self.judge(first * 60.0), WatchState(first - 1)
            state = _judged(judge, state, replays, target)
            after = Judgement(target, encode_state(state), before.generation)
            if self.store.alarms.replace(before, after):
                log.info("detectors_rebuilt", minutes=target - first + 1, minute=target)
                return JudgementResult(target - first + 1, target, monotonic() - began)
        raise RebuildingError("the detectors' state is written by somebody else; try again")

    def _due(self) -> int:
        """Return the first minute that some partition has not passed yet."""
        counts = self.store.minute_counts
        return minute_of(min(counts.front(p).at for p in self.store.keys.every_partition()))

    def _positions(self) -> list[tuple[int, int]]:
        """Return up to where `monitor` has read: all of each minute that every partition passed."""
        every = self.store.keys.every_partition()
        return [(p, self.store.folds.position_of(p, FoldName.MONITOR)) for p in every]


def _first(replays: Sequence[MinuteReplay]) -> int:
    """Return the minute of the oldest entry; 0 without any."""
    return min((one for one in (replay.first() for replay in replays) if one), default=0)


def _judged(
    judge: Judge, state: WatchState, replays: Sequence[MinuteReplay], target: int
) -> WatchState:
    """Return the state behind a minute."""
    for minute in range(state.minute + 1, target + 1):
        sums = Counter[str]()
        for replay in replays:
            sums.update(replay.count(minute))
        state, _ = judge_minute(judge, state, minute, sums)
    return state
