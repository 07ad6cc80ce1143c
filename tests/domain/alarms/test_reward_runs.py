"""Runs without a reward: a drought is seen, and what is usual for a slot is none."""

from __future__ import annotations

from typing import Final

import numpy as np

from bandits.buckets import FINE
from nudge.domain.alarms.reward_runs import AGE, RunState, advance_run, judged_until
from nudge.domain.alarms.service_alarms import ServiceLimits, drought_length

FIRST: Final = 6_000_000 * FINE
WEEK: Final = 7 * 288


def traffic(seed: int, count: int = WEEK) -> dict[int, tuple[int, int]]:
    """Exposures that come in waves of the day, of which one in ten is rewarded in time."""
    random = np.random.default_rng(seed)
    level = 50.0 * (1.0 - np.cos(2.0 * np.pi * np.arange(count) / 288.0))
    shown = random.poisson(level)
    paid = random.binomial(shown, 0.1)
    return {FIRST + FINE * k: (int(shown[k]), int(paid[k])) for k in range(count)}


def longest(buckets: dict[int, tuple[int, int]]) -> float:
    """Return the worst that any moment says, as a share of the limit."""
    state, worst = RunState(FIRST), 0.0
    for start in sorted(buckets):
        state = advance_run(state, buckets, start + FINE)
        worst = max(worst, drought_length(state.told, ServiceLimits()))
    return worst


def test_weeks_of_usual_rewards_are_no_drought() -> None:
    """Nights, mornings and chance stay below a half of the limit."""
    assert max(longest(traffic(seed)) for seed in range(20)) < 0.5


def test_a_drought_is_found_after_the_exposures_that_chance_allows() -> None:
    """At one reward in ten it takes about 404 exposures: (1 - .05)^404 = 1e-9."""
    buckets = traffic(1) | {FIRST + FINE * (WEEK + k): (60, 0) for k in range(8)}
    state, found = RunState(FIRST), []
    for start in sorted(buckets):
        state = advance_run(state, buckets, start + FINE)
        if drought_length(state.told, ServiceLimits()) >= 1.0:
            found.append(start)
    # The rate is learned with a standard error of a hundredth; buckets have 60 exposures.
    assert FIRST + FINE * (WEEK + 5) <= found[0] <= FIRST + FINE * (WEEK + 7)


def test_a_drought_teaches_nothing_before_it_ends() -> None:
    """The rate stays while no reward comes, so that a long drought does not become usual."""
    buckets = traffic(2)
    state = advance_run(RunState(FIRST), buckets, FIRST + WEEK * FINE)
    dry = {state.until + FINE * k: (100, 0) for k in range(100)}
    after = advance_run(state, dry, state.until + 100 * FINE)
    assert after.told.rate == state.told.rate
    assert after.told.exposures == state.told.exposures + 10_000


def test_a_bucket_is_judged_once() -> None:
    """Steps of any length come to the same state, also with a repeated look."""
    buckets = traffic(3)
    whole = advance_run(RunState(FIRST), buckets, FIRST + WEEK * FINE)
    state = RunState(FIRST)
    for end in range(FIRST, FIRST + (WEEK + 7) * FINE, 7 * FINE):
        until = min(end, FIRST + WEEK * FINE)
        state = advance_run(advance_run(state, buckets, until), buckets, until)
    assert state == whole
    assert RunState.read(state.plain) == state


def test_little_is_known_at_first() -> None:
    """Before twenty rewards are known no run is judged."""
    buckets = {FIRST: (100, 19), FIRST + FINE: (10**6, 0)}
    state = advance_run(RunState(FIRST), buckets, FIRST + 2 * FINE)
    assert drought_length(state.told, ServiceLimits()) == 0.0


def test_a_bucket_waits_for_its_rewards() -> None:
    """A bucket is judged two hours behind its end; later with lagging folds, sooner if short."""
    now = FIRST + 1_000_000.0
    assert now - judged_until(now, 10 * AGE, 0.0) in range(int(AGE), int(AGE) + FINE)
    assert now - judged_until(now, 1_800.0, 0.0) < AGE
    assert now - judged_until(now, 10 * AGE, 5_000.0) >= AGE + 5_000.0
