"""Tests of the simulated history, on a short one: what a demonstration's first start makes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import redis
from places import ROOT

from lab.history.making import make_history
from lab.history.plan import HistoryPlan, HistoryResult
from lab.history.record import HistoryRecord
from nudge import clock
from nudge.domain.alarms.alarm import Alarm
from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.care.warning_rule import CaseKind
from nudge.flows.serving.explain import explain
from nudge.flows.upkeep.verification.verify import verify
from nudge.flows.upkeep.verification.verify_cases import verify_cases
from nudge.flows.upkeep.verification.verify_minutes import verify_minutes
from nudge.flows.upkeep.verification.verify_visitors import verify_visitors
from nudge.settings.settings import Settings
from nudge.store.wire.moved_time import WALL_KEY
from nudge.wiring.command import Installation, open_installation

pytestmark = pytest.mark.soak
"""A history of two days takes a minute of a core."""
ZONE = ZoneInfo("Asia/Shanghai")
ADMIN_KEY = "test-admin-key-0123456789abcdefgh"
PAGE_KEY = "test-page-key-0123456789abcdefghi"
SECRET_KEY = b"test-secret-key-0123456789abcdef"
END = datetime(2026, 11, 26, 23, 30, tzinfo=ZONE).timestamp()
"""A Thursday: agents work, and the outage of the last evening is over."""
PLAN = HistoryPlan(END, ZONE, days=2, visitors=300, customers=300)


@dataclass(frozen=True)
class Made:
    """A history that was made, and how far it said that it was."""

    installation: Installation
    result: HistoryResult
    told: tuple[float, ...]


@pytest.fixture(scope="module")
def made(store_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    """One history for all tests of this file: it takes the better part of a minute."""
    settings = Settings(
        secret_key=SECRET_KEY,
        admin_key=ADMIN_KEY,
        page_key=PAGE_KEY,
        redis_url=store_url,
        data_dir=tmp_path_factory.mktemp("history") / "data",
        config_dir=ROOT / "config",
        namespace="t-history",
    )
    settings.data_dir.mkdir(mode=0o700)
    told: list[float] = []
    with open_installation(settings) as installation:
        record = HistoryRecord(settings, installation.store)
        assert record.is_wanted()
        record.begin()
        result = make_history(settings, PLAN, told.append)
        record.end(result)
        yield Made(installation, result, tuple(told))
    with redis.Redis.from_url(store_url) as client:
        client.flushall(asynchronous=True)


def test_a_history_agrees_with_itself(made: Made) -> None:
    """Journal, lake, visitors, minutes and cases of a history hold no difference."""
    store, history = made.installation.store, made.installation.history
    plan = made.installation.configuration.watch_plan
    found = [
        *verify(store, made.installation.lake),
        *verify_visitors(store, history, lambda _: None, every=True),
        *verify_minutes(store, history, plan, 0.0, lambda _: None),
        *verify_cases(store, history, lambda _: None),
    ]
    assert found == []


def test_a_history_lies_in_its_days_and_tells_how_far_it_is(made: Made) -> None:
    """The first record is at the beginning, none is behind the end, and progress only rises."""
    stamps = [
        entry.stamp
        for p in made.installation.store.keys.every_partition()
        for entry in made.installation.store.journal.read(p, 0, 10_000_000)
    ]
    assert PLAN.start <= min(stamps) < PLAN.start + 3600
    assert max(stamps) <= PLAN.end
    assert list(made.told) == sorted(made.told)
    assert made.told[-1] == 1.0
    assert made.result.decisions > made.result.visitors > PLAN.visitors


def _alarms(made: Made) -> list[Alarm]:
    return [one.alarm for one in made.installation.store.alarms.recent(PLAN.start)]


def _cases(made: Made) -> Counter[tuple[str, str, str]]:
    store, found = made.installation.store, Counter[tuple[str, str, str]]()
    for p in store.keys.every_partition():
        generation = store.folds.generation_of(p, "care")
        for kind in CaseKind:
            places = list(store.cases.places(p, None, 10_000, kind=kind))
            for case in store.cases.read_each(p, [one.id for one in places], generation).values():
                found[str(case.kind), str(case.state), case.outcome] += 1
    return found


def test_the_people_of_the_operator_stand_in_the_audit(made: Made) -> None:
    """A variant came, one was stopped, each by a person and with a reason."""
    audits = made.installation.store.slots.audits("banner")
    reasons = {one["who"]: one["why"] for one in audits if one["who"] != "nudge serve"}
    assert reasons.keys() == {"user:li.na"}
    variants = made.installation.store.slots.current()["banner"].variants
    assert {one.name for one in variants if not one.enabled} == {"triple_gift"}


def test_an_old_decision_is_explained(made: Made) -> None:
    """The draw of a decision of the first hours repeats from its record."""
    store, sealer = made.installation.store, made.installation.sealer
    entry = next(
        entry
        for entry in store.journal.read(0, 0, 10_000)
        if getattr(entry.record, "reason", "") == "policy"
    )
    calendar = OperatorCalendar.named("Asia/Shanghai")
    found: Any = explain(store, sealer, sealer.seal(entry.ref), calendar)
    assert found["reproduced"]


def test_a_history_is_made_once(made: Made) -> None:
    """A second start makes nothing, and neither does one of an installation with records."""
    settings, store = made.installation.settings, made.installation.store
    assert not HistoryRecord(settings, store).is_wanted()
    elsewhere = replace(settings, data_dir=settings.data_dir / "other")
    assert not HistoryRecord(elsewhere, store).is_wanted()


def test_the_clock_is_the_machine_s_again(made: Made) -> None:
    """Behind a history nothing is left of the moved clock, in the process or in the store."""
    assert not clock.is_moved()
    assert made.installation.store.client.call("GET", WALL_KEY) is None
