"""Plans in the journal: many visitors in one record, each of them remembered."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

import msgpack

from bandits.units import DAY
from nudge.domain.journal.block import Block, BlockDecision
from nudge.domain.journal.records import Decision, Ref
from nudge.domain.timing.plan_request import CONTENT
from nudge.store.plans.plan_book import Plans
from nudge.store.wire.block_codec import encode_block, subjects_of
from nudge.store.wire.client import Arg, Call, Client, Reply
from nudge.store.wire.codec import encoder
from nudge.store.wire.keys import Keys

MONTH: Final = 31 * DAY
"""Seconds: plans are remembered by the month in which they were made, for two or three of them."""
MOST_MADE: Final = 16_384
"""Shapes and choices that are remembered; then all are forgotten."""


@dataclass(frozen=True)
class BlockResult:
    """The result of appending one block.

    Attributes:
        refs: of its decisions, in order; empty where it was not appended.
        behind: indices of those whose subject was planned for meanwhile; then nothing was written.
    """

    refs: tuple[Ref, ...] = ()
    behind: tuple[int, ...] = ()


class PlanMemory:
    """A cache of the payloads by which plans are remembered: what a repeated question needs.

    What the draw hung on stands in the journal.

    """

    def __init__(self) -> None:
        # The shape is kept with what was made of it: its id is not another one's as long as it is.
        self._made: dict[tuple[int, int], tuple[Decision, Callable[[float | None], bytes]]] = {}

    def payload(self, one: BlockDecision) -> bytes:
        """Return the payload of the slim decision."""
        key = id(one.shape), one.choice
        found = self._made.get(key)
        if found is None:
            if len(self._made) >= MOST_MADE:
                self._made.clear()
            found = self._made[key] = one.shape, encoder(slim_plan(one))
        return found[1](one.due)


class PlannedBlock(NamedTuple):
    """Decisions of one partition that become one record.

    Attributes:
        partition: of the subjects.
        drawn: the decisions, at least one and at most `block.MOST`, each of another subject.
        seen: for each the plans that its subject had when it was looked at (`Opened.plans`).
    """

    partition: int
    drawn: Sequence[BlockDecision]
    seen: Sequence[Plans]


@dataclass(frozen=True)
class PlanStore:
    """Plans of SMS: appended as blocks, remembered by month."""

    client: Client
    keys: Keys

    def append_each(
        self, blocks: Sequence[PlannedBlock], kept: PlanMemory
    ) -> Iterator[BlockResult]:
        """Append blocks of decisions, each whole or not at all.

        Args:
            blocks: that are made while the one before is being written.
            kept: makes what is remembered of each decision.

        Yields:
            What became of each, in order.

        Raises:
            StoreAwayError: no answer; any of them may have been appended.
        """
        calls = (_call(self.keys, one, kept) for one in blocks)
        for one, reply in zip(blocks, self.client.run_ahead("append_block", calls), strict=True):
            yield _appended(one, reply)

    def forget_plans(self, partition: int, subject: str, at: float) -> None:
        """Remove a subject's plans.

        Args:
            partition: of the subject.
            subject: whose they are.
            at: seconds, now.

        Raises:
            StoreAwayError: no answer.
        """
        now = int(at // MONTH)
        for month in range(now - 3, now + 2):
            self.client.call("HDEL", self.keys.plans(partition, month), subject)


def _call(keys: Keys, one: PlannedBlock, kept: PlanMemory) -> Call:
    partition, drawn, seen = one
    block = Block(tuple(drawn))
    pack = msgpack.Packer().pack
    rows: list[object] = []
    for each, plans in zip(drawn, seen, strict=True):
        rows += (each.subject, plans.count, pack(plans.having(each, kept.payload(each))))
    args: list[Arg] = [keys.prefix(partition), encode_block(block), subjects_of(block)]
    # The server knows the older format only, which has no bytes of their own.
    args.append(msgpack.packb(rows, use_bin_type=False))
    return [keys.journal(partition), keys.seq(partition)], args


def _appended(one: PlannedBlock, reply: Reply) -> BlockResult:
    first, *rest = reply
    if not first:
        return BlockResult(behind=tuple(number - 1 for number in rest))
    return BlockResult(tuple(Ref(one.partition, first, index) for index in range(len(one.drawn))))


def slim_plan(one: BlockDecision) -> Decision:
    """Return a decision without the variants that were not drawn.

    Of its context only the content stays, which counts beside other contacts.
    """
    shape = one.shape
    variant, propensity = shape.eligible[one.choice], shape.pmf[one.choice]
    return replace(
        shape,
        context={CONTENT: shape.context[CONTENT]} if CONTENT in shape.context else {},
        cell="",
        eligible=(variant,),
        pmf=(propensity,),
        variant=variant,
        propensity=propensity,
    )
