"""Decisions of many subjects that were made alike: one record of the journal, by columns.

A plan for a million customers is a million decisions of which few differ in more than the draw.
What they have in common, their shape, is kept once for a block.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import Final, TypeVar

from nudge.domain.records import Decision, Ref

T = TypeVar("T")

_FIELDS: Final = tuple(field.name for field in fields(Decision))
_OWN: Final = tuple(
    _FIELDS.index(name) for name in ("subject", "u", "variant", "propensity", "supersedes", "due")
)
MOST: Final = 500
"""Decisions in one block: as many as a fold takes in one batch."""


@dataclass(frozen=True, slots=True)
class Drawn:
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
        return _maker(self.shape)(self)


@dataclass(frozen=True)
class Block:
    """Decisions of one partition, in one record.

    Attributes:
        drawn: the decisions, at most `MOST`; equal shapes are the same object.
    """

    drawn: tuple[Drawn, ...]

    def decisions(self) -> Iterator[Decision]:
        """The decisions, in order: the index of each is that of its `Ref`."""
        makers = {id(shape): _maker(shape) for shape in self.shapes}
        return (makers[id(one.shape)](one) for one in self.drawn)

    @property
    def shapes(self) -> list[Decision]:
        """The different shapes, in the order of their first use."""
        return list({id(one.shape): one.shape for one in self.drawn}.values())


def _maker(shape: Decision) -> Callable[[Drawn], Decision]:
    """Makes decisions of a shape: several folds read each, and `replace` takes twice as long."""
    values = [getattr(shape, name) for name in _FIELDS]

    def make(one: Drawn) -> Decision:
        own = (one.subject, one.u, shape.eligible[one.choice], shape.pmf[one.choice])
        for place, value in zip(_OWN, (*own, one.supersedes, one.due), strict=True):
            values[place] = value
        return Decision(*values)

    return make


def shape_of(decision: Decision) -> Decision:
    """A decision without what is its own."""
    own = {"subject": "", "u": 0, "variant": "", "propensity": 0.0}
    return replace(decision, **own, due=None, supersedes=None)  # type: ignore[arg-type]


def drawn_of(decision: Decision) -> Drawn:
    """A whole decision as its shape and its own part."""
    return Drawn(
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
