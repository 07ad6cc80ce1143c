"""Runs of exposures without a reward: what a slot's counts say, bucket by bucket. Pure.

Each bucket of five minutes is judged once, at one age: the share of its exposures that is rewarded
by then is compared with the share that was rewarded by the same age before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from bandits.buckets import FINE
from bandits.units import DAY, HOUR
from nudge.domain.alarms.service_alarms import RewardRun

AGE: Final = 2.0 * HOUR
"""Seconds after which a bucket is judged, or the slot's window where it is shorter."""
ENOUGH: Final = 20.0
"""Rewards that are known before a run is judged."""
FORGET: Final = 0.9 ** (FINE / DAY)
"""Share of the known that a bucket leaves: a tenth goes in a day."""

Buckets = Mapping[int, tuple[int, int]]
"""Start in seconds -> exposures, and those that were rewarded."""


@dataclass(frozen=True)
class RunState:
    """The state of a slot's runs.

    Attributes:
        until: seconds up to which all buckets are judged; 0 before the first.
        exposures: known, with the older ones forgotten little by little.
        rewarded: of the known exposures.
        run: exposures since the last bucket with a reward.
    """

    until: int = 0
    exposures: float = 0.0
    rewarded: float = 0.0
    run: int = 0

    @property
    def told(self) -> RewardRun:
        """The run as it is judged: at a rate of 0 while too little is known."""
        known = self.rewarded >= ENOUGH
        return RewardRun(self.run, self.rewarded / self.exposures if known else 0.0)

    @property
    def plain(self) -> dict[str, Any]:
        """The state as JSON."""
        return asdict(self)

    @classmethod
    def read(cls, plain: Mapping[str, Any]) -> RunState:
        """Read a state from its `plain` form."""
        return cls(**plain)


def judged_until(now: float, window: float, lag: float) -> int:
    """Return the second up to which buckets are old enough to be judged.

    Args:
        now: seconds.
        window: of the slot, in seconds.
        lag: seconds by which the folds are behind.
    """
    return int((now - min(window, AGE) - lag) // FINE) * FINE


def advance_run(state: RunState, buckets: Buckets, until: int) -> RunState:
    """Return the state behind the buckets up to a moment.

    A run teaches the rate when it ends, and not before: a drought that goes on is not usual.
    """
    for start in sorted(one for one in buckets if state.until <= one < until):
        exposures, rewarded = buckets[start]
        run = state.run + exposures
        if rewarded <= 0:
            state = replace(state, run=run)
            continue
        state = replace(
            state,
            exposures=state.exposures * FORGET + run,
            rewarded=state.rewarded * FORGET + rewarded,
            run=0,
        )
    return replace(state, until=max(state.until, until))
