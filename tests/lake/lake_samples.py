"""Entries for the lake's tests: every kind of record, with values that are easily lost."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from nudge.domain.identity.sealing import Sealer
from nudge.domain.journal.records import (
    AWAY,
    Decision,
    Event,
    Exposure,
    JournalEntry,
    Mark,
    Record,
    Ref,
    Reward,
)
from nudge.domain.slots.slot import RewardTerms

SECRET = "lake-test-secret-key-0123456789"  # noqa: S105 (of tests only)
SEALER = Sealer(SECRET.encode())
MIDNIGHT = 1_790_035_200.0
"""A midnight, UTC."""
CONVERSION = RewardTerms("shown", "paid", "conversion", 86_400.0)
REVENUE = replace(CONVERSION, objective="revenue")
DECISION = Decision(
    subject="5" * 32,
    slot="banner",
    revision=3,
    channel="web",
    page="home",
    context={"device": "ios", "amount": 50, "rate": 50.0, "new": True, "city": None},
    cell="ios|*",
    eligible=("a", "b"),
    removed={"c": "promotion_over"},
    pmf=(0.1, 0.9),
    u=2**64 - 1,
    variant="b",
    propensity=0.9,
    reason="policy",
    policy="beta",
    policy_version=7,
    terms=CONVERSION,
    unit="banner|home",
    period=19_000,
)
EXPOSURE = Exposure(
    "5" * 32, Ref(2, 9), "banner", 3, "b", "ios|*", "policy", 0.9, 86_400.0, MIDNIGHT + 1 / 3
)
REWARD = Reward(
    "r1",
    "5" * 32,
    Ref(2, 9),
    "banner",
    3,
    "b",
    "ios|*",
    "policy",
    MIDNIGHT + 1 / 3,
    "e1",
    1,
    5_000,
    25_000_000,
    shared=True,
    at=MIDNIGHT + 2 / 3,
)
EVENT = Event("5" * 32, "e1", "paid", "server", Ref(2, 9), {"amount": 50.5, "method": "微信"})
MARK = Mark("slot_applied", {"slot": "banner", "change": {"floor": [0.1, 1, None]}})
RECORDS: tuple[Record, ...] = (
    DECISION,
    replace(DECISION, ref=Ref(2, AWAY + 99), at=MIDNIGHT + 0.1, supersedes=Ref(2, 1)),
    replace(DECISION, context={}, removed={}, eligible=("b",), pmf=(1.0,), degraded=True),
    replace(DECISION, context={"x": float("inf"), "text": 'a"\\\n\0', "1": "1", "one": "true"}),
    EXPOSURE,
    REWARD,
    replace(REWARD, reward_id="r2", conversions=-1, value=-5_000, square=-(2**62), shared=False),
    EVENT,
    replace(EVENT, decision=None, fields={}, source="page", at=MIDNIGHT - 1e-7),
    replace(EVENT, event_id="future", at=MIDNIGHT + 9e9),
    MARK,
    Mark("empty", at=MIDNIGHT + 0.123456),
    replace(DECISION, floor=1 / 3),
)


def entries(
    records: tuple[Record, ...] = RECORDS, partition: int = 2, **more: Any
) -> list[JournalEntry]:
    """The records at positions 1, 2, ... with stamps of whole milliseconds around midnight."""
    first, after = more.get("first", MIDNIGHT - 0.005), more.get("after", 0)
    return [
        JournalEntry(partition, after + i + 1, round((first + i / 1000) * 1000) / 1000, record)
        for i, record in enumerate(records)
    ]
