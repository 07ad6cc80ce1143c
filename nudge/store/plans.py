"""Plans in the journal: many customers in one record, each of them remembered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import msgpack

from nudge.domain.block import Block, Drawn
from nudge.domain.records import Decision, Ref
from nudge.store.block_codec import encode_block, subjects_of
from nudge.store.client import Arg, Client
from nudge.store.codec import encoder
from nudge.store.keys import Keys
from nudge.store.plan_book import Plans

MONTH: Final = 31 * 86_400
"""Seconds: plans are remembered by the month in which they were made, for two or three of them."""
MOST_MADE: Final = 16_384
"""Shapes and choices that are remembered; then all are forgotten."""


@dataclass(frozen=True)
class Appended:
    """What became of a block.

    Attributes:
        refs: of its decisions, in order; empty where it was not appended.
        behind: indices of those whose subject was planned for meanwhile; then nothing was written.
    """

    refs: tuple[Ref, ...] = ()
    behind: tuple[int, ...] = ()


class Kept:
    """Makes what is remembered of decisions: what the answer to the same question needs.

    What the draw hung on stands in the journal.

    """

    def __init__(self) -> None:
        # The shape is kept with what was made of it: its id is not another one's as long as it is.
        self._made: dict[tuple[int, int], tuple[Decision, Callable[[float | None], bytes]]] = {}

    def payload(self, one: Drawn) -> bytes:
        """The decision, slim."""
        key = id(one.shape), one.choice
        found = self._made.get(key)
        if found is None:
            if len(self._made) >= MOST_MADE:
                self._made.clear()
            found = self._made[key] = one.shape, encoder(slimmed(one))
        return found[1](one.due)


def append_block(
    client: Client,
    keys: Keys,
    partition: int,
    drawn: Sequence[Drawn],
    seen: Sequence[Plans],
    kept: Kept,
) -> Appended:
    """Append decisions in one record: all of them, or none.

    Args:
        client: of the store.
        keys: of the installation.
        partition: of the subjects.
        drawn: the decisions, at most `block.MOST`, each of another subject.
        seen: for each the plans that its subject had when it was looked at (`Opened.plans`).
        kept: makes what is remembered of each.

    Raises:
        StoreAwayError: no answer; it may have been appended.
    """
    block = Block(tuple(drawn))
    rows: list[object] = []
    for one, plans in zip(drawn, seen, strict=True):
        rows += (one.subject, plans.count, plans.packed(one, kept.payload(one)))
    args: list[Arg] = [keys.prefix(partition), encode_block(block), subjects_of(block)]
    # The server knows the older format only, which has no bytes of their own.
    args.append(msgpack.packb(rows, use_bin_type=False))
    first, *rest = client.run("append_block", [keys.journal(partition), keys.seq(partition)], args)
    if not first:
        return Appended(behind=tuple(number - 1 for number in rest))
    return Appended(tuple(Ref(partition, first, index) for index in range(len(drawn))))


def forget_plans(client: Client, keys: Keys, partition: int, subject: str, at: float) -> None:
    """Remove a subject's plans.

    Args:
        client: of the store.
        keys: of the installation.
        partition: of the subject.
        subject: whose they are.
        at: seconds, now.

    Raises:
        StoreAwayError: no answer.
    """
    now = int(at // MONTH)
    for month in range(now - 3, now + 2):
        client.call("HDEL", keys.plans(partition, month), subject)


def slimmed(one: Drawn) -> Decision:
    """A decision without its context and without what was not drawn."""
    shape = one.shape
    variant, propensity = shape.eligible[one.choice], shape.pmf[one.choice]
    return replace(
        shape,
        context={},
        cell="",
        eligible=(variant,),
        pmf=(propensity,),
        variant=variant,
        propensity=propensity,
    )
