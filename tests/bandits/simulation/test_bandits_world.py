"""Worlds: their truth follows their tables, and samples follow the truth."""

import tomllib

import numpy as np
import pytest

from bandits.simulation.world import Visitors, World

TOML = """
[run]
days = 30
visitors = 2000
[context]
channel = { web = 0.45, wap = 0.15, app = 0.40 }
city_tier = { "1" = 0.25, "2" = 0.45, "3" = 0.30 }
stage = { growth = 0.20, stable = 0.50, warning = 0.20, left = 0.10 }
last_amount = { "0" = 0.22, "10" = 0.07, "30" = 0.17, "50" = 0.26, "100" = 0.19, "300" = 0.09 }
mobile_before = 0.35
[effect]
mobile_before = 5.0
channel = { web = 1.0, wap = 0.7, app = 1.2 }
from_day_25 = 1.4
[slot.denomination]
arms = [10, 30, 50, 100, 300, 500]
base = 0.018
window_days = 3
decay = 0.6
delay = [ { share = 0.75, mean_minutes = 12 }, { share = 0.25, mean_minutes = 1440 } ]
[slot.banner]
arms = ["data_draw", "triple_gift", "coffee", "video"]
base = 0.004
window_days = 1
good = { before = "coffee", after = "data_draw", times = 10 }
delay = [ { share = 1.0, mean_minutes = 6 } ]
[slot.sms_timing]
arms = ["early", "mid", "end"]
p = { early = 0.010, mid = 0.005, end = 0.05 }
window_days = 7
delay = [ { share = 1.0, mean_minutes = 3600 } ]
[slot.sms_timing.effect.channel.app]
mid = 3.0
[change]
at_visitor = 1000
"""
WORLD = World(tomllib.loads(TOML))


def visitor(*, day: int = 1, changed: bool = False, **context: object) -> Visitors:
    base = {"channel": "web", "city_tier": 2, "stage": "stable", "last_amount": 0,
            "mobile_before": False, "day": day}  # fmt: skip
    columns = {name: np.array([value]) for name, value in {**base, **context}.items()}
    return Visitors(columns, np.array([0.0]), np.array([changed]))


@pytest.mark.parametrize(
    ("who", "best"),
    [
        ({"last_amount": 100}, 3),
        ({"city_tier": 1}, 3),
        ({"city_tier": 2}, 2),
        ({"city_tier": 3}, 1),
        ({"last_amount": 10, "stage": "warning"}, 0),
        ({"last_amount": 50, "stage": "warning"}, 1),
        ({"last_amount": 500, "stage": "growth", "channel": "app"}, 5),
        ({"last_amount": 50, "stage": "growth", "channel": "app"}, 3),
        ({"last_amount": 50, "stage": "growth", "channel": "web"}, 2),
        ({"last_amount": 50, "city_tier": 1, "changed": True}, 3),
        ({"last_amount": 50, "city_tier": 2, "changed": True}, 2),
    ],
)
def test_the_preferred_amount_follows_the_rule(who: dict[str, object], best: int) -> None:
    """The preferred arm follows last amount or tier, stage and change; others decay by steps."""
    p = WORLD.truth("denomination", visitor(**who))[0]  # type: ignore[arg-type]
    steps = np.abs(np.arange(6) - best)
    assert p / p.max() == pytest.approx(np.exp(-0.6 * steps))


def test_effects_multiply_and_are_capped() -> None:
    """Effects multiply: 5 with mobile history, 1.2 on the app, 1.4 from day 25, never above .9."""
    plain = WORLD.truth("banner", visitor())[0]
    assert plain == pytest.approx([0.004, 0.004, 0.04, 0.004])
    who = visitor(mobile_before=True, channel="app", day=25, changed=True)
    assert WORLD.truth("banner", who)[0] == pytest.approx(8.4 * plain[[2, 1, 0, 3]])
    assert WORLD.truth("sms_timing", who)[0] == pytest.approx([0.084, 0.126, 0.42])
    sure = World(
        {"slot": {"x": {"arms": ["a"], "p": {"a": 0.5}}}, "effect": {"channel": {"web": 3}}}
    )
    assert sure.truth("x", visitor())[0] == pytest.approx([0.9])


def test_samples_follow_the_shares() -> None:
    """Arrivals ascend over the days; attributes have their shares; the change keeps its place."""
    who = WORLD.sample(np.random.default_rng(0), 50_000)
    assert (np.diff(who.at) >= 0).all()
    assert who.context["day"].min() == 1
    assert who.context["day"].max() == 30
    assert (who.context["channel"] == "wap").mean() == pytest.approx(0.15, abs=0.01)
    assert (who.context["last_amount"] == 50).mean() == pytest.approx(0.26, abs=0.01)
    assert who.context["mobile_before"].mean() == pytest.approx(0.35, abs=0.01)
    assert who.changed.sum() == 49_000
    again = WORLD.sample(np.random.default_rng(0), 50_000)
    assert (again.at == who.at).all()


def test_outcomes_follow_truth_and_delay() -> None:
    """Conversions come at the true rate, less those that the window cuts off."""
    rng = np.random.default_rng(1)
    who = WORLD.sample(rng, 200_000)
    arms = np.full(200_000, 2)
    played = WORLD.play("sms_timing", who, arms, rng)
    inside = 1 - np.exp(-7 * 1440 / 3600)
    expected = WORLD.truth("sms_timing", who)[:, 2].mean() * inside
    assert played.converted.mean() == pytest.approx(expected, rel=0.02)
    delay = (played.at - who.at)[played.converted]
    assert 0 <= delay.min() < delay.max() <= 7 * 86400
    assert np.isinf(played.at[~played.converted]).all()
