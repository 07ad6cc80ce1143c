"""Plans in the journal: many customers in one record, each of them remembered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from nudge.domain.block import Block, Drawn
from nudge.domain.records import Decision, Ref
from nudge.store.block_codec import encode_block, subjects_of
from nudge.store.client import Arg, Client
from nudge.store.codec import encode
from nudge.store.keys import Keys


@dataclass(frozen=True)
class Appended:
    """What became of a block.

    Attributes:
        refs: of its decisions, in order; empty where it was not appended.
        behind: indices of those whose subject was planned for meanwhile; then nothing was written.
    """

    refs: tuple[Ref, ...] = ()
    behind: tuple[int, ...] = ()


def append_block(
    client: Client,
    keys: Keys,
    partition: int,
    drawn: Sequence[Drawn],
    seen: Sequence[int],
    keep_for: float,
) -> Appended:
    """Append decisions in one record: all of them, or none.

    Args:
        client: of the store.
        keys: of the installation.
        partition: of the subjects.
        drawn: the decisions, at most `block.MOST`, each of another subject.
        seen: for each how many plans its subject had when it was looked at (`Opened.plans`).
        keep_for: seconds that the assignments are kept.

    Raises:
        StoreAwayError: no answer; it may have been appended.
    """
    kept = _Kept({})
    block = Block(tuple(drawn))
    args: list[Arg] = [keys.prefix(partition), int(keep_for), encode_block(block)]
    args.append(subjects_of(block))
    for one, plans in zip(drawn, seen, strict=True):
        shape = one.shape
        args += [one.subject, shape.unit, plans, shape.period, kept.payload(one)]
    first, *rest = client.run("append_block", [keys.journal(partition), keys.seq(partition)], args)
    if not first:
        return Appended(behind=tuple(number - 1 for number in rest))
    return Appended(tuple(Ref(partition, first, index) for index in range(len(drawn))))


@dataclass(frozen=True)
class _Kept:
    """Makes what is remembered of decisions: what the answer to the same question needs.

    What the draw hung on stands in the journal.

    Attributes:
        made: shape and choice -> payload of a decision that has no time; the last field is that.
    """

    made: dict[tuple[int, int], Decision]

    def payload(self, one: Drawn) -> bytes:
        """The decision, slim."""
        key = id(one.shape), one.choice
        slim = self.made.get(key)
        if slim is None:
            slim = self.made[key] = slimmed(one)
        return encode(replace(slim, due=one.due))


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
