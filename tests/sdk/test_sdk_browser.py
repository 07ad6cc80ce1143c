"""The SDK in a real browser, against a real service: pages closed, cut off and restored."""

from __future__ import annotations

from collections import Counter

import pytest
from e2e_service import Service
from page_lives import ENDS, Outcome, plan_lives, play
from sdk_site import FAULTS, Site

from nudge.lake.engine.query import connect

BUDGET = 350.0
"""Milliseconds, of the browser's own clock: the SDK's 300 and what a timer may be late."""
TRIES = 5
SEED = 48


def exposures(service: Service) -> Counter[str]:
    """Decision id -> exposures in the lake, once every fold has read everything."""
    assert service.settled(120)
    table = connect(service.lake).table("exposures").filter(lambda t: t.slot == "lives")
    rows = table.select("decision_id").to_pyarrow().to_pylist()
    return Counter(row["decision_id"] for row in rows)


def check_lives(service: Service, outcome: Outcome) -> None:
    """Every exposure that the SDK was told of is counted once, and nothing else is."""
    counted = exposures(service)
    told = Counter(outcome.told)
    assert outcome.waiting == []
    assert set(told.values()) == {1}
    assert {one: counted[one] for one in told if counted[one] != 1} == {}
    # A page that was killed may have told the SDK, and not noted it any more.
    killed = sum(n for kind, n in outcome.lives.items() if kind.endswith("crashed"))
    assert len(counted - told) <= killed
    assert outcome.restored > 0


def test_every_exposure_is_counted_once_after_one_healthy_visit(
    lives_service: Service, site: Site
) -> None:
    """A life of each fault and end: closed, left, restored, offline, killed."""
    lives = plan_lives(len(FAULTS) * len(ENDS), SEED)
    check_lives(lives_service, play(site, lives))


@pytest.mark.soak
@pytest.mark.parametrize("count", [2_000, 8_000])
def test_thousands_of_lives_lose_and_double_nothing(
    lives_service: Service, site: Site, count: int
) -> None:
    """The same in large; ten thousand lives in all."""
    outcome = play(site, plan_lives(count, count))
    check_lives(lives_service, outcome)
    print(f"\n{count} lives, {len(outcome.told)} exposures told, {outcome.restored} restored")
