"""Blocks for the tests of what reads the journal."""

from __future__ import annotations

from collections.abc import Sequence

from nudge.domain.journal.block import Block, drawn_of
from nudge.domain.journal.records import Decision
from nudge.domain.slots.slot import RewardTerms
from nudge.store.store import Store
from nudge.store.wire.block_codec import encode_block, subjects_of


def planned(subject: str, due: float = 1.8e9) -> Decision:
    """A customer's plan: exposed when the SMS was sent."""
    return Decision(
        subject=subject,
        slot="sms_timing",
        revision=1,
        channel="sms",
        page="reminder",
        context={"stage": "warning"},
        cell="warning",
        eligible=("morning", "evening"),
        removed={"night": "quiet"},
        pmf=(0.5, 0.5),
        u=int(subject, 16) << 8,
        variant="morning" if int(subject, 16) % 2 else "evening",
        propensity=0.5,
        reason="policy",
        policy="beta",
        policy_version=1,
        terms=RewardTerms("shown", "paid", "conversion", 86_400.0),
        unit="sms_timing|reminder",
        period=24_321,
        due=due,
    )


def append_block(store: Store, partition: int, decisions: Sequence[Decision]) -> int:
    """Append the decisions as one record; its position."""
    block = Block(tuple(map(drawn_of, decisions)))
    names = [store.keys.journal(partition), store.keys.seq(partition)]
    return int(store.client.run("append", names, [subjects_of(block), encode_block(block)])[0])
