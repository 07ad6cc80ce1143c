"""Since when a verdict has held."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bandits.inference import sequence
from bandits.inference.arm_sums import ArmSums, arm_sums
from bandits.inference.verdict import verdict
from bandits.inference.verdict_history import held_since, winners

DAYS, HOURS, PER_HOUR = 10, 24, 100
ENDS = np.arange(1, DAYS + 1) * HOURS - 1


def log(rates: Any, seed: int = 3) -> tuple[Any, ...]:
    """Visits by the hour: rates (DAYS, K), two kinds of visitors, a policy that drifts."""
    rng, rates = np.random.default_rng(seed), np.asarray(rates)
    hour = np.repeat(np.arange(DAYS * HOURS), PER_HOUR)
    n, wide = len(hour), rates.shape[1]
    kind = rng.integers(0, 2, n)
    p = np.full((n, wide), 1.0) + np.linspace(0.0, 2.0, n)[:, None] * (np.arange(wide) == 0)
    p /= p.sum(axis=1, keepdims=True)
    arm = (rng.random(n)[:, None] > p.cumsum(axis=1)).sum(axis=1)
    reward = rng.random(n) < rates[hour // HOURS, arm] * (0.5 + kind)
    return arm, reward.astype(float), p, hour, kind


def sums(found: tuple[Any, ...], until: int = DAYS) -> ArmSums:
    """The sums of the first days of a log."""
    arm, reward, p, hour, kind = (x[: until * HOURS * PER_HOUR] for x in found)
    return arm_sums(arm, reward, p, blocks=hour, strata=kind)


def test_a_look_at_the_past_is_the_look_that_was() -> None:
    """The sequences up to a block are those of a log that ended there, to the last digit."""
    found = log(np.full((DAYS, 3), [0.05, 0.06, 0.04]))
    past = sequence.difference_history(sums(found), ENDS, alpha=0.03, unit=1.0)
    for look in range(DAYS):
        band = sequence.differences(sums(found, look + 1), alpha=0.03, unit=1.0)
        for name in ("value", "low", "high"):
            then = getattr(past.look(look), name)
            np.testing.assert_allclose(then, getattr(band, name), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("unit", [None, 1.0])
def test_since_when_is_the_first_look_of_the_last_stretch(unit: float | None) -> None:
    """A verdict that was lost in between counts from when it came back."""
    better, worse = [0.05, 0.10], [0.05, 0.01]
    found = log([better] * 3 + [worse] * 2 + [better] * 5)
    kinds = [verdict(sums(found, day + 1), unit=unit).kind for day in range(DAYS)]
    assert kinds[2] == kinds[-1] == "winner"
    lost = max(day for day, kind in enumerate(kinds) if kind != "winner")
    assert lost > 2
    now = sums(found)
    assert held_since(verdict(now, unit=unit), now, ENDS, unit=unit) == lost + 1


def test_another_winner_is_another_verdict() -> None:
    """Since when: by today's winner alone."""
    found = log([[0.1, 0.04]] * 3 + [[0.02, 0.2]] * 7)
    winners = [verdict(sums(found, day + 1)).arm for day in range(DAYS)]
    assert winners[1] == 0
    now = sums(found)
    since = held_since(verdict(now), now, ENDS)
    assert since == winners.index(1)
    assert 3 <= since < DAYS - 1


def test_two_equals_have_been_so_since_they_were_close() -> None:
    """Practically equal is a verdict with a beginning too, whichever of the two is ahead."""
    log_ = log(np.full((DAYS, 2), 0.5))
    close = sums(log_)
    found = verdict(close, relevant=0.06)
    assert found.reason == "too_close"
    since = held_since(found, close, ENDS, relevant=0.06)
    assert 0 < since < DAYS
    assert verdict(sums(log_, since), relevant=0.06).kind == "too_early"
    assert verdict(sums(log_, since + 1), relevant=0.06).reason == "too_close"


@pytest.mark.parametrize("unit", [None, 1.0])
def test_the_winners_of_one_pass_are_those_of_each_look(unit: float | None) -> None:
    """Each look at a finished log names the arm that a log which ended there named."""
    better, worse = [0.05, 0.10, 0.02], [0.05, 0.01, 0.02]
    found = log([better] * 3 + [worse] * 4 + [better] * 3)
    arms = [verdict(sums(found, day + 1), unit=unit).arm for day in range(DAYS)]
    assert set(arms) == {None, 1}
    named = winners(sums(found), ENDS, unit=unit).tolist()
    assert named == [-1 if arm is None else arm for arm in arms]
