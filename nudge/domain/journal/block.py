"""Decisions of many subjects that were made alike: one record of the journal, by columns.

A plan for a million customers is a million decisions of which few differ in more than the draw.
What they have in common, their shape, is kept once for a block.
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
    """A decision, as its shape and its own part.

    Attributes:
        shape: what it has in common with others: subject, draw, variant, propensity, what it
            supersedes and when it is due are not in it.
        subject: random id of the visitor, 32 hex digits.
        u: the 64-bit draw.
        choice: index, in the shape's eligible variants, of the one drawn.
        due: seconds, when it is to be shown; None is at once.
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
        """The decision, whole."""
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
    """A decision of a shape.

    Every fold makes every decision of a plan: to set its fields one by one takes three times as
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
    made = object.__new__(Decision)
    object.__setattr__(made, "__dict__", {**shape.__dict__, **own})
    return made


def shape_of(decision: Decision) -> Decision:
    """A decision without what is its own."""
    own = {"subject": "", "u": 0, "variant": "", "propensity": 0.0}
    return replace(decision, **own, due=None, supersedes=None)  # type: ignore[arg-type]


def drawn_of(decision: Decision) -> BlockDecision:
    """A whole decision as its shape and its own part."""
    return BlockDecision(
        shape_of(decision),
        decision.subject,
        decision.u,
        decision.eligible.index(decision.variant),
        decision.due,
        decision.supersedes,
    )


def evenly(items: Sequence[T], most: int) -> Iterator[Sequence[T]]:
    """Items in as few parts as hold them, of about the same length."""
    count = -(-len(items) // most)
    for i in range(count):
        yield items[len(items) * i // count : len(items) * (i + 1) // count]
