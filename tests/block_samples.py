"""Blocks for the tests of what reads the journal."""

from __future__ import annotations

from collections.abc import Sequence

from builders import planned_decision

from nudge.domain.journal.block import Block, drawn_of
from nudge.domain.journal.records import Decision
from nudge.store.store import Store
from nudge.store.wire.block_codec import encode_block, subjects_of


def planned(subject: str, due: float = 1.8e9) -> Decision:
    """A customer's plan: exposed when the SMS was sent."""
    return planned_decision(
        subject,
        context={"stage": "warning"},
        cell="warning",
        eligible=("morning", "evening"),
        removed={"night": "quiet"},
        u=int(subject, 16) << 8,
        variant="morning" if int(subject, 16) % 2 else "evening",
        due=due,
    )


def append_block(store: Store, partition: int, decisions: Sequence[Decision]) -> int:
    """Append the decisions as one record; its position."""
    block = Block(tuple(map(drawn_of, decisions)))
    names = [store.keys.journal(partition), store.keys.seq(partition)]
    return int(store.client.run("append", names, [subjects_of(block), encode_block(block)])[0])
