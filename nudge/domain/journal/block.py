"""Blocks: decisions of many subjects that share a shape, in one record of the journal.

A plan for a million visitors is a million decisions of which few differ in more than the draw.
Their common part, the shape, is stored once for a block.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple, TypeVar

from nudge.domain.journal.records import Decision, Ref

T = TypeVar("T")

MOST: Final = 500
"""Decisions in one block: as many as a fold takes in one batch."""


class BlockDecision(NamedTuple):
    """A decision as a shape and its own part.

    Attributes:
        shape: the fields shared with others: all but subject, draw, variant, propensity,
            `supersedes` and `due`.
        subject: random id of the visitor, 32 hex digits.
        u: the 64-bit draw.
        choice: index of the drawn variant in the shape's eligible variants.
        due: seconds at which it is to be shown; None for at once.
        supersedes: the decision that it replaces in its period, if any.
    """

    shape: Decision
    subject: str
    u: int
    choice: int
    due: float | None = None
    supersedes: Ref | None = None

    @property
    def decision(self) -> Decision:
        """The whole decision."""
        return drawn_from(self.shape, self.subject, self.u, self.choice, self.due, self.supersedes)


@dataclass(frozen=True)
class Block:
    """Decisions of one partition, in one record.

    Attributes:
        drawn: the decisions, at most `MOST`, in order: the index of each is that of its `Ref`.
            Equal shapes are the same object.
    """

    drawn: tuple[BlockDecision, ...]

    @property
    def shapes(self) -> list[Decision]:
        """The different shapes, in the order of their first use."""
        return list({id(one.shape): one.shape for one in self.drawn}.values())


def drawn_from(
    shape: Decision, subject: str, u: int, choice: int, due: float | None, supersedes: Ref | None
) -> Decision:
    """Build a decision from a shape and its own part.

    Every fold builds every decision of a plan: setting the fields one by one takes three times as
    long.
    """
    own = {
        "subject": subject,
        "u": u,
        "variant": shape.eligible[choice],
        "propensity": shape.pmf[choice],
        "supersedes": supersedes,
        "due": due,
    }
    decision = object.__new__(Decision)
    object.__setattr__(decision, "__dict__", {**shape.__dict__, **own})
    return decision


def shape_of(decision: Decision) -> Decision:
    """Return the shape of a decision: its own part is emptied."""
    own = {"subject": "", "u": 0, "variant": "", "propensity": 0.0}
    return replace(decision, **own, due=None, supersedes=None)  # type: ignore[arg-type]


def drawn_of(decision: Decision) -> BlockDecision:
    """Split a decision into its shape and its own part."""
    return BlockDecision(
        shape_of(decision),
        decision.subject,
        decision.u,
        decision.eligible.index(decision.variant),
        decision.due,
        decision.supersedes,
    )


def evenly(items: Sequence[T], most: int) -> Iterator[Sequence[T]]:
    """Yield items in the fewest parts of at most `most`, of about equal length."""
    count = -(-len(items) // most)
    for i in range(count):
        yield items[len(items) * i // count : len(items) * (i + 1) // count]
