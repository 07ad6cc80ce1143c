"""Finding of a cause search: the first answer, those behind it, and what was ruled out."""

from __future__ import annotations

from dataclasses import dataclass

from bandits.causes.conjunctions import Conjunction


@dataclass(frozen=True)
class CauseCandidate:
    """Cause that explains a fall, and how well.

    Attributes:
        sets: conjunctions, a leaf is in the cause if it is in one of them.
        gain: evidence in nats less the price of the name.
        share: of all arrivals lost beyond the usual, those inside; within 0 and 1.
        excess: arrivals lost inside beyond the usual.
        arrivals: all arrivals inside.
        rate: rate of the lost inside.
        usual: the same as usual, for the same mixture of leaves.
    """

    sets: tuple[Conjunction, ...]
    gain: float
    share: float
    excess: float
    arrivals: float
    rate: float
    usual: float


@dataclass(frozen=True)
class CauseFinding:
    """Result of a search.

    Attributes:
        ranked: candidates, the best first; none where nothing is worth a name.
        unchanged: attributes that were searched and do not explain it: outside the cause none of
            their values lost enough to be named.
        implied: values that nearly all arrivals of the cause have besides, and others do not.
        tested: number of conjunctions weighed.
    """

    ranked: tuple[CauseCandidate, ...]
    unchanged: tuple[int, ...]
    implied: Conjunction
    tested: int

    @property
    def everything(self) -> bool:
        """Whether all are concerned alike: the first answer names no value."""
        return bool(self.ranked) and self.ranked[0].sets == ((),)

    @property
    def sets(self) -> tuple[Conjunction, ...]:
        """Conjunctions of the first answer; none where everything or nothing is concerned."""
        return self.ranked[0].sets if self.ranked and not self.everything else ()

    @property
    def share(self) -> float:
        """Share of the fall that the first answer explains; 0 without one."""
        return self.ranked[0].share if self.ranked else 0.0

    @property
    def excess(self) -> float:
        """Arrivals lost inside the first answer beyond the usual; 0 without one."""
        return self.ranked[0].excess if self.ranked else 0.0

    @property
    def rate(self) -> float:
        """Rate of the lost inside the first answer; 0 without one."""
        return self.ranked[0].rate if self.ranked else 0.0

    @property
    def usual(self) -> float:
        """Usual rate of the lost inside the first answer; 0 without one."""
        return self.ranked[0].usual if self.ranked else 0.0
