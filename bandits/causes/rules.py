"""Rules of a cause search: what a longer name costs, and how wide it may be."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class CauseRules:
    """Settings of a search; they were fixed on labelled incidents (`benchmarks/causes.py`).

    Attributes:
        widest: most values in one conjunction.
        most: most conjunctions in one cause.
        literal_cost: price of a value in a name, in units of the logarithm of the number of values
            that there are: 1 is the length of its code.
        conjunction_cost: price of a conjunction, in units of half the logarithm of the number of
            leaves: 1 is the usual one of a parameter (BIC).
        part: share of a conjunction's own loss that its leaves are tested against: below 1, so
            that a leaf which is hit less than the others still belongs to it.
        ignored: (attribute, code) that are no value, such as a method not chosen yet: they never
            stand in a cause.
        least_part: least share of a cause's excess that each of its conjunctions adds to the
            others; one that adds less is left out.
        least_rest: least share of the whole excess for which the rest of the leaves is searched
            again: a second cause beside one that explains nearly all is not looked for.
        kept: conjunctions of which unions are tried, the best first.
    """

    widest: int = 3
    most: int = 3
    literal_cost: float = 0.5
    conjunction_cost: float = 2.0
    part: float = 0.5
    ignored: frozenset[tuple[int, int]] = frozenset()
    least_part: float = 0.05
    least_rest: float = 0.2
    kept: int = 80
